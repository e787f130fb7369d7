"""The viewer when the server, the network, the session or the data fail it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Page, Playwright, Route, expect

from tests.acceptance.conftest import CHROMIUM, CHROMIUM_FLAGS, PageProblems, enter
from tests.acceptance.viewer_page import LOADING_MS, PLAN, ViewerPage
from tests.data.phantoms import BORIS, SyntheticStudy, ct_series, save
from tests.support.appliance import Account, Appliance
from tests.support.waiting import wait_for

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
    expect(viewer.page.locator(".viewer-session")).to_be_hidden()


def draw_length(viewer: ViewerPage, row: int) -> str:
    """Draw a length along a row of the image where no other test draws, and return what it measures."""
    size = (PLAN.matrix, PLAN.matrix)
    viewer.press("l")
    viewer.stroke(viewer.place_of(row, 150, size), viewer.place_of(row, 250, size))
    # A column of the screen more or less: 100 pixels of the image between two whole points of the page.
    shown = viewer.page.locator(".viewer-annotation-value").last
    wait_for(lambda: abs(float(shown.inner_text().split()[0]) - 100 * PLAN.pixel) < 2 * PLAN.pixel, "the length")
    return shown.inner_text()


def sign_in_beside(viewer: ViewerPage, account: Account) -> None:
    """Use the banner's link: a tab beside the viewer, which closes when it has served."""
    with viewer.page.context.expect_page() as opened:
        viewer.page.get_by_role("link", name="Sign in again").click()
    tab = opened.value
    tab.get_by_label("User name").fill(account.username)
    tab.get_by_label("Password", exact=True).fill(account.password)
    with tab.expect_event("close"):
        tab.get_by_role("button", name="Sign in").click()


def measurements_of(viewer: ViewerPage) -> list[str]:
    """Return what the server keeps."""
    answer = viewer.page.request.get(f"/viewer/{STUDY.uid}/annotations")
    return [str(one["uid"]) for one in answer.json()["annotations"]]


def test_an_ended_session_keeps_what_was_drawn_and_goes_on_without_a_reload(viewer: ViewerPage, appliance: Appliance):
    viewer.page.route(frame_of(SLICES), lambda route: route.abort())
    viewer.open(STUDY)
    viewer.press("m", "ArrowDown")
    viewer.expect(image_index=1, state="ready")
    before = measurements_of(viewer)
    viewer.page.evaluate("() => { document.body.dataset.mark = 'the same page'; }")
    viewer.page.context.clear_cookies()
    drawn = draw_length(viewer, 100)
    banner = viewer.page.locator(".viewer-session")
    expect(banner).to_contain_text("Your session has ended")
    expect(viewer.page.locator(".viewer-status-hint")).to_contain_text("sign in again, they are kept in this tab")
    viewer.page.unroute(frame_of(SLICES))
    viewer.press("End")
    viewer.expect(state="error")

    sign_in_beside(viewer, appliance.account("radiologist"))

    expect(banner).to_be_hidden()
    viewer.expect(state="ready", image_index=SLICES - 1)
    expect(viewer.page.locator(".viewer-status-hint")).to_have_text("Measurements saved")
    expect(viewer.page.locator(".viewer-annotation-value")).to_have_text(drawn)
    expect(viewer.page.locator("body[data-mark]")).to_be_attached()
    assert len(measurements_of(viewer)) == len(before) + 1


def test_what_was_drawn_after_the_session_survives_signing_in_in_the_same_tab(viewer: ViewerPage, appliance: Appliance):
    viewer.open(STUDY)
    viewer.press("m")
    before = measurements_of(viewer)
    viewer.page.context.clear_cookies()
    draw_length(viewer, 150)
    expect(viewer.page.locator(".viewer-session")).to_contain_text("Your session has ended")
    viewer.page.once("dialog", lambda dialog: dialog.accept())
    viewer.page.reload()
    account = appliance.account("radiologist")
    viewer.page.get_by_label("User name").fill(account.username)
    viewer.page.get_by_label("Password", exact=True).fill(account.password)
    viewer.page.get_by_role("button", name="Sign in").click()
    viewer.expect(state="ready")
    expect(viewer.page.locator(".viewer-status-hint")).to_have_text("Measurements saved")
    assert len(measurements_of(viewer)) == len(before) + 1


