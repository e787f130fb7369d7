"""One patient's way from the order to the printed report, and what the other facility sees of it: nothing."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from noctis.reports.output.tests.papers import page_count, words_of
from tests.acceptance.conftest import PageProblems
from tests.acceptance.test_measuring import SIZE
from tests.acceptance.test_report import section, sign, write
from tests.acceptance.test_schedule import found_by
from tests.acceptance.viewer_page import LOADING_MS, PLAN, ViewerPage
from tests.data.phantoms import SyntheticPatient, SyntheticStudy, ct_series, save
from tests.support.appliance import Appliance

# A study is ready once nothing more has come for a while.
SETTLING_MS = 60_000
SignIn = Callable[..., Page]
TESSA = SyntheticPatient("Story^Tessa", "SYN-STORY-1", "19620314", "F")
STUDY = SyntheticStudy("whole story", TESSA, "CT thorax", "STORY1", "20251103", "101500")


def order(technician: Page) -> None:
    """Order a CT of the north's scanner."""
    technician.goto("/schedule/new")
    technician.get_by_label("Patient ID", exact=True).fill(TESSA.patient_id)
    technician.get_by_label("Family name", exact=True).fill("Story")
    technician.locator("#id_given").fill("Tessa")
    technician.get_by_label("Accession number").fill(STUDY.accession_number)
    technician.get_by_label("Time", exact=True).fill("23:40")
    technician.get_by_label("Modality", exact=True).select_option("CT")
    technician.get_by_label("Requested procedure").fill("CT thorax")
    technician.get_by_label("NORTH_CT").check()
    technician.get_by_role("button", name="Schedule", exact=True).click()
    expect(technician.get_by_text("The step is scheduled.")).to_be_visible()


def make_images(appliance: Appliance, folder: Path) -> None:
    """Do as the scanner does: read the worklist, then send what it asked for."""
    assert found_by(appliance, "NORTH_CT", STUDY.accession_number) == ["Story^Tessa"]
    for number, dataset in enumerate(ct_series(PLAN, STUDY)):
        save(dataset, folder / f"{number:03}.dcm")
    appliance.send([folder])


def check(technician: Page) -> None:
    """Look the images over, reject one, accept the study."""
    technician.goto(f"/quality-control/{STUDY.uid}")
    technician.get_by_role("checkbox", name=re.compile("^Image 16")).check()
    technician.get_by_label("Reason").select_option(index=1)
    technician.get_by_role("button", name=re.compile("^Reject")).click()
    expect(technician.locator(".thumb.is-rejected")).to_have_count(1)
    technician.get_by_role("button", name="Accept the study").click()
    expect(technician.get_by_text("Accepted").first).to_be_visible()


def read(radiologist: Page, password: str) -> None:
    """Take the study from the worklist, measure, mark a key image, write and sign."""
    row = radiologist.locator("tr.study", has_text="Story, Tessa")
    row.get_by_role("link", name="Story, Tessa", exact=True).click()
    viewer = ViewerPage(radiologist)
    viewer.expect(state="ready")
    viewer.press("ArrowDown", "l")
    viewer.expect(image_index=1)
    viewer.stroke(viewer.place_of(200, 150, SIZE), viewer.place_of(260, 330, SIZE))
    expect(radiologist.locator(".viewer-status-hint")).to_have_text("Measurements saved")
    viewer.press("Shift+K")
    expect(radiologist.locator(".viewer-star").first).to_be_visible()
    write(radiologist)
    section(radiologist, "Findings").click()
    radiologist.keyboard.type("A line across the thorax:")
    radiologist.keyboard.press("Enter")
    radiologist.get_by_role("button", name="Insert the selected measurements, or all").click()
    radiologist.get_by_role("button", name="Insert the key images").click()
    section(radiologist, "Impression").click()
    radiologist.keyboard.type("Nothing else.")
    expect(radiologist.locator(".report-note")).to_have_text("Saved", timeout=LOADING_MS)
    radiologist.get_by_role("button", name="Sign …").click()
    sign(radiologist, password)
    expect(radiologist.locator(".report-state")).to_have_text("Final")


def printed(reader: Page) -> bytes:
    """Download what the facility prints."""
    with reader.expect_download() as started:
        reader.get_by_role("link", name="Download PDF").click()
    return started.value.path().read_bytes()


def test_from_the_order_to_the_report_in_the_facilitys_hands(
    appliance: Appliance, sign_in: SignIn, problems: PageProblems, tmp_path: Path
):
    problems.allow("40[34]")
    technician, radiologist = sign_in("technician", "NORTH"), sign_in("radiologist")
    reader, stranger = sign_in("facility_user", "NORTH", accept_downloads=True), sign_in("facility_user", "SOUTH")
    for page in (radiologist, reader, stranger):
        page.goto("/worklist")
        expect(page.locator("#live")).to_have_attribute("data-state", "live")

    told_before = int(reader.locator(".bell-badge").text_content() or 0)
    order(technician)
    make_images(appliance, tmp_path)
    check(technician)

    radiologist.goto("/worklist")
    expect(radiologist.locator("tr.study", has_text="Story, Tessa").locator(".col-status")).to_contain_text(
        "Ready", timeout=SETTLING_MS
    )
    password = appliance.account("radiologist").password
    read(radiologist, password)

    # Told without a reload, the facility reads and prints what was signed.
    expect(reader.locator(".bell-badge")).to_have_text(str(told_before + 1), timeout=LOADING_MS)
    reader.get_by_role("button", name=re.compile("^Notifications")).click()
    reader.locator(".bell-panel .notification", has_text="Story, Tessa").get_by_role("link").first.click()
    reader.goto(f"/studies/{STUDY.uid}/report")
    expect(reader.locator("article")).to_contain_text("Nothing else.")
    expect(reader.get_by_role("img", name="Key image")).to_be_visible()
    first = printed(reader)
    assert "Story" in words_of(first)
    assert "Nothing else." in words_of(first)
    assert f"Page 1 of {page_count(first)}" in words_of(first, 1)

    radiologist.get_by_role("button", name="Addendum …").click()
    radiologist.get_by_role("textbox", name="Addendum").click()
    radiologist.keyboard.type("The prior was compared.")
    sign(radiologist, password)
    expect(radiologist.locator(".report-state")).to_have_text("Final with addendum")
    reader.reload()
    expect(reader.locator("article")).to_contain_text("The prior was compared.")
    assert "The prior was compared." in words_of(printed(reader))

    # The other facility has seen nothing of it.
    expect(stranger.locator("tr.study", has_text="Story")).to_have_count(0)
    stranger.goto("/notifications")
    expect(stranger.locator(".notification", has_text="Story")).to_have_count(0)
    for address in ("report", "report/pdf", "attachments", "share"):
        assert stranger.request.get(f"/studies/{STUDY.uid}/{address}").status in {403, 404}, address
    for address in (f"/viewer/{STUDY.uid}", f"/dicom-web/studies/{STUDY.uid}/series", f"/quality-control/{STUDY.uid}"):
        assert stranger.request.get(address).status in {403, 404}, address
