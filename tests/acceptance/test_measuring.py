"""Measuring by mouse on the synthetic thorax, on a slice that is not the first, against what is known of it."""

from __future__ import annotations

import math
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from pydicom.dataset import Dataset

from tests.acceptance.viewer_page import LOADING_MS, PLAN, ViewerPage, index_of, pixel_of
from tests.data.phantoms import ADA, PROBES, SyntheticStudy, angiogram, chest_radiograph, ct_series, save
from tests.support.waiting import wait_for

STUDY = SyntheticStudy("measuring", ADA, "CT to measure", "SYN2025140", "20250320", "101500")
CHEST = SyntheticStudy("measuring chest", ADA, "Chest to measure", "SYN2025141", "20250320", "111500")
VESSELS = SyntheticStudy("measuring vessels", ADA, "Vessels to measure", "SYN2025142", "20250320", "121500")
SIZE = (PLAN.matrix, PLAN.matrix)
WATER = next(probe for probe in PROBES if probe.name == "water")
FAT = next(probe for probe in PROBES if probe.name == "fat")
SLICE = index_of(PLAN, WATER)
NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
STEADY_MS = 300
Point = tuple[int, int]


@pytest.fixture(scope="module", autouse=True)
def studies(appliance, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Send a CT, an angiogram with a magnification and a chest film without calibration of its own."""
    folder = tmp_path_factory.mktemp("measuring")
    for number, dataset in enumerate([*ct_series(PLAN, STUDY), angiogram(VESSELS), chest_radiograph(CHEST)]):
        save(dataset, folder / f"{number:03}.dcm")
    appliance.send([folder])


@pytest.fixture
def ct(page: Page) -> ViewerPage:
    """Give the viewer at the slice through water and fat, without what earlier tests drew."""
    viewer = ViewerPage(page)
    viewer.open(STUDY)
    viewer.go_to(SLICE)
    for button in page.locator(".viewer-annotation-remove").all():
        button.evaluate("(element) => element.click()")
    expect(page.locator(".viewer-annotations-list > li")).to_have_count(0)
    viewer.press("m")
    return viewer


def value(viewer: ViewerPage) -> str:
    """Return what the list says of the only measurement, once it says so steadily: it follows the hand."""
    shown = viewer.page.locator(".viewer-annotation-value")
    expect(shown).to_have_count(1)
    expect(shown).to_have_text(NUMBER, timeout=LOADING_MS)
    seen = [shown.inner_text()]

    def is_steady() -> bool:
        viewer.page.wait_for_timeout(STEADY_MS)
        seen.append(shown.inner_text())
        return seen[-1] == seen[-2]

    wait_for(is_steady, "a steady value")
    return seen[-1]


def numbers(text: str) -> list[float]:
    return [float(number) for number in NUMBER.findall(text)]


def millimetres(viewer: ViewerPage, first: Point, second: Point) -> float:
    return math.dist(first, second) / viewer.scale(SIZE) * PLAN.pixel


def around(viewer: ViewerPage, probe, across: float, down: float) -> tuple[Point, Point]:
    """Return two corners of the page around a probe, so many millimetres to each side."""
    row, column = pixel_of(PLAN, probe)
    columns, rows = across / PLAN.pixel, down / PLAN.pixel
    return viewer.place_of(row - rows, column - columns, SIZE), viewer.place_of(row + rows, column + columns, SIZE)


def test_a_length_is_that_of_the_patient(ct: ViewerPage):
    first, second = ct.place_of(200, 150, SIZE), ct.place_of(260, 330, SIZE)
    ct.press("l")
    ct.stroke(first, second)
    assert numbers(value(ct))[0] == pytest.approx(millimetres(ct, first, second), abs=0.1)
    assert value(ct).endswith("mm")
    expect(ct.page.locator(".viewer-annotation-place")).to_have_text(re.compile(r"^Image \d+ · pixel spacing"))


def test_a_probe_tells_the_hounsfield_units(ct: ViewerPage):
    ct.press("d")
    ct.page.mouse.click(*ct.place_of(*pixel_of(PLAN, FAT), SIZE))
    assert value(ct) == "Value -100 HU"


@pytest.mark.parametrize("key", ["q", "e", "y"])
def test_a_region_of_water_is_water(ct: ViewerPage, key: str):
    first, second = around(ct, WATER, 4, 4)
    middle = ct.place_of(*pixel_of(PLAN, WATER), SIZE)
    ct.press(key)
    ct.stroke(first if key == "q" else middle, second)  # what is round is drawn from its middle
    shown = value(ct)
    assert "Mean 0 HU" in shown
    assert "SD 0 HU" in shown
    assert "Min 0 HU" in shown
    assert "Max 0 HU" in shown
    assert "mm²" in shown


def test_the_area_of_a_rectangle_is_exact(ct: ViewerPage):
    first, second = around(ct, WATER, 40, 30)
    ct.press("q")
    ct.stroke(first, second)
    per_point = PLAN.pixel / ct.scale(SIZE)
    area = abs(second[0] - first[0]) * abs(second[1] - first[1]) * per_point**2
    shown = re.search(r"Area (\d+(?:\.\d+)?) mm²", value(ct))
    assert shown
    assert float(shown[1]) == pytest.approx(area, rel=0.001, abs=1)


def test_a_freehand_region_has_the_mean_of_what_it_surrounds(ct: ViewerPage):
    first, second = around(ct, WATER, 4, 4)
    ct.press("f")
    ct.stroke(first, (second[0], first[1]), second, (first[0], second[1]), first)
    assert "Mean 0 HU" in value(ct)


def angle_at(corner: Point, first: Point, second: Point) -> float:
    one = math.atan2(first[1] - corner[1], first[0] - corner[0])
    other = math.atan2(second[1] - corner[1], second[0] - corner[0])
    return abs(math.degrees(math.remainder(one - other, 2 * math.pi)))


def test_an_angle_is_the_angle(ct: ViewerPage):
    first, corner, last = ct.place_of(150, 200, SIZE), ct.place_of(250, 200, SIZE), ct.place_of(230, 330, SIZE)
    ct.press("a")
    ct.stroke(first, corner)
    ct.page.mouse.move(*last, steps=4)
    ct.page.mouse.click(*last)
    assert numbers(value(ct))[0] == pytest.approx(angle_at(corner, first, last), abs=0.1)


def test_a_cobb_angle_is_that_between_two_lines(ct: ViewerPage):
    upper = ct.place_of(180, 180, SIZE), ct.place_of(170, 320, SIZE)
    lower = ct.place_of(330, 180, SIZE), ct.place_of(360, 320, SIZE)
    ct.press("g")
    ct.stroke(*upper)
    ct.stroke(*lower)
    slopes = [math.degrees(math.atan2(b[1] - a[1], b[0] - a[0])) for a, b in (upper, lower)]
    assert numbers(value(ct))[0] == pytest.approx(abs(slopes[0] - slopes[1]), abs=0.1)


def test_two_diameters_are_measured_across_each_other(ct: ViewerPage):
    first, second = ct.place_of(250, 150, SIZE), ct.place_of(250, 350, SIZE)
    ct.press("b")
    ct.stroke(first, second)
    length, width = numbers(value(ct))
    assert length == pytest.approx(millimetres(ct, first, second), abs=0.1)
    assert 0 < width < length


def test_an_arrow_says_what_was_written(ct: ViewerPage):
    ct.press("t")
    ct.stroke(ct.place_of(200, 200, SIZE), ct.place_of(250, 250, SIZE))
    ct.page.get_by_role("textbox", name="Text").fill("Look here")
    ct.page.get_by_role("button", name="Save", exact=True).click()
    expect(ct.page.locator(".viewer-annotation-title")).to_have_text("Look here")
    expect(ct.page.locator(".viewer-canvas svg")).to_contain_text("Look here")


def test_a_text_that_is_cancelled_leaves_nothing(ct: ViewerPage):
    ct.press("n")
    ct.page.mouse.click(*ct.place_of(200, 200, SIZE))
    ct.page.get_by_role("button", name="Cancel").click()
    expect(ct.page.locator("#viewer-panel-measurements .viewer-annotations-empty")).to_be_visible()


def test_measurements_are_kept_and_come_back_exactly(ct: ViewerPage, sign_in: Callable[..., Page]):
    ct.press("l")
    ct.stroke(ct.place_of(200, 150, SIZE), ct.place_of(260, 330, SIZE))
    shown = value(ct)
    expect(ct.page.locator(".viewer-status-hint")).to_have_text("Measurements saved")
    lines = ct.page.locator(".viewer-canvas svg line").evaluate_all("(all) => all.map((one) => one.getAttribute('x1'))")

    ct.page.reload()
    ct.expect(state="ready")
    ct.page.locator(".viewer-annotation").evaluate("(element) => element.click()")
    ct.expect(image_index=SLICE, state="ready")
    ct.press("m")
    assert value(ct) == shown
    again = ct.page.locator(".viewer-canvas svg line")
    wait_for(lambda: again.evaluate_all("(all) => all.map((one) => one.getAttribute('x1'))") == lines, "the same line")

    colleague = ViewerPage(sign_in("technician", "NORTH"))
    colleague.open(STUDY)
    colleague.press("m")
    assert value(colleague) == shown
    expect(colleague.page.locator(".viewer-annotation-remove")).to_have_count(0)


def test_a_removal_can_be_undone(ct: ViewerPage):
    rows = ct.page.locator(".viewer-annotations-list > li")
    ct.press("l")
    ct.stroke(ct.place_of(200, 150, SIZE), ct.place_of(260, 330, SIZE))
    shown = value(ct)
    ct.press("Delete")
    expect(rows).to_have_count(0)
    ct.press("u")
    assert value(ct) == shown
    expect(ct.page.locator(".viewer-status-hint")).to_have_text("Measurements saved")
    ct.page.reload()
    ct.expect(state="ready")
    expect(rows).to_have_count(1)


def test_what_cannot_be_sent_waits_and_survives_a_reload(ct: ViewerPage, problems):
    problems.allow("Failed to load resource")
    ct.page.route("**/annotations/*", lambda route: route.abort())
    ct.press("l")
    ct.stroke(ct.place_of(200, 150, SIZE), ct.place_of(260, 330, SIZE))
    shown = value(ct)
    expect(ct.page.locator(".viewer-status-hint")).to_contain_text("not saved yet")
    ct.page.once("dialog", lambda dialog: dialog.accept())
    ct.page.reload()
    ct.page.unroute("**/annotations/*")
    ct.expect(state="ready")
    ct.press("m")
    assert value(ct) == shown
    expect(ct.page.locator(".viewer-status-hint")).to_have_text("Measurements saved", timeout=40_000)


def test_a_facility_user_sees_them_and_has_no_tools_to_draw(ct: ViewerPage, sign_in: Callable[..., Page]):
    ct.press("d")
    ct.page.mouse.click(*ct.place_of(*pixel_of(PLAN, FAT), SIZE))
    shown = value(ct)
    expect(ct.page.locator(".viewer-status-hint")).to_have_text("Measurements saved")
    reader = ViewerPage(sign_in("facility_user", "NORTH"))
    reader.open(STUDY)
    reader.press("m")
    assert value(reader) == shown
    expect(reader.page.get_by_role("button", name="Measure a length")).to_have_count(0)


@pytest.mark.parametrize(
    ("film", "study", "note"),
    [(angiogram, VESSELS, "estimated from the magnification"), (chest_radiograph, CHEST, "at the detector")],
    ids=["magnified", "at the detector"],
)
def test_a_film_says_on_whose_word_its_millimetres_are(
    page: Page, film: Callable[..., Dataset], study: SyntheticStudy, note: str
):
    dataset = film(study)
    size = int(dataset.Rows), int(dataset.Columns)
    pixel = float(dataset.ImagerPixelSpacing[0]) / float(dataset.get("EstimatedRadiographicMagnificationFactor") or 1)
    viewer = ViewerPage(page)
    viewer.open(study)
    viewer.press("m", "l")
    first = viewer.place_of(size[0] * 0.4, size[1] * 0.3, size)
    second = viewer.place_of(size[0] * 0.5, size[1] * 0.6, size)
    viewer.stroke(first, second)

    expect(page.locator(".viewer-annotation-place")).to_contain_text(note)
    expect(page.locator(".viewer-canvas svg")).to_contain_text(note)
    wanted = math.dist(first, second) / viewer.scale(size) * pixel
    assert numbers(value(viewer))[0] == pytest.approx(wanted, abs=0.1)
