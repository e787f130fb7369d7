"""How the viewer loads: what comes first, what is broken off, how much is kept, and what is fetched ahead."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Page, Request, Route, expect

from tests.acceptance.viewer_page import ViewerPage
from tests.data.phantoms import SPINE, THORAX, SyntheticPatient, SyntheticStudy, ct_series, save
from tests.support.appliance import Appliance
from tests.support.waiting import wait_for

LENA = SyntheticPatient("Phantom^Lena", "SYN-0201", "19610305", "F")
OLGA = SyntheticPatient("Phantom^Olga", "SYN-0202", "19520203", "F")
SLICES = 40
LONG = replace(THORAX, slices=SLICES, spacing=5.0, first_z=100.0, matrix=256, pixel=1.4)
OTHER = replace(SPINE, slices=SLICES, matrix=256, pixel=0.7)
SHORT = replace(LONG, slices=4)
STUDY = SyntheticStudy("loading", LENA, "CT for loading", "SYN2026200", "20260110", "101500")
PRIOR = SyntheticStudy("loading prior", LENA, "CT for loading, earlier", "SYN2025200", "20250110", "101500")
NEXT = SyntheticStudy("loading next", OLGA, "CT of somebody else", "SYN2026201", "20260111", "101500")
BYTES_PER_IMAGE = 256 * 256 * 2
AT_ONCE = 5
FRAME = re.compile(r"/studies/([0-9.]+)/series/([0-9.]+)/instances/[0-9.]+/frames/1$")
# 160 MB of images for each gigabyte that the device has: room for 24 of these.
SMALL_DEVICE = "Object.defineProperty(Navigator.prototype, 'deviceMemory', { get: () => 0.02 });"
SAVES_DATA = "Object.defineProperty(Navigator.prototype, 'connection', { get: () => ({ saveData: true }) });"


@pytest.fixture(scope="module", autouse=True)
def studies(appliance: Appliance, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Send an earlier study of the patient, one of somebody else, then the one that is read, with two long series."""
    sent = {"prior": [*ct_series(SHORT, PRIOR)], "next": [*ct_series(SHORT, NEXT)]}
    sent["study"] = [*ct_series(LONG, STUDY), *ct_series(OTHER, STUDY)]
    for name, datasets in sent.items():
        folder = tmp_path_factory.mktemp(name)
        for number, dataset in enumerate(datasets):
            save(dataset, folder / f"{number:03}.dcm")
        appliance.send([folder])


class Frames:
    """The frames that a page asks for, in order, and those that it no longer wants."""

    def __init__(self, page: Page) -> None:
        self.urls: list[str] = []
        self.given_up: list[str] = []
        page.on("request", lambda request: self._note(request, self.urls))
        page.on("requestfailed", lambda request: self._note(request, self.given_up))

    def _note(self, request: Request, urls: list[str]) -> None:
        if FRAME.search(request.url):
            urls.append(request.url)

    def of(self, study: SyntheticStudy) -> list[str]:
        """Return the addresses that belong to a study."""
        return [url for url in self.urls if study.uid in url]

    def series(self) -> list[str]:
        """Return the series of each request."""
        return [found[2] for url in self.urls if (found := FRAME.search(url))]


@pytest.fixture
def viewer(page: Page) -> ViewerPage:
    """Give the viewer of a radiologist, not yet opened."""
    return ViewerPage(page)


def expect_loaded(page: Page, count: int = SLICES) -> None:
    """Wait until the status line tells that so many images are there."""
    expect(page.locator(".viewer-status-loading")).to_have_text(f"{count} of {SLICES} images loaded", timeout=30_000)


def until(page: Page, condition: Callable[[], object], what: str, *, seconds: float = 30.0) -> None:
    """Wait for something that the page's requests tell; they are heard only while the page is asked for something."""

    def heard() -> object:
        page.wait_for_timeout(50)
        return condition()

    wait_for(heard, what, seconds=seconds)


class Gate:
    """Lets the first frames of a page through and keeps the others waiting until it is opened."""

    def __init__(self, page: Page, *, first: int) -> None:
        self.held: list[Route] = []
        self._left = first
        self._is_open = False
        page.route(FRAME, self._decide)

    def _decide(self, route: Route) -> None:
        if self._is_open or self._left > 0:
            self._left -= 1
            route.continue_()
        else:
            self.held.append(route)

    def open(self) -> None:
        """Let through what waits and is still wanted, and whatever comes."""
        self._is_open = True
        for route in self.held:
            if route.request.failure is None:
                route.continue_()


def test_everything_is_asked_for_once_and_first_of_all_what_is_seen_first(viewer: ViewerPage):
    frames = Frames(viewer.page)
    metadata: list[str] = []
    viewer.page.on("request", lambda request: metadata.append(request.url) if "/metadata" in request.url else None)
    viewer.open(STUDY)
    expect_loaded(viewer.page)
    assert max(Counter(frames.of(STUDY)).values()) == 1
    assert max(Counter(metadata).values()) == 1
    begun = viewer.page.evaluate(
        """() => ['/metadata', 'decodeImageFrameWorker'].map((part) =>
            performance.getEntriesByType('resource').find(({ name }) => name.includes(part)).startTime)"""
    )
    assert begun == sorted(begun)  # before the imaging library had its first word
    assert len(set(frames.series()[:SLICES])) == 1


