"""A modality is connected: real tools call, the administrator watches, one step lets them in."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Locator, Page, expect
from pydicom.uid import CTImageStorage
from pynetdicom import AE

from tests.acceptance.test_pages import AXE, SIZES, assert_accessible
from tests.support.appliance import Appliance
from tests.support.peers import Done, dcmtk, echoscu

QUERY = ("-S", "-k", "QueryRetrieveLevel=STUDY", "-k", "StudyInstanceUID")


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Appliance]:
    """Run an appliance that admits only known callers, as a server does."""
    running = Appliance(tmp_path_factory.mktemp("strict") / "data", {"NOCTIS_UNKNOWN_CALLERS": "refuse"})
    running.start()
    try:
        running.fill()
        yield running
    finally:
        running.stop()


@pytest.fixture
def appliance(strict: Appliance) -> Appliance:
    """Let the browser's fixtures use this appliance."""
    return strict


def latest(page: Page, title: str) -> Locator:
    return page.locator(".attempt", has_text=f"{title} from").first


def attempts(page: Page, title: str) -> Locator:
    return page.locator(".attempt", has_text=f"{title} from")


def find(appliance: Appliance, title: str) -> Done[str]:
    to = ("-aet", title, "-aec", appliance.ae_title, *QUERY)
    return dcmtk("findscu", "-v", *to, "127.0.0.1", str(appliance.dicom_port))


def confirm(card: Locator, label: str) -> None:
    """Press a step of an attempt and confirm it."""
    card.get_by_role("button", name=f"{label}…").click()
    card.get_by_role("dialog").get_by_role("button", name=label, exact=True).click()


def test_an_unknown_modality_is_registered_while_it_tries(appliance: Appliance, sign_in: Callable[..., Page]):
    page = sign_in("administrator")
    page.goto("/admin/connect?title=NEW_CT")
    expect(page.get_by_text("Nothing matches yet")).to_be_visible()
    assert echoscu(appliance.dicom_port, calling="NEW_CT").returncode != 0

    card = latest(page, "NEW_CT")  # without a reload
    expect(card).to_contain_text("NEW_CT from 127.0.0.1 was refused: unknown AE title")
    card.get_by_text("What it proposed").click()
    expect(card).to_contain_text("Verification")
    card.get_by_role("link", name="Register this AE").click()
    expect(page.get_by_label("AE title")).to_have_value("NEW_CT")
    expect(page.get_by_label("May call from")).to_have_value("127.0.0.1")
    page.get_by_label("Facility").select_option(label="North hospital")
    page.get_by_role("button", name="Add").click()
    expect(page).to_have_url(re.compile(r"/admin/connect\?title=NEW_CT$"))
    expect(latest(page, "NEW_CT")).to_contain_text("It would be let in now")

    assert echoscu(appliance.dicom_port, calling="NEW_CT").returncode == 0
    expect(attempts(page, "NEW_CT")).to_have_count(2)
    expect(latest(page, "NEW_CT")).to_contain_text("was let in; C-ECHO: 1 × success")


def test_an_open_attempt_stays_open_when_another_comes(appliance: Appliance, sign_in: Callable[..., Page]):
    page = sign_in("administrator")
    echoscu(appliance.dicom_port, calling="STAYS")
    page.goto("/admin/connect?title=STAYS")
    latest(page, "STAYS").get_by_text("What it proposed").click()
    echoscu(appliance.dicom_port, calling="STAYS")
    expect(attempts(page, "STAYS")).to_have_count(2)
    expect(attempts(page, "STAYS").nth(1).get_by_text("Proposed transfer syntaxes")).to_be_visible()


def test_an_association_that_lasts_shows_while_it_does(appliance: Appliance, sign_in: Callable[..., Page]):
    page = sign_in("administrator")
    page.goto("/admin/connect?title=SOUTH_CT")
    entity = AE("SOUTH_CT")
    entity.add_requested_context(CTImageStorage)
    association = entity.associate("127.0.0.1", appliance.dicom_port, ae_title=appliance.ae_title)
    try:
        expect(latest(page, "SOUTH_CT")).to_contain_text("is let in and still connected", timeout=20_000)
    finally:
        association.release()
    expect(latest(page, "SOUTH_CT")).to_contain_text("was let in, but asked for nothing", timeout=20_000)
    expect(attempts(page, "SOUTH_CT")).to_have_count(1)


