"""Fail2Ban reads what the programs write, bans who guesses, and leaves the modalities alone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.appliance.deployment import Appliance, Machine
from tests.appliance.guessing import sign_in_wrongly
from tests.support.waiting import wait_for

JAILS = {"sshd", "noctis-sign-in", "noctis-dicom", "nginx-http-auth", "nginx-limit-req", "nginx-botsearch"}
# One more address of the peer, in no network of modalities.
STRANGER = "10.213.7.66"


@pytest.fixture
def stranger(appliance: Appliance, modality: Machine) -> Iterator[Machine]:
    """Give the peer with another address towards the appliance."""
    modality.run(f"ip address add {STRANGER}/24 dev eth0; ip route add {appliance.address} dev eth0 src {STRANGER}")
    yield modality
    modality.run(f"ip route del {appliance.address}; ip address del {STRANGER}/24 dev eth0")
    appliance.run(f"fail2ban-client unban {STRANGER}")


def banned(appliance: Appliance, jail: str) -> bool:
    """Whether the stranger is banned by a jail."""
    return STRANGER in appliance.run(f"fail2ban-client get {jail} banip").split()


def matched(appliance: Appliance, log: str, name: str) -> list[str]:
    """Return the addresses that a filter finds in a log."""
    return appliance.run(f"fail2ban-regex --out=ip {log} /etc/fail2ban/filter.d/{name}.conf").split()


def test_every_jail_is_closed_to_somebody(appliance: Appliance) -> None:
    listed = appliance.run("fail2ban-client status").partition("Jail list:")[2]
    assert {name.strip() for name in listed.split(",")} == JAILS


def test_who_guesses_passwords_is_shut_out_and_the_modality_is_not(appliance: Appliance, stranger: Machine) -> None:
    assert set(sign_in_wrongly(stranger, appliance, 5).split()) == {"200"}
    wait_for(lambda: banned(appliance, "noctis-sign-in"), "the ban", seconds=30)
    knock = f"timeout 3 bash -c '</dev/tcp/{appliance.address}/443'"
    assert stranger.host.run(knock).rc != 0
    stranger.run(f"ip route del {appliance.address}")
    assert stranger.host.run(knock).rc == 0
    stranger.run(f"ip route add {appliance.address} dev eth0 src {STRANGER}")
    appliance.run(f"fail2ban-client set noctis-sign-in unbanip {STRANGER}")
    wait_for(lambda: stranger.host.run(knock).rc == 0, "a way in after the ban", seconds=10)


def test_refused_associations_and_searches_for_gaps_are_seen(appliance: Appliance, modality: Machine) -> None:
    modality.host.run(f"echoscu -aet NOBODY_KNOWN {appliance.address} 11112")
    assert modality.address in matched(appliance, "/var/log/noctis/dicom.log", "noctis-dicom")
    assert not banned(appliance, "noctis-dicom")
    appliance.get("/wp-login.php")
    assert matched(appliance, "/var/log/nginx/access.log", "noctis-botsearch")


def test_too_many_attempts_are_answered_with_429(appliance: Appliance, modality: Machine) -> None:
    options = f"--silent --insecure --resolve {appliance.web_name}:443:{appliance.address}"
    pages = f"'https://{appliance.web_name}/sign-in?n=[1-45]'"
    statuses = modality.run(
        f"curl {options} --output /dev/null --write-out '%{{http_code}} ' --data a=b {pages}"
    ).split()
    assert set(statuses) == {"403", "429"}
    assert modality.address not in appliance.run("fail2ban-client banned")
