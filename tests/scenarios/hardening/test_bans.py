"""Real bans: each jail shuts out who earns it, for longer each time, from the ports that it guards."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.appliance.deployment import Appliance, Machine
from tests.appliance.guessing import sign_in_wrongly
from tests.support.waiting import wait_for

SSH = "ssh -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o ConnectTimeout=2"
CURL = "curl --silent --insecure --max-time 5 --output /dev/null --resolve {name}:443:{address}"
HABITS = {
    "sshd": "for n in 1 2 3 4 5; do " + SSH + " nobody-known@{address} true; done; true",
    "nginx-botsearch": CURL + " 'https://{name}/wp-login.php?n=[1-5]' || true",
    "nginx-http-auth": CURL + " --header 'Authorization: Bearer wrong' 'https://{name}/api/v1/scheduled-steps?n=[1-20]'"
    " || true",
}
OPEN = 0
LONGEST_BAN = 7 * 86400
PLAIN, TLS = 11112, 2762


def misbehave(machine: Machine, appliance: Appliance, jail: str) -> None:
    """Do what a jail watches for, as often as it takes."""
    if jail == "noctis-sign-in":
        sign_in_wrongly(machine, appliance, 5)
    else:
        machine.run(HABITS[jail].format(name=appliance.web_name, address=appliance.address))


def banned(appliance: Appliance, jail: str) -> list[str]:
    """Return the addresses that a jail bans."""
    return appliance.run(f"fail2ban-client get {jail} banip").split()


def knock(machine: Machine, appliance: Appliance, port: int) -> int:
    """Try to connect and return what came of it."""
    return int(machine.host.run(f"timeout 2 bash -c '</dev/tcp/{appliance.address}/{port}'").rc)


@pytest.mark.parametrize(
    ("jail", "last"), [("sshd", 71), ("nginx-botsearch", 72), ("nginx-http-auth", 73), ("noctis-sign-in", 74)]
)
def test_who_earns_it_is_shut_out(
    appliance: Appliance, as_address: Callable[[str], Machine], jail: str, last: int
) -> None:
    address = f"10.213.20.{last}"
    stranger = as_address(address)
    misbehave(stranger, appliance, jail)
    wait_for(lambda: address in banned(appliance, jail), f"the ban by {jail}", seconds=20)
    closed, still_open = (22, 443) if jail == "sshd" else (443, 22)
    wait_for(lambda: knock(stranger, appliance, closed) != OPEN, f"port {closed} closed", seconds=5)
    assert knock(stranger, appliance, still_open) == OPEN


def test_a_second_ban_is_twice_as_long(appliance: Appliance, as_address: Callable[[str], Machine]) -> None:
    address, jail = "10.213.20.75", "nginx-botsearch"
    stranger = as_address(address)
    usual = appliance.run(f"fail2ban-client get {jail} bantime").strip()
    appliance.run(f"fail2ban-client set {jail} bantime 2")
    try:
        misbehave(stranger, appliance, jail)
        wait_for(lambda: address in banned(appliance, jail), "the first ban", seconds=20)
        wait_for(lambda: address not in banned(appliance, jail), "its end", seconds=20)
        misbehave(stranger, appliance, jail)
        wait_for(lambda: address in banned(appliance, jail), "the second ban", seconds=20)
        told = appliance.run(f"fail2ban-client get {jail} banip --with-time")
    finally:
        appliance.run(f"fail2ban-client set {jail} bantime {usual}")
    line = next(line for line in told.splitlines() if line.startswith(address))
    assert " + 4 = " in line, line


@pytest.mark.parametrize(("port", "options", "last"), [(PLAIN, "", 21), (TLS, "+tla --ignore-peer-cert", 22)])
def test_a_machine_among_the_modalities_that_tries_titles_loses_the_dicom_ports_alone(
    appliance: Appliance, as_address: Callable[[str], Machine], port: int, options: str, last: int
) -> None:
    address = f"10.213.20.{last}"
    intruder = as_address(address)
    tries = f"for n in 1 2 3 4 5; do echoscu {options} -aet NOBODY_$n {appliance.address} {port} 2>&1; done"
    assert intruder.host.run(tries).stdout.count("Association Rejected") == 5
    wait_for(lambda: address in banned(appliance, "noctis-dicom"), "the ban", seconds=20)
    for closed in (PLAIN, TLS):
        wait_for(lambda closed=closed: knock(intruder, appliance, closed) != OPEN, "a closed port", seconds=5)  # type: ignore[misc]
    assert knock(intruder, appliance, 443) == OPEN


def test_whom_the_site_names_is_never_banned(appliance: Appliance) -> None:
    never = appliance.run("fail2ban-client get noctis-dicom ignoreip")
    assert "10.213.20.1" in never
    assert "10.213.20.16/28" not in never
    assert "10.213.20.16/28" in appliance.run("fail2ban-client get sshd ignoreip")


def test_bans_are_remembered_for_longer_than_the_longest(appliance: Appliance) -> None:
    kept = re.search(r"\d+", appliance.run("fail2ban-client get dbpurgeage"))
    assert kept is not None
    assert int(kept[0]) >= LONGEST_BAN
