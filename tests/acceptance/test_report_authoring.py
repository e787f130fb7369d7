"""Writing a report: templates, macros, the order and priors in it, words that survive, and critical results."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from playwright.sync_api import Locator, Page, expect

from noctis.modality_worklist.tests.factories import worklist_file
from tests.acceptance.viewer_page import LOADING_MS, PLAN, ViewerPage
from tests.data.phantoms import SyntheticPatient, SyntheticStudy, ct_series, save
from tests.support.appliance import Appliance

JOAN = SyntheticPatient("Phantom^Joan", "SYN-WRITE-1", "19800502", "F")
CURRENT = SyntheticStudy("writing now", JOAN, "CT thorax", "SYN2025170", "20250320", "101500")
PRIOR = SyntheticStudy("writing before", JOAN, "CT thorax", "SYN2025171", "20240120", "101500")
SHORT = replace(PLAN, slices=3)
REASON = "Nodule on the radiograph?"
NOTE = ".report-note"
KEPT_HERE = "Object.keys(localStorage).some((key) => key.includes('report'))"


@pytest.fixture(scope="module", autouse=True)
def studies(appliance: Appliance, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Order a CT, and send it with one of the year before."""
    orders = tmp_path_factory.mktemp("orders")
    ordered = {"PatientName": JOAN.name, "StudyInstanceUID": CURRENT.uid, "RequestedProcedureID": "RP-W1"}
    reason = {"RequestedProcedureDescription": "CT of the thorax", "ReasonForTheRequestedProcedure": REASON}
    worklist_file(orders / "order.wl", **ordered, **reason)
    appliance.manage("import_worklist", str(orders), "--facility", "NORTH")
    folder = tmp_path_factory.mktemp("writing")
    datasets = [dataset for study in (PRIOR, CURRENT) for dataset in ct_series(SHORT, study)]
    for number, dataset in enumerate(datasets):
        dataset.BodyPartExamined = "CHEST"
        save(dataset, folder / f"{number:03}.dcm")
    appliance.send([folder])


def section(page: Page, name: str) -> Locator:
    """Return the editor of a section."""
    return page.get_by_role("textbox", name=name, exact=True)


def open_report(page: Page, study: SyntheticStudy = CURRENT) -> None:
    """Open a study with its report beside it."""
    ViewerPage(page).open(study)
    page.get_by_role("button", name="Report", exact=True).click()


def expect_saved(page: Page) -> None:
    """Wait until the server has every word."""
    expect(page.locator(NOTE)).to_have_text("Saved", timeout=LOADING_MS)


def make_template(page: Page, name: str, findings: str) -> None:
    """Write a template on its page, as an administrator does."""
    page.goto("/report-templates/new")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Modalities").fill("CT")
    page.get_by_label("Body part").fill("CHEST")
    section(page, "Comparison").click()
    page.keyboard.type("{comparison}")
    section(page, "Findings").click()
    page.keyboard.type(findings)
    expect(section(page, "Findings").locator(".report-field")).to_have_count(2)
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("link", name=name, exact=True)).to_be_visible()


def test_a_report_is_written_with_templates_macros_order_and_priors(page: Page, sign_in: Callable[..., Page], problems):
    problems.allow("404")
    administrator = sign_in("administrator")
    make_template(administrator, "Nodule follow-up", "Nodule of {size} in the {side|left|right} lung.")

    page.goto("/report-macros")
    page.get_by_label("Shortcut").fill("NoFluid")
    page.get_by_label("Text").fill("No effusion at the age of {age}.")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("link", name=".nofluid")).to_be_visible()

    open_report(page)
    page.keyboard.press("Shift+P")
    ViewerPage(page).expect(state="ready")
    page.get_by_role("button", name="Write").click()
    expect(page.get_by_role("region", name="Order")).to_contain_text(REASON)
    likely = page.get_by_role("group", name="Begin with").get_by_role("button")
    expect(likely.filter(has_text="CT chest")).to_be_visible()
    expect(likely.filter(has_text="MR brain")).to_have_count(0)
    likely.filter(has_text="Nodule follow-up").click()

    # The study answers what it can, the order the question; Tab leads through the rest.
    expect(section(page, "Clinical question")).to_have_text(REASON)
    expect(section(page, "Comparison")).to_have_text("CT thorax, 2024-01-20")
    page.keyboard.type("6 mm")
    page.keyboard.press("Tab")
    expect(page.get_by_role("group", name="Choices")).to_contain_text("right")
    page.keyboard.press("2")
    expect(section(page, "Findings")).to_have_text("Nodule of 6 mm in the right lung.")

    # The template goes while it is used: the report keeps its words.
    administrator.get_by_role("button", name="Remove Nodule follow-up").click()
    expect(administrator.get_by_role("link", name="Nodule follow-up", exact=True)).to_have_count(0)
    page.keyboard.press("Control+End")
    page.keyboard.type(" .nofluid Hila normal.")
    words = "Nodule of 6 mm in the right lung. No effusion at the age of 44 years. Hila normal."
    expect(section(page, "Findings")).to_have_text(words)
    page.get_by_role("button", name="Comparison", exact=True).click()
    page.get_by_role("button", name="All that I opened").click()
    expect(section(page, "Comparison")).to_have_text("CT thorax, 2024-01-20")  # it stands there already
    expect_saved(page)
    page.get_by_role("button", name="Templates", exact=True).click()
    expect(page.locator(".report-aid:popover-open")).to_contain_text("CT chest")


