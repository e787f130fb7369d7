"""The system as a whole: what Lynis says, how much the programs may do, where secrets show, how logs end."""

from __future__ import annotations

import os
from pathlib import Path

from tests.appliance.deployment import Appliance
from tests.support.waiting import wait_for

LEAST_INDEX = 80
# What a container shares with its host and cannot set: devices, mounts, the clock, the kernel's own settings.
OF_THE_HOST = ["USB-1000", "USB-3000", "FILE-6310", "FILE-6344", "FILE-6374", "TIME-3104", "MACF-6290", "ACCT-9628"]
OF_THE_HOST += [
    f"KRNL-6000:{name}"
    for name in (
        "dev.tty.ldisc_autoload",
        "fs.protected_fifos",
        "kernel.core_uses_pid",
        "kernel.ctrl-alt-del",
        "kernel.kptr_restrict",
        "kernel.perf_event_paranoid",
        "kernel.unprivileged_bpf_disabled",
        "net.ipv4.conf.all.forwarding",
    )
]
MOST_EXPOSURE = 4.0


def files_with_secrets(appliance: Appliance, places: str, *, reader: str = "root") -> str:
    """Return the files, one a line, in which ``reader`` finds a secret of the appliance."""
    grep = "grep --recursive --devices=skip --text --files-with-matches --no-messages --fixed-strings --file=/dev/stdin"
    found = appliance.host.run(f"cat /etc/noctis/secrets/* | runuser -u {reader} -- {grep} {places}")
    assert found.rc in {0, 1, 2}, found.stderr  # 2: some files could not be read, as it should be
    return str(found.stdout)


def test_lynis_finds_the_system_hardened(appliance: Appliance) -> None:
    appliance.run(f"printf '%s\\n' {' '.join(f'skip-test={test}' for test in OF_THE_HOST)} >/root/container.prf")
    appliance.run("lynis audit system --quick --quiet --no-colors --profile /root/container.prf")
    report = appliance.run("cat /var/log/lynis-report.dat").splitlines()
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
    exposed = {line.split()[-3].rstrip(":"): float(line.split()[-2]) for line in printed.splitlines()}
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
    assert files_with_secrets(appliance, "/root/command_lines /root/journal /var/log /proc/[0-9]*/cmdline") == ""


def test_an_ordinary_account_reads_no_secret_anywhere(appliance: Appliance) -> None:
    places = "/etc /var /opt /run /srv /tmp /home /root /usr/local"
    assert files_with_secrets(appliance, places, reader="nobody") == ""


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
