"""A report on its way out: the facility's letterhead, the file, the objects in the study, the page that confirms it."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import APIRequestContext, BrowserContext, Locator, Page, expect

from noctis.reports.output.tests.papers import RED, count_of, doc, page_count, picture_of, red_logo, words_of
from tests.acceptance.viewer_page import LOADING_MS, PLAN, ViewerPage
from tests.data.phantoms import ADA, SyntheticStudy, ct_series, save
from tests.support.waiting import wait_for

PATIENCE = 60.0  # seconds
HEADING = "Department of Radiology"
LINES = [f"Finding number {number}, in words that take some room on the page." for number in range(1, 221)]


@pytest.fixture
def study(appliance, tmp_path: Path) -> SyntheticStudy:
    sent = SyntheticStudy("report output", ADA, "CT to print", "SYN2025160", "20250411", "091500")
    for number, dataset in enumerate(ct_series(PLAN, sent)):
        if number in {4, 5}:
            save(dataset, tmp_path / f"{number:03}.dcm")
    appliance.send([tmp_path])
    return sent


def ask(request: APIRequestContext, method: str, address: str, body: dict[str, Any]) -> Any:
    """Send JSON as a page would."""
    token = request.get("/account/session").json()["csrfToken"]
    answer = request.fetch(address, method=method, data=body, headers={"X-CSRFToken": token})
    return answer.json()


def sign(request: APIRequestContext, report: str, password: str) -> None:
    """Write a report of five pages and sign it, whatever speaks against it."""
    content = {"findings": doc(*LINES), "impression": doc("No focal lesion.")}
    ask(request, "PUT", f"{report}/content", {"version": 0, "content": content})
    body: dict[str, Any] = {"version": 1, "password": password}
    answer = ask(request, "POST", f"{report}/signature", body)
    if answer.get("warnings"):
        body["acknowledged"] = [warning["key"] for warning in answer["warnings"]]
        answer = ask(request, "POST", f"{report}/signature", body)
    assert answer["state"] == "final", answer


def picture_in(canvas: Locator) -> Image.Image:
    """Return what is drawn on a canvas."""
    encoded = canvas.evaluate("(canvas) => canvas.toDataURL()").partition(",")[2]
    with Image.open(io.BytesIO(base64.b64decode(encoded))) as drawn:
        shown: Image.Image = drawn.convert("RGB")
        return shown


def downloaded(page: Page) -> bytes:
    """Return the file behind the page's button."""
    with page.expect_download() as started:
        page.get_by_role("link", name="Download PDF").click()
    assert re.fullmatch(r"report-[0-9A-Z]{8}\.pdf", started.value.suggested_filename)
    return started.value.path().read_bytes()


def edit_letterhead(page: Page) -> None:
    """Type a letterhead, see the sample change, and save it."""
    page.goto("/admin/facilities")
    page.get_by_role("link", name="North").first.click()
    page.get_by_role("link", name="Edit the letterhead").click()
    state, first = page.locator("[data-letterhead-state]"), page.get_by_role("img", name="Page 1 of the sample")
    expect(first).to_be_visible(timeout=LOADING_MS)
    assert count_of(picture_in(first), RED) == 0
    page.get_by_label("Heading").fill(HEADING)
    page.get_by_label("Address").fill("1 Long Street\n12345 Town")
    page.get_by_label("Colour").fill("#0a7a3c")
    page.get_by_label("Logo").set_input_files({"name": "logo.png", "mimeType": "image/png", "buffer": red_logo()})
    wait_for(lambda: count_of(picture_in(first), RED) > 1000, "the logo in the preview", seconds=PATIENCE)
    expect(page.get_by_role("img", name="Page 2 of the sample")).to_be_visible()
    page.get_by_label("Address").fill("\n".join("1234567"))
    expect(state).to_contain_text("Up to 6 lines", timeout=LOADING_MS)
    page.get_by_label("Address").fill("1 Long Street\n12345 Town")
    expect(state).to_contain_text("keeps it", timeout=LOADING_MS)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("The letterhead is saved.")).to_be_visible()
    wait_for(lambda: count_of(picture_in(first), RED) > 1000, "the logo in the preview", seconds=PATIENCE)


def series_of(page: Page, study: SyntheticStudy, modality: str) -> list[str]:
    """Return the series of a modality that the study has by now."""
    answer = page.request.get(f"/dicom-web/studies/{study.uid}/series?Modality={modality}")
    return [one["0020000E"]["Value"][0] for one in answer.json()] if answer.status == 200 else []


def test_a_signed_report_is_printed_with_its_letterhead_stored_and_confirmed(
    study: SyntheticStudy,
    page: Page,
    appliance,
    sign_in: Callable[..., Page],
    new_context: Callable[..., BrowserContext],
    problems,
    tmp_path: Path,
):
    problems.allow("404|422")
    edit_letterhead(sign_in("administrator"))
    report = f"/studies/{study.uid}/report"
    sign(page.request, report, appliance.account("radiologist").password)

    reader = sign_in("facility_user", "NORTH", accept_downloads=True)
    reader.goto(report)
    pdf = downloaded(reader)
    pages = page_count(pdf)
    assert pages >= 5
    assert count_of(picture_of(pdf, 1, tmp_path), RED) > 3000
    words = " ".join(words_of(pdf).split())
    assert [line for line in LINES if line not in words] == []
    assert HEADING in words_of(pdf, 1)
    assert f"Page {pages} of {pages}" in words_of(pdf, pages)
    inline = reader.request.get(f"{report}/pdf")
    assert inline.headers["content-disposition"].startswith("inline")
    assert inline.body() == pdf
    stranger = sign_in("facility_user", "SOUTH")
    assert stranger.request.get(f"{report}/pdf").status == 404

    code = re.search(r"Verification code ((?:[0-9A-Z]{4}-){3}[0-9A-Z]{4})", words)
    assert code is not None
    anybody = new_context().new_page()
    anybody.goto("/verify")
    anybody.get_by_label("Verification code").fill(code[1].lower())
    anybody.get_by_role("button", name="Verify").click()
    expect(anybody.get_by_text("genuine report")).to_be_visible()
    for said in ("Final", "North"):
        expect(anybody.locator("dl")).to_contain_text(said)
    expect(anybody.locator("body")).not_to_contain_text("Synthetic")
    anybody.get_by_label("Verification code").fill("0000-0000-0000-0000")
    anybody.get_by_role("button", name="Verify").click()
    expect(anybody.get_by_text("No report has this code")).to_be_visible()

    # Both objects arrive in the study by themselves, and the viewer opens them.
    wait_for(lambda: series_of(page, study, "DOC") and series_of(page, study, "SR"), "the objects", seconds=PATIENCE)
    for modality, words_there in (("DOC", None), ("SR", "Finding number 220")):
        (series_uid,) = series_of(page, study, modality)
        ViewerPage(page).open(study.uid, series_uid=series_uid, wait=False)
        content = page.locator(".viewer-content")
        expect(content).to_be_visible(timeout=LOADING_MS)
        if words_there:
            expect(content).to_contain_text(words_there, timeout=LOADING_MS)
        else:
            expect(content.locator('[data-page="1"]')).to_have_attribute("data-drawn", "true", timeout=LOADING_MS)

    administrator = sign_in("administrator")
    administrator.goto("/admin/report-deliveries")
    rows = administrator.locator("#report-delivery-list tbody tr", has_text="CT to print")
    expect(rows).to_have_count(3)
    for row in rows.all():
        expect(row).to_contain_text("Done")
