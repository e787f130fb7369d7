"""The viewer in a reader's hands: stacks, windows, turns, cine, keys, the phone, and who cannot see."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.acceptance.viewer_page import LOADING_MS, PLAN, ViewerPage
from tests.data.documents import FINDING, encapsulated_pdf, structured_report
from tests.data.phantoms import (
    ADA,
    CT_STUDY,
    SPINE,
    SyntheticStudy,
    angiogram,
    ct_series,
    mr_series,
    save,
    ultrasound_loop,
)
from tests.support.waiting import wait_for

STUDY = SyntheticStudy("viewer", ADA, "CT for the viewer", "SYN2025100", "20250320", "101500")
MR = SyntheticStudy("viewer mr", ADA, "MR for the viewer", "SYN2025101", "20250320", "111500")
CINE = SyntheticStudy("viewer cine", ADA, "Clips for the viewer", "SYN2025102", "20250320", "121500")
AXE = Path(__file__).resolve().parents[2] / "app" / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
AXE_VIOLATIONS = "async () => (await axe.run(document)).violations.map((v) => `${v.id}: ${v.nodes[0].html}`)"
SIZES = {"desk": {"width": 1440, "height": 900}, "phone": {"width": 390, "height": 844}}


@pytest.fixture(scope="module", autouse=True)
def studies(appliance, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Send a CT of two series, an MR, two clips, and two objects that are no images."""
    folder = tmp_path_factory.mktemp("viewer")
    datasets = [*ct_series(PLAN, STUDY), *ct_series(replace(SPINE, slices=6), STUDY)]
    datasets += [
        *mr_series(MR, slices=3),
        ultrasound_loop(CINE),
        angiogram(CINE),
        structured_report(),
        encapsulated_pdf(),
    ]
    for number, dataset in enumerate(datasets):
        save(dataset, folder / f"{number:03}.dcm")
    appliance.send([folder])


@pytest.fixture
def viewer(page: Page) -> ViewerPage:
    """Give the viewer of a radiologist, not yet opened."""
    return ViewerPage(page)


@pytest.fixture
def ct(viewer: ViewerPage) -> ViewerPage:
    """Give the viewer with the CT open."""
    viewer.open(STUDY)
    return viewer


def test_the_worklist_leads_to_the_viewer_and_back(page: Page):
    page.goto("/worklist")
    page.locator(f'a[href*="/viewer/{STUDY.uid}"]').first.click()
    ViewerPage(page).expect(state="ready")
    page.get_by_role("link", name="Back to worklist").click()
    expect(page).to_have_url(re.compile("/worklist"))


def test_a_study_opens_with_its_first_image_and_says_whose_it_is(ct: ViewerPage):
    ct.expect(image_index=0, image_count=16, window_center=50, window_width=400, rotation=0)
    expect(ct.page.get_by_role("heading", level=1)).to_have_text("Phantom, Ada")
    assert ct.corner("topLeft").splitlines()[:2] == ["Phantom, Ada", "SYN-0001"]
    assert "2025-03-20 10:15" in ct.corner("topRight")
    assert {"120 kV", "Thk 5 mm", "Pos 70 mm"} <= set(re.split(r" · |\n", ct.corner("bottomLeft")))
    assert ct.corner("bottomLeft").endswith("Im 1 / 16")
    assert ct.corner("bottomRight").endswith("W 400 · L 50")
    expect(ct.page.locator(".viewer-scale-label")).to_have_text("10 cm")


class HeldFrames:
    """Lets the first frame that is asked for pass, and those wanted besides; holds the rest until released."""

    def __init__(self, page: Page, *wanted: str) -> None:
        self.wanted, self.asked, self.held, self.released = wanted, 0, list[Route](), False
        page.route("**/frames/*", self)

    def __call__(self, route: Route) -> None:
        self.asked += 1
        wanted = any(uid in route.request.url for uid in self.wanted)
        if self.asked == 1 or wanted or self.released:
            route.continue_()
        else:
            self.held.append(route)

    def release(self) -> None:
        self.released = True
        for route in self.held:
            route.continue_()


