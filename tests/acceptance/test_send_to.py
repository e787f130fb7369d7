"""Sending to another device from the worklist and the viewer: by keyboard, live, with a way back."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from pydicom import dcmread

from tests.acceptance.studies import write_study
from tests.acceptance.test_pages import AXE, RUN_AXE, SIZES, assert_accessible
from tests.support.appliance import Appliance
from tests.support.peers import bit_preserving_storescp, data_set_bytes
from tests.support.ports import free_ports

Send = Callable[..., None]


@dataclass(frozen=True)
class Archive:
    """A receiver that NORTH may send to, and where it keeps what it gets."""

    folder: Path

    def data_sets(self) -> set[bytes]:
        """Return the bytes of what it got."""
        return {data_set_bytes(path) for path in self.folder.iterdir() if path.name != "log"}


@pytest.fixture(scope="module")
def receiver(appliance: Appliance, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    """Run DCMTK's storescp as ARCHIVE, and make OFFLINE known, which nobody answers for."""
    folder = tmp_path_factory.mktemp("archive")
    (nobody,) = free_ports(1)
    with bit_preserving_storescp(folder) as port:
        for title, at, facility in (
            ("ARCHIVE", port, "NORTH"),
            ("OFFLINE", nobody, "NORTH"),
            ("SOUTH_WS", port, "SOUTH"),
        ):
            place = ("--facility", facility, "--host", "127.0.0.1", "--port", str(at))
            appliance.manage("add_ae", title, *place)
        yield Archive(folder)


@pytest.fixture
def archive(receiver: Archive) -> Archive:
    """Give the receiver, empty."""
    for path in receiver.folder.iterdir():
        if path.name != "log":
            path.unlink()
    return receiver


def store(send: Send, folder: Path, name: str, **values: object) -> set[bytes]:
    """Store a study and return the bytes of its data sets."""
    folder.mkdir(exist_ok=True)
    write_study(folder, name, **values)  # type: ignore[arg-type]
    send([folder])
    return {data_set_bytes(path) for path in folder.rglob("*") if path.is_file()}


def row(page: Page, patient: str):
    return page.locator(".study:not(.is-order)", has_text=patient)


def choose(page: Page, title: str) -> None:
    """Choose a destination by its AE title."""
    option = page.get_by_label("To", exact=True).locator("option", has_text=title)
    page.get_by_label("To", exact=True).select_option(option.get_attribute("value"))


def test_a_study_is_sent_by_keyboard_and_arrives_unchanged(page: Page, send: Send, archive: Archive, tmp_path: Path):
    sent = store(send, tmp_path / "in", "Sender^Keyboard", images=12)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto("/worklist")
    page.locator("#id_text").fill("keyboard")
    expect(page.locator(".study")).to_have_count(1)
    expect(page.locator(".htmx-request, .htmx-settling")).to_have_count(0)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("s")
    dialog = page.locator("dialog#send-to")
    expect(page.get_by_role("dialog", name="Send to")).to_be_visible()
    expect(dialog).to_contain_text("The whole study, 12 objects")
    expect(dialog.get_by_label("What")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.type("ARCHIVE")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(dialog).to_contain_text("12 of 12 objects", timeout=20_000)
    expect(dialog.locator(".status")).to_have_text("Sent")
    expect(page.locator("#messages")).to_contain_text("Queued for ARCHIVE.")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()

    assert archive.data_sets() == sent
    assert not any("eyboard" in url for url in asked), "a filter stood in an address"


def test_what_cannot_be_reached_waits_and_is_cancelled(page: Page, send: Send, archive: Archive, tmp_path: Path):
    store(send, tmp_path / "in", "Waiter^Ada", images=2)
    page.goto("/worklist")
    row(page, "Waiter").hover()
    row(page, "Waiter").get_by_role("link", name=re.compile("Send to")).click()
    dialog = page.get_by_role("dialog")
    choose(page, "OFFLINE")
    dialog.get_by_role("button", name="Send", exact=True).click()
    expect(dialog).to_contain_text("OFFLINE: it cannot be reached", timeout=20_000)
    dialog.get_by_role("button", name=re.compile("^Cancel")).click()
    expect(dialog.locator(".status")).to_have_text("Cancelled")
    dialog.get_by_role("button", name="Close").click()

    page.get_by_role("link", name="Transmissions", exact=True).click()
    line = page.locator("[id^=row-]", has_text="Waiter")
    expect(line).to_contain_text("Cancelled")
    line.get_by_role("button", name=re.compile("^Send after all")).click()
    expect(line).to_contain_text("Waiting to try again", timeout=20_000)
    line.get_by_role("button", name=re.compile("^Cancel")).click()
    expect(line).to_contain_text("Cancelled")


def test_one_series_is_sent_from_the_viewer(page: Page, send: Send, archive: Archive, tmp_path: Path):
    folder = tmp_path / "in"
    sent = store(send, folder, "Viewer^Sent", images=3)
    study = dcmread(next(path for path in folder.rglob("*") if path.is_file())).StudyInstanceUID
    page.goto(f"/viewer/{study}")
    expect(page).to_have_url(re.compile("series="), timeout=20_000)
    page.get_by_role("link", name="Send to").click()
    expect(page.get_by_role("heading", name="Send to")).to_be_visible()
    expect(page.get_by_label("What").locator("option:checked")).to_contain_text("CT")
    choose(page, "ARCHIVE")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator(".transmission .status")).to_have_text("Sent", timeout=20_000)
    expect(page.locator("main dl")).to_contain_text("Series")
    assert archive.data_sets() == sent


