"""A reader's daily work in the viewer: preferences, notes, attached files, two windows, the whole screen, touch."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from PIL import Image
from playwright.sync_api import FilePayload, Locator, Page, expect

from tests.acceptance.viewer_page import LOADING_MS, PLAN, ViewerPage
from tests.data.documents import one_page_pdf
from tests.data.phantoms import SyntheticPatient, SyntheticStudy, ct_series, save

# Two people without earlier studies: one viewport each.
NORA = SyntheticPatient("Phantom^Nora", "SYN-WORK-1", "19690412", "F")
OTTO = SyntheticPatient("Phantom^Otto", "SYN-WORK-2", "19540923", "M")
STUDY = SyntheticStudy("daily work", NORA, "CT for daily work", "SYN2025150", "20250402", "101500")
NEXT = SyntheticStudy("daily work, next", OTTO, "CT that comes next", "SYN2025151", "20250403", "101500")
# The same region twice as thin, from z = 60 mm down.
THIN = replace(PLAN, number=5, description="Thorax thin", slices=12, spacing=2.5, first_z=60.0)
RESET = """async () => {
  const { preferencesUrl, csrfToken } = document.getElementById('viewer').dataset;
  await fetch(`${preferencesUrl}/viewer`, {
    method: 'PUT', body: '{"format": 1}', headers: { 'Content-Type': 'application/json', 'X-CSRFToken': csrfToken },
  });
}"""
HOLD = """(still) => {
  const target = document.querySelector('.viewer-viewport canvas');
  const { left, top } = target.getBoundingClientRect();
  const at = { clientX: left + 150, clientY: top + 100, pointerType: 'touch', isPrimary: true, bubbles: true };
  target.dispatchEvent(new PointerEvent('pointerdown', at));
  if (!still) target.dispatchEvent(new PointerEvent('pointermove', { ...at, clientX: at.clientX + 40 }));
}"""

SMALL_TARGETS = """() => [...document.querySelectorAll('.viewer-top > *, .viewer-toolbar *, .viewer-palette *')]
  .filter((each) => each.matches('a, button') && each.checkVisibility())
  .map((each) => [each.ariaLabel ?? each.textContent, each.getBoundingClientRect()])
  .filter(([, box]) => box.width < 44 || box.height < 44)
  .map(([name]) => name)"""


class ActivePane(ViewerPage):
    """The viewport that the reader works in, whatever the layout is."""

    @property
    def viewport(self) -> Locator:
        """The element that tells its state."""
        return self.page.locator(".viewer-stage[data-active=true] .viewer-viewport")


@pytest.fixture(scope="module", autouse=True)
def studies(appliance, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Send two studies, the first of them with two series of the same patient space."""
    folder = tmp_path_factory.mktemp("daily")
    datasets = [*ct_series(PLAN, STUDY), *ct_series(THIN, STUDY), *ct_series(PLAN, NEXT)]
    for number, dataset in enumerate(datasets):
        save(dataset, folder / f"{number:03}.dcm")
    appliance.send([folder])


@pytest.fixture
def viewer(page: Page) -> Iterator[ViewerPage]:
    """Give the viewer of a reader who prefers nothing, before and after."""
    opened = ViewerPage(page)
    opened.open(STUDY)
    yield opened
    page.goto(f"/viewer/{STUDY.uid}")
    page.evaluate(RESET)


def saved(page: Page) -> None:
    """Wait until the preferences are kept."""
    expect(page.locator(".viewer-preferences-state")).to_have_attribute("data-saving", "kept", timeout=LOADING_MS)


def test_preferences_count_at_once_and_in_the_next_session(viewer: ViewerPage):
    page = viewer.page
    viewer.press("End", ",")
    dialog = page.get_by_role("dialog", name="Preferences")
    dialog.get_by_label("Words over the image").uncheck()
    dialog.get_by_role("tab", name="Mouse").click()
    dialog.get_by_role("radiogroup", name="Wheel").get_by_text("Zoom").click()
    dialog.get_by_label("Left button at first").select_option("Pan")
    dialog.get_by_role("tab", name="Window presets").click()
    dialog.get_by_role("button", name="Add a preset").click()
    row = dialog.get_by_role("row").last
    row.get_by_label("Name").fill("Very wide")
    row.get_by_label("Level").fill("100")
    row.get_by_label("Width").fill("0")
    row.get_by_label("Key").select_option("7")
    expect(row.get_by_label("Width")).to_have_attribute("aria-invalid", "true")
    row.get_by_label("Width").fill("3000")
    row.get_by_label("Width").blur()
    dialog.get_by_role("tab", name="Shortcuts").click()
    dialog.get_by_role("textbox", name="Find a command").fill("invert")
    dialog.get_by_role("button", name="Key of Invert grey scale").click()
    viewer.press("j")
    expect(dialog.get_by_role("button", name="Key of Invert grey scale: J")).to_be_visible()
    saved(page)
    viewer.press("Escape", "7", "j")
    viewer.expect(window_center=100, window_width=3000, inverted="true")
    assert page.locator(".viewer-overlays").is_hidden()

    viewer.open(STUDY)
    assert page.locator(".viewer-overlays").is_hidden()
    viewer.press("End", "7", "i")
    viewer.expect(image_index=15, window_center=100, window_width=3000, inverted="false")
    viewer.press("j")
    viewer.expect(inverted="true")
    expect(page.get_by_role("button", name="Pan", exact=True)).to_have_attribute("aria-pressed", "true")
    before = float(viewer.state("zoom"))
    viewer.viewport.hover()
    page.mouse.wheel(0, -100)
    viewer.expect(image_index=15)
    expect(viewer.viewport).not_to_have_attribute("data-zoom", str(before))


