"""Tests of the further Molecule scenarios, one folder each. Run by `molecule verify`; elsewhere they are skipped."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.appliance.deployment import is_deployed


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of this folder, and skip them where there is nothing deployed."""
    nothing_deployed = pytest.mark.skip(reason="needs the containers of `molecule verify`")
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("appliance")
            if not is_deployed():
                item.add_marker(nothing_deployed)
