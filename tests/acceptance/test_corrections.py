"""A technician puts a study right: from the worklist over form and preview, seen in the viewer, and undone."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.acceptance.viewer_page import LOADING_MS, PLAN, ViewerPage
from tests.data.phantoms import SyntheticPatient, SyntheticStudy, ct_series, save

WRONG = SyntheticPatient("Phantom^Wrong", "SYN-CORRECT-8", "19690412", "F")
RIGHT = SyntheticPatient("Phantom^Rita", "SYN-CORRECT-9", "19700101", "F")
STUDY = SyntheticStudy("to be corrected", WRONG, "CT to correct", "SYN2025195", "20250410", "091500")
OTHER = SyntheticStudy("of the right patient", RIGHT, "CT of Rita", "SYN2025196", "20250409", "081500")


def preview(page: Page) -> None:
    """Go on to the preview."""
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("button", name="Apply")).to_be_visible()


def apply(page: Page, reason: str) -> None:
    """Give the reason and apply what the preview shows."""
    page.get_by_label("Reason").fill(reason)
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Corrections")


def test_a_study_is_corrected_moved_and_brought_back(appliance, tmp_path, sign_in: Callable[..., Page]):
    for study in (STUDY, OTHER):
        for number, dataset in enumerate(ct_series(PLAN, study)):
            if number in {4, 5}:
                save(dataset, tmp_path / f"{study.uid}-{number}.dcm")
    appliance.send([tmp_path])
    page = sign_in("technician", "NORTH")
    viewer = ViewerPage(page)

    page.goto("/worklist")
    row = page.locator(f'tr[data-uid="{STUDY.uid}"]')
    row.hover()
    row.locator(".row-correct summary").click()
    row.get_by_role("link", name="Correct…").click()
    page.get_by_label("Patient name").fill("Phantom^Nadia")
    page.get_by_label("Accession number").fill("A" * 17)
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_text("Use at most 16 characters.")).to_be_visible()
    page.get_by_label("Accession number").fill("SYN-A-1")
    preview(page)
    changed = page.get_by_role("row", name="Patient name")
    expect(changed).to_contain_text("Phantom, Wrong")
    expect(changed).to_contain_text("Phantom, Nadia")
    expect(page.get_by_text("1 study with 2 objects")).to_be_visible()
    page.get_by_role("button", name="Change what I entered").click()
    expect(page.get_by_label("Accession number")).to_have_value("SYN-A-1")
    preview(page)
    apply(page, "Mistyped at the modality")

    viewer.open(STUDY)
    heading = page.locator(".viewer-patient h1")
    expect(heading).to_have_text("Phantom, Nadia", timeout=LOADING_MS)
    expect(page.locator(".viewer-overlays")).to_contain_text("Phantom, Nadia")
    expect(page.locator(".viewer-study")).to_contain_text("SYN-A-1")

    page.get_by_role("link", name="Correct", exact=True).click()
    page.get_by_role("link", name="Move to another patient…").click()
    page.get_by_label("Patient ID", exact=True).fill("NOBODY")
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_text("No patient of this facility has this ID")).to_be_visible()
    page.get_by_label("Patient ID", exact=True).fill("SYN-CORRECT-9")
    preview(page)
    apply(page, "The scanner's list had the wrong patient")
    viewer.open(STUDY)
    expect(heading).to_have_text("Phantom, Rita", timeout=LOADING_MS)

    page.get_by_role("link", name="Correct", exact=True).click()
    for reason in ("Rita it was not", "Nadia neither"):
        page.get_by_text("Undo", exact=True).click()
        page.get_by_label("Reason").fill(reason)
        page.get_by_role("button", name="Undo this correction").click()
        expect(page.get_by_text(reason)).to_be_visible()
    viewer.open(STUDY)
    expect(heading).to_have_text("Phantom, Wrong", timeout=LOADING_MS)

    reader = sign_in("radiologist")
    reader.goto(f"/corrections/{STUDY.uid}")
    expect(reader.get_by_text("Undone", exact=True)).to_have_count(2)
    expect(reader.get_by_role("link", name="Correct…")).to_have_count(0)
