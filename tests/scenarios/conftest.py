"""Tests of the further Molecule scenarios, one folder each. Run by `molecule verify`; elsewhere they are skipped."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.appliance.deployment import Appliance, Machine, deployed_appliance, deployed_machine, is_deployed


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of this folder, and skip them where there is nothing deployed."""
    nothing_deployed = pytest.mark.skip(reason="needs the containers of `molecule verify`")
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker("appliance")
            if not is_deployed():
                item.add_marker(nothing_deployed)


@pytest.fixture(scope="session")
def appliance() -> Appliance:
    """Give the scenario's server, without the restart that the default scenario proves."""
    return deployed_appliance()


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
