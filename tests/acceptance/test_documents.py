"""What is no still image, in the viewer: documents, reports, waveforms and videos, against what is known of them."""

from __future__ import annotations

import base64
import io
import re
from dataclasses import dataclass

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect
from pydicom.dataset import Dataset

from tests.acceptance.viewer_page import LOADING_MS, PLAN, ViewerPage
from tests.data import reports, videos, waveforms
from tests.data.documents import encapsulated_pdf
from tests.data.pdfs import hostile_pdf
from tests.data.phantoms import ADA, SyntheticSeries, SyntheticStudy, ct_series, new_instance, save
from tests.support.waiting import wait_for

STUDY = SyntheticStudy("documents", ADA, "What is no image", "SYN2025150", "20250320", "101500")
KEY = SyntheticStudy("documents key", ADA, "Key objects alone", "SYN2025151", "20250321", "101500")
PAGES = 30
LESION = 5  # index of the slice that the report measures


@dataclass(frozen=True)
class Objects:
    """What the study holds."""

    ct: list[Dataset]
    pdf: Dataset
    clinical: Dataset
    measurement: Dataset
    dose: Dataset
    key: Dataset
    huge: Dataset
    ecg: Dataset
    holter: Dataset
    pressure: Dataset
    voice: Dataset
    video: Dataset
    mpeg2: Dataset


@pytest.fixture(scope="module")
def objects(appliance, tmp_path_factory: pytest.TempPathFactory) -> Objects:
    """Send one study that holds each kind."""
    ct = list(ct_series(PLAN, STUDY))
    made = Objects(
        ct=ct,
        pdf=_pdf(),
        clinical=reports.clinical_document(STUDY, "All went well &lt;script&gt;alert(1)&lt;/script&gt;"),
        measurement=reports.measurement_report(STUDY, ct[LESION]),
        dose=reports.dose_report(STUDY),
        key=reports.key_objects(KEY, ct[2:4]),
        huge=reports.huge_report(STUDY),
        ecg=waveforms.twelve_lead_ecg(STUDY),
        holter=waveforms.ambulatory_ecg(STUDY),
        pressure=waveforms.pressures(STUDY),
        voice=waveforms.voice(STUDY),
        video=videos.video_object(STUDY),
        mpeg2=videos.mpeg2_object(STUDY),
    )
    folder = tmp_path_factory.mktemp("documents")
    single = [value for value in vars(made).values() if isinstance(value, Dataset)]
    for number, dataset in enumerate([*ct, *single]):
        save(dataset, folder / f"{number:03}.dcm")
    appliance.send([folder])
    return made


def _pdf() -> Dataset:
    dataset = encapsulated_pdf()
    fresh = new_instance(dataset.SOPClassUID, SyntheticSeries(STUDY, "DOC", 91, "Letter"), 1)
    dataset.update(fresh)
    dataset.file_meta = fresh.file_meta
    document = hostile_pdf(PAGES)
    dataset.EncapsulatedDocumentLength = len(document)
    dataset.EncapsulatedDocument = document + b"\0" * (len(document) % 2)
    return dataset


def show(page: Page, dataset: Dataset) -> Locator:
    """Open the viewer at a series, and return what stands in place of the image."""
    ViewerPage(page).open(dataset.StudyInstanceUID, series_uid=dataset.SeriesInstanceUID, wait=False)
    content = page.locator(".viewer-content")
    expect(content).to_be_visible(timeout=LOADING_MS)
    return content


def test_a_pdf_is_read_page_by_page_and_can_do_nothing(page, objects):
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    content = show(page, objects.pdf)
    first = content.locator('[data-page="1"]')
    expect(first).to_have_attribute("data-drawn", "true", timeout=LOADING_MS)
    expect(content.locator('[data-page="25"]')).not_to_have_attribute("data-drawn", "true")
    assert darkest_of(first.locator("canvas")) < 60  # the words stand on the page
    find = content.get_by_role("searchbox", name="Find in the document")
    find.fill("number 27")
    find.press("Enter")
    expect(content.locator(".is-found")).to_contain_text("number 27", timeout=LOADING_MS)
    expect(content.locator(".viewer-content-place").first).to_have_text(f"27 / {PAGES}")
    content.get_by_role("button", name="Previous page").click()
    expect(content.locator(".viewer-content-place").first).to_have_text(f"26 / {PAGES}")
    width = first.evaluate("(sheet) => sheet.clientWidth")
    content.get_by_role("button", name="Larger").click()
    assert first.evaluate("(sheet) => sheet.clientWidth") == pytest.approx(1.25 * width, abs=2)
    expect(content.locator("a[href]:not([download])")).to_have_count(0)
    assert not [url for url in asked if "example.invalid" in url]
    with page.expect_download() as started:
        content.get_by_role("link", name="Download").click()
    assert started.value.suggested_filename == f"{objects.pdf.SOPInstanceUID}.pdf"
    assert started.value.path().read_bytes() == hostile_pdf(PAGES)


