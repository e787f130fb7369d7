"""Dashboards, saved filters and columns as people meet them: figures that are known, charts that are drawn, a file."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.acceptance.studies import write_study

Send = Callable[..., None]
DRAWN = """canvas => {
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    return data.some(value => value !== 0);
}"""


def cells(page: Page, key: str) -> dict[str, list[str]]:
    """Return the table of a chart: its cells by the name of their row."""
    if page.locator(f"#{key} details:not([open])").count():
        page.locator(f"#{key} summary").click()
    rows = page.locator(f"#{key} tbody tr").all()
    return {row.locator("th").inner_text(): row.locator("td").all_inner_texts() for row in rows}


def expect_drawn(page: Page, key: str) -> None:
    """Expect that the chart has drawn something."""
    canvas = page.locator(f"#{key} canvas")
    canvas.scroll_into_view_if_needed()
    expect(canvas).to_have_attribute("style", re.compile("width"))
    assert canvas.evaluate(DRAWN), f"{key} is empty"


def expect_listening(page: Page) -> None:
    """Expect that the worklist, which a button has loaded anew, hears the keyboard: what is pressed before is lost."""
    expect(page.locator("#live")).to_have_attribute("data-state", "live")


def test_dashboards_show_figures_as_charts_tables_and_files(sign_in: Callable[..., Page], send: Send, tmp_path: Path):
    for number in range(3):
        write_study(tmp_path / "north", f"Dashboard-{number}^North")
    write_study(tmp_path / "south", "Dashboard-9^South")
    send([tmp_path / "north"])
    send([tmp_path / "south"], calling_ae="SOUTH_CT")

    page = sign_in("administrator")
    page.goto("/worklist")
    page.get_by_role("link", name="Dashboards").click()
    for key in ("backlog", "studies-over-time", "studies-by-modality", "studies-by-facility"):
        expect_drawn(page, key)
    by_facility = {name: int(count) for name, (count,) in cells(page, "studies-by-facility").items()}
    assert by_facility["North hospital"] >= 3
    assert by_facility["South clinic"] >= 1
    by_modality = cells(page, "studies-by-modality")
    assert int(by_modality["CT"][0]) == sum(by_facility.values())
    # All wait for their report, and all came within the hour.
    waiting = [int(count) for count in cells(page, "backlog")["Below 1 hour"][:3]]
    assert sum(waiting) >= 4

    page.locator("#facility").select_option("SOUTH")
    page.locator("#period").select_option("7")
    page.get_by_role("button", name="Show").click()
    assert "facility=SOUTH" in page.url
    expect(page.locator("#studies-by-facility")).to_have_count(0)
    south = int(cells(page, "studies-by-modality")["CT"][0])
    assert south == by_facility["South clinic"]
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV of Studies by modality").click()
    text = download.value.path().read_bytes().decode("utf-8-sig")
    assert list(csv.reader(io.StringIO(text))) == [["Modality", "Studies"], ["CT", str(south)]]

    facility = sign_in("facility_user", "SOUTH")
    facility.goto("/dashboards")
    assert int(cells(facility, "studies-by-modality")["CT"][0]) == south
    text = facility.locator("main").inner_text()
    assert "North hospital" not in text
    assert "reader" not in text.lower()


def test_a_filter_is_saved_used_and_opens_the_worklist_and_columns_are_chosen_by_keyboard(
    sign_in: Callable[..., Page], send: Send, tmp_path: Path
):
    for name in ("Saved^Ada", "Other^Bea"):
        write_study(tmp_path, name)
    send([tmp_path])
    page = sign_in("technician", "NORTH")
    page.goto("/worklist")
    with page.expect_response(re.compile("/worklist/filter")):
        page.locator("#id_text").fill("saved ada")
    expect(page.locator(".study")).to_have_count(1)
    page.locator("#id_text").blur()

    page.keyboard.press("v")
    page.keyboard.press("Enter")  # the first entry: save
    page.keyboard.type("Ada's studies")
    page.get_by_label("Open the worklist with it").check()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#messages")).to_contain_text("is saved")
    page.get_by_role("button", name="Reset", exact=True).click()
    expect(page.locator(".study", has_text="Other, Bea")).to_be_visible()
    expect_listening(page)
    page.keyboard.press("v")
    page.keyboard.press("Enter")  # now the first entry is the filter
    expect(page.locator(".study")).to_have_count(1)
    expect(page.locator("#id_text")).to_have_value("saved ada")
    assert "ada" not in page.url.lower()

    expect_listening(page)
    page.keyboard.press("v")
    page.get_by_role("button", name="Columns …").click()
    page.locator("#column-received").focus()
    for _ in range(20):
        page.keyboard.press("Alt+ArrowUp")
    page.locator("#column-modality").uncheck()
    page.get_by_role("button", name="Use these").click()
    expect(page.locator("thead th.col-modality")).to_have_count(0)
    keys = [heading.get_attribute("class") for heading in page.locator("thead th[class^=col-]").all()]
    assert keys[:2] == ["col-select", "col-received"]

    again = sign_in("technician", "NORTH")
    again.goto("/worklist")
    expect(again.locator(".study")).to_have_count(1)
    expect(again.locator("thead th.col-modality")).to_have_count(0)
    again.keyboard.press("v")
    again.get_by_role("button", name="Remove Ada's studies").click()
    expect(again.locator("#messages")).to_contain_text("is removed")
    expect_listening(again)
    again.keyboard.press("v")
    again.get_by_role("button", name="Columns …").click()
    again.get_by_role("button", name="Usual columns").click()
    expect(again.locator("thead th.col-modality")).to_have_count(1)
