"""What the viewer draws, against the phantoms' known values: with WebGL and without it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pytest
from playwright.sync_api import BrowserContext, Playwright, expect

from tests.acceptance.conftest import CHROMIUM, CHROMIUM_FLAGS, PageProblems, enter
from tests.acceptance.viewer_page import PLAN, ViewerPage, grey, index_of, pixel_of
from tests.data.encodings import encodings
from tests.data.phantoms import (
    ELENA,
    FELIX,
    PATCH_SIZE,
    PATCHES,
    PROBES,
    SyntheticStudy,
    chest_radiograph,
    colour_rendering,
    ct_series,
    save,
)

STUDY = SyntheticStudy("viewer pixels", ELENA, "CT for pixels", "SYN2025110", "20250321", "101500")
COLOUR = SyntheticStudy("viewer colour", ELENA, "Colour for pixels", "SYN2025111", "20250321", "111500")
RADIOGRAPH = SyntheticStudy("viewer radiograph", FELIX, "Radiograph for pixels", "SYN2025112", "20250321", "121500")
WITHOUT_WEBGL = ["--no-sandbox", "--disable-gpu", "--disable-3d-apis"]
PROBE_RADIUS_PX = 4
INSIDE = [
    probe for probe in PROBES if PLAN.first_z >= probe.centre[2] >= PLAN.first_z - (PLAN.slices - 1) * PLAN.spacing
]


@pytest.fixture(scope="module", autouse=True)
def transfer_syntaxes(appliance, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Send what the tests look at; return the study with one image in many transfer syntaxes."""
    folder = tmp_path_factory.mktemp("pixels")
    encoded = [specimen.dataset for specimen in encodings()]
    datasets = [*ct_series(PLAN, STUDY), colour_rendering(COLOUR), chest_radiograph(RADIOGRAPH), *encoded]
    for number, dataset in enumerate(datasets):
        save(dataset, folder / f"{number:03}.dcm")
    appliance.send([folder])
    return str(encoded[0].StudyInstanceUID)


@pytest.fixture(scope="module", params=["gpu", "cpu"])
def drawn_by(request: pytest.FixtureRequest, playwright: Playwright, appliance) -> Iterator[tuple[str, BrowserContext]]:
    """Give a signed-in browser with WebGL, and one without."""
    flags = CHROMIUM_FLAGS if request.param == "gpu" else WITHOUT_WEBGL
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
    context = browser.new_context(base_url=appliance.base_url, viewport={"width": 900, "height": 760})
    enter(context, appliance.account("radiologist"))
    yield request.param, context
    browser.close()


@pytest.fixture
def viewer(drawn_by: tuple[str, BrowserContext], problems: PageProblems) -> Iterator[ViewerPage]:
    """Give a viewer drawn one way or the other."""
    renderer, context = drawn_by
    page = context.new_page()
    page.on("console", lambda message: problems.found.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: problems.found.append(str(error)))
    viewer = ViewerPage(page)
    yield viewer
    if page.locator(".viewer-viewport").count():
        assert viewer.state("renderer") == renderer
    page.close()


def around(viewer: ViewerPage, picture, row: float, column: float, size: tuple[int, int]) -> float:
    """Return the mean grey of a few pixels around one."""
    offsets = (-PROBE_RADIUS_PX / 2, 0, PROBE_RADIUS_PX / 2)
    points = [viewer.at_pixel(picture, row + down, column + across, size)[0] for down in offsets for across in offsets]
    return float(np.mean(points))


def test_grey_values_follow_from_hounsfield_units_and_window(viewer: ViewerPage):
    viewer.open(STUDY)
    size = (PLAN.matrix, PLAN.matrix)
    assert len(INSIDE) >= 4
    for probe in INSIDE:
        viewer.go_to(index_of(PLAN, probe))
        for key, center, width in (("1", 50, 400), ("2", -600, 1500), ("3", 400, 1800)):
            viewer.press(key)
            viewer.expect(window_center=center, window_width=width)
            shown = around(viewer, viewer.picture(), *pixel_of(PLAN, probe), size)
            assert shown == pytest.approx(grey(probe.hu, center, width), abs=2.0), (probe.name, center, width)


def test_inversion_turns_grey_values_round(viewer: ViewerPage):
    viewer.open(STUDY)
    water = next(probe for probe in INSIDE if probe.name == "water")
    viewer.go_to(index_of(PLAN, water))
    viewer.press("i")
    viewer.expect(inverted="true")
    viewer.press("ArrowUp", "ArrowDown")
    viewer.expect(image_index=index_of(PLAN, water), state="ready")
    shown = around(viewer, viewer.picture(), *pixel_of(PLAN, water), (PLAN.matrix, PLAN.matrix))
    assert shown == pytest.approx(255 - grey(water.hu, 50, 400), abs=2.0)


