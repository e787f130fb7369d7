"""The report beside the images: written, signed, added to, and read by those it is for."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.acceptance.viewer_page import LOADING_MS, PLAN, ViewerPage
from tests.data.phantoms import ADA, SyntheticStudy, ct_series, save

PICTURE_IS_THERE = "(image) => image.complete && image.naturalWidth > 100"


@pytest.fixture
def study(appliance, tmp_path, request: pytest.FixtureRequest) -> SyntheticStudy:
    """Send a study of its own to each test: what is signed stays signed."""
    study = SyntheticStudy(f"report {request.node.name}", ADA, "CT to report", "SYN2025150", "20250410", "091500")
    for number, dataset in enumerate(ct_series(PLAN, study)):
        if number in {4, 5, 6}:
            save(dataset, tmp_path / f"{number:03}.dcm")
    appliance.send([tmp_path])
    return study


def section(page: Page, name: str) -> Locator:
    """Return the editor of a section."""
    return page.get_by_role("textbox", name=name)


def write(page: Page) -> None:
    """Open the report and begin to write."""
    page.get_by_role("button", name="Report", exact=True).click()
    page.get_by_role("button", name="Write").click()
    expect(page.locator(".report-note")).to_have_text("Saved", timeout=LOADING_MS)


def sign(page: Page, password: str) -> None:
    """Acknowledge whatever speaks against it, and show who signs."""
    expect(page.get_by_role("dialog")).to_be_visible()
    for warning in page.locator(".report-warnings input").all():
        warning.check()
    page.get_by_label("Your password").fill(password)
    page.get_by_role("dialog").get_by_role("button", name="Sign", exact=True).click()


def test_a_report_is_written_signed_and_read(
    study: SyntheticStudy, page: Page, appliance, sign_in: Callable[..., Page], problems
):
    problems.allow("40[34]|422")
    viewer = ViewerPage(page)
    viewer.open(study)
    viewer.press("ArrowDown", "2", "l")
    viewer.expect(image_index=1, window_width=1500)
    size = (PLAN.matrix, PLAN.matrix)
    viewer.stroke(viewer.place_of(200, 150, size), viewer.place_of(260, 330, size))
    expect(page.locator(".viewer-status-hint")).to_have_text("Measurements saved")

    viewer.press("Shift+K")
    expect(page.locator(".viewer-star")).to_be_visible()

    write(page)
    section(page, "Findings").click()
    page.keyboard.type("A line across the thorax:")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Insert the selected measurements, or all").click()
    page.get_by_role("button", name="Insert the image of the active viewport").click()
    page.get_by_role("button", name="Insert the key images").click()
    section(page, "Impression").click()
    page.keyboard.type("Nothing else.")
    expect(page.locator(".report-note")).to_have_text("Saved", timeout=LOADING_MS)
    # The viewer's own keys rest while somebody writes.
    viewer.expect(image_index=1, window_width=1500)

    # A browser that is closed in the middle has lost nothing.
    page.reload()
    viewer.expect(state="ready")
    page.get_by_role("button", name="Report", exact=True).click()
    expect(section(page, "Findings")).to_contain_text("A line across the thorax:")
    expect(section(page, "Findings")).to_contain_text(re.compile(r"Length: 1\d\d\.\d+ mm \(Image \d"))
    page.get_by_role("button", name="Write").click()
    page.get_by_role("button", name="Sign …").click()
    sign(page, "not the password")
    expect(page.get_by_role("alert").filter(has_text="not your password")).to_be_visible()
    sign(page, appliance.account("radiologist").password)
    expect(page.locator(".report-state")).to_have_text("Final")
    expect(page.get_by_role("button", name="Write")).to_be_hidden()

    page.get_by_role("button", name="Addendum …").click()
    page.get_by_role("textbox", name="Addendum").click()
    page.keyboard.type("The prior was compared.")
    sign(page, appliance.account("radiologist").password)
    expect(page.locator(".report-state")).to_have_text("Final with addendum")

    reader = sign_in("facility_user", "NORTH")
    reader.goto(f"/studies/{study.uid}/report")
    expect(reader.get_by_role("heading", name="Findings")).to_be_visible()
    for words in ("A line across the thorax:", "Nothing else.", "Addendum 1", "The prior was compared."):
        expect(reader.locator("article")).to_contain_text(words)
    pictures = reader.get_by_role("img", name="Key image")
    expect(pictures).to_have_count(2)
    for picture in pictures.all():
        expect(picture).to_be_visible()
        assert picture.evaluate(PICTURE_IS_THERE)
    stranger = sign_in("facility_user", "SOUTH")
    answer = stranger.goto(f"/studies/{study.uid}/report")
    assert answer is not None
    assert answer.status == 404


def test_a_colleague_takes_the_report_over_and_the_first_writer_hears_of_it(
    study: SyntheticStudy, page: Page, sign_in: Callable[..., Page], problems
):
    problems.allow("423")
    ViewerPage(page).open(study)
    write(page)
    section(page, "Findings").click()
    page.keyboard.type("The first words.")
    expect(page.locator(".report-note")).to_have_text("Saved", timeout=LOADING_MS)

    colleague = sign_in("radiologist", "NORTH")
    ViewerPage(colleague).open(study)
    colleague.get_by_role("button", name="Report", exact=True).click()
    expect(colleague.locator(".report-note")).to_contain_text("is writing on it")
    colleague.get_by_role("tabpanel", name="Report").get_by_role("button", name="Take over").click()
    # The report is theirs once the server says so; until then the editor takes no words.
    expect(section(colleague, "Findings")).to_have_attribute("contenteditable", "true", timeout=LOADING_MS)
    section(colleague, "Findings").click()
    colleague.keyboard.press("Control+End")
    colleague.keyboard.type(" And the second.")
    expect(section(colleague, "Findings")).to_have_text("The first words. And the second.")
    expect(colleague.locator(".report-note")).to_have_text("Saved", timeout=LOADING_MS)

    section(page, "Findings").click()
    page.keyboard.type(" Lost?")
    expect(page.locator(".report-note")).to_contain_text("Somebody else took the report over.", timeout=LOADING_MS)
    expect(section(page, "Findings")).to_contain_text("Lost?")
    colleague.reload()
    ViewerPage(colleague).expect(state="ready")
    colleague.get_by_role("button", name="Report", exact=True).click()
    expect(section(colleague, "Findings")).to_have_text("The first words. And the second.")

    # What the first writer lost is theirs to bring back.
    page.get_by_role("button", name="Restore").click()
    expect(page.locator(".report-note")).to_contain_text("is writing on this report")
    page.get_by_role("button", name="Take over and restore").click()
    expect(page.locator(".report-note")).to_have_text("Saved", timeout=LOADING_MS)
    expect(section(page, "Findings")).to_have_text("The first words. Lost?")
    colleague.goto(colleague.url.replace("/viewer/", "/studies/").partition("?")[0] + "/report")
    expect(colleague.locator("article")).to_contain_text("The first words. Lost?")
    colleague.locator("summary").filter(has_text="Version").first.click()
    expect(colleague.locator(".report-history del").first).to_be_visible()
