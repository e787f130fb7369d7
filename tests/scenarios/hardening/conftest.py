"""The machines of the scenario, without the restart that the default scenario proves."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.appliance.deployment import Appliance, Machine, deployed_appliance, deployed_machine
from tests.scenarios.hardening.audit import begin_audit


@pytest.fixture(scope="session")
def appliance() -> Appliance:
    """Give the hardened server."""
    return deployed_appliance()


@pytest.fixture(scope="session", autouse=True)
def audit(appliance: Appliance) -> None:
    """Begin what takes longest."""
    begin_audit(appliance)


@pytest.fixture(scope="session")
def modality() -> Machine:
    """Give the second machine, whose address is in a network of modalities."""
    return deployed_machine("modality")


@pytest.fixture
def as_address(appliance: Appliance, modality: Machine) -> Iterator[Callable[[str], Machine]]:
    """Give the second machine with another address towards the appliance; its bans go at the end."""
    taken: list[str] = []

    def take(address: str) -> Machine:
        modality.run(f"ip address add {address}/24 dev eth0; ip route add {appliance.address} dev eth0 src {address}")
        taken.append(address)
        return modality

    yield take
    for address in taken:
        modality.run(f"ip route del {appliance.address}; ip address del {address}/24 dev eth0")
        appliance.run(f"fail2ban-client unban {address}")