def darkest_of(canvas: Locator) -> int:
    """Return the darkest shade in a canvas."""
    encoded = canvas.evaluate("(canvas) => canvas.toDataURL()").partition(",")[2]
    return int(np.asarray(Image.open(io.BytesIO(base64.b64decode(encoded))).convert("L")).min())


def test_reports_are_read_and_lead_to_their_images(page, objects):
    content = show(page, objects.measurement)
    expect(content.get_by_role("heading", name="Imaging Measurement Report").last).to_be_visible()
    expect(content.locator(".viewer-mark")).to_have_text(["Complete", "Verified"])
    expect(content).to_contain_text("Reader, Rosa · Synthetic Hospital")
    expect(content).to_contain_text("12.5 mm")
    expect(content).to_contain_text("-42 HU")
    expect(content).to_contain_text(reports.HOSTILE)  # as words
    expect(content.locator("img, script")).to_have_count(0)
    page.emulate_media(media="print")
    expect(page.locator(".viewer-top")).to_be_hidden()
    expect(content.locator(".viewer-report")).to_be_visible()
    page.emulate_media(media="screen")
    link = content.get_by_role("button", name=f"Image {LESION + 1}, series {objects.ct[0].SeriesNumber}").first
    link.click()
    ViewerPage(page).expect(state="ready", image_index=LESION, sop_instance_uid=objects.ct[LESION].SOPInstanceUID)
    expect(content).to_be_hidden()

    rows = show(page, objects.dose).locator("tbody tr")
    expect(rows).to_have_count(2)
    expect(rows.nth(1)).to_contain_text(re.compile("Abdomen venous.*Abdomen.*6.05 mGy.*301.8 mGy·cm"))
    keys = show(page, objects.key)
    expect(keys).to_contain_text("Look at these")
    expect(keys.locator(".viewer-report-elsewhere")).to_have_text(["An object of another study"] * 2)
    huge = show(page, objects.huge)
    expect(huge).to_contain_text("1021 more items are not shown")
    expect(huge).not_to_contain_text("Finding number 3000")
    huge.get_by_role("button", name="Show more").click()
    expect(huge).to_contain_text("Finding number 3000")
    expect(show(page, objects.clinical)).to_contain_text("All went well <script>alert(1)</script>")


def test_an_ecg_is_drawn_to_scale(page, objects):
    content = show(page, objects.ecg)
    sheet = content.locator(".viewer-sheet")
    expect(sheet).to_be_visible(timeout=LOADING_MS)
    traces = content.locator(".viewer-trace[data-channel]")
    order = ["I", "aVR", "V1", "V4", "II", "aVL", "V2", "V5", "III", "aVF", "V3", "V6", "II"]
    assert [trace.get_attribute("data-channel") for trace in traces.all()] == order
    lead_one = content.locator('[data-channel="I"]')
    assert extent(lead_one) == pytest.approx((62.5, 20), abs=0.11)  # 2.5 s; a sine of 1 mV from trough to crest
    assert extent(content.locator('[data-channel="V6"]')) == pytest.approx((62.5, 24), abs=0.11)  # 1.2 mV
    assert extent(traces.last)[0] == pytest.approx(250, abs=0.11)
    expect(content).to_contain_text("0.05–150 Hz · notch 50 Hz")
    expect(content.locator(".viewer-waveform-notes li")).to_have_text(
        ["Sinus rhythm <b>synthetic</b>", "Heart rate: 75 bpm"]
    )
    content.get_by_label("Gain").select_option("20")
    content.get_by_label("Speed").select_option("50")
    expect(sheet).to_have_attribute("data-speed", "50")
    assert extent(lead_one) == pytest.approx((125, 40), abs=0.11)
    content.get_by_label("Gain").select_option("10")
    content.get_by_label("Speed").select_option("25")
    content.get_by_label("Arrangement").select_option("rows")
    expect(traces).to_have_count(12)
    assert extent(lead_one) == pytest.approx((250, 20), abs=0.11)
    assert measured(page, sheet, across=20, down=10) == "800 ms · 75 bpm · 1 mV"


def extent(trace: Locator) -> tuple[float, float]:
    """Return width and height of a curve in millimetres of its paper."""
    box = trace.evaluate("(path) => { const { width, height } = path.getBBox(); return [width, height]; }")
    return float(box[0]), float(box[1])


