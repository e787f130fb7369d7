"""Fixtures of every app's tests."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from noctis.data_directory import DataDirectory


@pytest.fixture
def data_dir(settings: Settings, tmp_path: Path) -> DataDirectory:
    """Give the test a data directory of its own."""
    directory = DataDirectory(tmp_path / "data")
    directory.create()
    settings.NOCTIS_DATA = directory
    return directory