def test_leaving_a_series_breaks_off_what_was_under_way_for_it(viewer: ViewerPage):
    page = viewer.page
    frames = Frames(page)
    gate = Gate(page, first=1)
    viewer.open(STUDY)
    until(page, lambda: len(gate.held) == AT_ONCE, "images asked for ahead")
    first = set(frames.series())

    viewer.press("PageDown")
    until(page, lambda: len(frames.given_up) == AT_ONCE, "the end of what was under way")
    assert set(frames.given_up) == set(frames.urls[1 : 1 + AT_ONCE])
    until(page, lambda: len(set(frames.series())) > 1, "the other series")
    gate.open()
    viewer.expect(state="ready", image_index=0)
    expect_loaded(page)
    assert len([one for one in frames.series() if one in first]) == 1 + AT_ONCE
    viewer.press("PageUp")
    expect_loaded(page)  # and the other one goes on where it was left


def test_what_a_pane_shows_never_waits_for_what_another_one_may_show_later(viewer: ViewerPage):
    page = viewer.page
    frames = Frames(page)
    gate = Gate(page, first=1)
    viewer.open(STUDY)
    until(page, lambda: len(gate.held) == AT_ONCE, "images asked for ahead")
    viewer.press("Shift+B")  # two panes side by side; the second one gets the second series
    until(page, lambda: len(set(frames.series())) > 1, "the first image of the second pane")
    assert len(frames.urls) == 1 + AT_ONCE + 1

    gate.open()
    viewports = page.locator(".viewer-viewport")
    for position in range(2):
        expect(viewports.nth(position)).to_have_attribute("data-state", "ready", timeout=20_000)
    until(page, lambda: len(frames.of(STUDY)) == 2 * SLICES, "both series")
    near = Counter(frames.series()[1 + AT_ONCE + 1 :][:20])
    assert len(near) == 2
    assert min(near.values()) >= 3  # neither pane waits until the other one is complete


def test_a_small_device_keeps_no_more_images_than_it_has_room_for(sign_in: Callable[..., Page]):
    page = sign_in("radiologist")
    page.add_init_script(SMALL_DEVICE)
    viewer = ViewerPage(page)
    status = page.locator(".viewer-status-loading")
    viewer.open(STUDY)
    for step in ("", "PageDown", "PageUp"):
        if step:
            viewer.press(step)
            viewer.expect(state="ready")
        for index in (0, SLICES // 2, SLICES - 1):
            viewer.go_to(index)
            page.wait_for_timeout(300)
            used, most = (int(status.get_attribute(f"data-{name}-bytes") or 0) for name in ("used", "most"))
            assert 0 < used <= most < SLICES * BYTES_PER_IMAGE
            viewer.expect(state="ready", image_index=index)
    assert viewer.picture().std() > 10


def test_pictures_of_series_are_ready_before_anybody_asks(appliance: Appliance, viewer: ViewerPage):
    derived = appliance.data_dir / "derived"

    def made(kind: str) -> list[Path]:
        return [path for path in derived.rglob(f"{kind}-*") if not path.name.startswith(".")]

    wait_for(lambda: len(made("thumbnail")) >= 4, "thumbnails of all series", seconds=60)
    wait_for(lambda: len(made("metadata")) >= 4, "metadata of all series", seconds=60)
    assert {path.stat().st_mode & 0o777 for path in made("thumbnail")} == {0o600}
    viewer.open(STUDY)
    pictures = viewer.page.locator(".viewer-series .viewer-thumbnail img")
    expect(pictures).to_have_count(2)
    sizes = "(images) => images.map((image) => image.naturalWidth)"
    wait_for(lambda: min(pictures.evaluate_all(sizes)) > 0, "the pictures")


def test_the_prior_and_the_next_study_are_fetched_ahead_and_not_opened(viewer: ViewerPage):
    page = viewer.page
    frames = Frames(page)
    pages: list[str] = []
    page.on("request", lambda request: pages.append(request.url))
    page.goto("/worklist?sort=received&dir=desc")
    viewer.open(STUDY)
    expect_loaded(page)
    until(page, lambda: len(frames.of(PRIOR)) == SHORT.slices, "the first images of the prior", seconds=30)
    until(page, lambda: len(frames.of(NEXT)) == SHORT.slices, "those of the next study", seconds=30)
    assert frames.urls.index(frames.of(PRIOR)[0]) > frames.urls.index(frames.of(STUDY)[SLICES - 1])
    assert frames.urls.index(frames.of(NEXT)[0]) > frames.urls.index(frames.of(PRIOR)[-1])
    assert not [url for url in pages if url.endswith((f"/viewer/{NEXT.uid}", f"/viewer/{PRIOR.uid}"))]
    assert not [url for url in pages if url.endswith(f"/priors/{PRIOR.uid}")]  # where showing one is recorded

    page.get_by_role("link", name="Next study of the worklist").click()
    viewer.expect(state="ready", image_count=SHORT.slices)
    assert page.url.partition("?")[0].endswith(f"/viewer/{NEXT.uid}")
    kept = """() => performance.getEntriesByType('resource')
        .filter(({ name }) => name.includes('/frames/')).map(({ transferSize }) => transferSize)"""
    assert 0 in page.evaluate(kept)  # the first image came out of the browser's cache


def test_nothing_is_fetched_ahead_where_the_reader_saves_data(sign_in: Callable[..., Page]):
    page = sign_in("radiologist")
    page.add_init_script(SAVES_DATA)
    frames = Frames(page)
    viewer = ViewerPage(page)
    viewer.open(STUDY)
    expect_loaded(page)
    expect(page.get_by_role("link", name="Next study of the worklist")).to_be_visible()
    page.wait_for_timeout(1500)
    assert not frames.of(PRIOR)
    assert not frames.of(NEXT)
    assert len(frames.of(STUDY)) == SLICES