def test_nothing_is_saved_under_the_name_of_whoever_signs_in_next(viewer: ViewerPage, appliance: Appliance):
    viewer.open(STUDY)
    viewer.press("m")
    before = measurements_of(viewer)
    viewer.page.context.clear_cookies()
    draw_length(viewer, 200)
    sign_in_beside(viewer, appliance.account("technician", "NORTH"))
    banner = viewer.page.locator(".viewer-session")
    expect(banner).to_contain_text("signed in in this browser")
    expect(viewer.page.locator(".viewer-status-hint")).to_contain_text("not saved")
    assert measurements_of(viewer) == before


def test_a_lost_network_leaves_what_is_loaded_and_goes_on_when_it_is_back(viewer: ViewerPage):
    viewer.page.route(frame_of(SLICES), Refusals(503, 4))
    viewer.open(STUDY)
    viewer.expect(loaded_count=SLICES - 1)
    viewer.press("m")
    viewer.page.context.set_offline(True)
    banner = viewer.page.locator(".viewer-session")
    expect(banner).to_contain_text("The server cannot be reached")
    viewer.press("ArrowDown", "ArrowDown")
    viewer.expect(state="ready", image_index=2)
    draw_length(viewer, 250)
    expect(viewer.page.locator(".viewer-status-hint")).to_contain_text("not saved yet")
    viewer.press("End")
    viewer.expect(state="error")

    viewer.page.context.set_offline(False)
    expect(banner).to_be_hidden()
    viewer.expect(state="ready", image_index=SLICES - 1, loaded_count=SLICES)
    expect(viewer.page.locator(".viewer-status-hint")).to_have_text("Measurements saved")


def test_a_full_browser_storage_is_said_and_loses_nothing(viewer: ViewerPage):
    viewer.open(STUDY)
    viewer.press("m")
    before = measurements_of(viewer)
    viewer.page.evaluate(
        """() => { for (let size = 4194304; size > 0; size = Math.floor(size / 2)) {
            try { for (let n = 0; n < 9; n += 1) sessionStorage.setItem(`${size}.${n}`, 'x'.repeat(size)); } catch {} }
        }"""
    )
    viewer.page.route("**/annotations/*", lambda route: route.abort())
    draw_length(viewer, 300)
    hint = viewer.page.locator(".viewer-status-hint")
    expect(hint).to_contain_text("storage is full: keep this tab open")
    viewer.page.unroute("**/annotations/*")
    expect(hint).to_have_text("Measurements saved", timeout=LOADING_MS)
    assert len(measurements_of(viewer)) == len(before) + 1


def test_a_study_that_is_taken_away_meanwhile_says_so_and_keeps_what_was_drawn(viewer: ViewerPage):
    viewer.page.route(frame_of(SLICES), lambda route: route.fulfill(status=404, body=""))
    viewer.open(STUDY)
    viewer.press("m")
    viewer.page.route("**/annotations/*", lambda route: route.fulfill(status=404, body=""))
    drawn = draw_length(viewer, 350)
    expect(viewer.page.locator(".viewer-status-hint")).to_contain_text("does not have their images any more")
    expect(viewer.page.locator(".viewer-annotation-value").last).to_have_text(drawn)
    viewer.press("End")
    viewer.expect(state="error")
    expect(viewer.page.get_by_role("alert")).to_contain_text("The archive does not have it any more")
    viewer.press("Home")
    viewer.expect(state="ready", image_index=0)


def test_metadata_that_do_not_come_can_be_asked_for_again(viewer: ViewerPage):
    metadata = re.compile("/metadata$")
    viewer.page.route(metadata, Refusals(400, -1))
    viewer.page.goto(f"/viewer/{STUDY.uid}?hanging=one")
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
    viewer.page.goto(f"/viewer/{STUDY.uid}?hanging=one")
    notice = viewer.page.locator(".viewer-notice")
    expect(notice).to_contain_text(words, timeout=LOADING_MS)
    expect(notice.get_by_role("link", name="Back to worklist")).to_be_visible()