def measured(page: Page, sheet: Locator, *, across: float, down: float) -> str:
    """Drag over so many millimetres of the paper, and return what the caliper says."""
    box, scale = sheet.bounding_box(), sheet.evaluate("(svg) => svg.getScreenCTM().a")
    assert box is not None
    x, y = box["x"] + 40 * scale, box["y"] + 12 * scale
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + across * scale, y + down * scale, steps=3)
    page.mouse.up()
    return page.locator(".viewer-caliper-text").text_content() or ""


def test_long_recordings_pressures_and_voices(page, objects):
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.headers.get("range", "")))
    holter = show(page, objects.holter)
    place = holter.locator(".viewer-content-place")
    expect(place).to_have_text("0:00–0:10 of 10:00")
    holter.get_by_label("Part of the recording").fill("36")  # the seventh minute: 3 mV
    expect(place).to_have_text("6:00–6:10 of 10:00")
    channel = holter.locator('[data-channel="Channel A"]')
    wait_for(lambda: abs(extent(channel)[1] - 30) < 0.11, "3 mV on the paper", seconds=10)
    assert f"bytes={360 * 200 * 4}-{370 * 200 * 4 - 1}" in asked  # no more than what is shown
    holter.get_by_role("button", name="Later").click()
    expect(place).to_have_text("6:10–6:20 of 10:00")

    pressure = show(page, objects.pressure)
    expect(pressure.locator(".viewer-sheet")).to_contain_text("20 mmHg/cm, line at 100")
    assert extent(pressure.locator('[data-channel="Aortic pressure"]'))[1] == pytest.approx(20, abs=0.11)
    assert measured(page, pressure.locator(".viewer-sheet"), across=25, down=5) == "1000 ms · 60 bpm · 10 mmHg"

    voice = show(page, objects.voice)
    expect(voice.locator(".viewer-content-place")).to_have_text("0.0 / 1.0 s", timeout=LOADING_MS)
    voice.get_by_role("button", name="Play").click()
    expect(voice.locator(".viewer-content-place")).to_have_text("1.0 / 1.0 s", timeout=LOADING_MS)
    expect(voice.get_by_role("button", name="Play")).to_be_visible()


def test_a_video_is_played_and_stands_still_at_each_frame(page, objects):
    answers: list[int] = []
    page.on("response", lambda response: answers.append(response.status) if "/rendered" in response.url else None)
    content = show(page, objects.video)
    player = content.locator(".viewer-content-frame")
    expect(player).to_have_attribute("data-state", "ready", timeout=LOADING_MS)
    expect(content.locator(".viewer-content-place")).to_have_text(f"1 / {videos.FRAMES}")
    for _ in range(3):
        content.get_by_role("button", name="Next frame").click()
    expect(player).to_have_attribute("data-frame", "3")
    assert patch_of(page) == pytest.approx(grey_of(3), abs=2)
    content.get_by_role("slider", name="Frame").fill("41")
    expect(player).to_have_attribute("data-frame", "41", timeout=LOADING_MS)
    assert patch_of(page) == pytest.approx(grey_of(41), abs=2)
    content.get_by_role("button", name="Previous frame").click()
    expect(player).to_have_attribute("data-frame", "40")
    assert patch_of(page) == pytest.approx(grey_of(40), abs=2)
    content.get_by_label("Playing speed").select_option("4")
    content.get_by_role("button", name="Repeat").click()  # no more
    content.get_by_role("button", name="Play").click()
    expect(player).to_have_attribute("data-frame", str(videos.FRAMES - 1), timeout=LOADING_MS)
    assert set(answers) == {206}

    refused = show(page, objects.mpeg2)
    expect(refused).to_contain_text("It is in MPEG-2", timeout=LOADING_MS)
    with page.expect_download() as started:
        refused.get_by_role("link", name="Download").last.click()
    assert started.value.suggested_filename == f"{objects.mpeg2.SOPInstanceUID}.mpg"


def patch_of(page: Page) -> float:
    """Return the grey of the patch that tells the frame on the screen."""
    return float(
        page.locator("video").evaluate(
            """(video) => {
                const canvas = Object.assign(document.createElement("canvas"), { width: 320, height: 240 });
                const context = canvas.getContext("2d");
                context.drawImage(video, 0, 0);
                return context.getImageData(20, 20, 1, 1).data[0];
            }"""
        )
    )


def grey_of(frame: int) -> float:
    """Return the grey of the patch of a frame (ITU-R BT.601, limited range)."""
    return (videos.patch_luma(frame) - 16) * 255 / 219


def test_each_kind_is_closed_to_another_facility(sign_in, objects):
    stranger = sign_in("technician", "SOUTH")
    for dataset in (objects.pdf, objects.video):
        address = (
            f"/dicom-web/studies/{STUDY.uid}/series/{dataset.SeriesInstanceUID}"
            f"/instances/{dataset.SOPInstanceUID}/rendered"
        )
        assert stranger.request.get(address).status == 404
