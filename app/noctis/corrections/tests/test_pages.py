"""The pages: from the form over the preview to the history, and who has no business there."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse

from noctis.accounts.models import Role, User
from noctis.archive.models import Study
from noctis.archive.tests.factories import ROOT, image
from noctis.corrections.models import Correction


@pytest.fixture
def client_of(north, south, technician):
    """Give ``client_of(role, facility)``: a client of a signed-in user."""

    def signed_in(role: str, facility=None) -> Client:
        client = Client()
        user = User.objects.filter(role=role, facility=facility).first()
        client.force_login(user or User.objects.create_user(f"{role}-{facility}", role=role, facility=facility))
        return client

    return signed_in


def form_of(page: str) -> dict[str, str]:
    """Return what a page's hidden fields hold."""
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page))


def walk(client: Client, name: str, study: Study, **typed: object) -> str:
    address = reverse(name, kwargs={"study_uid": study.study_instance_uid})
    preview = client.post(address, typed).content.decode()
    assert 'name="token"' in preview, preview
    done = client.post(address, {**typed, "token": form_of(preview)["token"], "reason": "It was wrong"}, follow=True)
    return str(done.content.decode())


def edit_values(study: Study, **changed: str) -> dict[str, str]:
    typed = {"PatientName": study.patient_name, "PatientID": study.patient_identifier, "StudyDate": "2026-01-02"}
    return {**typed, "StudyTime": "03:04:05", **changed}


def test_a_study_is_corrected_and_the_correction_undone(store, client_of, north):
    study = store(image(1, 1, 1))
    client = client_of(Role.TECHNICIAN, north.facility)
    page = walk(client, "correct_edit", study, **edit_values(study, PatientName="Right^Name", AccessionNumber="A1"))
    assert "Right, Name" in page
    assert "It was wrong" in page
    assert "technician" in page
    made = Correction.objects.get()
    address = reverse("undo_correction", kwargs={"study_uid": study.study_instance_uid, "pk": made.pk})
    assert "This field is required" in client.post(address).content.decode()
    page = client.post(address, {"reason": "No, it was right"}, follow=True).content.decode()
    assert "Undone" in page
    assert "No, it was right" in page
    study.refresh_from_db()
    assert study.patient_name == "Phantom^Ada"
    assert "Study corrected" in client.get(reverse("correction_list")).content.decode()


def test_nothing_typed_is_lost_and_every_error_says_what_to_do(store, client_of, north):
    study = store(image(1, 1, 1))
    client = client_of(Role.TECHNICIAN, north.facility)
    address = reverse("correct_edit", kwargs={"study_uid": study.study_instance_uid})
    assert "Nothing was changed." in client.post(address, edit_values(study)).content.decode()
    page = client.post(address, edit_values(study, PatientName="A\\B", AccessionNumber="X" * 17)).content.decode()
    assert "Take out the backslash" in page
    assert "at most 16 characters" in page
    assert "X" * 17 in page
    typed = edit_values(study, AccessionNumber="A1")
    preview = client.post(address, typed).content.decode()
    token = form_of(preview)["token"]
    assert "This field is required" in client.post(address, {**typed, "token": token, "reason": ""}).content.decode()
    store(image(1, 1, 2))
    again = client.post(address, {**typed, "token": token, "reason": "why"}).content.decode()
    assert "changed meanwhile" in again
    assert ">why</textarea>" in again.replace("\n", "")
    assert not Correction.objects.exists()
    assert 'value="A1"' in client.post(address, {**typed, "change": "1"}).content.decode()


def test_a_study_is_moved_split_and_merged_on_the_pages(store, client_of, north):
    other = store(image(2, 1, 1, PatientID="P2", PatientName="Beta^Boris", AccessionNumber="B1"))
    study = store(image(1, 1, 1), image(1, 2, 1))
    client = client_of(Role.ADMINISTRATOR)
    walk(client, "correct_move", study, choice="existing", patient_id="P2")
    study.refresh_from_db()
    assert study.patient_name == "Beta^Boris"
    series = study.series.get(series_instance_uid=f"{ROOT}.1.2")
    walk(client, "correct_split", study, series=[str(series.pk)], target="new")
    assert Study.objects.filter(patient=other.patient).count() == 3
    walk(client, "correct_merge", study, target="", named="B1")
    other.refresh_from_db()
    assert other.instance_count == 2
    new = Study.objects.exclude(pk__in=[study.pk, other.pk]).get()
    page = walk(client, "correct_move", new, choice="new", patient_id="N1", PatientName="New^Nora")
    assert "Study moved to another patient" in page
    new.refresh_from_db()
    walk(client, "correct_merge_patients", new, patient_id="P2")
    new.refresh_from_db()
    assert new.patient == other.patient


@pytest.mark.parametrize(
    ("name", "typed", "said"),
    [
        ("correct_move", {"choice": "existing", "patient_id": "NOBODY"}, "No patient of this facility has this ID"),
        ("correct_move", {"choice": "existing", "patient_id": "P1"}, "patient&#x27;s already"),
        ("correct_merge", {"target": "", "named": ""}, "Choose a study, or name one."),
        ("correct_merge", {"target": "", "named": f"{ROOT}.3"}, "no such other study"),
        ("correct_split", {"series": [], "target": "new"}, "This field is required"),
    ],
)
def test_what_cannot_be_done_is_said(store, client_of, south, name, typed, said):
    from noctis.archive.tests.factories import reception

    store(image(3, 1, 1, PatientID="SOUTHERN"), delivery=reception("SOUTH"))
    study = store(image(1, 1, 1), image(1, 2, 1))
    address = reverse(name, kwargs={"study_uid": study.study_instance_uid})
    assert said in client_of(Role.ADMINISTRATOR).post(address, typed).content.decode()


def test_a_radiologist_reads_the_history_and_another_facility_sees_nothing(store, client_of, north, south):
    study = store(image(1, 1, 1))
    walk(client_of(Role.TECHNICIAN, north.facility), "correct_edit", study, **edit_values(study, PatientName="New"))
    address = reverse("corrections", kwargs={"study_uid": study.study_instance_uid})
    reading = client_of(Role.RADIOLOGIST).get(address).content.decode()
    assert "It was wrong" in reading
    assert "Undo this correction" not in reading
    undo = reverse("undo_correction", kwargs={"study_uid": study.study_instance_uid, "pk": Correction.objects.get().pk})
    assert client_of(Role.RADIOLOGIST).post(undo, {"reason": "x"}).status_code == 403
    stranger = client_of(Role.TECHNICIAN, south)
    assert stranger.get(address).status_code == 404
    assert stranger.post(undo, {"reason": "x"}).status_code == 404
    assert "It was wrong" not in stranger.get(reverse("correction_list")).content.decode()
    assert client_of(Role.FACILITY_USER, north.facility).get(address).status_code == 403


def test_the_address_of_a_merged_study_leads_to_where_it_is(store, client_of, north, south):
    stays = store(image(2, 1, 1, AccessionNumber="B1"))
    study = store(image(1, 1, 1))
    client = client_of(Role.TECHNICIAN, north.facility)
    walk(client, "correct_merge", study, target="", named="B1")
    old = reverse("viewer", kwargs={"study_uid": study.study_instance_uid})
    assert client.get(old)["Location"] == reverse("viewer", kwargs={"study_uid": stays.study_instance_uid})
    assert client_of(Role.TECHNICIAN, south).get(old).status_code == 404
