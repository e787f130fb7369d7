"""The viewer when the server, the network, the session or the data fail it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Page, Route, expect

from tests.acceptance.conftest import PageProblems
from tests.acceptance.viewer_page import LOADING_MS, PLAN, ViewerPage
from tests.data.phantoms import BORIS, SyntheticStudy, ct_series, save

STUDY = SyntheticStudy("viewer trouble", BORIS, "CT in trouble", "SYN2025120", "20250322", "101500")
SLICES = 8


@pytest.fixture(scope="module", autouse=True)
def study(appliance, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Send a short CT."""
    folder = tmp_path_factory.mktemp("trouble")
    for number, dataset in enumerate(ct_series(replace(PLAN, slices=SLICES), STUDY)):
        save(dataset, folder / f"{number}.dcm")
    appliance.send([folder])


@pytest.fixture
def viewer(page: Page, problems: PageProblems) -> Iterator[ViewerPage]:
    """Give a viewer in whose console failed requests are no surprise."""
    problems.allow("Failed to load resource")
    yield ViewerPage(page)


def frame_of(number: int) -> re.Pattern[str]:
    """Return the address of the frame of the instance with this number."""
    dataset = list(ct_series(replace(PLAN, slices=SLICES), STUDY))[number - 1]
    return re.compile(re.escape(f"/instances/{dataset.SOPInstanceUID}/frames/1"))


class Refusals:
    """Answers requests with a status for some time."""

    def __init__(self, status: int, times: int) -> None:
        self.status, self.left, self.seen = status, times, 0

    def __call__(self, route: Route) -> None:
        self.seen += 1
        if self.left == 0:
            route.continue_()
            return
        self.left -= 1
        route.fulfill(status=self.status, body="")


def test_a_passing_failure_is_retried_without_a_word(viewer: ViewerPage):
    refusals = Refusals(503, 2)
    viewer.page.route(frame_of(1), refusals)
    viewer.open(STUDY)
    viewer.expect(image_index=0)
    assert refusals.seen == 3


def test_a_lasting_failure_is_shown_and_can_be_tried_again(viewer: ViewerPage):
    refusals = Refusals(500, -1)
    viewer.page.route(frame_of(4), refusals)
    viewer.open(STUDY)
    viewer.press("ArrowDown", "ArrowDown", "ArrowDown")
    viewer.expect(state="error", target_index=3)
    notice = viewer.page.get_by_role("alert")
    expect(notice).to_contain_text("Image 4 could not be loaded")
    expect(notice).to_contain_text("500")
    expect(viewer.page.locator(".viewer-canvas")).to_be_hidden()
    viewer.press("ArrowDown")
    viewer.expect(state="ready", image_index=4)
    expect(notice).to_be_hidden()
    viewer.press("ArrowUp")
    viewer.expect(state="error")
    refusals.left = 0
    viewer.click("Try again")
    viewer.expect(state="ready", image_index=3, loaded_count=SLICES)


def test_a_corrupt_frame_in_the_middle_leaves_the_rest_readable(viewer: ViewerPage):
    body = "--b\r\nContent-Type: application/octet-stream; transfer-syntax=1.2.840.10008.1.2.1\r\n\r\nxx\r\n--b--\r\n"
    viewer.page.route(
        frame_of(3),
        lambda route: route.fulfill(
            body=body, headers={"Content-Type": 'multipart/related; type="application/octet-stream"; boundary=b'}
        ),
    )
    viewer.open(STUDY)
    viewer.press("ArrowDown", "ArrowDown")
    viewer.expect(state="error", target_index=2)
    expect(viewer.page.get_by_role("alert")).to_contain_text("damaged")
    viewer.press("ArrowDown")
    viewer.expect(state="ready", image_index=3)


def test_a_lost_connection_heals_by_itself(viewer: ViewerPage):
    viewer.page.route(frame_of(SLICES), lambda route: route.abort())
    viewer.open(STUDY)
    viewer.press("End")
    viewer.expect(state="error")
    expect(viewer.page.get_by_role("alert")).to_contain_text("could not be reached")
    viewer.page.unroute(frame_of(SLICES))
    viewer.page.evaluate("() => { window.dispatchEvent(new Event('online')); }")
    viewer.expect(state="ready", image_index=SLICES - 1)


def test_an_ended_session_says_so_and_leads_back(viewer: ViewerPage, appliance):
    viewer.page.route(re.compile("/frames/"), Refusals(503, -1))
    viewer.page.goto(f"/viewer/{STUDY.uid}")
    viewer.expect(state="error")
    viewer.page.unroute(re.compile("/frames/"))
    cookies = viewer.page.context.cookies()
    viewer.page.context.clear_cookies()
    viewer.click("Try again")
    banner = viewer.page.locator(".viewer-session")
    expect(banner).to_have_text("Signed out: sign in again")
    banner.get_by_role("link").click()
    expect(viewer.page).to_have_url(re.compile(rf"/sign-in\?next=.*{STUDY.uid}"))
    assert cookies
    account = appliance.account("radiologist")
    viewer.page.get_by_label("User name").fill(account.username)
    viewer.page.get_by_label("Password", exact=True).fill(account.password)
    viewer.page.get_by_role("button", name="Sign in").click()
    expect(viewer.page).to_have_url(re.compile(f"/viewer/{STUDY.uid}"))
    viewer.expect(state="ready")


def test_metadata_that_do_not_come_can_be_asked_for_again(viewer: ViewerPage):
    metadata = re.compile("/metadata$")
    viewer.page.route(metadata, Refusals(400, -1))
    viewer.page.goto(f"/viewer/{STUDY.uid}")
    expect(viewer.page.get_by_role("alert")).to_contain_text("This series could not be loaded", timeout=LOADING_MS)
    viewer.page.unroute(metadata)
    viewer.click("Try again")
    viewer.expect(state="ready", image_index=0)


@pytest.mark.parametrize(
    ("series", "words"),
    [
        ({"status": 404, "body": ""}, "This study was not found"),
        ({"status": 200, "body": "[]", "content_type": "application/dicom+json"}, "This study holds no series"),
    ],
)
def test_a_study_that_is_gone_or_empty_says_so(viewer: ViewerPage, series: dict[str, object], words: str):
    viewer.page.route(re.compile(r"/studies/[\d.]+/series$"), lambda route: route.fulfill(**series))
    viewer.page.goto(f"/viewer/{STUDY.uid}")
    notice = viewer.page.locator(".viewer-notice")
    expect(notice).to_contain_text(words, timeout=LOADING_MS)
    expect(notice.get_by_role("link", name="Back to worklist")).to_be_visible()