def test_the_first_image_appears_before_the_series_is_complete(viewer: ViewerPage):
    frames = HeldFrames(viewer.page)
    viewer.open(STUDY)
    viewer.expect(image_index=0, loaded_count=1)
    frames.release()
    viewer.expect(loaded_count=16)


def test_the_image_that_the_reader_wants_overtakes_the_prefetch(viewer: ViewerPage):
    last = list(ct_series(PLAN, STUDY))[-1].SOPInstanceUID
    frames = HeldFrames(viewer.page, last)
    viewer.open(STUDY)
    viewer.press("End")
    viewer.expect(image_index=15, state="ready", loaded_count=2)
    frames.release()
    viewer.expect(loaded_count=16)


def test_wheel_keys_slider_and_drag_move_through_the_stack(ct: ViewerPage):
    ct.page.mouse.move(*ct.middle())
    ct.page.mouse.wheel(0, 100)
    ct.expect(image_index=1)
    ct.press("ArrowDown", "ArrowRight", "ArrowUp")
    ct.expect(image_index=2)
    ct.press("End")
    ct.expect(image_index=15)
    assert ct.corner("bottomLeft").endswith("Im 16 / 16")
    slider = ct.page.get_by_role("slider", name="Image")
    expect(slider).to_have_attribute("aria-valuetext", "Image 16 of 16")
    slider.fill("6")
    ct.expect(image_index=5)
    ct.click("Scroll")
    ct.drag(0, 120)
    ct.expect(state="ready")
    assert int(ct.state("image-index")) > 7
    sop = ct.state("sop-instance-uid")
    ct.press("Home")
    ct.expect(image_index=0)
    assert ct.state("sop-instance-uid") != sop


def test_the_stack_is_in_order_of_position_from_the_first_image(ct: ViewerPage):
    positions = []
    for index in (0, 1, 15):
        ct.go_to(index)
        found = re.search(r"Pos (-?[\d.]+) mm", ct.corner("bottomLeft"))
        assert found
        positions.append(float(found[1]))
    assert positions == [70.0, 65.0, -5.0]


def test_the_window_follows_the_mouse_the_presets_and_the_stack(ct: ViewerPage):
    ct.go_to(5)
    ct.drag(60, 0)
    assert float(ct.state("window-width")) > 410
    assert float(ct.state("window-center")) == 50
    chosen = ct.state("window-width")
    ct.press("ArrowDown")
    ct.expect(image_index=6, window_width=chosen)
    presets = ct.page.get_by_role("button", name=re.compile("^Window presets"))
    for name, center, width in (("Lung window", -600, 1500), ("Bone window", 400, 1800), ("Brain window", 40, 80)):
        presets.click()
        ct.click(name)
        ct.expect(window_center=center, window_width=width)
        expect(presets).to_have_text(name.removesuffix(" window"))
    ct.press("5")
    ct.expect(window_center=60, window_width=160)
    ct.press("0")
    ct.expect(window_center=50, window_width=400)


def test_presets_are_for_ct_alone(viewer: ViewerPage):
    viewer.open(MR)
    viewer.page.get_by_role("button", name=re.compile("^Window presets")).click()
    expect(viewer.page.get_by_role("button", name="Default window")).to_be_visible()
    expect(viewer.page.get_by_role("button", name="Lung window")).to_have_count(0)
    viewer.press("Escape")
    before = viewer.state("window-center")
    viewer.press("2")
    viewer.go_to(1)
    assert viewer.state("window-center") == before
    assert "TR " in viewer.corner("bottomLeft")


