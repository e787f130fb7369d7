"""What is taken and what is refused: size, kind by content, malware; and that nothing is left of what was refused."""

from __future__ import annotations

import os
import time
import tracemalloc
import zipfile
from io import BytesIO
from uuid import uuid4

import pytest
from PIL import Image

from noctis.attachments.file_area import ABANDONED_AFTER, TooLarge, receiving
from noctis.attachments.media_types import EXTENSIONS, read_media_types
from noctis.attachments.models import Attachment
from noctis.attachments.tests.conftest import EICAR, PDF, address, client_of, picture, put
from noctis.audit.models import Action, AuditEntry
from noctis.env import ConfigurationError


def office(first: str) -> bytes:
    written = BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for name in ("[Content_Types].xml", "_rels/.rels", first):
            archive.writestr(name, "<x/>")
    return written.getvalue()


def open_document(kind: str) -> bytes:
    written = BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        archive.writestr("mimetype", f"application/vnd.oasis.opendocument.{kind}")
    return written.getvalue()


def nothing_is_left(data_dir) -> bool:
    return not Attachment.objects.exists() and not [p for p in data_dir.attachments.rglob("*") if p.is_file()]


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (PDF, "application/pdf"),
        (picture("PNG"), "image/png"),
        (picture("JPEG"), "image/jpeg"),
        (picture("TIFF"), "image/tiff"),
        (picture("WEBP"), "image/webp"),
        ("Kreatinin;0,9;mg/dl\r\n".encode("latin-1"), "text/plain"),
        ("Größe 胸部\n".encode(), "text/plain"),
        (b"BMI of the patient: 24", "text/plain"),
        (b"{\\rtf1 hello}", "application/rtf"),
        (office("word/document.xml"), "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        (office("xl/workbook.xml"), "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (open_document("text"), "application/vnd.oasis.opendocument.text"),
        (open_document("spreadsheet"), "application/vnd.oasis.opendocument.spreadsheet"),
    ],
)
def test_the_content_says_what_a_file_is_and_not_its_name(people, study, content, media_type):
    assert put(people.owner, study, uuid4(), content, "whatever.exe").json()["mediaType"] == media_type


@pytest.mark.parametrize(
    "content",
    [
        b"MZ" + bytes(100),
        b"\x7fELF" + bytes(100),
        b"PK\x03\x04" + bytes(60),
        b"GIF89a" + bytes(20),
        b"text with a \0 in it",
        bytes(128) + b"DICM",
    ],
)
def test_files_of_other_kinds_are_refused(people, study, data_dir, content):
    answer = put(people.owner, study, uuid4(), content, "scan.pdf")
    assert answer.status_code == 415
    assert "not taken" in answer.json()["detail"]
    assert nothing_is_left(data_dir)


def test_a_site_decides_which_kinds_it_takes(people, study, settings):
    settings.NOCTIS_ATTACHMENT_TYPES = read_media_types("NOCTIS_ATTACHMENT_TYPES", ["image/png"])
    assert put(people.owner, study, uuid4(), PDF).status_code == 415
    assert put(people.owner, study, uuid4(), picture()).status_code == 201
    with pytest.raises(ConfigurationError, match="text/html"):
        read_media_types("NOCTIS_ATTACHMENT_TYPES", [*EXTENSIONS, "text/html"])


def test_an_empty_file_is_refused(people, study, data_dir):
    assert put(people.owner, study, uuid4(), b"").status_code == 400
    assert nothing_is_left(data_dir)


def test_a_file_beyond_the_limit_is_refused(people, study, data_dir, settings):
    settings.NOCTIS_ATTACHMENT_MAX_MEGABYTES = 1
    assert put(people.owner, study, uuid4(), PDF + bytes(1_000_000)).status_code == 413
    assert nothing_is_left(data_dir)
    exactly = PDF.ljust(1_000_000, b"\n")
    assert put(people.owner, study, uuid4(), exactly).status_code == 201


def test_a_body_without_a_length_is_counted_as_it_comes(data_dir):
    with pytest.raises(TooLarge), receiving(iter([b"x" * 600, b"x" * 600]), 1000):
        pass
    assert list((data_dir.attachments / "incoming").iterdir()) == []


def test_200_mb_pass_without_being_held_in_memory(data_dir):
    chunk = bytes(1 << 20)
    tracemalloc.start()
    with receiving((chunk for _ in range(200)), 250 << 20) as received:
        assert received.size == 200 << 20
        _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 10 << 20


