"""Corrected objects over the network: sent, corrected, fetched by DCMTK, compared, undone and compared again."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.uid import DeflatedExplicitVRLittleEndian

from noctis.network.tests.retrieve_peers import data_sets, final_response, getscu, movescu, storescp
from tests.data.phantoms import THORAX, SyntheticPatient, SyntheticStudy, ct_series, save
from tests.support.dicom_service import MANAGE, DicomService
from tests.support.peers import SentObject, dcmtk, send_raw, storescu

pytestmark = [pytest.mark.integration]

ADA = SyntheticPatient("Phantom^Ada", "SYN-CORRECT-1", "19690412", "F")
STUDY = SyntheticStudy("corrected over the network", ADA, "CT", "SYN2025190", "20250402", "101500")
OTHER = SyntheticStudy("merged over the network", ADA, "CT late", "SYN2025191", "20250402", "111500")
SERIES = replace(THORAX, slices=4, matrix=64)
BEGIN = """
from functools import partial
from noctis.accounts.models import Role, User
from noctis.archive.models import Study
from noctis.corrections import actions
from noctis.corrections.models import Correction
from noctis.corrections.plans.edits import EditStudy
from noctis.corrections.plans.structure import MergeStudies
user, _ = User.objects.get_or_create(username="corrector", defaults={"role": Role.ADMINISTRATOR})
def correct(make):
    actions.apply(make, token=make().token, reason="wrong", acting_user=user)
studies = Study.objects.select_related("patient", "facility").order_by("pk")
"""
EDIT_ALL = """
for study in studies:
    correct(partial(EditStudy, study, values={"PatientName": "Right^Name", "PatientID": f"RIGHT-{study.pk}"}))
"""
UNDO_ALL = """
for correction in Correction.objects.filter(undone_at=None).order_by("-pk"):
    actions.undo(correction, reason="it was right", acting_user=user)
"""
MERGE = """
stays, goes = (studies.get(study_instance_uid=uid) for uid in ({stays!r}, {goes!r}))
correct(partial(MergeStudies, goes, target=stays))
"""


def run(service: DicomService, script: str) -> None:
    command = [sys.executable, str(MANAGE), "shell", "--no-imports", "-c", BEGIN + script]
    done = subprocess.run(command, env=service.settings, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


def images(study: SyntheticStudy, folder: Path) -> list[Path]:
    folder.mkdir()
    return [save(dataset, folder / f"{number}.dcm") for number, dataset in enumerate(ct_series(SERIES, study))]


@pytest.mark.filterwarnings("ignore::UserWarning:pydicom")  # some samples are odd on purpose
def test_every_kind_of_object_is_moved_corrected_and_after_the_undo_as_it_came(
    new_service, samples: list[SentObject], tmp_path: Path
) -> None:
    service: DicomService = new_service()
    kinds = {one.transfer_syntax_uid: one for one in samples}
    del kinds[DeflatedExplicitVRLittleEndian]  # DCMTK's receiver ends the association at it
    samples = list(kinds.values())
    assert set(send_raw(service.port, samples).values()) == {0}
    service.wait_until_indexed()
    service.manage("add_ae", "STORE", "--facility", "NORTH", "--host", "127.0.0.1", "--port", "1")
    stored = service.stored()
    studies = [row[0] for row in service.rows("SELECT study_instance_uid FROM archive_study")]

    def moved(name: str) -> Path:
        with storescp(tmp_path / name, "+xa") as port:
            service.execute(f"UPDATE network_remoteapplicationentity SET port = {port} WHERE ae_title = 'STORE'")  # noqa: S608
            for study in studies:
                done = movescu(service, "STORE", "QueryRetrieveLevel=STUDY", f"StudyInstanceUID={study}")
                assert final_response(done)["Failed"] == 0, done.stderr
        return tmp_path / name

    run(service, EDIT_ALL)
    folder = moved("corrected")
    received = {str(dcmread(path, specific_tags=["SOPInstanceUID"]).SOPInstanceUID): path for path in folder.iterdir()}
    assert received.keys() == stored.keys()
    sent = {one.sop_instance_uid: one for one in samples}
    for uid, path in received.items():
        after, before = dcmread(path), dcmread(sent[uid].path)
        assert str(after.PatientName) == "Right^Name"
        assert after.PatientID.startswith("RIGHT-")
        assert after.file_meta.TransferSyntaxUID == sent[uid].transfer_syntax_uid
        assert after.get("PixelData") == before.get("PixelData")
        original = after.OriginalAttributesSequence[-1].ModifiedAttributesSequence[0]
        assert str(original.PatientName or "") == str(before.get("PatientName") or "")
    assert service.stored() == stored

    run(service, UNDO_ALL)
    assert data_sets(moved("undone")) == stored


def test_a_merged_study_is_found_and_got_as_one_with_what_comes_later(service: DicomService, tmp_path: Path) -> None:
    own, late = images(STUDY, tmp_path / "own"), images(OTHER, tmp_path / "late")
    assert storescu(service.port, [*own, *late[:2]]).returncode == 0
    service.wait_until_indexed()
    run(service, MERGE.format(stays=STUDY.uid, goes=OTHER.uid))
    assert storescu(service.port, late[2:]).returncode == 0
    service.wait_until_indexed()

    done = getscu(service, tmp_path / "got", "QueryRetrieveLevel=STUDY", f"StudyInstanceUID={STUDY.uid}")
    assert final_response(done)["Completed"] == len(own) + len(late)
    got = [dcmread(path) for path in (tmp_path / "got").iterdir()]
    assert {(one.StudyInstanceUID, one.AccessionNumber, one.StudyDescription) for one in got} == {
        (STUDY.uid, "SYN2025190", "CT")
    }
    assert sum("OriginalAttributesSequence" in one for one in got) == len(late)
    keys = ("-k", "QueryRetrieveLevel=STUDY", "-k", "StudyInstanceUID", "-k", "PatientID=SYN-CORRECT-1")
    found = dcmtk("findscu", "-S", "-aec", "NOCTIS_PACS", *keys, "127.0.0.1", str(service.port))
    assert STUDY.uid in found.stdout + found.stderr
    assert OTHER.uid not in found.stdout + found.stderr
