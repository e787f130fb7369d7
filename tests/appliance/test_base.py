"""The system below the appliance: SSH, updates, limits, journal, network."""

from __future__ import annotations

from tests.appliance.deployment import Appliance
from tests.appliance.leftovers import RULE, a_day_passes


def test_ssh_lets_in_keys_alone_and_not_root(appliance: Appliance) -> None:
    settings = dict(line.split(" ", 1) for line in appliance.run("sshd -T").splitlines() if " " in line)
    wanted = {"passwordauthentication": "no", "kbdinteractiveauthentication": "no", "permitrootlogin": "no"}
    wanted |= {"maxauthtries": "3", "x11forwarding": "no", "allowtcpforwarding": "no", "permitemptypasswords": "no"}
    assert {name: settings[name] for name in wanted} == wanted
    assert "authorised staff only" in appliance.run("cat /etc/issue.net")


def test_the_way_back_of_ssh_is_not_armed_any_more(appliance: Appliance) -> None:
    assert "noctis-ssh-way-back" not in appliance.run("systemctl list-timers --all --no-pager")


def test_security_updates_come_by_themselves_and_nothing_else_does(appliance: Appliance) -> None:
    settings = appliance.run("apt-config dump")
    assert 'APT::Periodic::Unattended-Upgrade "1";' in settings
    assert 'Unattended-Upgrade::Automatic-Reboot "false";' in settings
    origins = [line for line in settings.splitlines() if line.startswith("Unattended-Upgrade::Origins-Pattern:: ")]
    assert origins
    assert all("ecurity" in line for line in origins)


def test_no_service_writes_its_memory_to_the_disk(appliance: Appliance) -> None:
    (postgresql,) = appliance.run("systemctl list-units --no-legend --plain 'postgresql@*' | cut -d ' ' -f 1").split()
    for service in (postgresql, "supervisor", "nginx"):
        limit = appliance.run(f"grep 'core file' /proc/$(systemctl show --property MainPID --value {service})/limits")
        assert limit.split()[4] == "0", service


def test_the_network_has_room_for_images(appliance: Appliance) -> None:
    assert appliance.run("sysctl --values net.ipv4.tcp_rmem").split()[2] == "33554432"
    assert appliance.run("sysctl --values net.ipv4.conf.all.accept_redirects").strip() == "0"


def test_the_journal_is_kept(appliance: Appliance) -> None:
    assert appliance.run("ls /var/log/journal").strip()


def test_what_a_killed_run_of_ansible_left_goes_after_a_day(appliance: Appliance) -> None:
    left = " ".join(f"{home}/.ansible/tmp/ansible-tmp-killed/.source" for home in ("/home/itstaff", "/root"))
    appliance.run(f"for file in {left}; do install -D --mode 0600 /dev/null $file; done")
    appliance.run(f"systemd-tmpfiles --clean {RULE} && ls {left}")  # its run may still be going on
    a_day_passes(appliance)
    assert appliance.run("ls -d /home/itstaff/.ansible/tmp/* /root/.ansible/tmp/* 2>/dev/null; true") == ""
