"""The whole way of a study: from a modality through the DICOM port to the screen of a radiologist."""

from __future__ import annotations

import base64
import io
import secrets
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import BrowserContext, Page, expect
from pydicom import dcmread

from tests.acceptance.viewer_page import ViewerPage, grey
from tests.appliance.browser import workstation
from tests.appliance.deployment import Appliance, Machine
from tests.data.phantoms import CT_STUDY, THORAX, chest_radiograph, ct_series, save, slice_hu, ultrasound_loop
from tests.support.waiting import wait_for

PLAN = replace(THORAX, slices=9)
# Another study in each run, so that the tests can be repeated on the same containers.
STUDY = replace(CT_STUDY, seed=f"journey {secrets.token_hex(8)}", description=f"Journey {secrets.token_hex(4)}")
AE_TITLE = "CT_ROOM_1"
GREY_TOLERANCE = 2


@pytest.fixture(scope="module")
def facility(appliance: Appliance, modality: Machine) -> None:
    """Enrol the modality as an operator does."""
    appliance.run("noctis-manage add_facility MAIN 'Main hospital'")
    appliance.run(f"noctis-manage add_ae {AE_TITLE} --facility MAIN --address {modality.address}/32")


@pytest.fixture(scope="module")
def studies(modality: Machine, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Lay studies on the modality and return their folder there."""
    folder = tmp_path_factory.mktemp("studies") / "studies"
    for number, dataset in enumerate([*ct_series(PLAN, STUDY), ultrasound_loop(), chest_radiograph()]):
        save(dataset, folder / f"{number:03}.dcm")
    modality.copy(folder, "/home/itstaff/")
    return "/home/itstaff/studies"


@pytest.fixture(scope="module")
def radiologist(appliance: Appliance, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowserContext]:
    """Give a browser whose user has come in through a one-time link."""
    link = appliance.run("noctis-manage set_up_link admin").splitlines()[-1].split()[-1]
    password = secrets.token_urlsafe(16)
    with workstation(appliance, tmp_path_factory.mktemp("home")) as browser:
        page = browser.new_page()
        page.goto(link)
        page.locator("[name=new_password1]").fill(password)
        page.locator("[name=new_password2]").fill(password)
        page.get_by_role("button").click()
        expect(page).to_have_url(f"https://{appliance.web_name}/worklist")
        page.close()
        browser.clear_cookies()
        page = browser.new_page()
        page.goto("/worklist")
        page.locator("[name=username]").fill("admin")
        page.locator("[name=password]").fill(password)
        page.get_by_role("button", name="Sign in").click()
        expect(page).to_have_url(f"https://{appliance.web_name}/worklist")
        page.close()
        yield browser


@pytest.fixture
def page(radiologist: BrowserContext) -> Iterator[Page]:
    """Give an empty page of the signed-in user."""
    opened = radiologist.new_page()
    yield opened
    opened.close()


def storescu(appliance: Appliance, folder: str, ae_title: str = AE_TITLE) -> str:
    """Return the command with which a modality sends a folder."""
    return f"storescu +sd +r -aet {ae_title} -aec NOCTIS_PACS {appliance.address} 11112 {folder}"


def test_an_unknown_caller_is_refused(appliance: Appliance, modality: Machine, facility: None, studies: str) -> None:
    done = modality.host.run(storescu(appliance, studies, "STRANGER"))
    assert done.rc != 0
    assert "Calling AE Title Not Recognized" in done.stderr


def test_a_study_that_is_sent_appears_on_the_open_worklist(
    appliance: Appliance, modality: Machine, facility: None, studies: str, page: Page
) -> None:
    page.goto("/worklist")
    expect(page.locator("#live")).to_have_attribute("data-state", "live")
    row = page.locator(".study", has_text=STUDY.description)
    expect(row).to_have_count(0)
    modality.run(storescu(appliance, studies))
    expect(row).to_contain_text(STUDY.patient.name.replace("^", ", "), timeout=20_000)
    expect(row).to_contain_text(f"{PLAN.slices} / 1", timeout=20_000)
    expect(page.locator(".study")).not_to_have_count(1)


def test_what_was_sent_is_stored_by_the_application_alone(
    appliance: Appliance, modality: Machine, facility: None, studies: str
) -> None:
    spool = "find /var/lib/noctis/spool -type f | wc -l"
    wait_for(lambda: appliance.run(spool).strip() == "0", "an empty spool")
    stored = "find /var/lib/noctis/storage -type f -printf '%m %u\\n'"
    before = appliance.run(stored).splitlines()
    assert len(before) >= PLAN.slices + 2
    assert set(before) == {"600 noctis"}
    modality.run(storescu(appliance, studies))  # once more: nothing is stored twice
    wait_for(lambda: appliance.run(spool).strip() == "0", "an empty spool")
    assert appliance.run(stored).splitlines() == before


def test_a_running_transfer_is_finished_when_the_service_restarts(
    appliance: Appliance, modality: Machine, facility: None, studies: str
) -> None:
    files = " ".join([f"{studies}/*.dcm"] * 12)
    command = f"storescu -aet {AE_TITLE} -aec NOCTIS_PACS {appliance.address} 11112 {files}"
    modality.run(f"rm -f /tmp/ended; nohup sh -c '{command}; echo $? >/tmp/ended' >/dev/null 2>&1 &")
    running = "ss --no-header --tcp --numeric state established '( sport = :11112 )'"
    wait_for(lambda: appliance.run(running), "an association")
    assert not modality.host.file("/tmp/ended").exists  # noqa: S108
    appliance.run("supervisorctl restart noctis-dicom")
    ended = modality.run("timeout 20 sh -c 'until test -s /tmp/ended; do sleep 0.1; done; cat /tmp/ended'")
    assert ended.strip() == "0"
    wait_for(lambda: appliance.listens(11112), "the DICOM service")


def test_an_object_comes_back_as_it_was_sent(page: Page, radiologist: BrowserContext) -> None:
    original = next(ct_series(PLAN, STUDY))
    address = f"/dicom-web/studies/{STUDY.uid}/series/{original.SeriesInstanceUID}/instances/{original.SOPInstanceUID}"
    ask = """async (address) => {
        const answer = await fetch(address, { headers: { Accept: "application/dicom" } });
        const bytes = new Uint8Array(await answer.arrayBuffer());
        const text = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
        return [answer.status, btoa(text), answer.headers.has("x-accel-redirect")];
    }"""
    page.goto("/healthz")  # unlike the worklist it stays where it is when nobody is signed in any more
    status, encoded, tells_the_path = page.evaluate(ask, address)
    assert (status, tells_the_path) == (200, False)
    assert dcmread(io.BytesIO(base64.b64decode(encoded))) == original
    signed_in = radiologist.cookies()
    radiologist.clear_cookies()
    # The browser has kept the object, and yet it must not give it to whoever comes next.
    stranger = page.evaluate(ask, address)
    radiologist.add_cookies(signed_in)  # type: ignore[arg-type]
    assert stranger[0] == 401


def test_the_viewer_shows_the_pixels_of_the_phantom(page: Page, appliance: Appliance) -> None:
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    viewer = ViewerPage(page)
    viewer.open(STUDY)
    for index in (0, PLAN.slices // 2):
        viewer.go_to(index)
        window = (float(viewer.state("window-center")), float(viewer.state("window-width")))
        assert window == PLAN.window
        compare(viewer, slice_hu(PLAN, index), window)
    assert not problems
    assert f"GET /viewer/{STUDY.uid} 200" in appliance.run("cat /var/log/nginx/access.log")


def compare(viewer: ViewerPage, hu: NDArray[np.int16], window: tuple[float, float]) -> None:
    """Check the grey values wherever the phantom is even over 9 × 9 pixels, so that interpolation plays no part."""
    picture = viewer.picture()
    rows, columns = hu.shape
    even = [
        (row, column)
        for row in range(4, rows - 4, 7)
        for column in range(4, columns - 4, 7)
        if not np.ptp(hu[row - 4 : row + 5, column - 4 : column + 5])
    ]
    for row, column in even:
        expected = grey(float(hu[row, column]), *window)
        drawn = viewer.at_pixel(picture, row, column, hu.shape)
        assert drawn == pytest.approx([expected] * 3, abs=GREY_TOLERANCE), (row, column)
    assert len(even) > rows
    assert len({hu[place] for place in even}) > 4
