"""Corrected objects over the network: sent, corrected, fetched by DCMTK, compared, undone and compared again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.uid import DeflatedExplicitVRLittleEndian

from noctis.accounts.models import Role, User
from noctis.archive.models import Study
from noctis.corrections import actions
from noctis.corrections.models import Correction
from noctis.corrections.plans.edits import EditStudy
from noctis.corrections.plans.plan import Plan
from noctis.corrections.plans.structure import MergeStudies
from noctis.network.tests.retrieve_peers import data_sets, final_response, getscu, movescu, storescp
from tests.data.phantoms import THORAX, SyntheticPatient, SyntheticStudy, ct_series, save
from tests.support.dicom_service import DicomService
from tests.support.peers import SentObject, dcmtk, send_raw, storescu

pytestmark = [pytest.mark.integration]

ADA = SyntheticPatient("Phantom^Ada", "SYN-CORRECT-1", "19690412", "F")
STUDY = SyntheticStudy("corrected over the network", ADA, "CT", "SYN2025190", "20250402", "101500")
OTHER = SyntheticStudy("merged over the network", ADA, "CT late", "SYN2025191", "20250402", "111500")
SERIES = replace(THORAX, slices=4, matrix=64)


def corrector() -> User:
    return User.objects.get_or_create(username="corrector", defaults={"role": Role.ADMINISTRATOR})[0]


def correct(make: Callable[[], Plan]) -> None:
    actions.apply(make, token=make().token, reason="wrong", acting_user=corrector())


def edit_all() -> None:
    for study in Study.objects.select_related("patient", "facility").order_by("pk"):
        correct(partial(EditStudy, study, values={"PatientName": "Right^Name", "PatientID": f"RIGHT-{study.pk}"}))


def undo_all() -> None:
    for correction in Correction.objects.filter(undone_at=None).order_by("-pk"):
        actions.undo(correction, reason="it was right", acting_user=corrector())


def merge(goes: SyntheticStudy, stays: SyntheticStudy) -> None:
    studies = Study.objects.select_related("patient", "facility")
    source, target = (studies.get(study_instance_uid=one.uid) for one in (goes, stays))
    correct(partial(MergeStudies, source, target=target))


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

    with service.application():
        edit_all()
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

    with service.application():
        undo_all()
    assert data_sets(moved("undone")) == stored


def test_a_merged_study_is_found_and_got_as_one_with_what_comes_later(service: DicomService, tmp_path: Path) -> None:
    own, late = images(STUDY, tmp_path / "own"), images(OTHER, tmp_path / "late")
    assert storescu(service.port, [*own, *late[:2]]).returncode == 0
    service.wait_until_indexed()
    with service.application():
        merge(OTHER, STUDY)
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
