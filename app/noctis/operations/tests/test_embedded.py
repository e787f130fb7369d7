"""`make run`'s launcher: real processes, started, disturbed and stopped."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from noctis.operations.embedded.readiness import web_answers
from tests.support.appliance import Appliance
from tests.support.databases import own_file
from tests.support.waiting import wait_for

pytestmark = pytest.mark.integration


@pytest.fixture
def appliance(tmp_path: Path) -> Iterator[Appliance]:
    made = Appliance(tmp_path / "data")
    yield made
    made.stop()
    assert processes_of(made) == []


@pytest.fixture
def prepared(appliance: Appliance) -> Appliance:
    """Give the appliance with a database that is up to date; ``running`` and the samples begin with none."""
    own_file(appliance.data_dir / "noctis.sqlite3")
    return appliance


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Appliance]:
    made = Appliance(tmp_path_factory.mktemp("running") / "data")
    made.start(seconds=180)
    yield made
    made.stop()


def processes_of(appliance: Appliance) -> list[int]:
    """Return the ids of all processes that work on the appliance's data folder."""
    mark = f"NOCTIS_DATA_DIR={appliance.data_dir}\0".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (folder / "environ").read_bytes():
                found.append(int(folder.name))
        except OSError:
            continue  # it has just ended
    return found


def children_of(appliance: Appliance, program: str) -> list[int]:
    """Return the processes whose command line holds ``program``."""
    return [
        process
        for process in processes_of(appliance)
        if program in Path(f"/proc/{process}/cmdline").read_text(errors="replace")
    ]


def refused(appliance: Appliance) -> str:
    """Start an appliance that cannot start; return what it said."""
    with pytest.raises(AssertionError, match="the appliance ended"):
        appliance.start()
    assert appliance.process is not None
    assert appliance.process.returncode == 1
    assert "Traceback" not in appliance.said()
    return appliance.said()


def test_the_first_start_invites_the_first_administrator(running):
    assert any(f"{running.base_url}/set-up/" in line for line in running.output)
    assert web_answers(running.http_port)


def test_a_second_appliance_on_the_same_data_is_refused(running):
    second = Appliance(running.data_dir)
    said = refused(second)
    assert "Noctis already runs on the data folder" in said
    assert f"(process {running.process.pid})" in said
    assert web_answers(running.http_port)


def test_a_killed_program_is_started_again(running):
    said_before = len(running.output)
    for process in children_of(running, "gunicorn"):
        os.kill(process, signal.SIGKILL)
    wait_for(lambda: "web    | ended with signal SIGKILL; starting it again" in running.output[said_before:], "a line")
    wait_for(lambda: web_answers(running.http_port), "the web process")


def test_the_data_folder_is_private(running):
    loose = [path for path in running.data_dir.rglob("*") if path.stat().st_mode & 0o077 and not path.is_symlink()]
    assert loose == []


def test_a_second_start_keeps_the_data_and_the_password_of_the_first_administrator(prepared, tmp_path):
    password_file = tmp_path / "password"
    password_file.write_text("correct-horse-battery\n")
    prepared.environment["NOCTIS_ADMIN_PASSWORD_FILE"] = str(password_file)
    prepared.start()
    prepared.fill()
    assert "/set-up/" not in prepared.said()
    assert prepared.stop(signal.SIGINT) == 0
    prepared.output.clear()
    password_file.write_text("another-password-now\n")
    prepared.start()
    count = "from noctis.accounts.models import *; print(User.objects.count(), Facility.objects.count())"
    assert prepared.manage("shell", "-v", "0", "-c", count).split() == [str(len(prepared.users) + 1), "3"]
    check = "from noctis.accounts.models import *; print(User.objects.get(username='admin').check_password('{}'))"
    assert prepared.manage("shell", "-v", "0", "-c", check.format("correct-horse-battery")).strip() == "True"
    assert "Made the default facility" not in prepared.said()


@pytest.mark.parametrize(
    ("purpose", "variable", "port"),
    [("the web pages", "NOCTIS_HTTP_PORT", "http_port"), ("DICOM", "NOCTIS_DICOM_PORT", "dicom_port")],
)
def test_a_taken_port_is_named_with_the_way_out(appliance, purpose, variable, port):
    number = getattr(appliance, port)
    with socket.create_server(("127.0.0.1", number)):
        said = refused(appliance)
    assert f"Port {number} for {purpose} is taken by another program." in said
    assert f"make run {variable}=PORT" in said


def test_a_file_in_place_of_the_data_folder_is_named(appliance):
    appliance.data_dir.write_text("a file stands where the folder should be")
    assert f"The data folder {appliance.data_dir} cannot be used" in refused(appliance)


def test_an_unwritable_data_folder_is_named(appliance):
    appliance.data_dir = Path("/proc/noctis")  # where not even root may make a folder
    said = refused(appliance)
    assert "The data folder /proc/noctis cannot be used" in said
    assert "NOCTIS_DATA_DIR" in said


def test_a_wrong_setting_is_named(appliance):
    appliance.environment["NOCTIS_DICOM_PROCESSES"] = "many"
    assert "NOCTIS_DICOM_PROCESSES must be a whole number from 1 to 64, not 'many'." in refused(appliance)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_leaves_no_process(prepared, number):
    prepared.start()
    assert len(processes_of(prepared)) >= 5
    assert prepared.stop(number) == 0
    assert processes_of(prepared) == []
    assert prepared.output[-1] == "Noctis has stopped."


def test_a_stop_during_the_start_leaves_no_process(appliance):
    with pytest.raises(AssertionError, match="in vain"):
        appliance.start(seconds=1.0)
    assert processes_of(appliance) == []


def test_a_killed_parent_leaves_no_process(prepared):
    prepared.start()
    prepared.stop(signal.SIGKILL)
    wait_for(lambda: processes_of(prepared) == [], "the end of every process", seconds=30)


def test_the_first_start_sends_the_samples_and_the_second_does_not(appliance):
    appliance.environment["NOCTIS_SAMPLES"] = "all"
    appliance.start(seconds=120)
    assert any(line.endswith(" studies are in the worklist.") for line in appliance.output)
    count = ("shell", "-v", "0", "-c", "from noctis.archive.models import *; print(Instance.objects.count())")
    instances = int(appliance.manage(*count))
    assert instances > 128
    appliance.stop()
    appliance.output.clear()
    appliance.start()
    assert "sample" not in appliance.said()
    assert int(appliance.manage(*count)) == instances
