"""Overlays, shutters, presentation states, key images, snapshots and prints, on images that are not the first."""

from __future__ import annotations

import io
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Page, Playwright, expect
from pydicom import dcmread
from pydicom.dataset import Dataset

from tests.acceptance.conftest import CHROMIUM, CHROMIUM_FLAGS, PageProblems, enter
from tests.acceptance.viewer_page import LOADING_MS, ViewerPage
from tests.data.phantoms import save
from tests.data.presentations import (
    BESIDE,
    CIRCLE,
    COLUMNS,
    EDGES,
    EMBEDDED,
    OVERLAID,
    PRESENTED,
    ROWS,
    SHUTTERED,
    STUDY,
    plane_bits,
    presented_study,
)
from tests.support.waiting import wait_for

SIZE = (ROWS, COLUMNS)
WITHOUT_WEBGL = ["--no-sandbox", "--disable-gpu", "--disable-3d-apis"]
GREEN, ORANGE = (110, 231, 168), (255, 159, 122)
Picture = NDArray[np.uint8]


@pytest.fixture(scope="module", autouse=True)
def files(appliance, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Send the study; return its files by SOP Instance UID."""
    folder = tmp_path_factory.mktemp("presented")
    sent = {}
    for number, dataset in enumerate(presented_study()):
        sent[str(dataset.SOPInstanceUID)] = save(dataset, folder / f"{number:03}.dcm")
    appliance.send([folder])
    return sent


@pytest.fixture(params=["gpu", "cpu"])
def viewer(
    request: pytest.FixtureRequest, playwright: Playwright, appliance, problems: PageProblems
) -> Iterator[ViewerPage]:
    """Give the viewer with the study open, with WebGL and without."""
    flags = CHROMIUM_FLAGS if request.param == "gpu" else WITHOUT_WEBGL
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
    context = browser.new_context(base_url=appliance.base_url, viewport={"width": 1000, "height": 700})
    problems.watch(context)
    enter(context, appliance.account("radiologist"))
    opened = ViewerPage(context.new_page())
    opened.open(STUDY)
    assert opened.state("renderer") == request.param
    yield opened
    browser.close()


@pytest.fixture
def plain(page: Page) -> ViewerPage:
    """Give the viewer with the study open and no key image marked."""
    opened = ViewerPage(page)
    opened.open(STUDY)
    opened.press("Shift+I")
    expect(page.locator(".viewer-key-images")).not_to_have_attribute("aria-busy", "true")
    for button in page.get_by_role("button", name="No key image:").all():
        button.click()
    expect(page.get_by_role("button", name=re.compile("^No key image:"))).to_have_count(0)
    return opened


def screen(viewer: ViewerPage) -> Picture:
    """Return the picture of the viewport as a person sees it, words included."""
    viewer.page.wait_for_timeout(300)
    shot = viewer.viewport.screenshot()
    return np.asarray(Image.open(io.BytesIO(shot)).convert("RGB"))


def layer(viewer: ViewerPage):
    return viewer.page.locator(".viewer-presentation")


def at(viewer: ViewerPage, picture: Picture, row: float, column: float) -> list[int]:
    """Return the colour at a point of the image, in coordinates where 0, 0 is the first pixel's middle."""
    return viewer.at_pixel(picture, row, column, SIZE)


def close_to(colour: list[int], wanted: tuple[int, int, int]) -> bool:
    return all(abs(seen - meant) <= 3 for seen, meant in zip(colour, wanted, strict=True))


def choose_presentation(viewer: ViewerPage, name: str) -> None:
    viewer.click("Presentation")
    viewer.page.get_by_role("button", name=re.compile(f"^{name}")).click()


def test_overlays_lie_on_the_pixels_that_they_are_about(viewer: ViewerPage):
    viewer.go_to(OVERLAID)
    expect(layer(viewer)).to_have_attribute("data-planes", "3", timeout=LOADING_MS)
    shown = screen(viewer)
    bits = plane_bits()
    for row in range(-1, bits.shape[0] + 1):
        for column in (-1, 0, 13, 14, 15, 16, bits.shape[1] - 1, bits.shape[1]):
            inside = 0 <= row < bits.shape[0] and 0 <= column < bits.shape[1]
            is_set = bool(inside and bits[row, column])
            seen = at(viewer, shown, BESIDE[0] - 1 + row, BESIDE[1] - 1 + column)
            assert close_to(seen, GREEN) == is_set, (row, column, seen)
    rows, columns = EMBEDDED
    for row, column, is_set in [
        (rows.start, columns.start, True),
        (rows.stop - 1, columns.stop - 1, True),
        (rows.start - 1, columns.start, False),
        (rows.stop, columns.stop - 1, False),
        (rows.start, columns.start - 1, False),
    ]:
        assert close_to(at(viewer, shown, row, column), ORANGE) == is_set
    # The region begins off the image: ten rows and twenty columns of it lie on it, and grey shines through.
    inside, outside = at(viewer, shown, 9, 19), at(viewer, shown, 10, 20)
    assert inside[2] > inside[0] + 20
    assert close_to(outside, (128, 128, 128))


def test_overlays_follow_the_image_and_can_be_switched_off(viewer: ViewerPage):
    viewer.go_to(OVERLAID)
    expect(layer(viewer)).to_have_attribute("data-planes", "3", timeout=LOADING_MS)
    viewer.press("r", "h", "+")  # turned right, flipped, larger
    viewer.expect_near(zoom=1.25)
    row, column = BESIDE[0] - 1 + 10 - 0.5, BESIDE[1] - 1 + 15 - 0.5  # the dot, between its four pixels
    shown = screen(viewer)
    height, width = shown.shape[:2]
    scale = min(width / COLUMNS, height / ROWS) * float(viewer.state("zoom"))
    # Turned right the image's rows run down the screen and its columns to the left; flipped, to the right.
    x = width / 2 + (row - (ROWS - 1) / 2) * scale
    y = height / 2 + (column - (COLUMNS - 1) / 2) * scale
    assert close_to([int(channel) for channel in shown[round(y), round(x)]], GREEN)
    viewer.press("Shift+O")
    expect(layer(viewer)).to_have_attribute("data-planes", "0")
    assert not close_to([int(channel) for channel in screen(viewer)[round(y), round(x)]], GREEN)


def test_the_shutter_covers_what_it_is_to_cover_and_can_be_lifted(viewer: ViewerPage):
    viewer.go_to(SHUTTERED)
    expect(layer(viewer)).to_have_attribute("data-shutter", "")
    shown = screen(viewer)
    middle_row, middle_column, radius = CIRCLE
    left, right, upper, lower = EDGES
    for row in range(10, ROWS - 10, 3):
        for column in range(10, COLUMNS - 10, 3):
            distance = np.hypot(row - (middle_row - 1), column - (middle_column - 1))
            if abs(distance - radius) < 1:
                continue
            is_open = distance < radius and left <= column + 1 <= right and upper <= row + 1 <= lower
            dark = 70 <= row < 110 and 90 <= column < 150
            bright = at(viewer, shown, row, column)[0] > 60
            assert bright == (is_open and not dark), (row, column)
    viewer.press("Shift+U")
    assert at(viewer, screen(viewer), 20, 12)[0] > 60


def test_a_presentation_state_shows_the_image_as_it_says(viewer: ViewerPage):
    viewer.go_to(PRESENTED)
    choose_presentation(viewer, "Narrow and turned")
    viewer.expect(rotation=90, flip_horizontal="false", window_center=200, window_width=401)
    expect(layer(viewer)).to_have_attribute("data-graphics", "6")
    shown = screen(viewer)
    height, width = shown.shape[:2]
    scale = min(width / ROWS, height / COLUMNS)

    def seen(x: float, y: float) -> list[int]:
        """Return the colour at a point of the unturned image, in coordinates from its outer corner."""
        across, down = width / 2 - (y - ROWS / 2) * scale, height / 2 + (x - COLUMNS / 2) * scale
        return [int(channel) for channel in shown[int(down), int(across)]]

    assert close_to(seen(40, 45), (191, 191, 191))  # 300 HU
    assert close_to(seen(120, 20 + 60), (0, 0, 0))
    assert close_to(seen(10, 60), (64, 64, 64))  # 100 HU
    assert close_to(seen(40, 90), (255, 214, 92))  # within the filled circle
    assert seen(45, 30)[0] > seen(45, 30)[2] + 40  # on the line round the bright patch
    choose_presentation(viewer, "As stored")
    viewer.expect(rotation=0, window_center=100)
    expect(layer(viewer)).to_have_attribute("data-graphics", "0")


def test_what_is_saved_comes_back_and_says_the_same_to_another_program(
    page: Page, appliance, tmp_path: Path, files: dict[str, Path]
):
    viewer = ViewerPage(page)
    viewer.open(STUDY)
    viewer.go_to(PRESENTED)
    viewer.press("r", "h", "i", "Shift+Y")
    dialog = page.get_by_role("dialog", name="Save presentation")
    dialog.get_by_label("Description").fill("Turned and negative")
    dialog.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Presentation saved").first).to_be_attached(timeout=LOADING_MS)
    uid = viewer.state("sop-instance-uid")
    choose_presentation(viewer, "As stored")
    viewer.expect(rotation=0, inverted="false")
    choose_presentation(viewer, "Turned and negative")
    viewer.expect(inverted="true")
    state = saved_state(appliance, "Turned and negative")
    assert (state.ImageRotation, state.ImageHorizontalFlip, state.PresentationLUTShape) == (90, "Y", "INVERSE")
    assert state.ReferencedSeriesSequence[0].ReferencedImageSequence[0].ReferencedSOPInstanceUID == uid
    rendered = rendered_by_dcmtk(files[uid], save(state, tmp_path / "state.dcm"), tmp_path)
    assert rendered.shape == (COLUMNS, ROWS)
    compare(viewer, viewer.picture(), rendered)
    assert str(state.SOPInstanceUID) in found_by_a_workstation(appliance, str(state.SeriesInstanceUID))


def saved_state(appliance, description: str) -> Dataset:
    """Return the presentation state that was saved, from the archive's storage."""

    def find() -> Dataset | None:
        for path in (appliance.data_dir / "storage").rglob("*.dcm"):
            dataset = dcmread(path, stop_before_pixels=True)
            if dataset.get("ContentDescription") == description:
                return dataset
        return None

    wait_for(lambda: find() is not None, "the saved presentation", seconds=60)
    found = find()
    assert found is not None
    return found


def found_by_a_workstation(appliance, series_uid: str) -> str:
    """Return what a query of a registered device says of the instances of a series."""
    keys = {"QueryRetrieveLevel": "IMAGE", "StudyInstanceUID": STUDY.uid, "SeriesInstanceUID": series_uid}
    options = [part for key, value in keys.items() for part in ("-k", f"{key}={value}")]
    titles = ("-aet", "NORTH_CT", "-aec", appliance.ae_title)
    command = ["findscu", "-v", "-S", *titles, *options, "-k", "SOPInstanceUID"]
    done = subprocess.run(
        [*command, "127.0.0.1", str(appliance.dicom_port)], check=True, capture_output=True, text=True
    )
    return done.stdout + done.stderr


def rendered_by_dcmtk(image: Path, state: Path, folder: Path) -> Picture:
    """Return the image as DCMTK shows it by the presentation state."""
    target = folder / "rendered.pgm"
    subprocess.run(["dcmp2pgm", "-p", str(state), str(image), str(target)], check=True, capture_output=True)
    return np.asarray(Image.open(target))


def compare(viewer: ViewerPage, picture: Picture, rendered: Picture) -> None:
    """Compare pixels away from edges, where the screen blends neighbours."""
    height, width = picture.shape[:2]
    rows, columns = rendered.shape
    scale = min(width / COLUMNS, height / ROWS) * float(viewer.state("zoom"))
    compared = 0
    for row in range(3, rows - 3, 4):
        for column in range(3, columns - 3, 4):
            if np.ptp(rendered[row - 2 : row + 3, column - 2 : column + 3].astype(int)) > 0:
                continue
            x, y = width / 2 + (column + 0.5 - columns / 2) * scale, height / 2 + (row + 0.5 - rows / 2) * scale
            if not 0 <= y < height:  # as large as before the turn, the image is cut above and below
                continue
            assert abs(int(picture[int(y), int(x)][0]) - int(rendered[row, column])) <= 2, (row, column)
            compared += 1
    assert compared > 100


def test_key_images_are_marked_listed_kept_and_found_again(plain: ViewerPage):
    page = plain.page
    plain.go_to(PRESENTED)
    star = page.locator(".viewer-star")
    expect(star).to_be_hidden()
    plain.press("Shift+K")
    expect(star).to_be_visible()
    marked = plain.state("sop-instance-uid")
    plain.go_to(OVERLAID)
    expect(star).to_be_hidden()
    listed = page.locator(".viewer-key-image").filter(has_text="Image 4")
    expect(listed).to_contain_text("Presented slices")
    expect(listed.locator("img")).to_have_js_property("complete", True)
    listed.click()
    plain.expect(sop_instance_uid=marked, state="ready")
    page.reload()
    plain.expect(state="ready")
    plain.press("Shift+I")
    expect(page.locator(".viewer-key-image").filter(has_text="Image 4")).to_be_visible()
    # What came from elsewhere leads into the other series.
    received = page.locator(".viewer-key-selection").filter(has_text="For Teaching")
    received.locator(".viewer-key-image").filter(has_text="Further slices").click()
    plain.expect(image_index=1, image_count=2, state="ready")
    page.get_by_role("button", name="Save as selection").click()
    dialog = page.get_by_role("dialog", name="Save key images as a selection")
    dialog.get_by_label("Title").select_option(label="For Conference")
    dialog.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".viewer-key-selection").filter(has_text="For Conference")).to_be_visible(timeout=LOADING_MS)


