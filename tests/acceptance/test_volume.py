"""Planes, slabs, fusion and 3D on a volume whose value is known at every point, driven by mouse and keys."""

from __future__ import annotations

import base64
import io
import math
import re
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Page, expect

from tests.acceptance.viewer_page import LOADING_MS, grey
from tests.acceptance.volume_page import Planes
from tests.data.phantoms import ADA, SyntheticSeries, SyntheticStudy, save
from tests.data.volumes import BALL, BALL_HU, BALL_RADIUS, BALL_SUV, BODY_SUV, CT_BLOCK, even_ct, even_hu, hot_pet
from tests.support.waiting import wait_for

STUDY = SyntheticStudy("volume", ADA, "PET and CT", "SYN2025160", "20250322", "101500")
TILTED = SyntheticStudy("volume tilted", ADA, "CT with tilted gantry", "SYN2025161", "20250322", "111500")
GAPPY = SyntheticStudy("volume gap", ADA, "CT with a gap", "SYN2025162", "20250322", "121500")
SMALL = {"width": 900, "height": 640}
SOFTWARE_3D_MS = 120_000
WINDOW = (0.0, 1000.0)
NO_WEBGL = """
HTMLCanvasElement.prototype.getContext = ((get) => function (kind, ...more) {
    return kind.startsWith("webgl") ? null : get.call(this, kind, ...more);
})(HTMLCanvasElement.prototype.getContext);
"""
NO_MEMORY = "Object.defineProperty(Navigator.prototype, 'deviceMemory', { get: () => 0.001 });"


