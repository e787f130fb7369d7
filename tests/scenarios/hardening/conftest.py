"""What takes longest begins first."""

from __future__ import annotations

import pytest

from tests.appliance.deployment import Appliance
from tests.scenarios.hardening.audit import begin_audit


@pytest.fixture(scope="session", autouse=True)
def audit(appliance: Appliance) -> None:
    """Begin the audit, which goes on while other tests wait."""
    begin_audit(appliance)