def test_a_snapshot_names_the_patient_only_when_asked(plain: ViewerPage):
    page = plain.page
    plain.go_to(PRESENTED)

    def taken(*, with_patient: bool) -> Picture:
        plain.press("Shift+S")
        page.get_by_label("With patient").set_checked(with_patient)
        with page.expect_download() as download:
            page.get_by_role("button", name="Take").click()
        assert download.value.suggested_filename == "ct-0004.png"
        return np.asarray(Image.open(download.value.path()).convert("RGB"))

    without, with_patient = taken(with_patient=False), taken(with_patient=True)
    assert without.shape == with_patient.shape
    corner = (slice(0, 60), slice(0, 200))
    assert np.any(without != with_patient)
    assert not np.any(without[100:] != with_patient[100:])
    assert close_to(at(plain, without, 45, 45), (255, 255, 255))
    assert np.any(without[corner] != with_patient[corner])


def test_key_images_are_printed_under_the_patients_name(plain: ViewerPage):
    page = plain.page
    page.evaluate("() => { window.print = () => { document.body.dataset.printed = 'yes'; }; }")
    for index in (OVERLAID, PRESENTED):
        plain.go_to(index)
        plain.press("Shift+K")
    expect(page.locator(".viewer-key-images > .viewer-annotations-list .viewer-key-image")).to_have_count(2)
    page.get_by_role("button", name="Print all").click()
    expect(page.locator("body")).to_have_attribute("data-printed", "yes", timeout=LOADING_MS)
    page.emulate_media(media="print")
    expect(page.locator(".viewer-print h1")).to_have_text("Phantom, Ada")
    expect(page.locator("#viewer")).to_be_hidden()
    pictures = page.locator(".viewer-print img")
    assert [picture.evaluate("(image) => image.naturalWidth") for picture in pictures.all()] == [1200, 1200]
    page.evaluate("() => window.dispatchEvent(new Event('afterprint'))")
    expect(page.locator(".viewer-print")).to_have_count(0)