def test_what_a_crash_left_half_received_is_removed(data_dir):
    folder = data_dir.attachments / "incoming"
    folder.mkdir(mode=0o700)
    (folder / "old").write_bytes(b"x")
    (folder / "running").write_bytes(b"x")
    long_ago = time.time() - ABANDONED_AFTER - 60
    os.utime(folder / "old", (long_ago, long_ago))
    with receiving(iter([b"new"]), 100):
        assert {path.name for path in folder.iterdir()} >= {"running"}
        assert not (folder / "old").exists()


def test_what_the_scanner_finds_nothing_in_is_kept_and_says_so(people, study, clamd):
    content = PDF.ljust(300_000, b"\n")
    assert put(people.owner, study, uuid4(), content).json()["isScanned"] is True
    assert clamd.heard == [content]


@pytest.mark.parametrize(
    ("content", "found"),
    [(PDF + b"malware", "Test.Sample"), (EICAR, "Eicar-Test-Signature"), (PDF + EICAR, "Eicar-Test-Signature")],
)
def test_malware_is_refused_and_noted(people, study, clamd, data_dir, content, found):
    answer = put(people.owner, study, uuid4(), content)
    assert answer.status_code == 422
    assert "malware" in answer.json()["detail"]
    assert nothing_is_left(data_dir)
    (entry,) = AuditEntry.objects.filter(action=Action.ATTACHMENT_REFUSED)
    assert (entry.user, entry.detail["found"]) == (people.owner, found)


def test_a_file_that_the_scanner_cannot_take_is_refused(people, study, clamd, data_dir):
    answer = put(people.owner, study, uuid4(), PDF.ljust(6 << 20, b"\n"))
    assert answer.status_code == 503
    assert "larger than the virus scanner takes" in answer.json()["detail"]
    assert nothing_is_left(data_dir)


def test_without_the_scanner_that_is_configured_nothing_is_taken(people, study, settings, data_dir, tmp_path):
    settings.NOCTIS_CLAMD_SOCKET = str(tmp_path / "gone")
    answer = put(people.owner, study, uuid4())
    assert answer.status_code == 503
    assert "does not answer" in answer.json()["detail"]
    assert nothing_is_left(data_dir)


def test_the_list_says_whether_files_are_scanned_and_how_large_they_may_be(people, study, settings):
    settings.NOCTIS_ATTACHMENT_MAX_MEGABYTES = 7
    path = f"/viewer/{study.study_instance_uid}/attachments"
    found = client_of(people.owner).get(path).json()
    assert (found["isScanned"], found["largest"]) == (False, 7_000_000)
    assert {"id": "consent", "label": "Consent"} in found["categories"]


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "WEBP"])
def test_an_image_is_drawn_anew_for_its_preview(people, study, kind):
    uid = uuid4()
    put(people.owner, study, uid, picture(kind, (3000, 1500)))
    answer = client_of(people.owner).get(address(study, uid, "/preview"))
    assert answer["Content-Type"] == "image/webp"
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    with Image.open(BytesIO(answer.content)) as shown:
        assert shown.size == (2000, 1000)
        red, green, blue = shown.convert("RGB").getpixel((1000, 500))
        assert abs(red - 200) < 6 and abs(green - 40) < 6 and abs(blue - 40) < 6


def test_a_photograph_that_was_taken_upright_is_shown_upright(people, study):
    uid, turned = uuid4(), Image.Exif()
    turned[0x0112] = 6
    put(people.owner, study, uid, picture("JPEG", (60, 40), exif=turned))
    with Image.open(BytesIO(client_of(people.owner).get(address(study, uid, "/preview")).content)) as shown:
        assert shown.size == (40, 60)


@pytest.mark.parametrize("content", [picture()[:60], picture("JPEG")[:200], b"\x89PNG\r\n\x1a\n" + bytes(50)])
def test_a_damaged_image_has_no_preview_and_is_still_kept(people, study, content):
    uid = uuid4()
    assert put(people.owner, study, uid, content).status_code == 201
    answer = client_of(people.owner).get(address(study, uid, "/preview"))
    assert answer.status_code == 422
    assert "cannot be read" in answer.json()["detail"]


def test_an_image_of_too_many_pixels_is_not_drawn(people, study, monkeypatch):
    monkeypatch.setattr("noctis.attachments.preview.MOST_PIXELS", 100)
    uid = uuid4()
    put(people.owner, study, uid, picture())
    assert client_of(people.owner).get(address(study, uid, "/preview")).status_code == 422


def test_other_kinds_have_no_preview_from_here(people, study):
    uid = uuid4()
    put(people.owner, study, uid)
    assert client_of(people.owner).get(address(study, uid, "/preview")).status_code == 404
