"""What preflight refuses: one sentence each, before anything changes.

Every case is a host of its own inventory; all of them are the second machine, a bare server, so that one run tries
them all. What is wrong with one of them is really wrong: a port is taken, a name unknown, old data there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.appliance.deployment import Machine
from tests.scenarios.playbooks import ROOT, Run, run_playbook

# Programs that a case is told to look for first.
SOCKET_80 = "#!/bin/sh\\necho LISTEN 0 511 127.0.0.1:6379 0.0.0.0:0 ino:80 sk:80 cgroup:/redis\\n"
LATE_CLOCK = '#!/bin/sh\\nexec /bin/date --date="30 minutes ago" "$@"\\n'
PREFLIGHT = """
- name: Preflight of many servers
  hosts: appliances
  become: true
  gather_subset: ["!all", min, hardware, network, virtual]
  environment: {PATH: "{{ path_of_case }}"}
  pre_tasks:
    - ansible.builtin.include_role: {name: letsencrypt, tasks_from: decisions}
  roles: [preflight]
"""
USUAL_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
NORTH = {
    "code": "NORTH",
    "name": "North hospital",
    "networks": ["10.20.30.0/24"],
    "application_entities": [{"title": "CT_NORTH", "addresses": ["10.20.30.11/32"]}],
}
CASES: dict[str, tuple[dict[str, Any], str]] = {
    "fine": (
        {
            "site_facilities": [NORTH],
            "preflight_outer_addresses": ["10.213.20.10"],
            "preflight_upgrades": True,
            "site_hostname": "pacs.noctis.test",
            "appliance_current": "/root/older",
            # What the site leaves out.
            "preflight_ports": [{"port": 0, "program": "python"}],
        },
        "",
    ),
    "network": (
        {"site_facilities": [{**NORTH, "networks": ["10.20.30.7/24"]}]},
        (
            "The networks of modalities: 10.20.30.7/24 is an address within a network: write 10.20.30.0/24, or "
            "10.20.30.7/32 for that address alone."
        ),
    ),
    "facility": (
        {"site_facilities": [{**NORTH, "networks": ["fd00:20:30::/64"]}]},
        (
            "CT_NORTH of NORTH has the address 10.20.30.11/32, which is in none of the networks that the DICOM port is "
            "open to: correct the address, or add the network to the facility."
        ),
    ),
    "everyone": (
        {"site_modality_networks": ["0.0.0.0/0"]},
        (
            "The networks of modalities: 0.0.0.0/0 is everyone, and neither DICOM nor HL7 knows a password: name the "
            "networks."
        ),
    ),
    "nameless": (
        {"site_facilities": [{"code": "NORTH"}]},
        (
            "In site_facilities each facility needs a code of its own and a name, and each of its application_entities "
            "a title; see inventory/example."
        ),
    ),
    "orders": (
        {"site_hl7_peers": ["NORTH=10.20.40.0"]},
        (
            "site_hl7_peers: 10.20.40.0 is no network: write each like 10.20.30.0/24, 10.20.30.7/32 or "
            r"fd00:20:30::/64. The code of a facility may stand before each \(NORTH=\)."
        ),
    ),
    "address": (
        {"site_hostname": "PACS of the hospital"},
        ("site_hostname is PACS of the hospital: give the lower-case DNS name that people type into their browser."),
    ),
    "title": (
        {"site_ae_title": "NOCTIS_PACS_OF_THE_HOSPITAL"},
        (
            "site_ae_title is NOCTIS_PACS_OF_THE_HOSPITAL: give 1 to 16 letters, digits, spaces, dots, dashes or "
            "underscores."
        ),
    ),
    "certificate": (
        {"site_certificate": "bought"},
        "site_certificate is bought: give local, letsencrypt or own.",
    ),
    "public_name": (
        {"site_certificate": "letsencrypt"},
        (
            "The public authority knows no certificate for modality: give a full name from the public DNS as "
            "site_hostname, or choose local or own as site_certificate."
        ),
    ),
    "dns": (
        {
            "site_certificate": "letsencrypt",
            "site_hostname": "pacs.noctis.test",
            "letsencrypt_challenge": "dns-01",
            "letsencrypt_dns": "cloudflare",
        },
        "letsencrypt_challenge is dns-01 by cloudflare, which needs letsencrypt_dns_credentials.",
    ),
    "dynamic_dns": (
        {"letsencrypt_dynamic_dns": "duckdns"},
        (
            "letsencrypt_dynamic_dns is duckdns, which needs letsencrypt_dynamic_dns_url and "
            "letsencrypt_dynamic_dns_token."
        ),
    ),
    "own_certificate": (
        {"site_certificate": "own"},
        (
            r"site_certificate is own: name the files in letsencrypt_own_certificate \(with its chain\) and "
            "letsencrypt_own_key."
        ),
    ),
    "redis": (
        {"site_redis_host": "redis.noctis.test"},
        (
            "secrets_given_redis_password is needed and empty: put it into group_vars/all/vault.yml of your inventory, "
            "and encrypt that file with ansible-vault."
        ),
    ),
    "release": (
        {"preflight_releases": {"Debian": ["11"], "Ubuntu": ["22.04", "24.04"]}},
        "Debian 12 is not supported: install Debian 11, or Ubuntu 22.04 or 24.04.",
    ),
    "memory": (
        {"preflight_memory_mb": 10_000_000},
        r"The server has \d+ MB of memory and needs 10000000; for a test machine lower preflight_memory_mb.",
    ),
    "disk": (
        {"preflight_free_disk_gb": 100_000},
        r"Only \d+ GB are free below /var, /opt or /var/lib/noctis; 100000 GB are needed.",
    ),
    "port": (
        {"preflight_ports": [{"port": 8042, "program": "python"}]},
        r"Port 8042 is taken by another program: users:\S+python3\S+ Stop it or move it to another port.",
    ),
    "number_of_a_socket": (
        {"preflight_ports": [{"port": 80, "program": "nginx"}], "path_of_case": f"/root/sockets:{USUAL_PATH}"},
        "",
    ),
    "unknown_name": (
        {"site_hostname": "archive.noctis.test"},
        "archive.noctis.test does not resolve on the server: enter it in the DNS, or in the server's /etc/hosts.",
    ),
    "name_of_another": (
        {"site_hostname": "pacs.noctis.test"},
        (
            "pacs.noctis.test resolves to 10.213.20.10, which is no address of this server: correct the DNS, or name "
            "the address of the router before it in preflight_outer_addresses."
        ),
    ),
    "clock": (
        {"path_of_case": f"/root/late:{USUAL_PATH}"},
        (
            r"The server's clock is 1[78]\d\d seconds behind this controller's: set the wrong one of the two, and "
            "have it follow a time server."
        ),
    ),
    "placeholder": (
        {"secrets_given_redis_password": "please-change-me"},
        (
            "secrets_given_redis_password is a placeholder or a published password: give a value that nobody else "
            "knows, such as openssl rand -hex 32 makes."
        ),
    ),
    "short": (
        {"secrets_given_secret_key": "f3b1c9"},
        "secrets_given_secret_key has 6 characters and needs 16: leave it empty, and a long one is generated.",
    ),
    "missing": (
        {"noctis_smtp_user": "noctis"},
        (
            "noctis_smtp_password is needed and empty: put it into group_vars/all/vault.yml of your inventory, and "
            "encrypt that file with ansible-vault."
        ),
    ),
    "other_database": (
        {"postgresql_version": "17"},
        (
            "The server has data of PostgreSQL 15 main, and this release uses 17: move it with pg_upgradecluster, and "
            "remove what is left with pg_dropcluster."
        ),
    ),
    "newer": (
        {"appliance_current": "/root/newer"},
        r"The server has Noctis 7.1.0, and this is 4.2.0: take that release or a newer one; .*",
    ),
    "older": (
        {"appliance_current": "/root/older"},
        (
            "The server has Noctis 3.9.1, and this is 4.2.0: go to another major version with playbooks/upgrade.yml, "
            "which makes a backup first."
        ),
    ),
}


@pytest.fixture(scope="module")
def machine_with_faults(modality: Machine) -> Iterator[Machine]:
    """Give the bare machine with everything wrong that a case may look at."""
    modality.run(
        "mkdir -p /var/lib/postgresql/15/main /root/late /root/sockets && "
        "touch /var/lib/postgresql/15/main/PG_VERSION && "
        "ln -sfn releases/7.1.0-0123abcd /root/newer && ln -sfn releases/3.9.1-0123abcd /root/older && "
        f"printf '{LATE_CLOCK}' >/root/late/date; printf '{SOCKET_80}' >/root/sockets/ss; "
        "chmod 755 /root/late/date /root/sockets/ss; "
        "systemd-run --unit=other-program python3 -m http.server 8042"
    )
    yield modality
    modality.run("systemctl stop other-program; cd /root; rm -rf /var/lib/postgresql late sockets newer older")


@pytest.fixture(scope="module")
def refusals(machine_with_faults: Machine, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Run preflight once over all cases."""
    folder = tmp_path_factory.mktemp("refusals")
    inventory = yaml.safe_load((ROOT / "molecule/hardening/inventory/hosts.yml").read_text(encoding="utf-8"))["all"]
    common = {
        # As variables of the inventory, so that a case may have others.
        **yaml.safe_load((ROOT / "vars/appliance.yml").read_text(encoding="utf-8")),
        **inventory["vars"],
        "ansible_host": machine_with_faults.address,
        "path_of_case": USUAL_PATH,
        "site_hostname": "modality",
        "site_alternative_names": [],
        "site_modality_networks": [],
        "site_ae_title": "NOCTIS_PACS",
        "postgresql_version": "15",
        "noctis_release_archive": "/srv/noctis-4.2.0.tar.gz",
        "preflight_memory_mb": 500,
        "preflight_free_disk_gb": 1,
        "preflight_ports": [],
    }
    hosts = {name: {**common, **variables} for name, (variables, _) in CASES.items()}
    (folder / "hosts.yml").write_text(yaml.safe_dump({"appliances": {"hosts": hosts}}), encoding="utf-8")
    (folder / "preflight.yml").write_text(PREFLIGHT, encoding="utf-8")
    return run_playbook(folder / "preflight.yml", "--forks=6", inventory=folder / "hosts.yml")


