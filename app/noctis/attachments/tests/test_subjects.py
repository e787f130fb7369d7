"""What files belong to, and who sees them: study, report and patient; everyone, readers, administrators."""

from __future__ import annotations

from io import BytesIO
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, transaction

from noctis.archive.models import Patient, Study
from noctis.attachments.models import Attachment, Audience, Subject
from noctis.attachments.tests.conftest import PDF, address, client_of
from noctis.audit.models import Action, AuditEntry
from noctis.dicomweb.tests.conftest import body_of
from noctis.reading_worklist.tests.factories import make_study
from noctis.reports import actions as report_actions

PASSWORD = "a long enough passphrase"
HTML = b"<!doctype html><svg onload=alert(1)><script>alert(document.cookie)</script></svg>"


def attach(user, study: Study, *, content: bytes = PDF, name: str = "letter.pdf", **said: str) -> tuple[int, UUID]:
    uid = uuid4()
    query = "&".join(f"{key}={value}" for key, value in {"category": "referral", **said}.items())
    answer = client_of(user).put(
        address(study, uid, f"?{query}"),
        data=content,
        content_type="application/octet-stream",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
    return answer.status_code, uid


def seen(user, study: Study) -> list[str]:
    answer = client_of(user).get(f"/viewer/{study.study_instance_uid}/attachments")
    return [attachment["uid"] for attachment in answer.json()["attachments"]]


def status(user, study: Study, uid: UUID, rest: str = "/file") -> int:
    answer = client_of(user).get(address(study, uid, rest))
    body_of(answer)  # an answer that is closed otherwise takes the database's connection along
    return answer.status_code


@pytest.fixture
def signer(people):
    people.radiologist.set_password(PASSWORD)
    people.radiologist.save()
    return people.radiologist


def test_what_belongs_to_the_patient_is_beside_each_of_the_patients_studies(people, study):
    later = make_study(people.north, patient_identifier=study.patient_identifier)
    of_another = make_study(people.north)
    made, uid = attach(people.technician, study, subject="patient")
    assert made == 201
    for beside, expected in ((study, [str(uid)]), (later, [str(uid)]), (of_another, [])):
        assert seen(people.owner, beside) == expected
        assert status(people.owner, beside, uid) == (200 if expected else 404)
    assert status(people.stranger, study, uid) == 404
    client_of(people.technician).delete(address(later, uid))
    assert seen(people.owner, study) == []
    client_of(people.technician).post(address(study, uid, "/restore"))
    assert seen(people.owner, later) == [str(uid)]


def test_it_stays_with_the_patient_when_a_study_is_moved_to_another(people, study):
    _, of_patient = attach(people.technician, study, subject="patient")
    _, of_study = attach(people.technician, study)
    stays = make_study(people.north, patient_identifier=study.patient_identifier)
    other = Patient.objects.create(facility=people.north, identity="id:^moved", patient_identifier="moved")
    Study.objects.filter(pk=study.pk).update(patient=other)
    assert seen(people.owner, study) == [str(of_study)]
    assert seen(people.owner, stays) == [str(of_patient)]
    assert status(people.owner, study, of_patient) == 404


def test_readers_and_administrators_see_what_others_do_not(people, study):
    made = {
        audience: attach(people.administrator, study, audience=audience, name=f"{audience}.pdf")
        for audience in Audience.values
    }
    assert [code for code, _ in made.values()] == [201] * 3
    everyone, readers, administrators = (str(uid) for _, uid in made.values())
    expected = {
        people.administrator: [everyone, readers, administrators],
        people.radiologist: [everyone, readers],
        people.technician: [everyone, readers],
        people.owner: [everyone],
    }
    for user, uids in expected.items():
        assert seen(user, study) == uids
        for _, uid in made.values():
            assert status(user, study, uid) == (200 if str(uid) in uids else 404)
            assert status(user, study, uid, "/preview") == 404  # no image
            if str(uid) not in uids:
                assert client_of(user).delete(address(study, uid)).status_code == 404
                assert client_of(user).post(address(study, uid, "/restore")).status_code == 404


def test_nobody_hides_a_file_from_people_who_see_more(people, study):
    assert attach(people.owner, study, audience="readers")[0] == 403
    assert attach(people.radiologist, study, audience="administrators")[0] == 403
    assert attach(people.owner, study, audience="nobody")[0] == 400
    assert attach(people.owner, study, subject="hospital")[0] == 400
    offered = client_of(people.owner).get(f"/viewer/{study.study_instance_uid}/attachments").json()
    assert [choice["id"] for choice in offered["audiences"]] == ["everyone"]
    assert [choice["id"] for choice in offered["subjects"]] == ["study", "patient"]
    assert not Attachment.objects.exists()


def test_what_is_attached_to_a_report_is_seen_with_the_report_and_marked_once_that_is_signed(people, study, signer):
    assert attach(signer, study, subject="report")[0] == 403  # there is none yet
    words = {"type": "paragraph", "content": [{"type": "text", "text": "No finding"}]}
    report_actions.save(study, {"findings": {"type": "doc", "content": [words]}}, 0, acting_user=signer)
    study.refresh_from_db()
    assert attach(people.technician, study, subject="report")[0] == 403
    before, first = attach(signer, study, subject="report", name="first.pdf")
    assert before == 201
    assert (seen(people.owner, study), seen(people.technician, study)) == ([], [str(first)])
    assert status(people.owner, study, first) == 404

    report_actions.sign(study, 1, PASSWORD, acting_user=signer)
    after, second = attach(signer, study, subject="report", name="second.pdf")
    assert after == 201
    assert seen(people.owner, study) == [str(first), str(second)]
    assert [found.is_later for found in Attachment.objects.all()] == [False, True]
    (entry,) = AuditEntry.objects.filter(action=Action.ATTACHMENT_ADDED_TO_SIGNED_REPORT)
    assert (entry.detail["attachment"], entry.user) == (str(second), signer)
    page = client_of(people.owner).get(f"/studies/{study.study_instance_uid}/report").content.decode()
    assert page.index("first.pdf") < page.index("second.pdf") < page.index("added after signing")


def test_the_worklist_marks_files_that_its_reader_may_see(people, study):
    attach(people.administrator, study, audience="administrators")

    def is_marked(user) -> bool:
        return "attached to this study" in client_of(user).post("/worklist/studies").content.decode()

    assert (is_marked(people.administrator), is_marked(people.owner)) == (True, False)
    attach(people.technician, study, subject="patient")
    assert is_marked(people.owner)


@pytest.mark.parametrize("name", ["page.html", "picture.svg", "../../etc/passwd"])
def test_markup_is_text_whatever_it_is_called(people, study, name):
    made, uid = attach(people.owner, study, content=HTML, name=name, category="photo")
    assert made == 201
    answer = client_of(people.owner).get(address(study, uid, "/file"))
    assert answer["Content-Type"] == "text/plain"
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["Content-Disposition"].endswith('.txt"')
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert body_of(answer) == HTML
    assert status(people.owner, study, uid, "/preview") == 404


def test_what_broke_off_on_its_way_is_not_kept(people, study, data_dir):
    broken: dict[str, Any] = {"CONTENT_LENGTH": str(len(PDF) + 1000), "wsgi.input": BytesIO(PDF)}
    answer = client_of(people.owner).generic("PUT", address(study, uuid4(), "?category=referral"), **broken)
    assert (answer.status_code, answer.json()["detail"]) == (400, "The file did not arrive whole.")
    assert not Attachment.objects.exists()
    assert not [path for path in data_dir.attachments.rglob("*") if path.is_file()]


@pytest.mark.parametrize("subject", Subject.values)
def test_the_index_takes_no_attachment_without_what_it_belongs_to(people, study, subject):
    owner = {"study": study} if subject == Subject.PATIENT else {"patient": study.patient}
    with pytest.raises(IntegrityError), transaction.atomic():
        Attachment.objects.create(
            uid=uuid4(),
            author=people.owner,
            category="other",
            name="x",
            size=1,
            is_scanned=False,
            subject=subject,
            **owner,
        )


def test_the_page_of_attachments_names_the_study_and_asks_for_its_files(people, study):
    page = client_of(people.owner).get(f"/studies/{study.study_instance_uid}/attachments").content.decode()
    assert f'data-url="/viewer/{study.study_instance_uid}/attachments"' in page