def test_preferences_can_be_undone_reset_and_fail_without_harm(viewer: ViewerPage, problems):
    page = viewer.page
    problems.allow("503")
    viewer.press(",")
    dialog = page.get_by_role("dialog", name="Preferences")
    box = dialog.get_by_label("Words over the image")
    box.uncheck()
    dialog.get_by_role("button", name="Undo").click()
    expect(box).to_be_checked()
    page.route("**/preferences/viewer", lambda route: route.fulfill(status=503, body="{}"))
    dialog.get_by_text("Large").click()
    expect(dialog).to_contain_text("Could not be saved", timeout=LOADING_MS)
    expect(page.locator("#viewer")).to_have_attribute("data-overlay-size", "large")
    page.reload()
    viewer.expect(state="ready")
    expect(page.locator("#viewer")).to_have_attribute("data-overlay-size", "large")
    page.unroute("**/preferences/viewer")
    viewer.press(",")
    dialog.get_by_role("button", name="Reset to defaults").click()
    saved(page)
    expect(page.locator("#viewer")).to_have_attribute("data-overlay-size", "medium")


def test_notes_are_written_changed_and_seen_by_others(viewer: ViewerPage, sign_in: Callable[..., Page], problems):
    page = viewer.page
    problems.allow("503")
    viewer.press("F4")
    panel = page.get_by_role("tabpanel", name="Notes")
    expect(panel).to_contain_text("No notes yet")
    field = panel.get_by_role("textbox", name="New note")
    page.route("**/notes/*", lambda route: route.fulfill(status=503, body='{"detail": "Away for a moment."}'))
    field.fill("Prior <b>films</b> are at reception.")
    panel.get_by_role("button", name="Add note").click()
    expect(panel).to_contain_text("Away for a moment.")
    expect(field).to_have_value("Prior <b>films</b> are at reception.")
    page.unroute("**/notes/*")
    field.press("Control+Enter")
    expect(panel.locator(".viewer-remark-text")).to_have_text("Prior <b>films</b> are at reception.")
    expect(page.get_by_role("tab", name="Notes")).to_contain_text("1")
    panel.get_by_role("button", name="Edit note").click()
    panel.get_by_role("textbox", name="Note", exact=True).fill("Prior films have come.")
    panel.get_by_role("button", name="Save").click()
    expect(panel).to_contain_text("edited")

    other = ViewerPage(sign_in("technician", "NORTH"))
    other.open(STUDY)
    other.press("F4")
    theirs = other.page.get_by_role("tabpanel", name="Notes")
    expect(theirs).to_contain_text("Prior films have come.")
    expect(theirs.get_by_role("button", name="Edit note")).to_have_count(0)

    panel.get_by_role("button", name="Remove note").click()
    expect(panel).to_contain_text("No notes yet")
    panel.get_by_role("button", name="Undo").click()
    expect(panel).to_contain_text("Prior films have come.")
    # Letters typed into a note are no shortcuts.
    field.fill("")
    field.press_sequentially("irv")
    viewer.expect(inverted="false", rotation=0)


def picture() -> bytes:
    """Return a small red JPEG."""
    written = io.BytesIO()
    Image.new("RGB", (80, 60), (220, 30, 30)).save(written, "JPEG")
    return written.getvalue()