def sentences(run: Run, case: str) -> list[str]:
    """Return what the run said of a case that it refused."""
    told = re.findall(
        rf"^(?:fatal|failed): \[{case}\].*?\n    msg: (.*?)\n(?=\S|\Z)", run.output, re.MULTILINE | re.DOTALL
    )
    return [re.sub(r"\s+", " ", text).strip().strip("'").replace("''", "'") for text in told]


@pytest.mark.parametrize("case", CASES)
def test_each_gap_is_refused_with_one_sentence(refusals: Run, case: str) -> None:
    wanted = CASES[case][1]
    found = sentences(refusals, case)
    assert len(found) == bool(wanted), refusals.output
    assert re.fullmatch(wanted, "".join(found)), found


def test_a_refusal_changes_nothing(refusals: Run) -> None:
    assert refusals.code != 0
    assert refusals.changed == 0
    assert re.findall(r"^TASK \[(\w+) :", refusals.output, re.MULTILINE)


def test_site_yml_ends_with_a_refusal_before_anything_else(tmp_path: Path, modality: Machine) -> None:
    vault = tmp_path / "group_vars" / "all" / "vault.yml"
    vault.parent.mkdir(parents=True)
    vault.write_text("---\nsecrets_given_secret_key: 0123456789abcdef0123456789abcdef\n", encoding="utf-8")
    hosts = yaml.safe_load((ROOT / "molecule/hardening/inventory/hosts.yml").read_text(encoding="utf-8"))
    hosts["all"]["vars"] |= {"site_hostname": "pacs.noctis.test", "site_alternative_names": []}
    hosts["all"]["vars"] |= {"site_modality_networks": [], "site_ae_title": "NOCTIS_PACS", "site_time_zone": "UTC"}
    (tmp_path / "hosts.yml").write_text(yaml.safe_dump(hosts), encoding="utf-8")
    run = run_playbook(ROOT / "site.yml", inventory=tmp_path / "hosts.yml")
    told = f"Anybody can read the secrets in {vault}: use ansible-vault encrypt."
    assert sentences(run, "noctis") == [told], run.output
    assert "0123456789abcdef" not in run.output
    assert run.changed == 0
    begun = set(re.findall(r"^TASK \[(\w+) :", run.output, re.MULTILINE))
    assert begun.isdisjoint({"base", "firewall", "secrets", "postgresql"})