def test_words_survive_a_lost_network_and_a_closed_browser(page: Page, problems):
    problems.allow("Failed to load resource|ERR_INTERNET_DISCONNECTED")
    open_report(page, PRIOR)
    page.get_by_role("button", name="Write").click()
    expect_saved(page)
    page.context.set_offline(True)
    section(page, "Impression").click()
    page.keyboard.type("Words without a network.")
    expect(page.locator(NOTE)).to_contain_text("trying again", timeout=LOADING_MS)
    again = page.context.new_page()
    page.close()
    again.context.set_offline(False)
    open_report(again, PRIOR)
    kept = again.get_by_role("alert").filter(has_text="did not reach the server")
    expect(kept).to_be_visible()
    kept.get_by_role("button", name="Restore").click()
    expect(section(again, "Impression")).to_have_text("Words without a network.")
    expect_saved(again)
    assert not again.evaluate(KEPT_HERE)

    # A browser closed in the middle sends its last words.
    section(again, "Impression").click()
    again.keyboard.press("Control+End")
    again.keyboard.type(" The last ones.")
    another = again.context.new_page()
    again.close()
    open_report(another, PRIOR)
    expect(section(another, "Impression")).to_have_text("Words without a network. The last ones.")
    expect(another.get_by_role("alert").filter(has_text="did not reach")).to_have_count(0)
    assert not another.evaluate(KEPT_HERE)


def test_a_critical_result_is_told_and_acknowledged(page: Page, sign_in: Callable[..., Page], problems):
    problems.allow("422")
    open_report(page)
    page.get_by_role("button", name="Note a critical result …").click()
    dialog = page.get_by_role("dialog", name="Note a critical result")
    dialog.get_by_label("Finding").fill("Aortic dissection")
    dialog.get_by_role("button", name="Note and tell").click()
    expect(dialog.get_by_role("alert")).to_have_text("Name whom to tell.")
    tell = dialog.get_by_role("combobox", name="Tell", exact=True)
    clinicians = tell.locator("option").filter(has_text="facility user")
    expect(clinicians).to_have_count(1)  # those of the other facility cannot be told
    label = clinicians.inner_text()
    tell.select_option(label=label)
    dialog.get_by_label("Clinician without an account").fill("Dr Referrer")
    dialog.get_by_role("button", name="Note and tell").click()
    listed = page.get_by_role("region", name="Critical results")
    expect(listed.locator("li")).to_contain_text("Red · until")

    told = sign_in("facility_user", "NORTH")
    told.goto("/critical-results")
    told.get_by_role("link", name="Aortic dissection").click()
    expect(told.get_by_text("Dr Referrer (by telephone)")).to_be_visible()
    told.get_by_role("button", name="Acknowledge").click()
    name = label.removesuffix(", facility user")
    expect(told.get_by_text(f"Acknowledged by {name}")).to_be_visible()
    stranger = sign_in("facility_user", "SOUTH")
    stranger.goto("/critical-results")
    expect(stranger.get_by_text("Nothing waits")).to_be_visible()

    page.get_by_role("button", name="Report", exact=True).click()
    page.get_by_role("button", name="Report", exact=True).click()
    expect(listed.locator("li")).to_contain_text(f"acknowledged by {name}")
