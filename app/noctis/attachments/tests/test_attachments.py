"""Attachments: who adds, gets and removes them, how they are kept, and that a file never does anything."""

from __future__ import annotations

import hashlib
from uuid import uuid4

import pytest

from noctis.attachments import actions
from noctis.attachments.file_area import place_of
from noctis.attachments.models import Attachment
from noctis.attachments.tests.conftest import PDF, address, client_of, picture, put
from noctis.audit.models import Action, AuditEntry
from noctis.reading_worklist.tests.factories import make_study


def listed(user, study):
    response = client_of(user).get(f"/viewer/{study.study_instance_uid}/attachments")
    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]
    return response.json()["attachments"]


def content_of(response) -> bytes:
    return b"".join(response.streaming_content)


@pytest.mark.parametrize("who", ["radiologist", "administrator", "technician", "owner"])
def test_whoever_sees_a_study_attaches_a_file_and_every_other_gets_its_bytes(people, study, who):
    author, uid = getattr(people, who), uuid4()
    added = put(author, study, uid, name="Überweisung 胸部.pdf")
    assert added.status_code == 201
    for reader in (people.radiologist, people.administrator, people.technician, people.owner):
        (found,) = listed(reader, study)
        assert (found["uid"], found["name"], found["category"]) == (str(uid), "Überweisung 胸部.pdf", "referral")
        assert (found["mediaType"], found["size"], found["isScanned"]) == ("application/pdf", len(PDF), False)
        assert found["mayRemove"] is (reader in {author, people.administrator})
        assert content_of(client_of(reader).get(address(study, uid, "/file"))) == PDF
    (entry,) = AuditEntry.objects.filter(action=Action.ATTACHMENT_ADDED)
    assert (entry.user, entry.facility, entry.study_instance_uid) == (author, people.north, study.study_instance_uid)
    assert "weisung" not in str(entry.detail)
    assert AuditEntry.objects.filter(action=Action.ATTACHMENT_READ).count() == 4


@pytest.mark.parametrize("who", ["stranger", "roleless"])
def test_the_attachments_of_others_do_not_exist(people, study, who):
    user, uid = getattr(people, who), uuid4()
    put(people.owner, study, uid, picture(), "a.png")
    client = client_of(user)
    assert put(user, study, uuid4()).status_code == 404
    assert client.get(f"/viewer/{study.study_instance_uid}/attachments").status_code == 404
    assert client.get(address(study, uid, "/file")).status_code == 404
    assert client.get(address(study, uid, "/preview")).status_code == 404
    assert client.delete(address(study, uid)).status_code == 404
    assert client.post(address(study, uid, "/restore")).status_code == 404
    assert Attachment.objects.filter(is_removed=False).count() == 1


def test_an_attachment_belongs_to_its_study(people, study):
    other, uid = make_study(people.north), uuid4()
    put(people.owner, study, uid)
    client = client_of(people.owner)
    assert client.get(address(other, uid, "/file")).status_code == 404
    assert client.delete(address(other, uid)).status_code == 404
    assert listed(people.owner, other) == []


def test_the_bytes_lie_under_their_digest_readable_by_the_service_alone(people, study, data_dir):
    put(people.owner, study, uuid4(), name="../../etc/passwd")
    put(people.owner, study, uuid4(), name="again.pdf")
    digest = hashlib.sha256(PDF).hexdigest()
    files = [path for path in data_dir.attachments.rglob("*") if path.is_file()]
    assert files == [place_of(digest)] == [data_dir.attachments / digest[:2] / digest[2:4] / digest]
    assert files[0].stat().st_mode & 0o777 == 0o600
    folders = [path for path in data_dir.attachments.rglob("*") if path.is_dir()]
    assert all(folder.stat().st_mode & 0o777 == 0o700 for folder in (data_dir.attachments, *folders))