def test_a_rule_forwards_what_arrives(sign_in: Callable[..., Page], send: Send, archive: Archive, tmp_path: Path):
    page = sign_in("administrator")
    page.goto("/admin/forwarding-rules/new")
    page.get_by_label("Name").fill("Knees")
    page.get_by_label("Forward to").select_option(label="ARCHIVE, North hospital")
    page.get_by_label("Description").fill("*KNEE*")
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_role("heading", name="Knees")).to_be_visible()
    sent = store(send, tmp_path / "in", "Rule^Knee", images=4, StudyDescription="Left knee, 2 planes")
    store(send, tmp_path / "other", "Rule^Head", images=1, StudyDescription="Head")
    page.goto("/transmissions")
    line = page.locator("[id^=row-]", has_text="Left knee")
    expect(line).to_contain_text("4 of 4 objects", timeout=20_000)
    expect(line).to_contain_text("Rule “Knees”")
    expect(page.locator("[id^=row-]", has_text="Rule, Head")).to_have_count(0)
    assert archive.data_sets() == sent

    page.goto("/admin/forwarding-rules")
    page.get_by_role("link", name="Knees").click()
    expect(page.locator("main")).to_contain_text("It matches 1 study of the last 7 days.")
    page.get_by_role("button", name="Remove this rule").click()
    expect(page.locator("main")).to_contain_text("No forwarding rules yet")


@pytest.mark.parametrize(("role", "offered"), [("technician", ["ARCHIVE", "OFFLINE"]), ("facility_user", None)])
def test_who_may_send_is_offered_own_devices_alone(
    sign_in: Callable[..., Page], send: Send, archive: Archive, tmp_path: Path, role, offered
):
    store(send, tmp_path / "in", f"Roles^{role}", images=1)
    page = sign_in(role, "NORTH")
    page.goto("/worklist")
    expect(row(page, role)).to_be_visible()
    link = row(page, role).get_by_role("link", name=re.compile("Send to"))
    if offered is None:
        expect(link).to_have_count(0)
        return
    row(page, role).hover()
    link.click()
    expect(page.get_by_role("dialog").locator("#id_destination option")).to_contain_text(["Choose", *offered])


@pytest.mark.parametrize("size", SIZES)
def test_every_page_is_accessible_and_fits(
    sign_in: Callable[..., Page], send: Send, archive: Archive, tmp_path: Path, size: str
):
    store(send, tmp_path / "in", f"Access^{size}", images=1)
    page = sign_in("administrator", viewport=SIZES[size])
    page.add_init_script(path=AXE)
    page.goto("/worklist")
    row(page, f"Access, {size}").hover()
    row(page, f"Access, {size}").get_by_role("link", name=re.compile("Send to")).click()
    expect(page.get_by_role("dialog", name="Send to")).to_be_visible()
    assert page.evaluate(RUN_AXE) == []
    choose(page, "SOUTH_WS")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_role("dialog")).to_contain_text("the images would leave North hospital")
    choose(page, "OFFLINE")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_role("dialog")).to_contain_text("OFFLINE: it cannot be reached", timeout=20_000)
    assert page.evaluate(RUN_AXE) == []
    page.get_by_role("link", name="All transmissions").click()
    address = page.locator("[id^=row-] a").first.get_attribute("href") or ""
    paths = ("/transmissions", "/transmissions?state=sent", address, "/admin/forwarding-rules")
    for path in (*paths, "/admin/forwarding-rules/new"):
        assert_accessible(page, path)
    page.get_by_label("Name").fill(f"Everything {size}")
    page.get_by_label("Forward to").select_option(label="OFFLINE, North hospital")
    page.get_by_label("Description").fill("nothing has this description")
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_role("heading", name=f"Everything {size}")).to_be_visible()
    assert_accessible(page, page.url)
    assert_accessible(page, "/admin/forwarding-rules")
    page.get_by_role("link", name=f"Everything {size}").click()
    page.get_by_role("button", name="Remove this rule").click()
