"""The system as a whole: what Lynis says, how much the programs may do, where secrets show, how logs end."""

from __future__ import annotations

import os
import re
from pathlib import Path

from tests.appliance.deployment import Appliance
from tests.scenarios.hardening.audit import finished_audit
from tests.support.waiting import wait_for

LEAST_INDEX = 80
MOST_EXPOSURE = 4.0


def files_with_secrets(appliance: Appliance, places: str, *, reader: str) -> list[str]:
    """Return the files in which ``reader`` finds a secret of the appliance."""
    grep = "grep --recursive --devices=skip --text --files-with-matches --no-messages --fixed-strings --file=-"
    # It ends with 2 where there is something that it may not read.
    return str(appliance.host.run(f"cat /etc/noctis/secrets/* | runuser -u {reader} -- {grep} {places}").stdout).split()


def test_lynis_finds_the_system_hardened(appliance: Appliance) -> None:
    report = finished_audit(appliance)
    index = next(int(line.partition("=")[2]) for line in report if line.startswith("hardening_index="))
    named = "\n".join(line for line in report if line.startswith(("warning", "suggestion")))
    assert index >= LEAST_INDEX, f"{index}\n{named}"
    assert not [line for line in report if line.startswith("warning")], named


def test_no_unit_of_ours_may_do_more_than_it_needs(appliance: Appliance) -> None:
    files = appliance.run("grep --files-with-matches --recursive 'Ansible managed' /etc/systemd/system").split()
    units = {path.split("/")[4].removesuffix(".d").replace("@.", "@one.") for path in files}
    services = sorted(unit for unit in units if unit.endswith(".service"))
    assert "supervisor.service" in services
    # One line for each: "→ Overall exposure level for supervisor.service: 3.4 OK".
    printed = appliance.run(f"systemd-analyze --no-pager security {' '.join(services)} | grep --text 'exposure level'")
    exposed = {unit: float(value) for unit, value in re.findall(r"for (\S+): ([0-9.]+)", printed)}
    assert sorted(exposed) == services
    assert {unit: value for unit, value in exposed.items() if value > MOST_EXPOSURE} == {}


def test_no_secret_was_in_what_ansible_printed(appliance: Appliance) -> None:
    secrets = appliance.run("cat /etc/noctis/secrets/*").split()
    assert secrets
    printed = (Path(os.environ["MOLECULE_EPHEMERAL_DIRECTORY"]) / "ansible.log").read_text(encoding="utf-8")
    assert "PLAY RECAP" in printed
    assert not any(secret in printed for secret in secrets)


def test_no_secret_was_on_a_command_line_or_in_a_log(appliance: Appliance) -> None:
    assert "/usr/lib/postgresql" in appliance.run("cat /root/command_lines"), "the watcher looked on"
    appliance.run("journalctl --no-pager --output=export >/root/journal")
    places = "/root/command_lines /root/journal /var/log /proc/[0-9]*/cmdline"
    assert files_with_secrets(appliance, places, reader="root") == []


def test_an_ordinary_account_reads_no_secret_anywhere(appliance: Appliance) -> None:
    appliance.run("install -m 0644 /etc/noctis/secrets/redis_password /srv/forgotten")
    found = files_with_secrets(appliance, "/etc /var /opt /run /srv /tmp /home /root /usr/local", reader="nobody")
    appliance.run("rm /srv/forgotten")
    assert found == ["/srv/forgotten"], "what lies open is found, and nothing else does"


def test_reading_an_image_writes_nothing_to_the_archive_s_own_disk(appliance: Appliance) -> None:
    assert "noatime" in appliance.run("findmnt --noheadings --output OPTIONS --mountpoint /var/lib/noctis")
    assert "defaults,mode=0755,noatime" in appliance.run("cat /etc/fstab")


def test_the_server_speaks_its_language(appliance: Appliance) -> None:
    assert appliance.run("su -l itstaff -c locale").splitlines()[0] == "LANG=C.UTF-8"


def test_who_signs_in_writes_no_memory_to_the_disk_either(appliance: Appliance) -> None:
    assert appliance.run("runuser -l itstaff -c 'ulimit -H -c'").strip() == "0"


def test_logs_are_turned_over_and_go_on(appliance: Appliance) -> None:
    appliance.get("/healthz")
    appliance.run("systemctl is-enabled logrotate.timer && logrotate --force /etc/logrotate.conf")
    assert appliance.run("ls /var/log/nginx/access.log.1 /var/log/fail2ban.log.1")
    appliance.get("/healthz")
    wait_for(lambda: "/healthz" in appliance.run("cat /var/log/nginx/access.log"), "a line in the new file")