def test_orientation_letters_turn_with_the_image(ct: ViewerPage):
    ct.go_to(3)
    assert ct.letters() == {"left": "R", "right": "L", "top": "A", "bottom": "P"}
    ct.click("Turn and flip")
    ct.click("Rotate right")
    ct.expect(rotation=90)
    assert ct.letters() == {"left": "P", "right": "A", "top": "R", "bottom": "L"}
    ct.click("Flip horizontally")
    ct.expect(flip_horizontal="true")
    assert ct.letters() == {"left": "A", "right": "P", "top": "R", "bottom": "L"}
    ct.click("Flip vertically")
    ct.expect(flip_vertical="true")
    assert ct.letters() == {"left": "A", "right": "P", "top": "L", "bottom": "R"}
    ct.press("Escape", "ArrowDown")
    ct.expect(image_index=4)
    assert ct.letters() == {"left": "A", "right": "P", "top": "L", "bottom": "R"}
    ct.click("Reset view")
    ct.expect(rotation=0, flip_horizontal="false", flip_vertical="false", image_index=4)
    assert ct.letters() == {"left": "R", "right": "L", "top": "A", "bottom": "P"}
    ct.press("Shift+R")
    ct.expect(rotation=270)


def test_zoom_and_pan_by_button_key_and_tool(ct: ViewerPage):
    ct.go_to(2)
    before = ct.picture()
    ct.drag(0, 80, button="right")
    zoomed = float(ct.state("zoom"))
    assert zoomed > 1.1
    ct.press("-")
    ct.expect_near(zoom=zoomed / 1.25)
    ct.press("Escape")
    ct.expect(zoom=1)
    assert (ct.picture() == before).mean() > 0.999
    ct.drag(150, 0, button="middle")
    moved = ct.picture()
    assert (abs(moved[:, 150:].astype(int) - before[:, :-150]) < 8).mean() > 0.97
    ct.click("Pan")
    ct.drag(-150, 0)
    assert (abs(ct.picture().astype(int) - before) < 8).mean() > 0.97


def test_an_image_that_fills_the_window_still_does_when_the_window_changes(ct: ViewerPage):
    canvas = ct.page.locator(".viewer-canvas canvas")
    ct.page.set_viewport_size({"width": 800, "height": 560})
    wait_for(lambda: canvas.evaluate("(canvas) => canvas.width") < 600, "a narrower canvas", seconds=10)
    ct.expect_near(zoom=1)
    ct.press("+")
    ct.expect_near(zoom=1.25)
    ct.page.set_viewport_size({"width": 1280, "height": 800})
    wait_for(lambda: canvas.evaluate("(canvas) => canvas.width") > 900, "a wider canvas", seconds=10)
    ct.expect_near(zoom=1.25)


def test_series_are_listed_with_pictures_and_changed_by_click_and_key(ct: ViewerPage):
    cards = ct.page.locator(".viewer-card")
    expect(cards).to_have_count(2)
    expect(cards.first).to_have_attribute("aria-current", "true")
    pictures = ct.page.locator(".viewer-thumbnail img")
    expect(pictures).to_have_count(2)
    for picture in pictures.all():
        assert picture.evaluate("(image) => image.decode().then(() => image.naturalWidth)") > 16
    ct.go_to(7)
    cards.nth(1).click()
    ct.expect(image_count=6, state="ready", window_width=1500)
    expect(ct.page).to_have_url(re.compile(r"[?&]series="))
    ct.press("PageUp")
    ct.expect(image_count=16, image_index=7, state="ready")
    ct.press("PageDown")
    ct.expect(image_count=6, state="ready")
    ct.page.reload()
    ct.expect(image_count=6, state="ready")


def test_objects_without_an_image_stand_in_its_place(viewer: ViewerPage, appliance, tmp_path: Path):
    save(next(ct_series(replace(SPINE, slices=1), CT_STUDY)), tmp_path / "image.dcm")
    appliance.send([tmp_path])
    viewer.open(CT_STUDY)
    for title, words in (("Report", FINDING), ("Letter", "1 / 1")):
        viewer.page.locator(".viewer-card", has_text=title).click()
        expect(viewer.page.locator(".viewer-content")).to_contain_text(words, timeout=LOADING_MS)
        viewer.expect(state="empty", image_count=0)


