"""Hanging protocols and priors: what stands where, whose it is, and what a reader keeps."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.acceptance.conftest import PageProblems
from tests.acceptance.viewer_page import LOADING_MS, PLAN, ViewerPage
from tests.data.mammograms import mammograms
from tests.data.phantoms import SyntheticPatient, SyntheticStudy, ct_series, save
from tests.support.appliance import Appliance

GRETA = SyntheticPatient("Phantom^Greta", "SYN-HANG-1", "19580214", "F")
HANNA = SyntheticPatient("Phantom^Hanna", "SYN-HANG-1", "19771009", "F")
IDA = SyntheticPatient("Phantom^Ida", "SYN-HANG-2", "19630301", "F")
CURRENT = SyntheticStudy("hanging now", GRETA, "CT thorax follow-up", "SYN2025160", "20250320", "101500")
PRIOR = SyntheticStudy("hanging before", GRETA, "CT thorax", "SYN2025161", "20240120", "101500")
DOUBTFUL = SyntheticStudy("hanging doubtful", HANNA, "CT of somebody", "SYN2025162", "20230120", "101500")
BREASTS = SyntheticStudy("hanging breasts", IDA, "Mammography", "SYN2025163", "20250320", "101500")
SHORT = replace(PLAN, slices=12)


@pytest.fixture(scope="module", autouse=True)
def studies(appliance: Appliance, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Send a CT, one of the year before, one of another person under the same ID, and a mammogram."""
    folder = tmp_path_factory.mktemp("hanging")
    plans = [(CURRENT, SHORT), (PRIOR, SHORT), (DOUBTFUL, replace(SHORT, slices=2))]
    datasets = [dataset for study, plan in plans for dataset in ct_series(plan, study)]
    for number, dataset in enumerate([*datasets, *mammograms(BREASTS)]):
        save(dataset, folder / f"{number:03}.dcm")
    appliance.send([folder])


@pytest.fixture
def viewer(page: Page) -> ViewerPage:
    """Give the viewer with the current study as its hanging protocol lays it out."""
    page.goto(f"/viewer/{CURRENT.uid}")
    expect_layout(page, 1, 2)
    return ViewerPage(page)


def pane(page: Page, position: int) -> Locator:
    """Return the viewport at a place of the grid, counted from 0, row by row."""
    return page.locator(".viewer-grid > .viewer-stage").nth(position).locator(".viewer-viewport")


def tag(page: Page, position: int) -> Locator:
    """Return what a viewport says of its study."""
    return pane(page, position).locator(".viewer-study-tag")


def expect_layout(page: Page, rows: int, columns: int) -> None:
    """Wait until so many viewports stand there and show their images."""
    expect(page.locator(".viewer-grid")).to_have_attribute("data-layout", f"{rows}x{columns}", timeout=LOADING_MS)
    for position in range(rows * columns):
        expect_state(pane(page, position), state="ready")


def expect_state(viewport: Locator, **attributes: object) -> None:
    """Wait until a viewport has these ``data-`` attributes."""
    for name, value in attributes.items():
        expect(viewport).to_have_attribute(f"data-{name.replace('_', '-')}", str(value), timeout=LOADING_MS)


def choose(page: Page, name: str | re.Pattern[str]) -> None:
    """Choose in the menu of hanging protocols."""
    page.get_by_role("button", name="Hanging protocol").click()
    page.locator(".viewer-hanging").get_by_role("button", name=name).first.click()


def test_a_chest_ct_hangs_beside_its_prior_and_says_which_is_which(viewer: ViewerPage):
    page = viewer.page
    for position in (0, 1):
        expect_state(pane(page, position), window_center=-600, window_width=1500, image_index=0)
    expect(tag(page, 0)).to_have_text("CURRENT · 2025-03-20")
    expect(tag(page, 1)).to_have_text("PRIOR · 2024-01-20 · 14 mo earlier")
    expect(pane(page, 1).locator('[data-corner="topRight"]')).to_contain_text("2024-01-20")

    viewer.press("ArrowDown", "ArrowDown", "ArrowDown")
    for position in (0, 1):
        expect_state(pane(page, position), image_index=3)

    viewer.press("j")
    for position in (0, 1):
        expect_state(pane(page, position), window_center=50, window_width=350)
    viewer.press("j")
    expect_layout(page, 2, 2)
    expect_state(pane(page, 1), window_center=-600)
    expect(tag(page, 3)).to_contain_text("PRIOR")
    viewer.press("Shift+J")
    expect_layout(page, 1, 2)


def test_the_layout_comes_back_after_a_reload(viewer: ViewerPage):
    viewer.press("j", "j")
    expect_layout(viewer.page, 2, 2)
    expect(viewer.page).to_have_url(re.compile("hanging=ct-chest-prior"))
    viewer.page.reload()
    expect_layout(viewer.page, 1, 2)


