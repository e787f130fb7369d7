"""The PDF files of reports: complete, with their facility's letterhead, and only for those who may read them."""

from __future__ import annotations

import builtins
import hashlib
from typing import Any

import pytest
from django.test import Client

from noctis.accounts.models import User
from noctis.archive import indexer
from noctis.archive.models import Instance, Study
from noctis.archive.tests.factories import deliver, image, reception
from noctis.attachments.file_area import place_of
from noctis.audit.models import Action, AuditEntry
from noctis.reading_worklist.tests.factories import make_study
from noctis.reports import actions
from noctis.reports.output import rendering
from noctis.reports.output.checks import pdf_files_can_be_made
from noctis.reports.output.editions import current_edition, file_of
from noctis.reports.output.letterheads import LetterheadWords, save_letterhead
from noctis.reports.output.logos import redrawn
from noctis.reports.output.models import Edition
from noctis.reports.output.rendering import PdfUnavailable, render_pdf
from noctis.reports.output.tests.papers import (
    PASSWORD,
    RED,
    count_of,
    doc,
    letters_without_font,
    page_count,
    picture_of,
    red_logo,
    signed_report,
    signer,
    streams_of,
    words_of,
)

GREEN = (10, 122, 60)
WORDS = LetterheadWords(
    heading="Department of Radiology",
    address="1 Long Street\n12345 Town",
    phone="+49 1234 5678",
    footer="Bank 123 of Town",
    signature_line="Valid without a handwritten signature.",
    accent="#0a7a3c",
)


@pytest.fixture
def study(people, data_dir) -> Study:
    return make_study(people.north, patient_name="Yamada^Tarou=山田^太郎", description="CT abdomen")


@pytest.fixture
def letterhead(people, data_dir) -> None:
    save_letterhead(people.north, WORDS, logo=redrawn(red_logo()), keeps_logo=True, acting_user=people.administrator)


def get(user: User | None, study: Study, rest: str = "") -> Any:
    client = Client()
    if user:
        client.force_login(user)
    response: Any = client.get(f"/studies/{study.study_instance_uid}/report/pdf{rest}")
    response.sent = response.getvalue()  # read to its end, which closes the file
    return response


def body(response: Any) -> bytes:
    assert response.status_code == 200, response.status_code
    sent: bytes = response.sent
    return sent


def test_five_pages_wear_the_letterhead_and_lose_no_word(people, study, letterhead, tmp_path):
    lines = [f"Finding number {number}: " + "normal in size, shape and signal. " * 3 for number in range(1, 151)]
    signed_report(study, people.radiologist, findings=doc(*lines), impression=doc("The last word."))
    pdf = body(get(people.owner, study))

    pages = page_count(pdf)
    assert pages >= 5
    words = " ".join(words_of(pdf).split())
    missing = [number for number in range(1, 151) if f"Finding number {number}: normal" not in words]
    assert missing == []
    assert "The last word." in words
    for page in range(1, pages + 1):
        on_page = words_of(pdf, page)
        assert f"Page {page} of {pages}" in on_page
        assert "Bank 123 of Town" in on_page
        assert "山田 太郎" in on_page

    first, second = picture_of(pdf, 1, tmp_path), picture_of(pdf, 2, tmp_path)
    # At 60 dots per inch a logo of 44 × 22 mm has about 104 × 52 dots, less its white circle.
    assert count_of(first, RED) > 3000
    assert count_of(second, RED) == 0
    assert count_of(first, GREEN) > 200
    assert count_of(second, GREEN) > 200
    for expected in ("Department of Radiology", "12345 Town", "+49 1234 5678", "North hospital", "CT abdomen"):
        assert expected in words_of(pdf, 1)
    last = " ".join(words_of(pdf, pages).split())
    assert "Signed by radiologist on" in last
    assert "UTC" in last
    assert "Valid without a handwritten signature." in last


def test_the_file_is_pdf_a_with_embedded_fonts_and_says_nothing_about_the_patient_outside_its_pages(
    people, study, letterhead
):
    signed_report(study, people.radiologist)
    response = get(people.owner, study, "?download")
    pdf = body(response)
    inside = streams_of(pdf)
    assert pdf.startswith(b"%PDF-1.7")
    assert b'pdfaid:part="2"' in inside
    assert b'pdfaid:conformance="U"' in inside
    assert b"/GTS_PDFA1" in inside
    assert b"FontFile" in inside
    metadata = inside[inside.index(b"<x:xmpmeta") : inside.index(b"</x:xmpmeta>")].decode()
    for private in ("Yamada", "山田", study.patient_identifier):
        assert private not in metadata
        assert private not in response["Content-Disposition"]
    assert response["Content-Disposition"].startswith('attachment; filename="report-')


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Wang^XiaoDong=王^小東", "王 小東"),
        ("Hong^Gildong=洪^吉洞=홍^길동", "洪 吉洞"),
        ("홍^길동", "홍, 길동"),
        ("قباني^لنزار", "قباني"),
        ("שרון^דבורה", "שרון"),
        ("ตัวอย่าง^สมชาย", "ตัวอย่าง"),
        ("Фантом^Анна", "Фантом, Анна"),
    ],
)
def test_names_of_every_script_have_their_letters(people, data_dir, name, shown):
    study = make_study(people.north, patient_name=name)
    signed_report(study, people.radiologist)
    pdf = body(get(people.owner, study))
    assert shown in words_of(pdf, 1)
    assert letters_without_font(shown + name.translate(str.maketrans("", "", "^="))) == ""