TURNS: Sequence[tuple[str, Callable[[np.ndarray], np.ndarray]]] = (
    ("r", lambda picture: np.rot90(picture, -1)),
    ("h", lambda picture: picture[:, ::-1]),
    ("v", lambda picture: picture[::-1]),
    ("rh", lambda picture: np.rot90(picture, -1)[:, ::-1]),
    ("hr", lambda picture: np.rot90(picture[:, ::-1], -1)),
    ("rrv", lambda picture: np.rot90(picture, 2)[::-1]),
)


def test_turns_and_flips_are_those_of_the_screen(viewer: ViewerPage):
    viewer.open(STUDY)
    viewer.go_to(1)
    before = square(viewer.picture())
    for keys, turned in TURNS:
        viewer.press(*keys)
        after = square(viewer.picture())
        assert np.abs(turned(before).astype(int) - after).mean() < 4, keys
        viewer.press("Escape")
        assert np.abs(before.astype(int) - square(viewer.picture())).mean() < 1, f"reset after {keys}"


def square(picture: np.ndarray) -> np.ndarray:
    """Return the middle of a picture, as large as a square can be."""
    height, width = picture.shape[:2]
    side = min(height, width) // 2 * 2
    top, left = (height - side) // 2, (width - side) // 2
    return picture[top : top + side, left : left + side]


def test_colours_are_the_stored_ones(viewer: ViewerPage):
    viewer.open(COLOUR)
    picture = viewer.picture()
    for number, (name, colour) in enumerate(PATCHES):
        row = number * PATCH_SIZE + PATCH_SIZE / 2
        shown = viewer.at_pixel(picture, row, PATCH_SIZE / 2, (512, 512))
        assert shown == pytest.approx(list(colour), abs=2), name


def test_a_negative_radiograph_is_shown_as_a_positive(viewer: ViewerPage):
    viewer.open(RADIOGRAPH)
    dataset = chest_radiograph(RADIOGRAPH)
    stored = dataset.pixel_array.astype(float)
    picture = viewer.picture()
    rows, columns = stored.shape
    center, width = float(dataset.WindowCenter), float(dataset.WindowWidth)
    for row, column in ((rows // 2, columns // 2), (rows // 3, columns // 3), (rows // 2, columns // 4)):
        value = stored[row - 2 : row + 3, column - 2 : column + 3].mean()
        value = value * float(dataset.get("RescaleSlope", 1)) + float(dataset.get("RescaleIntercept", 0))
        wanted = grey(value, center, width)
        if dataset.PhotometricInterpretation == "MONOCHROME1":
            wanted = 255 - wanted
        shown = around(viewer, picture, row, column, (rows, columns))
        assert shown == pytest.approx(wanted, abs=8.0)


def test_one_image_looks_the_same_in_every_transfer_syntax(viewer: ViewerPage, transfer_syntaxes: str):
    viewer.open(transfer_syntaxes)
    viewer.page.locator(".viewer-card", has_text="Transfer syntaxes, grey").click()
    viewer.expect(state="ready")
    count = int(viewer.state("image-count"))
    assert count >= 8
    first = viewer.picture().astype(int)
    for index in range(1, count):
        viewer.go_to(index)
        difference = np.abs(viewer.picture().astype(int) - first)
        tolerance = 3.0 if "Lossy" in viewer.corner("bottomRight") else 0.1
        assert difference.mean() < tolerance, f"image {index + 1}"


def test_colour_looks_the_same_in_every_transfer_syntax(viewer: ViewerPage, transfer_syntaxes: str):
    viewer.open(transfer_syntaxes)
    cards = viewer.page.locator(".viewer-card")
    expect(cards.first).to_be_visible()
    seen = 0
    for position in range(cards.count()):
        cards.nth(position).click()
        viewer.expect(state="ready")
        count = int(viewer.state("image-count"))
        if "W " in viewer.corner("bottomRight"):
            continue
        for index in range(count):
            viewer.go_to(index)
            picture = viewer.picture()
            tolerance = 24 if "Lossy" in viewer.corner("bottomRight") else 3
            for number, (name, colour) in enumerate(PATCHES):
                row = number * PATCH_SIZE + PATCH_SIZE / 2
                shown = viewer.at_pixel(picture, row, PATCH_SIZE / 2, (512, 512))
                assert shown == pytest.approx(list(colour), abs=tolerance), (position, index, name)
            seen += 1
    assert seen >= 3