def test_files_are_attached_looked_at_saved_and_removed(viewer: ViewerPage, problems):
    page = viewer.page
    problems.allow("415")
    viewer.press("Shift+T")
    panel = page.get_by_role("tabpanel", name="Attachments")
    expect(panel).to_contain_text("Files are not scanned for malware here")
    panel.get_by_label("Category of new files").select_option("Consent")
    field = panel.locator("input[type=file]")
    field.set_input_files(
        [
            FilePayload(name="../photo \u202egpj.exe", mimeType="text/html", buffer=picture()),
            FilePayload(name="program.pdf", mimeType="application/pdf", buffer=b"MZ" + bytes(200)),
            FilePayload(name="letter.pdf", mimeType="application/pdf", buffer=one_page_pdf("Referral")),
        ]
    )
    row = panel.locator(".viewer-remark", has_text="gpj.exe")
    expect(row).to_contain_text("Consent")
    expect(row).to_contain_text("not scanned")
    refused = panel.locator(".viewer-upload", has_text="program.pdf")
    expect(refused).to_contain_text("none of the allowed types")
    panel.get_by_role("button", name="Dismiss").click()
    expect(panel.locator(".viewer-upload")).to_have_count(0)
    expect(page.get_by_role("tab", name="Attachments")).to_contain_text("2")

    row.get_by_role("button", name="Look at").click()
    preview = page.get_by_role("dialog", name="Preview")
    shown = preview.get_by_role("img")
    expect(shown).to_be_visible()
    assert shown.evaluate("image => [image.naturalWidth, image.naturalHeight]") == [80, 60]
    viewer.press("Escape")
    expect(preview).to_be_hidden()
    letter = panel.locator(".viewer-remark", has_text="letter.pdf")
    letter.get_by_role("button", name="Look at").click()
    expect(preview.locator("canvas").first).to_be_visible(timeout=LOADING_MS)
    viewer.press("Escape")

    with page.expect_download() as download:
        row.get_by_role("link", name="Download").click()
    assert download.value.suggested_filename.endswith(".jpg")
    assert download.value.path().read_bytes() == picture()
    row.get_by_role("button", name="Remove").click()
    expect(row).to_have_count(0)
    panel.get_by_role("button", name="Undo").click()
    expect(row).to_have_count(1)


def test_a_second_window_stays_in_step(viewer: ViewerPage):
    page = viewer.page
    viewer = ActivePane(page)
    with page.expect_popup() as popup:
        viewer.press("F2")
    second = ActivePane(popup.value)
    second.expect(state="ready", image_count=12)
    button = page.get_by_role("button", name="Second window on this study")
    expect(button).to_have_attribute("aria-pressed", "true")
    # The first window's slices lie 5 mm apart from z = 70 on, the second's 2.5 mm apart from z = 60 on.
    viewer.press(*["ArrowDown"] * 4)
    viewer.expect(image_index=4)
    second.expect(image_index=4)
    viewer.press("ArrowDown")
    second.expect(image_index=6)
    second.press(*["ArrowDown"] * 4)
    second.expect(image_index=10)
    viewer.expect(image_index=7)
    # The tool follows, the window does not unless it is wanted; the layout is each window's own.
    viewer.press("p", "2")
    pan = second.page.get_by_role("button", name="Pan", exact=True)
    expect(pan).to_have_attribute("aria-pressed", "true")
    viewer.expect(window_center=-600)
    second.expect(window_center=50)
    viewer.press(",")
    dialog = page.get_by_role("dialog", name="Preferences")
    dialog.get_by_label("A second window takes the same window and level").check()
    saved(page)
    viewer.press("Escape", "3")
    second.expect(window_center=400, window_width=1800)
    # The next study takes the second window along.
    page.goto(f"/viewer/{NEXT.uid}")
    viewer.expect(state="ready")
    second.expect(state="ready", image_count=16)
    assert NEXT.uid in second.page.url
    viewer.press("ArrowDown", "ArrowDown")
    second.expect(image_index=2)
    # Closing one does no harm to the other.
    second.page.close()
    expect(button).to_have_attribute("aria-pressed", "false")
    viewer.press("ArrowDown")
    viewer.expect(image_index=3)


def test_the_whole_screen_is_one_key_away(viewer: ViewerPage):
    viewer.press("Shift+F")
    expect(viewer.page.get_by_role("button", name="Full screen")).to_have_attribute("aria-pressed", "true")
    viewer.press("Shift+F")
    expect(viewer.page.get_by_role("button", name="Full screen")).to_have_attribute("aria-pressed", "false")


def test_a_finger_held_still_opens_the_tools_and_every_target_is_large(sign_in: Callable[..., Page]):
    viewer = ViewerPage(sign_in("radiologist", viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True))
    viewer.open(STUDY)
    page = viewer.page
    menu = page.get_by_role("group", name="Tools", exact=True)
    page.evaluate(HOLD, False)
    page.wait_for_timeout(700)
    expect(menu).to_be_hidden()
    page.evaluate(HOLD, True)
    expect(menu).to_be_visible()
    menu.get_by_role("button", name="Measure a length").tap()
    expect(menu).to_be_hidden()
    chosen = page.get_by_role("toolbar", name="Measuring tools").get_by_role("button", name="Measure a length")
    expect(chosen).to_have_attribute("aria-pressed", "true")
    small = page.evaluate(SMALL_TARGETS)
    assert small == []