@pytest.mark.parametrize(
    ("name", "kept", "saved"),
    [
        ("../../etc/passwd", "passwd", "passwd.pdf"),
        ("C:\\scans\\report.PDF", "report.PDF", "report.PDF"),
        ("invoice\u202efdp.exe", "invoicefdp.exe", "invoicefdp.exe.pdf"),
        ('a"; filename="b.html', 'a"; filename="b.html', 'a"; filename="b.html.pdf'),
        ("line\r\nSet-Cookie: x=1.pdf", "lineSet-Cookie: x=1.pdf", "lineSet-Cookie: x=1.pdf"),
        ("..", "File", "File.pdf"),
        ("", "File", "File.pdf"),
        ("\0.pdf", "pdf", "pdf.pdf"),
        ("<img src=x onerror=alert(1)>.pdf", "<img src=x onerror=alert(1)>.pdf", "<img src=x onerror=alert(1)>.pdf"),
        ("x" * 300 + ".pdf", "x" * 146 + ".pdf", "x" * 146 + ".pdf"),
    ],
)
def test_a_name_is_words_and_never_a_path(people, study, name, kept, saved):
    uid = uuid4()
    assert put(people.owner, study, uid, name=name).json()["name"] == kept
    answer = client_of(people.owner).get(address(study, uid, "/file"))
    assert "\n" not in answer["Content-Disposition"]
    assert answer["Content-Disposition"].startswith("attachment")
    escaped = saved.replace("\\", "\\\\").replace('"', '\\"')
    assert answer["Content-Disposition"] == f'attachment; filename="{escaped}"'
    answer.close()


def test_what_was_uploaded_is_for_the_disk_and_runs_nowhere(people, study):
    uid = uuid4()
    html = b"<!doctype html><script>alert(document.cookie)</script>"
    assert put(people.owner, study, uid, html, "page.html", "other").status_code == 201
    answer = client_of(people.owner).get(address(study, uid, "/file"))
    assert answer["Content-Type"] == "text/plain"
    assert answer["Content-Disposition"] == 'attachment; filename="page.html.txt"'
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert "no-store" in answer["Cache-Control"]
    assert content_of(answer) == html


def test_nginx_sends_the_bytes_where_it_is_in_front(people, study, settings):
    settings.NOCTIS_ACCEL_PREFIX = "/internal-storage/"
    uid, digest = uuid4(), hashlib.sha256(PDF).hexdigest()
    put(people.owner, study, uid)
    answer = client_of(people.owner).get(address(study, uid, "/file"))
    assert answer["X-Accel-Redirect"] == f"/internal-storage/attachments/{digest[:2]}/{digest[2:4]}/{digest}"
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer.content == b""


def test_a_removed_attachment_is_kept_and_comes_back(people, study):
    uid = uuid4()
    put(people.technician, study, uid)
    assert client_of(people.owner).delete(address(study, uid)).status_code == 403
    assert client_of(people.technician).delete(address(study, uid)).status_code == 200
    assert client_of(people.technician).delete(address(study, uid)).status_code == 200
    assert listed(people.technician, study) == []
    assert client_of(people.technician).get(address(study, uid, "/file")).status_code == 404
    assert client_of(people.administrator).post(address(study, uid, "/restore")).status_code == 200
    assert content_of(client_of(people.owner).get(address(study, uid, "/file"))) == PDF
    details = (
        AuditEntry.objects.filter(action=Action.ATTACHMENT_CHANGED).order_by("pk").values_list("detail", flat=True)
    )
    assert [detail["removed"] for detail in details] == [True, False]


def test_an_upload_whose_answer_was_lost_is_simply_repeated(people, study):
    uid = uuid4()
    assert [put(people.owner, study, uid).status_code for _ in range(2)] == [201, 201]
    assert len(listed(people.owner, study)) == 1
    assert put(people.owner, study, uid, picture(), "other.png").status_code == 409
    assert put(people.technician, study, uid).status_code == 409
    assert put(people.owner, make_study(people.north), uid).status_code == 409


def test_the_file_of_an_attachment_that_is_gone_from_the_disk_is_an_error(people, study):
    uid = uuid4()
    put(people.owner, study, uid)
    place_of(hashlib.sha256(PDF).hexdigest()).unlink()
    assert client_of(people.owner).get(address(study, uid, "/file")).status_code == 500


def test_a_study_takes_so_many_attachments_and_no_more(people, study, monkeypatch):
    monkeypatch.setattr(actions, "MOST_ON_A_STUDY", 1)
    put(people.owner, study, uuid4())
    assert put(people.owner, study, uuid4()).status_code == 422


def test_an_unknown_category_is_refused(people, study):
    assert put(people.owner, study, uuid4(), category="holiday").status_code == 400