def test_key_images_and_addenda_are_printed(people, data_dir, tmp_path):
    deliver(image(Rows=256, Columns=256, PixelData=bytes(2 * 256 * 256)), reception("NORTH"))
    indexer.index_spool()
    instance = Instance.objects.select_related("series__study__facility").get()
    study = instance.series.study
    shown = {"type": "keyImage", "attrs": {"instance": instance.sop_instance_uid, "frame": 1, "center": 8, "width": 4}}
    gone = {"type": "keyImage", "attrs": {"instance": "1.2.3", "frame": 1, "center": None, "width": None}}
    before = signed_report(study, people.radiologist, findings={"type": "doc", "content": [shown, gone]})
    first = body(get(people.owner, study))
    assert "image 1, window centre 8, width 4" in words_of(first)
    assert "This image is no longer in the study." in words_of(first)
    assert count_of(picture_of(first, 1, tmp_path), (0, 0, 0)) > 20_000

    actions.add(study, doc("Compared with 2019: unchanged."), PASSWORD, acting_user=people.radiologist)
    second = words_of(body(get(people.owner, study)))
    assert "Addendum 1" in second
    assert "Compared with 2019: unchanged." in second
    assert "Addendum" not in words_of(first)
    codes = Edition.objects.filter(report=before).values_list("code", flat=True)
    assert len(set(codes)) == 2
    # The edition before is still there as it was, and the page leads to it.
    page = Client()
    page.force_login(people.owner)
    shown_page = page.get(f"/studies/{study.study_instance_uid}/report").content.decode()
    assert all(f"/report/pdf/{code}" in shown_page for code in codes)
    assert body(get(people.owner, study, f"/{Edition.objects.earliest('pk').code}")) == first


def test_what_nobody_signed_is_watermarked_and_not_for_the_facilitys_users(people, study):
    reader = signer(people.radiologist)
    actions.save(study, {"findings": doc("Suspicious.")}, 0, acting_user=reader)
    for words in ("Draft – not signed", "Preliminary – not signed"):
        drawn = words_of(body(get(reader, study)))
        assert words in " ".join(drawn.split())
        assert get(people.owner, study).status_code == 404
        if words.startswith("Draft"):
            assert not Edition.objects.exists()
            actions.release(study, 1, acting_user=reader)
    actions.sign(study, 2, PASSWORD, acting_user=reader)
    assert "not signed" not in words_of(body(get(people.owner, study)))
    preliminary = Edition.objects.get(state="preliminary")
    assert get(people.owner, study, f"/{preliminary.code}").status_code == 404
    assert get(reader, study, f"/{preliminary.code}").status_code == 200


def test_only_those_who_see_the_study_get_the_file_and_each_is_written_down(people, study):
    signed_report(study, people.radiologist)
    for who in (people.owner, people.technician, people.radiologist, people.administrator):
        assert get(who, study).status_code == 200
    code = Edition.objects.get().code
    for who in (people.stranger, people.roleless):
        assert get(who, study).status_code == 404
        assert get(who, study, f"/{code}").status_code == 404
    assert get(None, study).status_code == 302
    read = AuditEntry.objects.filter(action=Action.REPORT_FILE_READ, study_instance_uid=study.study_instance_uid)
    assert read.count() == 4


def test_the_file_of_a_signed_version_is_made_once_and_stays_when_the_letterhead_changes(people, study, letterhead):
    report = signed_report(study, people.radiologist)
    edition = current_edition(report)
    assert edition is not None
    file = file_of(edition)
    first = file.path.read_bytes()
    assert hashlib.sha256(first).hexdigest() == file.sha256 == edition.pdf_sha256
    assert file.path == place_of(file.sha256)
    assert file.path.stat().st_mode & 0o777 == 0o600
    other = LetterheadWords(heading="Another heading")
    save_letterhead(people.north, other, logo=None, keeps_logo=False, acting_user=people.administrator)
    assert current_edition(report) == edition
    assert file_of(Edition.objects.get()).path.read_bytes() == first
    assert AuditEntry.objects.filter(action=Action.REPORT_FILE_MADE).count() == 1


def test_a_file_loads_nothing_from_elsewhere(tmp_path):
    secret = tmp_path / "secret.png"
    secret.write_bytes(red_logo())
    page = f'<style>@import "file://{secret}";</style><img src="file://{secret}"><img src="http://127.0.0.1:9/x.png">'
    picture = picture_of(render_pdf(page + '<img src="picture:other">', {"logo": red_logo()}), 1, tmp_path)
    assert count_of(picture, RED) == 0
    drawn = picture_of(render_pdf('<img src="picture:logo">', {"logo": red_logo()}), 1, tmp_path)
    assert count_of(drawn, RED) > 1000


def test_without_pango_a_sentence_says_what_to_install_and_the_page_can_still_be_printed(people, study, monkeypatch):
    signed_report(study, people.radiologist)
    imported = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "weasyprint":
            raise OSError("cannot load library 'libpango-1.0-0'")
        return imported(name, *args, **kwargs)

    rendering._library.cache_clear()
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(PdfUnavailable):
        render_pdf("<p>words</p>", {})
    assert [found.id for found in pdf_files_can_be_made(None)] == ["noctis.W020"]
    answer = get(people.owner, study)
    assert answer.status_code == 503
    assert "libpango-1.0-0" in answer.sent.decode()
    assert f"/studies/{study.study_instance_uid}/report" in answer.sent.decode()
