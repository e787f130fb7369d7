"""A pytest plugin, loaded before Django: the tests never see the developer's own data folder or settings."""

from __future__ import annotations

import gc
import os
import shutil
import tempfile

import pytest

SERVER_SETTINGS = ("NOCTIS_DATABASE_URL", "NOCTIS_REDIS_URL", "NOCTIS_REDIS_PASSWORD")
FOLDER_VARIABLE = "NOCTIS_TEST_FOLDER"

_made_here = FOLDER_VARIABLE not in os.environ  # the workers of pytest-xdist inherit the folder
if _made_here:
    os.environ[FOLDER_VARIABLE] = tempfile.mkdtemp(prefix="noctis-tests-")
for _name in [name for name in os.environ if name.startswith("NOCTIS_")]:
    if _name not in (*SERVER_SETTINGS, FOLDER_VARIABLE):
        del os.environ[_name]
os.environ["NOCTIS_DATA_DIR"] = os.environ[FOLDER_VARIABLE]
os.makedirs(os.path.join(os.environ[FOLDER_VARIABLE], "static"), exist_ok=True)  # noqa: PTH103, PTH118  (WhiteNoise wants it)


gc.disable()  # thousands of tests are collected in each worker, and nothing of them is garbage


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop() -> None:
    """Let the garbage collector look at what comes now, but not at the tests."""
    gc.enable()
    gc.freeze()


def pytest_unconfigure() -> None:
    """Remove the folder once the last test is done."""
    if _made_here:
        shutil.rmtree(os.environ[FOLDER_VARIABLE], ignore_errors=True)
