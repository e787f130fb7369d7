"""The whole way of a study: from a modality through the DICOM port to the screen of a radiologist."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import BrowserContext, Page, expect

from tests.appliance.browser import drawn_pixels, workstation
from tests.appliance.deployment import Appliance, Machine
from tests.data.phantoms import ADA, CT_STUDY, THORAX, chest_radiograph, ct_series, save, slice_hu, ultrasound_loop
from tests.support.waiting import wait_for

PLAN = replace(THORAX, slices=9)
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
    for number, dataset in enumerate([*ct_series(PLAN), ultrasound_loop(), chest_radiograph()]):
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
        browser.clear_cookies()
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
    expect(page.get_by_text(ADA.name.replace("^", ", "))).to_have_count(0)
    modality.run(storescu(appliance, studies))
    row = page.locator(".study", has_text=ADA.name.replace("^", ", ")).filter(has_text="CT")
    expect(row).to_be_visible(timeout=20_000)
    expect(row).to_contain_text(str(PLAN.slices), timeout=20_000)
    expect(page.locator(".study")).to_have_count(3, timeout=20_000)


def test_what_was_sent_is_stored_by_the_application_alone(
    appliance: Appliance, modality: Machine, facility: None, studies: str
) -> None:
    modality.run(storescu(appliance, studies))  # once more: nothing is stored twice
    count = PLAN.slices + 2
    spool = "find /var/lib/noctis/spool -type f | wc -l"
    wait_for(lambda: appliance.run(spool).strip() == "0", "an empty spool")
    stored = appliance.run("find /var/lib/noctis/storage -type f -printf '%m %u\\n'").splitlines()
    assert stored == ["600 noctis"] * count


def test_the_viewer_shows_the_pixels_of_the_phantom(page: Page, appliance: Appliance) -> None:
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(f"/viewer/{CT_STUDY.uid}")
    viewport = page.locator(".viewer-viewport")
    expect(viewport).to_have_attribute("data-state", "ready", timeout=30_000)
    for index in (0, PLAN.slices // 2):
        while int(viewport.get_attribute("data-target-index") or 0) < index:
            page.keyboard.press("ArrowDown")
        expect(viewport).to_have_attribute("data-image-index", str(index), timeout=15_000)
        expect(viewport).to_have_attribute("data-state", "ready", timeout=15_000)
        window = tuple(float(viewport.get_attribute(f"data-window-{name}") or 0) for name in ("center", "width"))
        assert window == PLAN.window
        compare(drawn_pixels(viewport.locator("canvas").first), slice_hu(PLAN, index), window)
    assert not problems
    log = appliance.run("cat /var/log/nginx/access.log")
    assert f"GET /viewer/{CT_STUDY.uid} 200" in log


def compare(drawn: NDArray[np.uint8], hu: NDArray[np.int16], window: tuple[float, ...]) -> None:
    """Check the grey values wherever the phantom is even over 9 × 9 pixels, so that interpolation plays no part."""
    rows, columns = hu.shape
    height, width = drawn.shape[:2]
    scale = min(height / rows, width / columns)
    centre, span = window
    shades = set()
    checked = 0
    for row in range(4, rows - 4, 7):
        for column in range(4, columns - 4, 7):
            patch = hu[row - 4 : row + 5, column - 4 : column + 5]
            if np.ptp(patch):
                continue
            y = round((height - rows * scale) / 2 + (row + 0.5) * scale)
            x = round((width - columns * scale) / 2 + (column + 0.5) * scale)
            # PS3.3 C.11.2.1.2.1
            share = (float(hu[row, column]) - (centre - 0.5)) / (span - 1) + 0.5
            expected = round(min(max(share, 0.0), 1.0) * 255)
            assert np.all(np.abs(drawn[y, x].astype(int) - expected) <= GREY_TOLERANCE), (
                row,
                column,
                drawn[y, x],
                expected,
            )
            shades.add(expected)
            checked += 1
    assert checked > rows
    assert len(shades) > 4
