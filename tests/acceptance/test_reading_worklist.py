"""The worklist as a workflow: two readers who share it, an order that says what is urgent, and changes of many rows."""

from __future__ import annotations

import json
import re
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.acceptance.conftest import enter
from tests.acceptance.studies import write_study
from tests.support.appliance import Appliance

STEPS = "/api/v1/scheduled-procedure-steps"
LIVE_MS = 20_000
SETTLED_MS = 60_000
PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def order(appliance: Appliance) -> Callable[..., None]:
    """Give a function that orders a CT as the north's scheduling program does."""
    token = appliance.manage("create_token", appliance.account("technician", "NORTH").username).strip()

    def schedule(patient: str, number: str, **values: Any) -> None:
        start = datetime.now().astimezone() + timedelta(hours=1)
        body = {
            "patient_identifier": patient.partition("^")[0].upper(),
            "patient_name": patient,
            "modality": "CT",
            "start_date": start.date().isoformat(),
            "start_time": start.strftime("%H:%M"),
            "accession_number": number,
            **values,
        }
        wanted = urllib.request.Request(  # noqa: S310  (our own address)
            f"{appliance.base_url}{STEPS}",
            data=json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(wanted, timeout=30) as answer:  # noqa: S310
            assert answer.status in (200, 201)

    return schedule


@dataclass(frozen=True)
class Reader:
    """A radiologist with a worklist that hears of changes."""

    name: str
    context: BrowserContext
    page: Page

    def row(self, patient: str) -> Locator:
        """Return the row of a patient given as 'Family^Given'."""
        return self.page.locator(".study", has_text=patient.replace("^", ", "))

    def search(self, text: str) -> None:
        """Narrow the list."""
        with self.page.expect_response(re.compile("/worklist/filter")):
            self.page.locator("#id_text").fill(text)
        self.page.locator("#id_text").blur()

    def open(self, patient: str) -> Page:
        """Open a study in a tab of its own."""
        address = self.row(patient).locator(".col-patient a").first.get_attribute("href")
        opened = self.context.new_page()
        opened.goto(f"{address}?hanging=one")
        return opened


@pytest.fixture
def reader(appliance: Appliance, new_context: Callable[..., BrowserContext]) -> Iterator[Callable[..., Reader]]:
    """Give ``reader(facility)``: another radiologist each, in another browser."""

    def make(facility: str = "", **options: Any) -> Reader:
        context = new_context(**{"viewport": {"width": 1440, "height": 900}, **options})
        account = appliance.account("radiologist", facility)
        enter(context, account)
        page = context.new_page()
        page.goto("/worklist")
        expect(page.locator("#live")).to_have_attribute("data-state", "live")
        return Reader(account.username, context, page)

    yield make


def test_two_readers_share_the_work_and_never_a_study_unknowingly(
    appliance: Appliance, reader: Callable[..., Reader], order: Callable[..., None], tmp_path: Path
):
    order("Shared^Stat", "WF1", priority="stat")
    one, other = reader(), reader("NORTH")
    one.search("shared")
    other.search("shared")
    waiting = one.row("Shared^Stat")
    expect(waiting.locator(".status")).to_have_text("Scheduled")
    expect(waiting.locator(".priority")).to_have_text("Stat")
    expect(waiting.locator("a")).to_have_count(0)

    write_study(tmp_path, "Shared^Routine", BodyPartExamined="CHEST", PatientID="SHARED-R")
    write_study(tmp_path, "Shared^Stat", AccessionNumber="WF1", images=2)
    appliance.send([tmp_path])
    for patient in ("Shared^Stat", "Shared^Routine"):
        expect(one.row(patient).locator(".status")).to_have_text("Ready", timeout=SETTLED_MS)
        expect(one.row(patient)).to_have_count(1)
    expect(one.row("Shared^Stat").locator(".priority")).to_have_text("Stat")
    expect(one.row("Shared^Routine").locator(".due")).to_contain_text("left")

    # The most urgent study first, and the next reader gets another one.
    one.page.keyboard.press("g")
    one.page.wait_for_url("**/viewer/**")
    expect(one.page.locator(".viewer-patient h1")).to_have_text("Shared, Stat")
    expect(one.page.locator(".viewer-holding")).to_contain_text("Yours")
    expect(other.row("Shared^Stat").locator(".status")).to_have_text("In progress", timeout=LIVE_MS)
    expect(other.row("Shared^Stat").locator(".reader")).to_have_text(one.name)
    second = other.context.new_page()
    second.goto("/worklist")
    second.get_by_role("button", name="Next study").click()
    second.wait_for_url("**/viewer/**")
    assert second.url.split("?")[0] != one.page.url.split("?")[0]
    second.close()

    # Who opens what another holds is told, and takes nothing by opening.
    opened = other.open("Shared^Stat")
    warning = opened.locator(".viewer-holding-warning")
    expect(warning).to_contain_text(f"{one.name} holds this study", timeout=LIVE_MS)
    warning.get_by_role("button", name="Read only").click()
    expect(warning).to_be_hidden()
    expect(other.row("Shared^Stat").locator(".reader")).to_have_text(one.name)
    opened.locator(".viewer-holding").get_by_role("button", name="Take over").click()
    expect(opened.locator(".viewer-holding")).to_contain_text("Yours")
    expect(one.page.locator(".viewer-holding-warning")).to_contain_text(
        f"{other.name} holds this study", timeout=2 * LIVE_MS
    )
    opened.locator(".viewer-holding").get_by_role("button", name="Release").click()
    expect(other.row("Shared^Stat").locator(".status")).to_have_text("Ready", timeout=LIVE_MS)


def test_rows_are_selected_changed_and_changed_back_by_keyboard_and_mouse(
    appliance: Appliance, reader: Callable[..., Reader], tmp_path: Path
):
    for number in range(4):
        write_study(tmp_path, f"Bulk-{number}^Bea")
    appliance.send([tmp_path])
    one, other = reader(), reader("NORTH")
    one.search("bulk")
    other.search("bulk")
    page = one.page
    expect(page.locator(".study")).to_have_count(4)
    for key in ("j", "x", "Shift+J", "Shift+J"):
        page.keyboard.press(key)
    bar = page.locator("[data-selection]")
    expect(bar).to_contain_text("3 selected")
    page.keyboard.press("a")
    page.locator(".assign-menu .menu-item", has_text=other.name).click()
    toast = page.locator(".toast")
    expect(toast).to_contain_text(f"Assigned 3 studies to {other.name}.")
    expect(other.page.locator(".reader.is-self")).to_have_count(3, timeout=LIVE_MS)
    expect(bar).to_contain_text("3 selected")
    toast.get_by_role("button", name="Undo").click()
    expect(page.locator(".toast").last).to_contain_text("Undone for 3 studies.")
    expect(page.locator(".reader")).to_have_count(0)

    page.keyboard.press("Escape")
    expect(bar).to_be_hidden()
    boxes = page.locator(".row-select")
    boxes.nth(0).click()
    boxes.nth(3).click(modifiers=["Shift"])
    expect(bar).to_contain_text("4 selected")
    page.keyboard.press("1")
    expect(page.locator(".study .priority-stat")).to_have_count(4)
    expect(other.page.locator(".study .priority-stat")).to_have_count(4, timeout=LIVE_MS)
    page.keyboard.press("z")
    expect(page.locator(".study .priority-stat")).to_have_count(0)
    page.keyboard.press("?")
    expect(page.locator("#shortcuts")).to_contain_text("Get the next study to read")


def test_on_a_phone_the_rows_fit_and_technicians_are_offered_what_they_may(
    appliance: Appliance, reader: Callable[..., Reader], new_context: Callable[..., BrowserContext], tmp_path: Path
):
    write_study(tmp_path, "Phone^Pia", BodyPartExamined="HEAD")
    appliance.send([tmp_path])
    phone = reader(viewport=PHONE, has_touch=True)
    phone.search("phone")
    phone.row("Phone^Pia").locator(".row-select").click()
    expect(phone.page.locator("[data-selection]")).to_contain_text("1 selected")
    assert phone.page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]

    context = new_context()
    enter(context, appliance.account("technician", "NORTH"))
    page = context.new_page()
    page.goto("/worklist")
    with page.expect_response(re.compile("/worklist/filter")):
        page.locator("#id_text").fill("phone")
    expect(page.locator(".study")).to_have_count(1)
    row = page.locator(".study", has_text="Phone, Pia")
    row.locator(".row-select").click()
    bar = page.locator("[data-selection]")
    expect(bar.get_by_role("button", name="Claim")).to_have_count(0)
    bar.locator(".priority-menu summary").click()
    bar.get_by_role("button", name="Urgent").click()
    expect(row.locator(".priority")).to_have_text("Urgent")
    expect(phone.row("Phone^Pia").locator(".priority")).to_have_text("Urgent", timeout=LIVE_MS)
