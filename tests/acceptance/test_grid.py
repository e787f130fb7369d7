"""Several viewports at once: layouts, series dragged into them, and panes that keep in step."""

from __future__ import annotations

from dataclasses import replace

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.acceptance.viewer_page import LOADING_MS, PLAN, ViewerPage
from tests.data.phantoms import ADA, SyntheticStudy, ct_series, save
from tests.data.planes import MATRIX, MIDDLE_Z, PIXEL, sagittal_ct
from tests.support.waiting import wait_for

STUDY = SyntheticStudy("viewer grid", ADA, "CT in several panes", "SYN2025140", "20250402", "101500")
# Half of the axial slices again, 2.5 mm apart, from z = 60 mm down.
THIN = replace(PLAN, number=5, description="Thorax thin", slices=12, spacing=2.5, first_z=60.0)
PLACES = (-60.0, -30.0, 0.0, 30.0, 60.0)


@pytest.fixture(scope="module", autouse=True)
def studies(appliance, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Send an axial series, a thinner one, and a sagittal one, all of the same patient space."""
    folder = tmp_path_factory.mktemp("grid")
    datasets = [*ct_series(PLAN, STUDY), *ct_series(THIN, STUDY), *sagittal_ct(STUDY, PLACES)]
    for number, dataset in enumerate(datasets):
        save(dataset, folder / f"{number:03}.dcm")
    appliance.send([folder])


@pytest.fixture
def viewer(page: Page) -> ViewerPage:
    """Give the viewer with the axial series in its only pane."""
    viewer = ViewerPage(page)
    page.goto(f"/viewer/{STUDY.uid}?hanging=one")
    viewer.expect(state="ready")
    return viewer


def pane(page: Page, position: int) -> Locator:
    """Return the viewport at a place of the grid, counted from 0, row by row."""
    return page.locator(".viewer-grid > .viewer-stage").nth(position).locator(".viewer-viewport")


def expect_state(viewport: Locator, **attributes: object) -> None:
    """Wait until a viewport has these ``data-`` attributes."""
    for name, value in attributes.items():
        expect(viewport).to_have_attribute(f"data-{name.replace('_', '-')}", str(value), timeout=LOADING_MS)


def three_panes(viewer: ViewerPage) -> tuple[Locator, Locator, Locator]:
    """Return the viewports of the axial, the sagittal and the thin series, side by side; the first is active."""
    page = viewer.page
    viewer.press("Shift+C")
    axial, second, third = pane(page, 0), pane(page, 1), pane(page, 2)
    page.locator(".viewer-card", has_text="sagittal").drag_to(second)
    page.locator(".viewer-card", has_text="thin").drag_to(third)
    for viewport, count in ((axial, 16), (second, 5), (third, 12)):
        expect_state(viewport, state="ready", image_count=count)
    # By key: the library takes a mouse button that goes down soon after a click for half of a double click.
    viewer.press("Shift+ArrowRight", "Shift+ArrowRight")
    expect(page.locator(".viewer-stage[data-active=true] .viewer-viewport")).to_have_attribute("data-image-count", "16")
    return axial, second, third


def middle(viewport: Locator) -> tuple[float, float]:
    """Return the middle of a viewport on the page."""
    box = viewport.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_layouts_are_chosen_from_a_table_and_by_key(viewer: ViewerPage):
    page = viewer.page
    page.get_by_role("button", name="Layout of the viewports").click()
    page.get_by_role("button", name="2 × 3", exact=True).click()
    expect(page.locator(".viewer-grid > .viewer-stage")).to_have_count(6)
    # The three series fill what is free, in their order; the rest says what to do.
    for position in range(3):
        expect_state(pane(page, position), state="ready")
    expect(page.get_by_text("Choose one from the list, or drag one here.")).to_have_count(3)

    page.get_by_role("button", name="Layout of the viewports").click()
    page.get_by_role("button", name="4 × 4", exact=True).click()
    expect(page.locator(".viewer-grid > .viewer-stage")).to_have_count(16)

    # The active pane stays when there is room for one only, as it was.
    pane(page, 2).click()
    viewer.press("ArrowDown", "ArrowDown")
    expect_state(pane(page, 2), image_index=2)
    active = pane(page, 2).get_attribute("data-series-uid")
    viewer.press("Shift+A")
    expect(page.locator(".viewer-grid > .viewer-stage")).to_have_count(1)
    expect_state(pane(page, 0), series_uid=active, image_index=2, state="ready")
    viewer.press("Shift+B")
    expect(page.locator(".viewer-grid > .viewer-stage")).to_have_count(2)


def test_a_pane_fills_the_window_and_returns(viewer: ViewerPage):
    page = viewer.page
    viewer.press("Shift+C")
    expect_state(pane(page, 1), state="ready")
    pane(page, 1).dblclick()
    expect(page.locator(".viewer-grid > .viewer-stage")).to_have_count(1)
    viewer.press("Enter")
    expect(page.locator(".viewer-grid > .viewer-stage")).to_have_count(4)


def test_keys_act_on_the_active_pane_alone(viewer: ViewerPage):
    axial, sagittal, _ = three_panes(viewer)
    viewer.press("Shift+ArrowRight", "ArrowDown", "i")
    expect_state(sagittal, image_index=1, inverted="true")
    expect_state(axial, image_index=0, inverted="false")
    viewer.press("Shift+ArrowLeft", "End")
    expect_state(axial, image_index=15)
    expect_state(sagittal, image_index=1)


def test_linked_panes_scroll_to_the_same_place_in_the_patient(viewer: ViewerPage):
    axial, sagittal, thin = three_panes(viewer)
    viewer.press("Shift+L")
    # The axial slices lie 5 mm apart from z = 70 on, the thin ones 2.5 mm apart from z = 60 on.
    viewer.press(*["ArrowDown"] * 4)
    expect_state(axial, image_index=4)
    expect_state(thin, image_index=4)
    viewer.press("ArrowDown")
    expect_state(thin, image_index=6)
    expect_state(sagittal, image_index=0)
    # From the other side: the thin slice at z = 35 is the axial one at 35.
    thin.click()
    viewer.press(*["ArrowDown"] * 4)
    expect_state(thin, image_index=10)
    expect_state(axial, image_index=7)
    viewer.press("Shift+L", "ArrowUp")
    expect_state(thin, image_index=9)
    expect_state(axial, image_index=7)


def test_a_reference_line_lies_where_the_slice_cuts_the_other_image(viewer: ViewerPage):
    axial, sagittal, thin = three_panes(viewer)
    viewer.press(*["ArrowDown"] * 6)
    expect_state(axial, image_index=6)
    box = sagittal.bounding_box()
    assert box is not None
    scale = min(box["width"], box["height"]) / MATRIX
    # The slice at z = 40 mm, in the sagittal image's rows, which run down from the head.
    wanted = box["height"] / 2 + (MIDDLE_Z - 40.0) / PIXEL * scale
    line = sagittal.locator(".viewer-reference-line")
    wait_for(lambda: abs(float(line.get_attribute("y1") or 0) - wanted) < 0.6, f"a line at {wanted}", seconds=10)
    assert abs(float(line.get_attribute("y2") or 0) - wanted) < 0.6
    # Parallel slices do not cut each other, and the line can be switched off.
    expect(thin.locator(".viewer-reference-line")).to_have_attribute("visibility", "hidden")
    viewer.press("Shift+X")
    expect(line).to_have_attribute("visibility", "hidden")


def test_a_place_is_shown_in_all_panes(viewer: ViewerPage):
    axial, sagittal, thin = three_panes(viewer)
    viewer.press(*["ArrowDown"] * 6)
    expect_state(axial, image_index=6)
    viewer.press("x")
    box = axial.bounding_box()
    assert box is not None
    scale = min(box["width"], box["height"]) / PLAN.matrix
    # x = 30 mm to the patient's left, y = 0, on the slice at z = 40.
    x, y = middle(axial)
    viewer.page.mouse.click(x + 30.0 / PLAN.pixel * scale, y)
    expect_state(sagittal, image_index=3)
    expect_state(thin, image_index=8)
    cross = sagittal.locator(".viewer-cross")
    expect(cross).not_to_have_attribute("visibility", "hidden")
    side = sagittal.bounding_box()
    assert side is not None
    row = side["height"] / 2 + (MIDDLE_Z - 40.0) / PIXEL * min(side["width"], side["height"]) / MATRIX
    assert abs(float(cross.get_attribute("data-x") or 0) - side["width"] / 2) < 1.5
    assert abs(float(cross.get_attribute("data-y") or 0) - row) < 1.0


def test_window_zoom_and_pan_follow_where_the_reader_asks_for_it(viewer: ViewerPage):
    axial, _, thin = three_panes(viewer)
    viewer.press("2")
    expect_state(axial, window_width=1500)
    expect_state(thin, window_width=400)
    viewer.press("Shift+W", "3", "+")
    for viewport in (axial, thin):
        expect_state(viewport, window_width=1800, window_center=400, zoom=1.25)
    # A drag with the middle button moves both images alike.
    x, y = middle(axial)
    mouse = viewer.page.mouse
    mouse.move(x, y)
    mouse.down(button="middle")
    mouse.move(x + 40, y + 20, steps=4)
    mouse.up(button="middle")
    expect(axial).not_to_have_attribute("data-pan", "0,0")
    expect_state(thin, pan=axial.get_attribute("data-pan"))
    viewer.press("0")
    for viewport in (axial, thin):
        expect_state(viewport, window_width=400)
