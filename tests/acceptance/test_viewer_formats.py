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
from tests.acceptance.viewer_page import LOADING_MS, ViewerPage
from tests.data.pixel_formats import all_cases
from tests.data.pixel_frames import frame_cases
from tests.data.pixel_patterns import ACROSS, BLOCK, STUDY, PixelCase
from tests.data.pixel_values import value_cases
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


def test_a_probe_tells_the_value_that_the_modality_means(viewer: ViewerPage, cases: list[PixelCase]):
    texts = viewer.page.locator(".viewer-canvas svg text")

    def look(case: PixelCase) -> str:
        if case.name not in PROBED:
            return ""
        viewer.expect(state="ready")
        assert viewer.state("image-index") != "0", case.name
        block = PROBED_BLOCKS[viewer.state("renderer")]
        row, column = block // ACROSS * BLOCK + BLOCK // 2, block % ACROSS * BLOCK + BLOCK // 2
        viewer.press("d")
        viewer.page.mouse.click(*viewer.place_of(row, column, (case.truth.Rows, case.truth.Columns)))
        wanted = pytest.approx(values(case)[block], abs=0.05)

        def is_told() -> bool:
            return any(float(number) == wanted for text in texts.all_text_contents() for number in NUMBER.findall(text))

        wait_for(is_told, f"{wanted} beside the probe in {case.name}", seconds=10)
        return ""

    each(viewer, [case for case in cases if case.dataset.SeriesNumber in PROBED_SERIES], look)
