"""Every pixel format and transfer syntax in the viewer, against what pydicom makes of the same object."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from io import BytesIO
from itertools import groupby
from operator import attrgetter

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import BrowserContext, Playwright, expect
from pydicom import dcmread
from pydicom.dataset import Dataset
from pynetdicom import AE
from pynetdicom.status import code_to_category

from tests.acceptance.conftest import CHROMIUM, CHROMIUM_FLAGS, PageProblems, enter
from tests.acceptance.pixel_reference import screen, values
from tests.acceptance.viewer_page import LOADING_MS, ViewerPage, grey
from tests.data.pixel_formats import all_cases
from tests.data.pixel_frames import frame_cases
from tests.data.pixel_patterns import ACROSS, BLOCK, STUDY, PixelCase
from tests.data.pixel_pet import KNOWN, SLOPE, UNKNOWN, suv_per_stored_value, uptake
from tests.data.pixel_values import VALUES, value_cases
from tests.data.specimen import file_bytes
from tests.support.waiting import wait_for

WITHOUT_WEBGL = ["--no-sandbox", "--disable-gpu", "--disable-3d-apis"]
READ_BLOCKS = """([rows, columns, block]) => new Promise((done) => requestAnimationFrame(() =>
    requestAnimationFrame(() => {
    const source = document.querySelector(".viewer-canvas canvas");
    const copy = new OffscreenCanvas(source.width, source.height).getContext("2d");
    copy.drawImage(source, 0, 0);
    const scale = Math.min(source.width / columns, source.height / rows);
    const seen = [];
    for (let row = (block - 1) / 2; row < rows; row += block)
        for (let column = (block - 1) / 2; column < columns; column += block) {
            const x = Math.round(source.width / 2 + (column - (columns - 1) / 2) * scale);
            const y = Math.round(source.height / 2 + (row - (rows - 1) / 2) * scale);
            seen.push([...copy.getImageData(x, y, 1, 1).data.slice(0, 3)]);
        }
    done(seen);
})))"""
NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e-?\d+)?")
PROBED = (
    "12 bits of 16 signed, high bit 15",
    "RLE, 8 bits signed",
    "fractional rescale of signed values",
    "negative slope",
    "modality LUT from a negative value",
    "VOI LUT of rescaled values",
    "values of frame 2",
)
PROBED_SERIES = (2, 6, 8)
HALF_A_DIGIT = 0.05
PROBED_BLOCKS = {"gpu": 19, "cpu": 29}  # neither in the middle nor at the edge; not twice the same


@pytest.fixture(scope="module")
def cases(appliance) -> list[PixelCase]:
    """Send every case, and return them in the order in which the viewer shows them."""
    found = [*all_cases(), *value_cases(), *frame_cases()]
    found.sort(key=lambda case: (case.dataset.SeriesNumber, case.dataset.InstanceNumber, case.frame))
    send_objects(appliance, [case.dataset for case in found if case.frame == 0])
    return found


def send_objects(appliance, datasets: Sequence[Dataset]) -> None:
    """Send objects in their own transfer syntaxes, also in those that DCMTK does not know."""
    entity = AE("NORTH_CT")
    for sop_class, syntax in sorted({(str(one.SOPClassUID), str(one.file_meta.TransferSyntaxUID)) for one in datasets}):
        entity.add_requested_context(sop_class, syntax)
    association = entity.associate("127.0.0.1", appliance.dicom_port, ae_title=appliance.ae_title)
    assert association.is_established
    try:
        for dataset in datasets:
            status = association.send_c_store(dcmread(BytesIO(file_bytes(dataset))))
            assert code_to_category(status.Status) == "Success", dataset.InstanceNumber
    finally:
        association.release()
    appliance.wait_until_indexed()


@pytest.fixture(params=["gpu", "cpu"])
def viewer(
    request: pytest.FixtureRequest, playwright: Playwright, appliance, problems: PageProblems
) -> Iterator[ViewerPage]:
    """Give a viewer with WebGL, and one without."""
    flags = CHROMIUM_FLAGS if request.param == "gpu" else WITHOUT_WEBGL
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
    context: BrowserContext = browser.new_context(base_url=appliance.base_url, viewport={"width": 900, "height": 760})
    enter(context, appliance.account("radiologist"))
    problems.watch(context)
    problems.allow("status of 406")  # what the archive cannot decode either
    yield ViewerPage(context.new_page())
    browser.close()


def each(viewer: ViewerPage, cases: Sequence[PixelCase], look: Callable[[PixelCase], str]) -> None:
    """Show one case after the other, series by series, and fail with all that ``look`` has to say against them."""
    failures = []
    for series_uid, members in groupby(cases, key=attrgetter("dataset.SeriesInstanceUID")):
        viewer.open(STUDY, series_uid=series_uid, wait=False)
        expect(viewer.viewport).not_to_have_attribute("data-image-count", "0", timeout=LOADING_MS)
        for index, case in enumerate(members):
            viewer.page.get_by_role("slider", name="Image", exact=True).fill(str(index + 1))
            if complaint := look(case):
                failures.append(f"{case.name}: {complaint}")
    assert not failures, "\n".join(failures)


def seen(viewer: ViewerPage, case: PixelCase) -> NDArray[np.float64]:
    """Return the colour of each block on the screen."""
    return np.array(viewer.page.evaluate(READ_BLOCKS, [case.truth.Rows, case.truth.Columns, BLOCK]), dtype=float)


def test_every_pixel_format_looks_as_pydicom_decodes_it(viewer: ViewerPage, cases: list[PixelCase]):
    def look(case: PixelCase) -> str:
        if case.refused:
            viewer.expect(state="error")
            expect(viewer.page.get_by_text(case.refused)).to_be_visible()
            return ""
        viewer.expect(state="ready")
        found, wanted = seen(viewer, case), screen(case)
        worst = int(np.abs(found - wanted).max(axis=1).argmax())
        difference = np.abs(found[worst] - wanted[worst]).max()
        return "" if difference <= case.tolerance else f"block {worst} is {found[worst]}, not {wanted[worst].round(1)}"

    each(viewer, cases, look)


def block_of(viewer: ViewerPage) -> int:
    """Return the block that is probed."""
    return PROBED_BLOCKS[viewer.state("renderer")]


def probe(viewer: ViewerPage, case: PixelCase, told: str | float) -> None:
    """Probe a block, and wait until some text on the image holds the words or the number."""
    texts = viewer.page.locator(".viewer-canvas svg text")
    block = block_of(viewer)
    row, column = block // ACROSS * BLOCK + BLOCK // 2, block % ACROSS * BLOCK + BLOCK // 2
    viewer.press("d")
    viewer.page.mouse.click(*viewer.place_of(row, column, (case.truth.Rows, case.truth.Columns)))

    def is_told() -> bool:
        shown = texts.all_text_contents()
        if isinstance(told, str):
            return any(told in text for text in shown)
        return any(abs(float(number) - told) <= HALF_A_DIGIT for text in shown for number in NUMBER.findall(text))

    wait_for(is_told, f"{told} beside the probe in {case.name}", seconds=10)


def test_a_probe_tells_the_value_that_the_modality_means(viewer: ViewerPage, cases: list[PixelCase]):
    def look(case: PixelCase) -> str:
        if case.name in PROBED:
            viewer.expect(state="ready")
            assert viewer.state("image-index") != "0", case.name
            probe(viewer, case, float(values(case)[block_of(viewer)]))
        return ""

    each(viewer, [case for case in cases if case.dataset.SeriesNumber in PROBED_SERIES], look)


def test_the_windows_of_a_header_are_offered_by_their_explanations(viewer: ViewerPage, cases: list[PixelCase]):
    members = [case for case in cases if case.dataset.SeriesNumber == VALUES.number]
    index = next(index for index, case in enumerate(members) if case.name == "windows and VOI LUTs")
    viewer.open(STUDY, series_uid=VALUES.uid)
    viewer.go_to(index)
    before = seen(viewer, members[index])
    viewer.click("Windows of the image")
    items = viewer.page.locator("#viewer-menu-header-windows button")
    expect(items).to_have_text(["LUT SQUARE", "LUT TURNED", "WIDE · W 3000 · L 2000", "NARROW · W 500 · L 1000"])
    expect(items.first).to_have_attribute("aria-pressed", "true")
    items.last.click()
    viewer.expect(window_center=1000, window_width=500)
    stored = values(members[index])
    assert seen(viewer, members[index])[:, 0] == pytest.approx([grey(value, 1000, 500) for value in stored], abs=1)
    viewer.press("0")
    assert seen(viewer, members[index]) == pytest.approx(before, abs=1)


def test_uptake_is_dark_on_white_and_in_suv(viewer: ViewerPage, appliance):
    images = [uptake(number, with_dose=with_dose) for with_dose in (True, False) for number in (1, 2)]
    send_objects(appliance, images)
    viewer.open(STUDY, series_uid=KNOWN.uid)
    viewer.go_to(1)
    assert "SUV 0 to 7" in viewer.corner("bottomRight")
    case = PixelCase("uptake", images[1], images[1])
    suv = values(case) / SLOPE * suv_per_stored_value()
    assert seen(viewer, case)[:, 0] == pytest.approx(255 - np.clip(suv / 7, 0, 1) * 255, abs=1)
    viewer.drag(0, 60)
    assert "SUV 0 to 7" not in viewer.corner("bottomRight")
    probe(viewer, case, f"{float(f'{suv[block_of(viewer)]:.3g}'):g} SUV")
    viewer.open(STUDY, series_uid=UNKNOWN.uid)
    viewer.go_to(1)
    assert "W 20000 · L 10000" in viewer.corner("bottomRight")
    probe(viewer, case, "BQML")
    expect(viewer.page.locator(".viewer-canvas svg text").last).to_contain_text("no SUV: the injected dose is missing")
