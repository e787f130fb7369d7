"""Measurements out of the viewer as structured reports and in again, and the cardiothoracic ratio, by mouse."""

from __future__ import annotations

import math
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from pydicom import dcmread
from pydicom.uid import generate_uid

from tests.acceptance.viewer_page import LOADING_MS, PLAN, ViewerPage, index_of, pixel_of
from tests.data.phantoms import ADA, PROBES, SyntheticStudy, chest_radiograph, ct_series, save
from tests.support.waiting import wait_for

STUDY = SyntheticStudy("reporting", ADA, "CT to report", "SYN2025150", "20250321", "101500")
CHEST = SyntheticStudy("reporting chest", ADA, "Chest to report", "SYN2025151", "20250321", "111500")
SIZE = (PLAN.matrix, PLAN.matrix)
WATER = next(probe for probe in PROBES if probe.name == "water")
SLICE = index_of(PLAN, WATER)
ROUNDED = 0.06
ROWS = ".viewer-annotations-list > li"
KEPT = ("uid", "tool", "seriesUid", "sopInstanceUid", "frameNumber", "points", "contour", "textAt", "text")


@pytest.fixture(scope="module", autouse=True)
def studies(appliance, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Send a CT, and a chest film that says nothing of the size of its pixels."""
    folder = tmp_path_factory.mktemp("reporting")
    chest = chest_radiograph(CHEST)
    for keyword in ("PixelSpacing", "ImagerPixelSpacing"):
        if keyword in chest:
            del chest[keyword]
    for number, dataset in enumerate([*ct_series(PLAN, STUDY), chest]):
        save(dataset, folder / f"{number:03}.dcm")
    appliance.send([folder])


def on_server(page: Page, study: SyntheticStudy = STUDY) -> list[dict[str, Any]]:
    """Return what the server keeps of a study."""
    found: list[dict[str, Any]] = page.request.get(f"/viewer/{study.uid}/annotations").json()["annotations"]
    return sorted(found, key=lambda annotation: annotation["uid"])


def geometry(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: annotation[name] for name in KEPT} for annotation in found]


def values(page: Page) -> list[str]:
    return sorted(page.locator(".viewer-annotation-value").all_inner_texts())


def saved(page: Page, count: int) -> list[dict[str, Any]]:
    """Wait until the server has so many annotations, and all of what was drawn."""
    expect(page.locator(ROWS)).to_have_count(count, timeout=LOADING_MS)
    wait_for(lambda: len(on_server(page)) == count, f"{count} annotations on the server")
    expect(page.locator(".viewer-status-hint")).to_have_text("Measurements saved", timeout=LOADING_MS)
    return on_server(page)


def draw(viewer: ViewerPage) -> None:
    """Draw one of each kind of shape: a line, an angle, regions, an arrow with words."""
    place = viewer.place_of
    row, column = pixel_of(PLAN, WATER)
    viewer.press("l")
    viewer.stroke(place(200, 150, SIZE), place(260, 330, SIZE))
    viewer.press("a")
    viewer.stroke(place(150, 200, SIZE), place(250, 200, SIZE))
    viewer.page.mouse.move(*place(230, 330, SIZE), steps=4)
    viewer.page.mouse.click(*place(230, 330, SIZE))
    viewer.press("e")
    viewer.stroke(place(row, column, SIZE), place(row + 8, column + 12, SIZE))
    viewer.press("y")
    viewer.stroke(place(320, 200, SIZE), place(330, 200, SIZE))
    viewer.press("f")
    viewer.stroke(
        *(place(380 + 20 * math.sin(turn), 250 + 30 * math.cos(turn), SIZE) for turn in (0, 1, 2, 3, 4, 5, 6, 6.28))
    )
    viewer.press("t")
    viewer.stroke(place(120, 300, SIZE), place(100, 340, SIZE))
    viewer.page.get_by_role("textbox", name="Text").fill("Schau hier")
    viewer.page.get_by_role("button", name="Save", exact=True).click()


def words(page: Page) -> list[tuple[str, float, float]]:
    """Return what is written on the image, and where."""
    script = (
        "(all) => all.map((one) => { const { x, y } = one.getBoundingClientRect(); return [one.textContent, x, y]; })"
    )
    found = page.locator(".viewer-canvas svg text").evaluate_all(script)
    return sorted((text, round(x), round(y)) for text, x, y in found)


def ratio_in(text: str) -> float:
    return float(text.removeprefix("Ratio ").partition(" ")[0])


def export(page: Page, folder: Path) -> Path:
    with page.expect_download() as download:
        page.get_by_role("button", name="Export", exact=True).click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path


def remove_all(page: Page) -> None:
    for button in page.locator(".viewer-annotation-remove").all():
        button.evaluate("(element) => element.click()")
    expect(page.locator(ROWS)).to_have_count(0)
    wait_for(lambda: on_server(page) == [], "no annotation on the server")


def import_file(page: Page, path: Path) -> None:
    page.get_by_role("button", name="Import …").click()
    expect(page.get_by_role("button", name="From a file …")).to_be_visible(timeout=LOADING_MS)
    page.get_by_label("Structured report from a file").set_input_files(path)


def test_what_is_exported_removed_and_imported_comes_back_exactly(page: Page, appliance, problems, tmp_path: Path):
    viewer = ViewerPage(page)
    viewer.open(STUDY)
    viewer.go_to(SLICE)
    viewer.press("m")
    draw(viewer)
    before = saved(page, 6)
    shown, written = values(page), words(page)

    report = export(page, tmp_path)
    assert re.fullmatch(r"measurements-[0-9.]+\.dcm", report.name)
    read = subprocess.run(["dsrdump", str(report)], capture_output=True, text=True, check=False)
    assert (read.returncode, read.stdout.count("Measurement Group")) == (0, 6), read.stderr
    remove_all(page)
    import_file(page, report)
    expect(page.locator(".viewer-import-summary")).to_have_text("6 measurements taken over.", timeout=LOADING_MS)
    page.get_by_role("button", name="Done").click()
    after = saved(page, 6)
    assert geometry(after) == geometry(before)
    wait_for(lambda: values(page) == shown, "the same values, worked out anew")
    wait_for(lambda: words(page) == written, "the same words at the same places")
    viewer.expect(image_index=SLICE)

    # The same by the study: stored as one of its objects, listed, taken over from there.
    page.get_by_role("button", name="Save to study").click()
    expect(page.locator(".viewer-reports-message")).to_have_text("Saved to the study as a structured report")
    appliance.wait_until_indexed()
    remove_all(page)
    page.get_by_role("button", name="Import …").click()
    page.locator(".viewer-import-report").first.click()
    expect(page.locator(".viewer-import-summary")).to_have_text("6 measurements taken over.", timeout=LOADING_MS)
    page.keyboard.press("Escape")
    assert geometry(saved(page, 6)) == geometry(before)

    # And by a modality: the file, as another object, comes by C-STORE.
    sent = dcmread(report)
    sent.SOPInstanceUID = sent.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    sent.SeriesInstanceUID, sent.SeriesDescription = generate_uid(), "From elsewhere"
    sent.save_as(tmp_path / "sent.dcm")
    appliance.send([tmp_path / "sent.dcm"])
    page.get_by_role("button", name="Import …").click()
    page.locator(".viewer-import-report", has_text="From elsewhere").click()
    expect(page.locator(".viewer-import-summary")).to_have_text("6 measurements there already.", timeout=LOADING_MS)
    page.get_by_role("button", name="Done").click()

    problems.allow("measurement-reports/import")  # the browser's note of the refusal
    import_file(page, Path(__file__))
    expect(page.locator(".viewer-import-failure")).to_contain_text("no DICOM file", timeout=LOADING_MS)


def test_the_cardiothoracic_ratio_needs_no_calibration(page: Page, sign_in: Callable[..., Page]):
    size = int(chest_radiograph(CHEST).Rows), int(chest_radiograph(CHEST).Columns)
    viewer = ViewerPage(page)
    viewer.open(CHEST)
    viewer.press("m", "Shift+G")
    expect(page.get_by_role("button", name="Measure the cardiothoracic ratio")).to_have_attribute(
        "aria-pressed", "true"
    )
    thorax = [viewer.place_of(size[0] * 0.6, size[1] * part, size) for part in (0.2, 0.8)]
    heart = [viewer.place_of(size[0] * 0.5, size[1] * part, size) for part in (0.4, 0.68)]
    viewer.stroke(*thorax)
    viewer.stroke(*heart)
    ratio = 100 * math.dist(*heart) / math.dist(*thorax)

    shown = page.locator(".viewer-annotation-value")
    expect(shown).to_have_text(re.compile(r"^Ratio \d+(\.\d)? % · Heart \d+ px · Thorax \d+ px$"), timeout=LOADING_MS)
    # The figures follow the hand.
    wait_for(lambda: abs(ratio_in(shown.inner_text()) - ratio) <= ROUNDED, f"a ratio of {ratio:.2f} %", seconds=10)
    kept = shown.inner_text()
    expect(page.locator(".viewer-canvas svg")).to_contain_text(kept.partition(" · ")[0])
    expect(page.locator(".viewer-canvas svg")).to_contain_text("not calibrated")
    expect(page.locator(".viewer-status-hint")).to_have_text("Measurements saved", timeout=LOADING_MS)

    page.reload()
    viewer.expect(state="ready")
    viewer.press("m")
    expect(page.locator(".viewer-canvas svg")).to_contain_text("Ratio", timeout=LOADING_MS)
    expect(shown).to_have_text(kept)

    reader = sign_in("facility_user", "NORTH")
    ViewerPage(reader).open(CHEST)
    ViewerPage(reader).press("m")
    expect(reader.locator(".viewer-annotation-value")).to_have_text(kept, timeout=LOADING_MS)
    expect(reader.get_by_role("button", name="Export", exact=True)).to_be_visible()
    expect(reader.get_by_role("button", name="Import …")).to_have_count(0)
    expect(reader.get_by_role("button", name="Save to study")).to_have_count(0)
