"""The worklist as a reader meets it: live, searched, sorted, paged, by keyboard and on a phone."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.acceptance.conftest import PageProblems
from tests.acceptance.studies import write_study

Send = Callable[..., None]
PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def many_studies(appliance, tmp_path_factory: pytest.TempPathFactory) -> Sequence[str]:
    """Fill more than one page: 60 studies of patients Paging-000 to Paging-059."""
    folder = tmp_path_factory.mktemp("paging")
    names = [f"Paging-{number:03}^Test" for number in range(60)]
    for number, name in enumerate(names):
        write_study(folder, name, StudyDescription=f"Paging {number % 7}", AccessionNumber=f"PG{number:04}")
    appliance.send([folder])
    return names


def row(page: Page, patient: str) -> Locator:
    """Return the row of a patient given as 'Family^Given'."""
    return page.locator(".study", has_text=patient.replace("^", ", "))


def open_live(page: Page) -> None:
    """Open the worklist and wait until it hears about changes."""
    with page.expect_response(re.compile("/worklist/studies")):
        page.goto("/worklist")  # once connected, the page asks for what it may have missed
    expect(page.locator("#live")).to_have_attribute("data-state", "live")
    page.wait_for_timeout(200)


def search(page: Page, text: str) -> None:
    """Type into the search field and wait for the answer."""
    with page.expect_response(re.compile("/worklist/filter")):
        page.locator("#id_text").fill(text)
    page.wait_for_timeout(100)


def patients(page: Page) -> list[str]:
    """Return the names that are shown, from top to bottom."""
    return page.locator(".study .col-patient").all_inner_texts()


def test_a_study_that_arrives_appears_without_a_reload(page: Page, send: Send, tmp_path: Path, many_studies):
    open_live(page)
    page.evaluate("() => { window.loadedOnce = true; }")
    page.keyboard.press("j")
    page.keyboard.press("j")
    focused = page.evaluate("document.activeElement.id")
    assert focused.startswith("open-")
    write_study(tmp_path, "Arrival^Ada", images=3)
    send([tmp_path])
    arrived = row(page, "Arrival^Ada")
    expect(arrived).to_be_visible(timeout=15_000)
    expect(arrived).to_have_class(re.compile("is-new"))
    expect(arrived.locator(".col-images")).to_contain_text("3 / 1")
    expect(arrived.locator(".status")).to_have_text("Arriving")
    assert patients(page)[0] == "Arrival, Ada"
    assert page.evaluate("() => window.loadedOnce") is True
    assert page.evaluate("document.activeElement.id") == focused


def test_a_reader_further_down_is_told_of_arrivals_and_nothing_moves(
    page: Page, send: Send, tmp_path: Path, many_studies
):
    open_live(page)
    page.locator("[data-pager=next]").click()
    expect(page.locator("[data-pager=previous]")).to_be_visible()
    before = patients(page)
    write_study(tmp_path, "Arrival^Boris")
    send([tmp_path])
    pill = page.locator(".arrivals")
    expect(pill).to_contain_text("1 new study", timeout=15_000)
    assert patients(page) == before
    pill.click()
    expect(row(page, "Arrival^Boris")).to_be_visible()
    expect(pill).to_be_hidden()


def test_a_reader_who_scrolled_down_is_not_moved(page: Page, send: Send, tmp_path: Path, many_studies):
    open_live(page)
    page.locator("[data-scroller]").evaluate("frame => { frame.scrollTop = 300; }")
    before = patients(page)
    write_study(tmp_path, "Arrival^Chiara")
    send([tmp_path])
    expect(page.locator(".arrivals")).to_contain_text("1 new study", timeout=15_000)
    assert patients(page) == before
    assert page.locator("[data-scroller]").evaluate("frame => frame.scrollTop") == 300


def test_arrivals_that_the_filter_does_not_ask_for_stay_out(page: Page, send: Send, tmp_path: Path, many_studies):
    open_live(page)
    search(page, "paging-00")
    before = patients(page)
    assert len(before) == 10
    with page.expect_response(re.compile("/worklist/(studies|updates)"), timeout=15_000):
        write_study(tmp_path, "Arrival^David")
        send([tmp_path])
    page.wait_for_timeout(300)
    assert patients(page) == before


def test_another_facility_hears_nothing_of_an_arrival(
    sign_in: Callable[..., Page], send: Send, tmp_path: Path, many_studies
):
    south = sign_in("facility_user", "SOUTH")
    north = sign_in("facility_user", "NORTH")
    open_live(south)
    open_live(north)
    write_study(tmp_path, "Arrival^Elif")
    send([tmp_path], calling_ae="NORTH_CT")
    expect(row(north, "Arrival^Elif")).to_be_visible(timeout=15_000)
    south.reload()
    expect(row(south, "Arrival^Elif")).to_have_count(0)
    expect(row(south, "Paging")).to_have_count(0)


def test_without_the_stream_the_page_polls(
    page: Page, send: Send, tmp_path: Path, problems: PageProblems, many_studies
):
    problems.allow("503")
    page.route("**/events/live?*", answer_unavailable)
    page.goto("/worklist")
    expect(page.locator("#live")).to_have_attribute("data-state", "polling")
    write_study(tmp_path, "Arrival^Farid")
    send([tmp_path])
    expect(row(page, "Arrival^Farid")).to_be_visible(timeout=20_000)


def answer_unavailable(route: Route) -> None:
    """Answer as Nginx does while the events program restarts."""
    route.fulfill(status=503)


def test_search_finds_by_any_word_and_leaves_no_name_in_the_address(page: Page, many_studies):
    page.goto("/worklist")
    search(page, "test, Paging-017")
    assert patients(page) == ["Paging-017, Test"]
    assert "aging" not in page.url
    page.reload()
    assert patients(page) == ["Paging-017, Test"]
    expect(page.locator("#id_text")).to_have_value("test, Paging-017")
    search(page, "PG0042")
    assert patients(page) == ["Paging-042, Test"]
    search(page, "nobody has this name")
    expect(page.get_by_role("heading", name="No study matches")).to_be_visible()
    page.get_by_role("button", name="Reset the filters").click()
    expect(page.locator("#id_text")).to_have_value("")
    assert len(patients(page)) == 50


def test_filters_narrow_by_modality_date_facility_and_status(page: Page, send: Send, tmp_path: Path, many_studies):
    write_study(tmp_path, "Filter^South", Modality="MR", StudyDate="20240229")
    send([tmp_path], calling_ae="SOUTH_CT")
    page.goto("/worklist")
    search(page, "filter")
    for field, value, shown in (
        ("#id_modality", "MR", True),
        ("#id_modality", "CT", False),
        ("#id_modality", "", True),
        ("#id_facility", "NORTH", False),
        ("#id_facility", "SOUTH", True),
    ):
        with page.expect_response(re.compile("/worklist/filter")):
            page.locator(field).select_option(value)
        expect(row(page, "Filter^South")).to_have_count(int(shown))
    for value, shown in (("2024-02-29", True), ("2024-03-01", False)):
        with page.expect_response(re.compile("/worklist/filter")):
            page.locator("#id_from_date").fill(value)
        expect(row(page, "Filter^South")).to_have_count(int(shown))


def test_headings_sort_and_say_so(page: Page, many_studies):
    page.goto("/worklist")
    search(page, "paging")
    page.locator("#sort-patient").click()
    expect(page.locator("th.col-patient[aria-sort]")).to_have_attribute("aria-sort", "ascending")
    assert patients(page)[0] == "Paging-000, Test"
    page.locator("#sort-patient").click()
    expect(page.locator("th.col-patient[aria-sort]")).to_have_attribute("aria-sort", "descending")
    assert patients(page)[0] == "Paging-059, Test"
    assert page.url.endswith("/worklist?sort=patient&dir=desc")


def test_pages_follow_one_another_and_the_browsers_back_works(page: Page, many_studies):
    page.goto("/worklist")
    search(page, "paging")
    page.locator("#sort-patient").click()
    expect(page.locator("th.col-patient[aria-sort]")).to_be_visible()
    first = patients(page)
    page.keyboard.press("n")
    expect(page.locator("[data-pager=previous]")).to_be_visible()
    second = patients(page)
    assert [*first, *second] == [f"Paging-{number:03}, Test" for number in range(60)]
    assert re.search(r"[?&]after=\d+$", page.url)
    page.go_back()
    expect(page.locator("[data-pager=next]")).to_be_visible()
    assert patients(page) == first


def test_the_keyboard_is_enough(page: Page, many_studies):
    page.goto("/worklist")
    page.keyboard.press("/")
    page.keyboard.type("paging-01")
    expect(page.locator(".study")).to_have_count(10)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("j")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("k")
    link = page.locator(".study .col-patient a").nth(1)
    expect(link).to_be_focused()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    address = link.get_attribute("href")
    link.focus()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{address}")


def test_a_click_on_a_row_opens_the_study(page: Page, many_studies):
    page.goto("/worklist")
    search(page, "paging-023")
    address = page.locator(".study a").first.get_attribute("href")
    page.locator(".study .col-description").click()
    page.wait_for_url(f"**{address}")


def test_a_phone_shows_cards_that_fit(sign_in: Callable[..., Page], many_studies):
    page = sign_in("radiologist", viewport=PHONE, has_touch=True, is_mobile=True)
    open_live(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert page.evaluate("() => getComputedStyle(document.querySelector('.study')).display") == "grid"
    expect(page.locator("#id_modality")).to_be_hidden()
    page.get_by_role("button", name="Filters").tap()
    expect(page.locator("#id_modality")).to_be_visible()
    search(page, "paging-031")
    assert patients(page) == ["Paging-031, Test"]


def test_the_worklist_works_without_scripts(new_context, appliance, many_studies):
    page = new_context(java_script_enabled=False).new_page()
    account = appliance.account("radiologist")
    page.goto("/worklist")
    page.locator("#id_username").fill(account.username)
    page.locator("#id_password").fill(account.password)
    page.get_by_role("button", name="Sign in").click()
    page.locator("#id_text").fill("paging-044")
    page.get_by_role("button", name="Search").click()
    expect(page.locator(".study")).to_have_count(1)
    assert patients(page) == ["Paging-044, Test"]
