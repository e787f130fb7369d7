"""A technician's day: looking studies through, and deciding what is in the inbox; readers see the outcome."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from pydicom import dcmread

from tests.acceptance.conftest import PageProblems
from tests.acceptance.test_pages import AXE, SIZES, assert_accessible
from tests.acceptance.viewer_page import PLAN, ViewerPage
from tests.data.phantoms import ADA, SyntheticStudy, ct_series, save
from tests.support.appliance import Appliance
from tests.support.waiting import wait_for

SLICES = 6
STUDY = SyntheticStudy("quality", ADA, "CT to look through", "SYN2025160", "20250320", "101500")
SETTLING_SECONDS = 60
OTHER_ID = "ADMITTED-TWICE"


@pytest.fixture(scope="module")
def checked_study(appliance: Appliance, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Send a study to a facility whose studies wait to be accepted; return its Study Instance UID."""
    folder = tmp_path_factory.mktemp("quality")
    for number, dataset in enumerate(ct_series(replace(PLAN, slices=SLICES), STUDY)):
        save(dataset, folder / f"{number:03}.dcm")
    appliance.send([folder])
    return STUDY.uid


def changed(folder: Path, **values: object) -> Path:
    """Write the study's third image again, with some values changed."""
    dataset = list(ct_series(replace(PLAN, slices=SLICES), STUDY))[2]
    for keyword, value in values.items():
        setattr(dataset, keyword, value)
    path = folder / "changed.dcm"
    save(dataset, path)
    return path


def open_entry(page: Page, study_uid: str, kind: str) -> None:
    """Open the one entry of a kind that the inbox has for a study, once it is there."""
    address = f"/inbox?kind={kind}&study={study_uid}&state="
    entry = page.locator(f"tr[data-kind={kind}] th a")

    def is_there() -> bool:
        page.goto(address)
        return entry.count() > 0

    wait_for(is_there, f"an entry of {kind}", seconds=SETTLING_SECONDS)
    entry.first.click()


def decide(page: Page, what: str, explanation: str) -> None:
    page.get_by_label(what).check()
    page.get_by_label("What you found out").fill(explanation)
    page.get_by_role("button", name="Decide").click()


def test_a_study_is_looked_through_and_read_without_its_rejected_image(
    sign_in: Callable[..., Page], appliance: Appliance, request: pytest.FixtureRequest
):
    administrator = sign_in("administrator")
    administrator.goto("/quality-control/settings")
    north = administrator.get_by_role("row", name=re.compile("North", re.IGNORECASE)).first
    north.get_by_role("button", name=re.compile("Let them wait")).click()
    expect(administrator.get_by_text("wait to be accepted").first).to_be_visible()
    study_uid = request.getfixturevalue("checked_study")

    technician = sign_in("technician", "NORTH")
    open_entry(technician, study_uid, "studies")
    expect(technician.locator(".thumb")).to_have_count(SLICES)
    expect(technician.locator(".thumb input").first).to_be_focused()
    for key in ("ArrowRight", "ArrowRight", "Space"):
        technician.keyboard.press(key)
    expect(technician.locator(".thumb input").nth(2)).to_be_checked()
    expect(technician.get_by_text("1 image chosen")).to_be_visible()
    preview = technician.locator("[data-quality-preview] img")
    expect(preview).to_have_attribute("src", re.compile("/picture$"))
    assert preview.evaluate("(image) => image.decode().then(() => image.naturalWidth)") >= PLAN.matrix

    technician.keyboard.press("x")
    expect(technician.locator(".field.has-error")).to_contain_text("required")
    expect(technician.locator(".thumb input").nth(2)).to_be_checked()
    technician.keyboard.press("r")
    technician.get_by_label("Reason").select_option(label="Motion")
    technician.get_by_label("Comment").fill("Breathing")
    technician.get_by_role("button", name="Reject").click()
    expect(technician.locator(".thumb.is-rejected .thumb-reason")).to_have_text("Motion")
    technician.locator(".thumb input").first.focus()
    technician.keyboard.press("a")
    expect(technician.get_by_text("The study is accepted.")).to_be_visible()
    technician.goto(f"/quality-control/{study_uid}")
    expect(technician.locator(".badge-success")).to_have_text("Accepted")
    technician.goto("/quality-control/rates")
    expect(technician.get_by_role("row", name=re.compile("Motion"))).to_contain_text("1")

    appliance.wait_until_indexed()  # the rejection note
    reader = ViewerPage(sign_in("radiologist"))
    reader.open(study_uid)
    reader.expect(image_count=SLICES - 1)
    expect(reader.page.locator(".viewer-rejected")).to_contain_text("1 rejected image hidden")
    assert reader.page.locator(".viewer-series-list > li").count() == 1  # the note is not among them
    reader.page.get_by_role("link", name="Show 1 rejected").click()
    reader.expect(image_count=SLICES, state="ready")
    expect(reader.page.locator(".viewer-rejected-tag")).to_be_hidden()
    reader.go_to(2)
    expect(reader.page.locator(".viewer-rejected-tag")).to_have_text("REJECTED · Motion")

    stranger = sign_in("technician", "SOUTH")
    assert stranger.request.get(f"/quality-control/{study_uid}").status == 404

    administrator.get_by_role("button", name=re.compile("Wait no more")).click()
    expect(administrator.get_by_role("button", name=re.compile("Wait no more"))).to_have_count(0)