@pytest.fixture(scope="module", autouse=True)
def studies(appliance, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Send a CT with a PET over it, a CT with a tilted gantry and one with a slice missing."""
    folder = tmp_path_factory.mktemp("volumes")
    everything = [
        *even_ct(STUDY),
        *hot_pet(STUDY),
        *even_ct(TILTED, tilt_mm=0.6),
        *even_ct(GAPPY, without=frozenset({17})),
    ]
    for number, dataset in enumerate(everything):
        save(dataset, folder / f"{number:03}.dcm")
    appliance.send([folder])


@pytest.fixture
def page(sign_in: Callable[..., Page]) -> Page:
    """Give a small page: software takes its time for each ray."""
    return sign_in("radiologist", viewport=SMALL)


def test_planes_slabs_and_oblique_planes_are_exact(page: Page):
    planes = Planes(page, STUDY).ready()
    axial, sagittal, coronal = planes.axial, planes.sagittal, planes.coronal
    assert axial.vector("crosshair") == pytest.approx([1, -19, 19])
    assert [plane.number("position") for plane in (axial, sagittal, coronal)] == [19, 1, -19]
    letters = {
        edge.get_attribute("data-edge"): edge.inner_text() for edge in axial.element.locator(".viewer-letter").all()
    }
    assert letters == {"left": "R", "right": "L", "top": "A", "bottom": "P"}

    # The crosshair comes to the mouse, and the other planes go through it.
    met = planes.click(axial, (-20.0, 10.0, 19.0))
    assert met == pytest.approx([-20, 10, 19], abs=0.5)
    assert sagittal.number("position") == pytest.approx(met[0], abs=0.002)
    assert coronal.number("position") == pytest.approx(met[1], abs=0.002)
    assert axial.number("position") == 19
    for plane in (axial, sagittal, coronal):
        assert plane.number("value") == pytest.approx(even_hu(*met), abs=0.02)
    met = planes.click(coronal, (-30.0, met[1], -6.0))
    assert axial.number("position") == pytest.approx(met[2], abs=0.002)

    # What is drawn is what is there.
    for plane in (axial, sagittal, coronal):
        right, down = plane.axes()
        for across, downwards in ((15.0, 10.0), (-12.0, 20.0)):
            place = met + right * across + down * downwards
            assert plane.colour_at(place)[0] == pytest.approx(grey(even_hu(*place), *WINDOW), abs=2)

    # Scrolling goes from slice to slice: towards the feet, 3 mm apart.
    before = axial.number("position")
    page.mouse.move(*axial.point_of(met))
    page.mouse.wheel(0, 100)
    wait_for(lambda: axial.number("position") == pytest.approx(before - 3, abs=0.002), "the next slice")

    # Turned about two axes, a plane still shows the value that is known at each of its points.
    axial.element.focus()
    for _ in range(4):
        planes.viewer.press("ArrowLeft")
    coronal.element.focus()
    for _ in range(3):
        planes.viewer.press("ArrowRight")
    planes.ready()
    assert axial.vector("normal")[0] == pytest.approx(
        -math.sin(math.radians(15)) * math.cos(math.radians(20)), abs=1e-4
    )
    expect(sagittal.element).to_contain_text("oblique")
    here = sagittal.vector("crosshair")
    for plane in (axial, sagittal, coronal):
        assert abs((plane.vector("center") - here) @ plane.vector("normal")) < 0.01
        right, down = plane.axes()
        for across, downwards in ((14.0, -9.0), (-11.0, 13.0)):
            place = here + right * across + down * downwards
            assert plane.colour_at(place)[0] == pytest.approx(grey(even_hu(*place), *WINDOW), abs=2)
    met = planes.click(sagittal, tuple(here + sagittal.axes()[0] * 17 + sagittal.axes()[1] * 6))
    assert sagittal.number("value") == pytest.approx(even_hu(*met), abs=0.02)

    planes.viewer.press("Escape")
    assert planes.ready().axial.vector("crosshair") == pytest.approx([1, -19, 19])
    check_slabs(planes)
    check_lines_and_maximised_planes(planes)


def check_slabs(planes: Planes) -> None:
    """A ball below the plane comes into a slab exactly when the slab is thick enough to reach it."""
    planes.click(planes.coronal, (-30.0, -19.0, BALL[2] + BALL_RADIUS + 13))
    axial = planes.axial
    height = axial.number("position")

    def even(offset: float) -> float:
        return grey(even_hu(BALL[0], BALL[1], height + offset), *WINDOW)

    def drawn(mode: str, thickness: float) -> float:
        planes.page.get_by_role("button", name=mode, exact=True).click()
        if mode != "Slice":
            planes.set_number("Thickness in mm", thickness)
            expect(axial.element).to_have_attribute("data-thickness", f"{thickness:g}")
        planes.ready()
        return float(axial.colour_at((BALL[0], BALL[1], height))[0])

    # The ball's uppermost voxels are in the slice of z = 37; linear interpolation lets them fade out 3 mm above it.
    short, long = (round(2 * (height - 37 + beyond), 1) for beyond in (-3.2, 1.5))
    bright = grey(BALL_HU, *WINDOW)
    assert drawn("MIP", short) == pytest.approx(even(short / 2), abs=2)
    assert drawn("MIP", long) == bright
    assert drawn("Average", short) == pytest.approx(even(0), abs=3)
    assert even(0) + 10 < drawn("Average", long) < bright
    assert drawn("MinIP", short) == pytest.approx(even(-short / 2), abs=2)
    assert drawn("MinIP", long) == pytest.approx(even(40 - height), abs=3)  # the ball's rim hides what is below it
    assert drawn("Slice", 0) == pytest.approx(even(0), abs=2)
    planes.viewer.press("Escape")
    planes.ready()


def check_lines_and_maximised_planes(planes: Planes) -> None:
    """A line is pulled by itself, turned by its handle, and a plane can have all the room."""
    axial, coronal = planes.axial, planes.coronal
    start = axial.vector("crosshair")
    x, y = axial.point_of(start)
    planes.viewer.stroke((x, y + 60), (x + 40, y + 60))
    moved = axial.vector("crosshair")
    assert moved[0] - start[0] == pytest.approx(40 * axial.number("millimetres-per-pixel"), abs=0.01)
    assert moved[1:] == pytest.approx(start[1:])
    x, y = axial.point_of(moved)
    radius = 0.36 * min(axial.box()["width"], axial.box()["height"])
    turn = math.radians(30)
    planes.viewer.stroke((x + radius, y), (x + radius * math.cos(turn), y - radius * math.sin(turn)))
    assert coronal.vector("normal") @ np.array([0, -1, 0]) == pytest.approx(math.cos(turn), abs=0.005)
    expect(coronal.element).to_contain_text("oblique 30")
    planes.page.mouse.dblclick(*coronal.point_of(coronal.vector("crosshair")))
    expect(axial.element).to_be_hidden()
    assert coronal.ready().box()["width"] > SMALL["width"] / 2
    planes.viewer.press("Enter")
    expect(axial.element).to_be_visible()
    planes.viewer.press("Shift+M")
    planes.viewer.expect(state="ready")
    expect(planes.axial.element).to_have_count(0)


def test_a_length_in_a_turned_plane_is_that_of_the_patient_and_waits_there(page: Page):
    planes = Planes(page, STUDY).ready()
    axial, coronal = planes.axial, planes.coronal
    axial.element.focus()
    for _ in range(4):
        planes.viewer.press("ArrowLeft")  # turns the coronal plane by 20 degrees
    planes.ready()
    planes.viewer.press("l")
    x, y = (round(place) for place in coronal.point_of(coronal.vector("crosshair")))
    ends = [(x - 40, y - 25), (x + 35, y + 31)]
    planes.viewer.stroke(*ends)

    def truth() -> float:
        return float(np.linalg.norm(np.subtract(*map(coronal.world_of, ends))))

    expect(coronal.element).to_have_attribute("data-lengths", re.compile("."))
    assert coronal.number("lengths") == pytest.approx(truth(), abs=0.1)
    expect(coronal.element.locator(".viewer-plane-lines text")).to_have_text(f"{round(truth(), 1):g} mm")
    expect(axial.element).not_to_have_attribute("data-lengths", re.compile("."))

    # An end follows the hand; a press that moves nothing leaves nothing.
    end = ends[1]
    ends[1] = (x + 60, y + 12)
    planes.viewer.stroke(end, ends[1])
    wait_for(lambda: coronal.number("lengths") == pytest.approx(truth(), abs=0.1), "the new length")
    page.mouse.click(x + 10, y - 40)
    expect(coronal.element.locator(".viewer-plane-lines line")).to_have_count(1)

    # It belongs to its place: two slices on it is not there, and after a look at the stack it is again.
    coronal.element.focus()
    planes.viewer.press("ArrowDown", "ArrowDown")
    expect(coronal.element.locator(".viewer-plane-lines line")).to_have_count(0)
    planes.viewer.press("ArrowUp", "ArrowUp")
    expect(coronal.element.locator(".viewer-plane-lines line")).to_have_count(1)
    planes.viewer.press("Escape", "Shift+M")
    planes.viewer.expect(state="ready")
    planes.viewer.press("Shift+M")
    planes.ready()
    axial.element.focus()
    for _ in range(4):
        planes.viewer.press("ArrowLeft")
    expect(coronal.element.locator(".viewer-plane-lines line")).to_have_count(1)
    assert coronal.number("lengths") == pytest.approx(truth(), abs=0.1)
    page.get_by_role("button", name="Length, for this tab only").click()
    planes.viewer.stroke((x - 10, y - 60), (x + 30, y - 60))
    expect(coronal.element.locator(".viewer-plane-lines line")).to_have_count(2)
    planes.viewer.press("Delete")
    expect(coronal.element.locator(".viewer-plane-lines line")).to_have_count(1)
    assert coronal.number("lengths") == pytest.approx(truth(), abs=0.1)


def test_pet_lies_over_ct_in_suv_with_the_opacity_chosen(page: Page):
    planes = Planes(page, STUDY).ready()
    axial = planes.axial
    met = planes.click(planes.coronal, (BALL[0], -19.0, 30.0))
    planes.click(axial, (BALL[0], BALL[1], met[2]))
    planes.page.get_by_role("combobox", name="Fusion").select_option("PET hot ball")
    expect(axial.element).to_have_attribute("data-opacity", "0.5", timeout=LOADING_MS)
    planes.ready()
    assert axial.number("overlay-value") == pytest.approx(BALL_SUV, abs=0.001)
    assert axial.number("value") == BALL_HU
    expect(planes.page.locator(".viewer-volume-readout")).to_contain_text("1200 HU · 6 SUV")

    body = np.array([-30.0, 0.0, axial.vector("crosshair")[2]])
    ct = grey(even_hu(*body), *WINDOW)
    # Hot iron (PS3.6 B.1.1): red rises first, to full at half of the window of 7.
    red = min(1.0, BODY_SUV / 7 * 2) * 255
    assert axial.colour_at(body)[0] == pytest.approx((ct + red) / 2, abs=3)
    for percent in (0, 30, 100):
        planes.set_number("Opacity in %", percent)
        expect(axial.element).to_have_attribute("data-opacity", str(percent / 100).removesuffix(".0"))
        drawn = axial.colour_at(body)
        part = percent / 100
        assert drawn == pytest.approx([ct * (1 - part) + red * part, ct * (1 - part), ct * (1 - part)], abs=3)
    planes.set_number("Up to in SUV", 2)
    planes.ready()
    assert axial.colour_at(body)[0] == pytest.approx(BODY_SUV / 2 * 2 * 255, abs=4)


def test_a_volume_is_rendered_in_three_dimensions_and_can_be_cut(page: Page):
    planes = Planes(page, STUDY)
    planes.ready().viewer.press("Shift+V")
    solid = page.locator(".viewer-solid")

    def drawn() -> NDArray[np.uint8]:
        expect(solid).to_have_attribute("data-state", "ready", timeout=SOFTWARE_3D_MS)
        encoded = solid.locator("canvas").first.evaluate("(canvas) => canvas.toDataURL()")
        return np.asarray(Image.open(io.BytesIO(base64.b64decode(encoded.partition(",")[2]))).convert("RGB"))

    whole = drawn()
    assert whole.max() > 150
    page.get_by_role("button", name="Skin").click()
    assert (drawn() != whole).any()
    page.get_by_role("button", name="L", exact=True).click()
    expect(solid).to_have_attribute("data-normal", "1,0,0")
    drawn()
    page.get_by_text("Clip", exact=True).click()
    planes.set_number("F–H from in %", 90)
    planes.set_number("F–H from in %", 50)
    half = drawn()
    rows = np.flatnonzero(half.max(axis=(1, 2)) > 20)
    assert rows.max() <= half.shape[0] / 2 + 3  # the lower half of the slices is gone
    assert rows.min() < half.shape[0] / 2 - 20
    page.get_by_role("button", name="Reset volume").click()
    expect(solid).to_have_attribute("data-box", "0,1,0,1,0,1")


@pytest.mark.parametrize(
    ("study", "reason"),
    [(TILTED, "gantry tilted by 11.31°"), (GAPPY, "not evenly spaced (3 to 6 mm apart)")],
    ids=["tilted", "missing slice"],
)
def test_a_stack_that_is_no_block_is_refused(page: Page, study: SyntheticStudy, reason: str):
    planes = Planes(page, study)
    expect(planes.notice()).to_contain_text(reason)
    page.get_by_role("button", name="Back to the stack").last.click()
    expect(planes.notice()).to_be_hidden()
    planes.viewer.expect(state="ready")


def test_a_volume_that_does_not_fit_is_refused_before_it_is_loaded(page: Page):
    page.add_init_script(NO_MEMORY)
    planes = Planes(page, STUDY)
    expect(planes.notice()).to_contain_text("It needs 0.6 MB of memory; this browser has about 0.1 MB for it.")
    page.get_by_role("button", name="Use 1 slice of 5").click()
    planes.ready()
    expect(planes.axial.element).to_contain_text("1 slice of 5")
    assert planes.axial.number("value") == pytest.approx(even_hu(*planes.axial.vector("crosshair")), abs=0.01)


def test_a_missing_image_is_named_and_can_be_asked_for_again(page: Page, problems):
    problems.allow("Failed to load resource")
    missing = SyntheticSeries(STUDY, "CT", 2, "CT even", "CHEST", "even").instance_uid(CT_BLOCK.count[2])
    page.route(f"**/{missing}/frames/1", lambda route: route.fulfill(status=404))
    planes = Planes(page, STUDY)
    expect(planes.notice()).to_contain_text(f"Image {CT_BLOCK.count[2]} could not be loaded", timeout=LOADING_MS)
    page.unroute(f"**/{missing}/frames/1")
    page.get_by_role("button", name="Try again").last.click()
    planes.ready()


def test_without_webgl_the_stack_works_and_the_volume_says_why_not(page: Page):
    page.add_init_script(NO_WEBGL)
    planes = Planes(page, STUDY)
    expect(planes.notice()).to_contain_text("WebGL 2")
    planes.viewer.press("Shift+M")
    planes.viewer.expect(state="ready", renderer="cpu")
