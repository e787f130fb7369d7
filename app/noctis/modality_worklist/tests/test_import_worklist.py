"""Importing folders of worklist files, also DCMTK's own."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from noctis.accounts.models import Facility
from noctis.modality_worklist import worklist_folder
from noctis.modality_worklist.actions import move_step
from noctis.modality_worklist.models import ScheduledProcedureStep, Source, StepStatus
from noctis.modality_worklist.query import worklist_query
from noctis.modality_worklist.tests.factories import facility, identifier, worklist_file
from tests.support.appliance import server_settings
from tests.support.waiting import wait_for

SAMPLES = Path("/usr/share/doc/dcmtk/examples/wlistdb")
# In DCMTK's dump format, with everything that a worklist file of the sample database has.
DUMP = """\
(0008,0005) CS  [ISO_IR 100]
(0008,0050) SH  00000
(0010,0010) PN  [Phantom^\N{LATIN CAPITAL LETTER A WITH DIAERESIS}nne]
(0010,0020) LO  AV35674
(0010,0030) DA  19780304
(0010,0040) CS  F
(0010,2000) LO  PACEMAKER
(0020,000d) UI  1.2.276.0.7230010.3.2.101
(0032,1032) PN  SMITH
(0032,1060) LO  EXAM6
(0040,0100) SQ
(fffe,e000) -
(0008,0060) CS  MR
(0032,1070) LO  GADOLINIUM
(0040,0001) AE  AA32\\AA33
(0040,0002) DA  20261015
(0040,0003) TM  085607
(0040,0006) PN  JOHNSON
(0040,0007) LO  EXAM74
(0040,0009) SH  SPD3445
(0040,0010) SH  STN456
(0040,0011) SH  B34F56
(0040,0012) LO
(0040,0400) LT
(fffe,e00d) -
(fffe,e0dd) -
(0040,1001) SH  RP454G234
(0040,1003) SH  LOW
"""


def run(folder: Path, capsys: pytest.CaptureFixture[str], *options: str) -> str:
    call_command("import_worklist", str(folder), *options)
    return capsys.readouterr().out


@pytest.fixture
def north(db) -> Facility:
    return facility()


def test_the_same_folder_twice_changes_nothing(north, tmp_path, capsys):
    worklist_file(tmp_path / "NOCTIS" / "1.wl")
    assert "1 files read: 1 added, 0 changed, 0 unchanged" in run(tmp_path, capsys)
    before = list(ScheduledProcedureStep.objects.values())
    assert "0 added, 0 changed, 1 unchanged" in run(tmp_path, capsys)
    assert list(ScheduledProcedureStep.objects.values()) == before
    step = ScheduledProcedureStep.objects.get()
    assert (step.source, step.step_id, step.station_ae_titles) == (Source.FOLDER, "S1", ["CT1"])


def test_a_renamed_or_changed_file_is_the_same_step(north, tmp_path, capsys):
    file = worklist_file(tmp_path / "NOCTIS" / "1.wl")
    run(tmp_path, capsys)
    file.unlink()
    worklist_file(tmp_path / "OTHER" / "2.WL", ScheduledProcedureStepStartTime="0900")
    assert "0 added, 1 changed" in run(tmp_path, capsys)
    assert str(ScheduledProcedureStep.objects.get().start_time) == "09:00:00"


def test_a_file_without_identifiers_is_known_by_its_name(north, tmp_path, capsys):
    worklist_file(tmp_path / "1.wl", StudyInstanceUID="", ScheduledProcedureStepID="")
    assert "1 added" in run(tmp_path, capsys)
    assert "1 unchanged" in run(tmp_path, capsys)


def test_a_value_that_is_wrong_is_left_out_and_spoils_no_query(north, tmp_path, capsys):
    worklist_file(tmp_path / "1.wl", PatientComments="fasting", PatientAge="x" * 30)
    path = worklist_file(tmp_path / "2.wl", PatientWeight="705", StudyInstanceUID="1.2.3", AccessionNumber="A2")
    path.write_bytes(path.read_bytes().replace(b"705 ", b"70,5"))
    assert "2 added" in run(tmp_path, capsys)
    steps = ScheduledProcedureStep.objects.visible_to_facility(north)
    answers = list(worklist_query(identifier(PatientWeight=None, PatientComments="")).answers(steps))
    assert [answer.PatientComments for answer in answers] == ["fasting", None]
    assert [answer.PatientWeight for answer in answers] == [None, None]


def test_bad_files_are_named_left_out_and_change_the_exit_code(north, tmp_path, capsys):
    worklist_file(tmp_path / "NOCTIS" / "good.wl")
    (tmp_path / "NOCTIS" / "garbage.wl").write_bytes(os.urandom(3000))
    (tmp_path / "NOCTIS" / "empty.wl").touch()
    (tmp_path / "NOCTIS" / "huge.wl").write_bytes(bytes(2 * 1024 * 1024))
    (tmp_path / "NOCTIS" / "readme.txt").write_text("no worklist file")
    worklist_file(tmp_path / "NOCTIS" / "nobody.wl", PatientName="", PatientID="")
    worklist_file(tmp_path / "NOCTIS" / "never.wl", ScheduledProcedureStepStartDate="soon")
    worklist_file(tmp_path / "NOCTIS" / "other.wl", PatientID="P2", ScheduledProcedureStepID="S2")
    with pytest.raises(CommandError) as caught:
        call_command("import_worklist", str(tmp_path))
    assert caught.value.returncode == 3
    told = capsys.readouterr()
    assert "7 files read: 1 added" in told.out
    assert "6 bad files" in told.out
    for name in ("garbage", "empty", "huge", "nobody", "never", "other"):
        assert f"NOCTIS/{name}.wl: The " in told.err
    assert "P2" not in told.err


def test_a_step_that_is_over_is_skipped(north, tmp_path, capsys):
    worklist_file(tmp_path / "1.wl")
    run(tmp_path, capsys)
    move_step(ScheduledProcedureStep.objects.get(), StepStatus.COMPLETED)
    worklist_file(tmp_path / "1.wl", ScheduledProcedureStepStartTime="0900")
    assert "1 skipped" in run(tmp_path, capsys)


def test_steps_whose_file_has_gone_are_cancelled_on_demand(north, tmp_path, capsys):
    files = [
        worklist_file(
            tmp_path / f"{number}.wl", ScheduledProcedureStepID=f"S{number}", StudyInstanceUID=f"1.2.{number}"
        )
        for number in (1, 2, 3)
    ]
    run(tmp_path, capsys)
    files[0].unlink()
    files[1].unlink()
    move_step(ScheduledProcedureStep.objects.get(step_id="S2"), StepStatus.IN_PROGRESS)
    assert "0 cancelled" in run(tmp_path, capsys)
    assert "1 cancelled" in run(tmp_path, capsys, "--cancel-missing")
    statuses = dict(ScheduledProcedureStep.objects.values_list("step_id", "status"))
    assert statuses == {"S1": "cancelled", "S2": "in_progress", "S3": "scheduled"}


def test_a_bad_file_is_no_reason_to_cancel_its_step(north, tmp_path, capsys):
    file = worklist_file(tmp_path / "1.wl")
    run(tmp_path, capsys)
    file.write_bytes(b"half written")
    with pytest.raises(CommandError):
        call_command("import_worklist", str(tmp_path), "--cancel-missing")
    assert ScheduledProcedureStep.objects.get().status == StepStatus.SCHEDULED


def test_a_folder_that_is_being_written_is_waited_for(north, tmp_path, monkeypatch):
    monkeypatch.setattr(worklist_folder, "LOCK_SECONDS", 0.1)
    worklist_file(tmp_path / "NOCTIS" / "1.wl")
    folder = worklist_folder.WorklistFolder(tmp_path, north)
    with (tmp_path / "NOCTIS" / "lockfile").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        report = folder.import_changes()
        assert report.files == 0
        assert "locked" in report.notes[0]
    assert folder.import_changes().files == 1
    assert folder.import_changes().files == 0


def test_the_facility_must_be_clear(db, tmp_path):
    with pytest.raises(CommandError, match="Known codes: none"):
        call_command("import_worklist", str(tmp_path))
    facility("NORTH")
    call_command("import_worklist", str(tmp_path))
    facility("SOUTH")
    with pytest.raises(CommandError, match=r"--facility .*NORTH, SOUTH"):
        call_command("import_worklist", str(tmp_path))
    with pytest.raises(CommandError, match="no facility with the code WEST"):
        call_command("import_worklist", str(tmp_path), "--facility", "WEST")
    with pytest.raises(CommandError, match="There is no folder"):
        call_command("import_worklist", str(tmp_path / "missing"), "--facility", "NORTH")


def dump2dcm(dump: Path, target: Path, *options: str) -> None:
    subprocess.run(["/usr/bin/dump2dcm", "-g", *options, str(dump), str(target)], check=True, capture_output=True)


@pytest.mark.integration
@pytest.mark.parametrize("options", [(), ("-F",), ("+ti",), ("-F", "+ti"), ("+tb",)])
def test_what_dump2dcm_writes_is_imported_whole(north, tmp_path, capsys, options):
    dump = tmp_path / "1.dump"
    dump.write_text(DUMP, encoding="latin-1")
    dump2dcm(dump, tmp_path / "1.wl", *options)
    assert "1 added" in run(tmp_path, capsys)
    (answer,) = worklist_query(identifier(MedicalAlerts="", RequestedProcedurePriority="LOW")).answers(
        ScheduledProcedureStep.objects.visible_to_facility(north)
    )
    assert str(answer.PatientName) == "Phantom^Änne"
    assert (answer.PatientID, answer.MedicalAlerts, answer.StudyInstanceUID) == (
        "AV35674",
        "PACEMAKER",
        "1.2.276.0.7230010.3.2.101",
    )
    step = ScheduledProcedureStep.objects.get()
    assert (step.step_id, step.requested_procedure_id, step.accession_number) == ("SPD3445", "RP454G234", "00000")
    assert (step.station_ae_titles, step.station_name, step.location) == (["AA32", "AA33"], "STN456", "B34F56")
    assert (step.performing_physician, step.requesting_physician) == ("JOHNSON", "SMITH")
    inner = step.other_attributes["00400100"]["Value"][0]
    assert inner["00321070"]["Value"] == ["GADOLINIUM"]


@pytest.mark.integration
@pytest.mark.skipif(not SAMPLES.exists(), reason="Debian's examples of DCMTK are not unpacked here")
def test_dcmtk_s_own_sample_database_is_imported(north, tmp_path, capsys):
    for dump in sorted((SAMPLES / "OFFIS").glob("*.dump")):
        (tmp_path / "OFFIS").mkdir(exist_ok=True)
        dump2dcm(dump, tmp_path / "OFFIS" / f"{dump.stem}.wl")
    shutil.copy(SAMPLES / "OFFIS" / "lockfile", tmp_path / "OFFIS")
    assert "10 files read: 10 added, 0 changed, 0 unchanged, 0 skipped, 0 cancelled; 0 bad files." in run(
        tmp_path, capsys
    )
    assert "0 added, 0 changed, 10 unchanged" in run(tmp_path, capsys)


@pytest.mark.integration
def test_a_watched_folder_is_followed_until_sigterm(tmp_path, settings):
    data = tmp_path / "data"
    environment = {**os.environ, "NOCTIS_DATA_DIR": str(data), **server_settings(data)}
    manage = [sys.executable, str(settings.APP_DIR / "manage.py")]
    subprocess.run([*manage, "add_facility", "NORTH", "North"], env=environment, check=True, capture_output=True)
    folder = tmp_path / "worklist"
    folder.mkdir()
    output = tmp_path / "output"
    with output.open("wb") as log:
        watcher = subprocess.Popen(
            [*manage, "import_worklist", str(folder), "--watch", "--interval", "0.1", "--cancel-missing"],
            env=environment,
            stdout=log,
            stderr=log,
        )
    try:
        wait_for(lambda: "Watching" in output.read_text(), "the watcher", seconds=30)
        file = worklist_file(folder / "NOCTIS" / "1.wl")
        wait_for(lambda: "1 added" in output.read_text(), "the import", seconds=30)
        worklist_file(file, Modality="MR")
        wait_for(lambda: "1 changed" in output.read_text(), "the change", seconds=30)
        file.unlink()
        wait_for(lambda: "1 cancelled" in output.read_text(), "the cancellation", seconds=30)
        watcher.send_signal(signal.SIGTERM)
        assert watcher.wait(timeout=30) == 0
    finally:
        watcher.kill()
        watcher.wait()