def test_a_clip_plays_at_its_recommended_rate(viewer: ViewerPage):
    viewer.open(CINE)
    viewer.page.locator(".viewer-card", has_text="Apical").click()
    viewer.expect(image_count=32, loaded_count=32, state="ready")
    expect(viewer.page.locator(".viewer-rate")).to_have_text("30 fps")
    rate = viewer.page.get_by_role("slider", name=re.compile("Cine rate"))
    rate.fill("8")
    viewer.page.clock.install(time=0)
    viewer.page.clock.pause_at(60_000)
    viewer.click("Play cine")
    viewer.page.clock.run_for(1500)
    viewer.click("Stop cine")
    viewer.page.clock.run_for(500)
    assert int(viewer.state("image-index")) == pytest.approx(1.5 * 8, abs=1)
    assert viewer.state("frame") == str(int(viewer.state("image-index")) + 1)


def test_the_help_finds_and_runs_commands(ct: ViewerPage):
    ct.press("?")
    dialog = ct.page.get_by_role("dialog", name="Keyboard and mouse")
    expect(dialog).to_contain_text("Flip horizontally")
    ct.page.keyboard.type("rotate ri")
    expect(dialog.get_by_role("option")).to_have_count(1)
    ct.press("Enter")
    expect(dialog).to_be_hidden()
    ct.expect(rotation=90)
    ct.page.get_by_role("button", name="Keyboard shortcuts").click()
    ct.page.keyboard.type("no such thing")
    expect(dialog).to_contain_text("No command is called that")
    ct.press("Escape")
    expect(dialog).to_be_hidden()


def test_every_control_is_reached_by_tab_and_shows_it(ct: ViewerPage):
    names = []
    for _ in range(45):
        ct.press("Tab")
        name, outline = ct.page.evaluate(
            "() => { const e = document.activeElement;"
            " return [e.ariaLabel ?? e.textContent, getComputedStyle(e).outlineStyle]; }"
        )
        names.append(name)
        assert outline != "none", f"no focus is seen on {name!r}"
        if name == "Image":
            break
    for wanted in ("Back to worklist", "Window presets: Default", "Invert grey scale", "Play cine"):
        assert wanted in names


@pytest.fixture(params=SIZES)
def sized(request: pytest.FixtureRequest, sign_in: Callable[..., Page]) -> Iterator[ViewerPage]:
    """Give the viewer on a desk and on a phone."""
    viewer = ViewerPage(sign_in("radiologist", viewport=SIZES[request.param], has_touch=request.param == "phone"))
    viewer.page.add_init_script(path=AXE)
    yield viewer


def test_the_viewer_fits_and_has_no_barrier(sized: ViewerPage):
    sized.open(STUDY)
    assert sized.page.evaluate(AXE_VIOLATIONS) == []
    width, room, shown = sized.page.evaluate(
        "() => [document.documentElement.scrollWidth, innerWidth,"
        " document.querySelector('.viewer-viewport').clientHeight / innerHeight]"
    )
    assert width <= room
    assert shown > 0.6
    sized.page.locator(".viewer-card").nth(1).click()
    sized.expect(image_count=6, state="ready")
    turns = sized.page.get_by_role("button", name="Turn and flip")
    turns.scroll_into_view_if_needed()
    turns.click()
    sized.click("Rotate right")
    sized.expect(rotation=90)
    sized.press("Escape", "?")
    expect(sized.page.get_by_role("dialog")).to_be_visible()
    assert sized.page.evaluate(AXE_VIOLATIONS) == []


def test_a_study_of_another_facility_does_not_exist(
    new_context: Callable[..., BrowserContext], sign_in: Callable[..., Page], problems
):
    problems.allow("404")
    stranger = sign_in("facility_user", "SOUTH")
    answer = stranger.goto(f"/viewer/{STUDY.uid}")
    assert answer is not None
    assert answer.status == 404
    anonymous = new_context().new_page()
    anonymous.goto(f"/viewer/{STUDY.uid}")
    expect(anonymous).to_have_url(re.compile("/sign-in"), timeout=LOADING_MS)
