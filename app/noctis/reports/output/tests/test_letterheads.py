"""The letterhead page: administrators alone, safe pictures, and a preview that keeps nothing."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from noctis.accounts.models import User
from noctis.attachments.file_area import place_of
from noctis.audit.models import Action, AuditEntry
from noctis.reports.output.models import Letterhead
from noctis.reports.output.rendering import require_library
from noctis.reports.output.tests.papers import RED, count_of, page_count, picture_of, red_logo, words_of

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
TYPED = {"heading": "Radiology", "address": "1 Long Street", "accent": "#0a7a3c", "paper": "A4", "footer": "Bank 1"}


def send(user: User, path: str, logo: bytes | None = None, **values: str) -> Any:
    client = Client()
    client.force_login(user)
    files = {"logo": SimpleUploadedFile("logo.png", logo, "image/png")} if logo is not None else {}
    return client.post(path, {**TYPED, **values, **files})


@pytest.fixture
def page(people, data_dir) -> str:
    return f"/admin/facilities/{people.north.pk}/letterhead"


def test_a_letterhead_is_kept_with_its_logo_and_written_down(people, page):
    assert send(people.administrator, page, red_logo("JPEG")).status_code == 302
    kept = Letterhead.objects.get()
    assert (kept.facility, kept.heading, kept.accent) == (people.north, "Radiology", "#0a7a3c")
    with Image.open(place_of(kept.logo_sha256)) as logo:
        assert (logo.format, logo.size) == ("PNG", (400, 200))
    entry = AuditEntry.objects.get(action=Action.LETTERHEAD_CHANGED)
    assert entry.facility == people.north
    assert "logo_sha256" in entry.detail["changed"]

    send(people.administrator, page, phone="1234")
    kept.refresh_from_db()
    assert kept.logo_sha256, "a logo stays when no other is sent"
    send(people.administrator, page, removes_logo="on")
    kept.refresh_from_db()
    assert kept.logo_sha256 == ""


def test_nothing_of_an_uploaded_picture_but_its_dots_is_kept(people, page):
    noted = PngInfo()
    noted.add_text("Comment", "<script>alert(1)</script>")
    output = io.BytesIO()
    Image.new("RGB", (10, 10), RED).save(output, "PNG", pnginfo=noted)
    send(people.administrator, page, output.getvalue() + b"PK\x03\x04 an archive behind the picture")
    kept = place_of(Letterhead.objects.get().logo_sha256).read_bytes()
    assert b"script" not in kept
    assert b"archive" not in kept


@pytest.mark.parametrize("file", [SVG, b"%PDF-1.7", b"", b"GIF89a" + bytes(100), red_logo()[:200]])
def test_what_is_no_picture_is_refused_and_loses_nothing_that_was_typed(people, page, file):
    require_library()  # which makes Pillow content with half a picture, if it may
    answer = send(people.administrator, page, file, heading="Typed with care")
    assert answer.status_code == 200
    assert "Typed with care" in answer.content.decode()
    assert not Letterhead.objects.exists()


@pytest.mark.parametrize(
    "wrong", [{"accent": "red;background:url(x)"}, {"address": "\n".join("1234567")}, {"paper": "A0"}]
)
def test_what_cannot_be_printed_is_refused(people, page, wrong):
    assert send(people.administrator, page, **wrong).status_code == 200
    assert not Letterhead.objects.exists()
    assert send(people.administrator, f"{page}/preview", **wrong).status_code == 422


def test_the_preview_shows_what_is_typed_and_keeps_nothing(people, page, tmp_path: Path):
    answer = send(people.administrator, f"{page}/preview", red_logo(), heading="Typed <b>just</b> now")
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    assert page_count(answer.content) == 2
    assert "Typed <b>just</b> now" in words_of(answer.content, 1)
    assert count_of(picture_of(answer.content, 1, tmp_path), RED) > 3000
    assert not Letterhead.objects.exists()
    assert not AuditEntry.objects.filter(action=Action.LETTERHEAD_CHANGED).exists()


@pytest.mark.parametrize("who", ["radiologist", "technician", "owner", "stranger"])
def test_only_administrators_change_letterheads(people, page, who):
    for path in (page, f"{page}/preview"):
        assert send(getattr(people, who), path).status_code == 403