def test_a_refused_service_is_allowed_and_taken_back(appliance: Appliance, sign_in: Callable[..., Page]):
    appliance.manage("add_ae", "QUERIES", "--facility", "NORTH", "--services", "verification")
    assert find(appliance, "QUERIES").returncode != 0
    page = sign_in("administrator")
    page.goto("/admin/connect?title=QUERIES")
    expect(latest(page, "QUERIES")).to_contain_text("QUERIES may not use: Query")

    confirm(latest(page, "QUERIES"), "Allow query")
    expect(page.get_by_text("Done: QUERIES may use: Query")).to_be_visible()
    assert find(appliance, "QUERIES").returncode == 0

    page.goto("/admin/connect?title=QUERIES")
    page.get_by_role("button", name="Take back").click()
    expect(page.get_by_text("Taken back: QUERIES may use: Query")).to_be_visible()
    assert find(appliance, "QUERIES").returncode != 0


def test_an_address_is_allowed(appliance: Appliance, sign_in: Callable[..., Page]):
    appliance.manage("add_ae", "MOVED_CT", "--facility", "NORTH", "--address", "10.9.9.9")
    assert echoscu(appliance.dicom_port, calling="MOVED_CT").returncode != 0
    page = sign_in("administrator")
    page.goto("/admin/connect?title=MOVED_CT")
    confirm(latest(page, "MOVED_CT"), "Allow 127.0.0.1")
    expect(page.get_by_text("Done: MOVED_CT may call from 127.0.0.1")).to_be_visible()
    assert echoscu(appliance.dicom_port, calling="MOVED_CT").returncode == 0


def test_a_modality_may_keep_the_title_of_an_older_archive(appliance: Appliance, sign_in: Callable[..., Page]):
    assert echoscu(appliance.dicom_port, calling="NORTH_CT", called="OLD_PACS").returncode != 0
    page = sign_in("administrator")
    page.goto("/admin/connect?title=NORTH_CT")
    confirm(latest(page, "NORTH_CT"), "Accept OLD_PACS too")
    assert echoscu(appliance.dicom_port, calling="NORTH_CT", called="OLD_PACS").returncode == 0
    page.get_by_role("button", name="Take back OLD_PACS").click()
    expect(page.get_by_text("may not use the AE title OLD_PACS for us any more")).to_be_visible()
    assert echoscu(appliance.dicom_port, calling="NORTH_CT", called="OLD_PACS").returncode != 0


def test_echo_now_and_the_sheet(appliance: Appliance, sign_in: Callable[..., Page]):
    own = ("--host", "127.0.0.1", "--port", str(appliance.dicom_port))
    appliance.manage("add_ae", appliance.ae_title, "--facility", "NORTH", *own)
    appliance.manage("add_ae", "NOT_THERE", "--facility", "NORTH", *own)
    page = sign_in("administrator")
    page.goto("/admin/application-entities")
    page.get_by_role("link", name=appliance.ae_title, exact=True).click()
    page.get_by_role("button", name="Echo now").click()
    expect(page.locator("#echo-result")).to_contain_text(re.compile(r"answered after [\d.]+ ms"))
    page.goto("/admin/application-entities")
    page.get_by_role("link", name="NOT_THERE").click()
    page.get_by_role("button", name="Echo now").click()
    expect(page.locator("#echo-result")).to_contain_text("it is not called NOT_THERE")
    page.get_by_role("link", name="Settings sheet").click()
    expect(page.get_by_role("heading", name="DICOM settings for NOT_THERE")).to_be_visible()
    page.emulate_media(media="print")
    expect(page.get_by_role("button", name="Print")).to_be_hidden()
    expect(page.get_by_role("navigation")).to_have_count(0)


def test_the_page_says_when_it_is_not_live(appliance: Appliance, sign_in: Callable[..., Page], problems):
    problems.allow("ERR_INTERNET_DISCONNECTED|htmx:")
    page = sign_in("administrator")
    page.goto("/admin/connect")
    page.context.set_offline(True)
    expect(page.locator("[data-live-polling]")).to_contain_text("Not live")
    page.context.set_offline(False)
    expect(page.locator("[data-live-polling]")).to_have_text("Live")


@pytest.mark.parametrize("size", SIZES)
def test_the_pages_are_accessible_and_fit(appliance: Appliance, sign_in: Callable[..., Page], size: str):
    echoscu(appliance.dicom_port, calling="STRANGER")
    echoscu(appliance.dicom_port, calling="NORTH_CT", called="A_LONG_TITLE_16C")
    page = sign_in("administrator", viewport=SIZES[size])
    page.add_init_script(path=AXE)
    for path in (
        "/admin/connect",
        "/admin/connect/settings-sheet",
        "/admin/application-entities/1",
        "/admin/application-entities/1/settings-sheet",
        "/admin/application-entities/refused",
    ):
        assert_accessible(page, path)