def test_another_protocol_is_chosen_and_an_own_layout_kept_and_forgotten(viewer: ViewerPage):
    page = viewer.page
    choose(page, "CT, one series")
    expect_layout(page, 1, 1)
    expect(page.locator(".viewer-study-tag")).to_be_hidden()
    viewer.press("3")
    expect_state(pane(page, 0), window_center=400, window_width=1800)
    choose(page, re.compile("Keep this layout for CT chest"))
    expect(page.locator(".viewer-status-hint")).to_have_text("Your hanging protocols are kept")

    page.goto(f"/viewer/{PRIOR.uid}")
    expect_layout(page, 1, 1)
    expect_state(pane(page, 0), window_center=400, window_width=1800)
    choose(page, re.compile("Forget my layout"))
    expect_layout(page, 1, 2)
    page.goto(f"/viewer/{CURRENT.uid}")
    expect_layout(page, 1, 2)


def test_a_prior_goes_into_any_pane_and_its_measurements_stay_with_it(page: Page):
    viewer = ViewerPage(page)
    viewer.open(CURRENT)
    viewer.press("m")
    prior = page.locator(f'details[data-study-uid="{PRIOR.uid}"]')
    expect(prior).to_contain_text("2024-01-20 · CT")
    expect(prior).to_contain_text("14 mo earlier")
    prior.locator("summary").click()
    prior.locator(".viewer-card").click()
    expect_state(pane(page, 0), state="ready", image_count=12)
    expect(tag(page, 0)).to_contain_text("PRIOR · 2024-01-20")
    viewer.press("l")
    size = (PLAN.matrix, PLAN.matrix)
    viewer.stroke(viewer.place_of(200, 150, size), viewer.place_of(260, 330, size))
    expect(page.locator(".viewer-status-hint")).to_have_text("Measurements saved")

    def kept(study: SyntheticStudy) -> int:
        return len(page.request.get(f"/viewer/{study.uid}/annotations").json()["annotations"])

    assert (kept(CURRENT), kept(PRIOR)) == (0, 1)
    viewer.open(CURRENT)
    expect(page.locator(".viewer-annotations-list > li")).to_have_count(0)
    viewer.press("Shift+P")
    expect(tag(page, 0)).to_contain_text("PRIOR · 2024-01-20")
    expect(page.locator(".viewer-annotations-list > li")).to_have_count(1)


def test_a_study_that_may_be_of_somebody_else_is_never_shown_beside(viewer: ViewerPage):
    page = viewer.page
    expect(page.locator(f'details[data-study-uid="{DOUBTFUL.uid}"]')).to_have_count(0)
    link = page.get_by_role("link", name=re.compile("CT of somebody"))
    expect(link).to_contain_text("Other name, birth date or sex")
    expect(link).to_have_attribute("href", f"/viewer/{DOUBTFUL.uid}")
    answer = page.request.post(f"/viewer/{CURRENT.uid}/priors/{DOUBTFUL.uid}")
    assert answer.status in {403, 409}


def test_images_that_name_another_patient_are_refused(page: Page):
    def exchange(route: Route) -> None:
        answer = route.fetch()
        instances = answer.json()
        for instance in instances:
            instance["00100020"] = {"vr": "LO", "Value": ["SOMEBODY"]}
        route.fulfill(response=answer, body=json.dumps(instances))

    page.route(re.compile(rf"/studies/{re.escape(PRIOR.uid)}/.*/metadata"), exchange)
    page.goto(f"/viewer/{CURRENT.uid}")
    expect_state(pane(page, 0), state="ready")
    notice = page.locator(".viewer-stage").nth(1).get_by_role("alert")
    expect(notice).to_contain_text("may be of another patient", timeout=LOADING_MS)
    expect(pane(page, 1)).to_have_attribute("data-state", "empty")


def test_a_mammogram_hangs_back_to_back(page: Page):
    page.goto(f"/viewer/{BREASTS.uid}")
    expect_layout(page, 1, 4)
    for position, (view, side) in enumerate([("CC", "R"), ("CC", "L"), ("MLO", "R"), ("MLO", "L")]):
        viewport = pane(page, position)
        expect(viewport.locator('[data-corner="bottomLeft"]')).to_contain_text(f"{view} · {side}")
        expect_state(viewport, flip_horizontal=str(side == "R").lower(), flip_vertical="false")
        # The chest wall's side, away from the nipple: to the right of a right breast.
        expect(viewport.locator('[data-edge="right"]')).to_have_text("P" if side == "R" else "A")


def test_rules_that_do_not_come_leave_a_viewer_that_works(page: Page, problems: PageProblems):
    problems.allow("Failed to load resource")
    page.route("**/viewer/hanging-protocols", lambda route: route.fulfill(status=404, body=""))
    page.goto(f"/viewer/{CURRENT.uid}")
    expect_layout(page, 1, 1)