REMEMBER_CONTEXTS = """
const original = HTMLCanvasElement.prototype.getContext;
window.contexts = [];
HTMLCanvasElement.prototype.getContext = function (kind, ...more) {
    if (window.withoutGraphics && kind.startsWith("webgl")) return null;
    const context = original.call(this, kind, ...more);
    if (context && kind.startsWith("webgl")) window.contexts.push(context);
    return context;
};
"""
LOSE = """(isGivenBack) => {
    const lost = window.contexts.map((context) => [context, context.getExtension("WEBGL_lose_context")]);
    for (const [context, handle] of lost) if (handle && !context.isContextLost()) {
        handle.loseContext();
        if (isGivenBack) setTimeout(() => handle.restoreContext(), 1000);
    }
}"""


@pytest.mark.parametrize("is_given_back", [True, False], ids=["given back", "gone for good"])
def test_lost_graphics_come_back_or_are_done_without(viewer: ViewerPage, *, is_given_back: bool):
    viewer.page.add_init_script(REMEMBER_CONTEXTS)
    viewer.open(STUDY)
    viewer.press("m")
    viewer.go_to(4)
    viewer.press("3", "h", "+")
    viewer.expect(image_index=4, state="ready", window_center=400, flip_horizontal="true", renderer="gpu")
    viewer.expect_near(zoom=1.25)
    drawn = draw_length_across(viewer, 60 if is_given_back else -90)
    before = viewer.picture().astype(int)

    if not is_given_back:
        viewer.page.evaluate("() => { window.withoutGraphics = true; }")
    viewer.page.evaluate(LOSE, is_given_back)
    expect(viewer.page.get_by_role("alert")).to_contain_text("The graphics of this computer failed")
    viewer.expect(renderer="gpu" if is_given_back else "cpu", image_index=4, state="ready")
    expect(viewer.page.get_by_role("alert")).to_be_hidden()
    viewer.expect(window_center=400, flip_horizontal="true")
    viewer.expect_near(zoom=1.25)
    wait_for(lambda: abs(viewer.picture().astype(int) - before).mean() < 4, "the same picture")
    expect(viewer.page.locator(".viewer-annotation-value").last).to_have_text(drawn)

    viewer.press("ArrowDown")
    viewer.expect(image_index=5, state="ready")
    viewer.press("ArrowUp")
    viewer.expect(image_index=4, state="ready")
    expect(viewer.page.locator(".viewer-canvas svg line").first).to_be_visible()
    if not is_given_back:
        expect(viewer.page.locator(".viewer-status-renderer")).to_have_text("Drawing without graphics acceleration")


def draw_length_across(viewer: ViewerPage, down: int) -> str:
    """Draw a length so far below the middle of the viewport, and return what it measures once it is saved."""
    x, y = viewer.middle()
    viewer.press("l")
    viewer.stroke((x - 120, y + down), (x + 40, y + down + 30))
    expect(viewer.page.locator(".viewer-annotation-value").last).to_have_text(re.compile(r"^[1-9][\d.]+ mm"))
    expect(viewer.page.locator(".viewer-status-hint")).to_have_text("Measurements saved")
    return viewer.page.locator(".viewer-annotation-value").last.inner_text()


def test_a_crash_of_the_graphics_process_stops_nobody(
    playwright: Playwright, appliance: Appliance, problems: PageProblems
):
    """In a browser of its own: after some crashes it does without graphics for good."""
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
    context = browser.new_context(base_url=appliance.base_url, viewport={"width": 1280, "height": 800})
    problems.watch(context)
    enter(context, appliance.account("radiologist"))
    viewer = ViewerPage(context.new_page())
    viewer.open(STUDY)
    viewer.go_to(4)
    viewer.press("m", "3")
    viewer.expect(window_center=400)
    drawn = draw_length_across(viewer, 150)
    alert = viewer.page.get_by_role("alert").filter(has_text="The graphics of this computer failed")
    for step in (5, 6):
        browser.new_browser_cdp_session().send("Browser.crashGpuProcess")
        expect(alert).to_be_visible(timeout=LOADING_MS)
        expect(alert).to_be_hidden(timeout=LOADING_MS)
        viewer.expect(state="ready", image_index=step - 1, window_center=400)
        viewer.press("ArrowDown")
        viewer.expect(state="ready", image_index=step)
        wait_for(lambda: viewer.picture().mean() > 1, "a picture")
        expect(viewer.page.locator(".viewer-annotation-value").last).to_have_text(drawn)
    browser.close()