def test_the_inbox_takes_decisions_about_what_contradicts_a_study(
    sign_in: Callable[..., Page], appliance: Appliance, checked_study: str, tmp_path: Path
):
    stored = {path: path.read_bytes() for path in (appliance.data_dir / "storage").rglob("*.dcm")}
    appliance.send([changed(tmp_path, PatientID=OTHER_ID, SOPInstanceUID="2.25.1601")])
    page = sign_in("technician", "NORTH")
    open_entry(page, checked_study, "quarantine")
    expect(page.get_by_role("row", name=re.compile("Patient ID"))).to_contain_text(OTHER_ID)
    pictures = page.locator(".pictures img")
    expect(pictures).to_have_count(2)
    for picture in pictures.all():
        assert picture.evaluate("(image) => image.decode().then(() => image.naturalWidth)") > 0
    expect(page.get_by_role("button", name="Download for inspection")).to_have_count(0)
    decide(page, "File in the stored study", "Admitted twice")
    expect(page.get_by_text("Confirm that both are the same person")).to_be_visible()
    expect(page.get_by_label("What you found out")).to_have_value("Admitted twice")
    page.get_by_label("I made sure that both are the same person").check()
    page.get_by_role("button", name="Decide").click()
    expect(page.get_by_text("The object is filed in the study.")).to_be_visible()
    appliance.wait_until_indexed()
    page.goto(f"/quality-control/{checked_study}")
    expect(page.locator(".thumb")).to_have_count(SLICES + 1)

    appliance.send([changed(tmp_path, SeriesDescription="Sent once more")])
    open_entry(page, checked_study, "quarantine")
    expect(page.get_by_text("The pixels of both are the same")).to_be_visible()
    decide(page, "Discard it", "Only the description differs")
    expect(page.get_by_text("The object is discarded.")).to_be_visible()
    page.get_by_role("button", name="Bring it back").click()
    expect(page.get_by_text("It waits for a decision again.")).to_be_visible()
    decide(page, "File a copy with a new UID", "Both are needed")
    expect(page.get_by_text("The object is filed with new UIDs.")).to_be_visible()
    appliance.wait_until_indexed()
    page.goto(f"/quality-control/{checked_study}")
    expect(page.locator(".thumb")).to_have_count(SLICES + 2)
    copies = [path for path in (appliance.data_dir / "storage").rglob("*.dcm") if path not in stored]
    described = [dcmread(path, stop_before_pixels=True) for path in copies]
    assert "Sent once more" in [
        one.get("SeriesDescription") for one in described if "OriginalAttributesSequence" in one
    ]
    assert all(path.read_bytes() == content for path, content in stored.items())


@pytest.mark.parametrize("size", SIZES)
def test_the_pages_are_accessible_and_fit(
    sign_in: Callable[..., Page], appliance: Appliance, checked_study: str, problems: PageProblems, size: str
):
    problems.allow("404")
    page = sign_in("administrator", viewport=SIZES[size])
    page.add_init_script(path=AXE)
    for path in (
        "/inbox",
        "/inbox?state=all",
        "/inbox/spool",
        "/quality-control",
        "/quality-control?state=rejected",
        "/quality-control/rates",
        "/quality-control/settings",
        "/quality-control/reasons/new",
        f"/quality-control/{checked_study}",
    ):
        assert_accessible(page, path)
    page.goto("/inbox?kind=quarantine&state=all")
    entry = page.locator("tr[data-kind=quarantine] th a").first.get_attribute("href")
    assert entry is not None
    assert_accessible(page, entry)
