"""The machines under test. Run by `molecule verify`; elsewhere these tests are skipped."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import pytest

from tests.appliance.deployment import Appliance, Deployment, Machine, is_deployed, running_deployment


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of this folder, and skip them where there is nothing deployed."""
    nothing_deployed = pytest.mark.skip(reason="needs the containers of `molecule verify`")
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker("appliance")
            if not is_deployed():
                item.add_marker(nothing_deployed)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add the appliance's own words to a failure."""
    report = yield
    if report.failed and report.when == "call" and (deployment := running_deployment()) is not None:
        logs = deployment.appliance.host.run(
            "supervisorctl status; tail -n 15 /var/log/noctis/*.log /var/log/nginx/error.log; "
            "journalctl --no-pager --lines 30 --priority warning"
        )
        report.sections.append(("the appliance", f"{logs.stdout}{logs.stderr}"))
    return report


@pytest.fixture(scope="session")
def deployment() -> Deployment:
    """Give the machines; the scenario has started the appliance anew before."""
    machines = running_deployment()
    assert machines is not None
    return machines


@pytest.fixture(scope="session")
def appliance(deployment: Deployment) -> Appliance:
    """Give the deployed server."""
    return deployment.appliance


@pytest.fixture(scope="session")
def modality(deployment: Deployment) -> Machine:
    """Give the peer in a network from which the DICOM port is open."""
    return deployment.modality
