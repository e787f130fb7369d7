"""Who reaches which port, from the inside and from a peer."""

from __future__ import annotations

import pytest

from tests.appliance.deployment import Appliance, Machine

OPEN, REFUSED, TIMED_OUT = 0, 1, 124


def listening(appliance: Appliance) -> set[tuple[str, str]]:
    """Return address and port of every TCP socket that listens on the server."""
    lines = appliance.run("ss --no-header --listening --tcp --numeric").splitlines()
    return {tuple(line.split()[3].rsplit(":", 1)) for line in lines}  # type: ignore[misc]


def knock(machine: Machine, address: str, port: int) -> int:
    """Try to connect from ``machine`` and return what came of it."""
    return int(machine.host.run(f"timeout 2 bash -c '</dev/tcp/{address}/{port}'").rc)


def test_only_the_expected_ports_listen(appliance: Appliance) -> None:
    assert {port for _, port in listening(appliance)} == {"22", "80", "443", "2575", "5432", "6379", "9100", "11112"}


def test_stores_and_exporter_listen_on_the_loopback_interface_only(appliance: Appliance) -> None:
    inner = {address for address, port in listening(appliance) if port in {"5432", "6379", "9100"}}
    assert inner <= {"127.0.0.1", "[::1]"}


@pytest.mark.parametrize("port", [22, 80, 443, 2575, 11112])
def test_the_modality_reaches_the_open_ports(appliance: Appliance, modality: Machine, port: int) -> None:
    assert knock(modality, appliance.address, port) == OPEN


@pytest.mark.parametrize("port", [21, 5432, 6379, 8000])
def test_other_ports_do_not_even_answer(appliance: Appliance, modality: Machine, port: int) -> None:
    assert knock(modality, appliance.address, port) == TIMED_OUT


@pytest.mark.parametrize("port", [2575, 11112])
def test_a_machine_outside_the_named_networks_does_not_reach_it(appliance: Appliance, port: int) -> None:
    assert appliance.answers(443)
    assert not appliance.answers(port)


def test_ssh_is_limited_and_incoming_connections_are_denied(appliance: Appliance) -> None:
    status = appliance.run("ufw status verbose")
    assert "Default: deny (incoming)" in status
    assert "22/tcp                     LIMIT IN" in status


@pytest.mark.parametrize("port", [2575, 11112])
def test_a_port_is_open_to_the_named_network_alone(appliance: Appliance, modality: Machine, port: int) -> None:
    rules = [rule for rule in appliance.run("ufw show added").splitlines() if f"port {port} " in rule]
    assert [rule.split(" comment ")[0] for rule in rules] == [
        f"ufw allow from {modality.address} to any port {port} proto tcp"
    ]
