"""Signing in, administration, and what holds for every page: it is accessible, and it fits a phone."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.acceptance.conftest import PageProblems
from tests.acceptance.studies import write_study

AXE = Path(__file__).resolve().parents[2] / "app" / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
RUN_AXE = """async () => {
    const found = await axe.run(document, {resultTypes: ["violations"]});
    return found.violations
        .filter((violation) => ["serious", "critical"].includes(violation.impact))
        .map((violation) => `${violation.id}: ${violation.nodes.map((node) => node.html).slice(0, 3).join(" | ")}`);
}"""
SIZES = {"desk": {"width": 1440, "height": 900}, "phone": {"width": 390, "height": 844}}
ADMINISTRATION = (
    "/admin/",
    "/admin/users",
    "/admin/users/new",
    "/admin/users/1",
    "/admin/facilities",
    "/admin/facilities/new",
    "/admin/facilities/1",
    "/admin/application-entities",
    "/admin/application-entities/new",
    "/admin/application-entities/1",
    "/admin/audit",
    "/account/password",
    "/worklist",
)


@pytest.fixture(scope="module")
def _one_study(appliance, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("one")
    write_study(folder, "Phantom^Ada")
    appliance.send([folder])


def assert_accessible(page: Page, path: str) -> None:
    """Check one page with axe-core, and that nothing stands out at its right."""
    page.goto(path)
    assert page.evaluate(RUN_AXE) == [], path
    width = page.evaluate("() => [document.documentElement.scrollWidth, window.innerWidth]")
    assert width[0] <= width[1], f"{path} is wider than the screen"


@pytest.mark.parametrize("size", SIZES)
def test_every_page_is_accessible_and_fits(sign_in: Callable[..., Page], size: str, _one_study):
    page = sign_in("administrator", viewport=SIZES[size])
    page.add_init_script(path=AXE)
    for path in ADMINISTRATION:
        assert_accessible(page, path)


@pytest.mark.parametrize("size", SIZES)
def test_refusals_and_the_sign_in_page_are_accessible(
    new_context: Callable[..., BrowserContext],
    sign_in: Callable[..., Page],
    problems: PageProblems,
    size: str,
):
    problems.allow("404|403|410")
    anonymous = new_context(viewport=SIZES[size]).new_page()
    anonymous.add_init_script(path=AXE)
    for path in ("/sign-in", "/set-up/no-such-token"):
        assert_accessible(anonymous, path)
    roleless = sign_in("", "NORTH", viewport=SIZES[size])
    roleless.add_init_script(path=AXE)
    for path in ("/worklist", "/admin/", "/nothing-here"):
        assert_accessible(roleless, path)


def test_open_menus_and_dialogs_are_accessible(sign_in: Callable[..., Page], _one_study):
    page = sign_in("administrator")
    page.add_init_script(path=AXE)
    page.goto("/worklist")
    page.locator(".user-menu summary").click()
    assert page.evaluate(RUN_AXE) == []
    page.keyboard.press("Escape")
    expect(page.locator(".user-menu")).not_to_have_attribute("open", re.compile(""))
    page.keyboard.press("?")
    assert page.evaluate(RUN_AXE) == []


def test_signing_in_and_out(new_context: Callable[..., BrowserContext], appliance, _one_study):
    page = new_context().new_page()
    account = appliance.account("radiologist")
    page.goto("/worklist?sort=patient&dir=asc")
    expect(page).to_have_url(re.compile("/sign-in"))
    page.get_by_label("User name").fill(account.username)
    page.get_by_label("Password").fill("not the password")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("do not match, or the account is not active")
    page.get_by_label("Password").fill(account.password)
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(re.compile(r"/worklist\?sort=patient&dir=asc$"))
    # What the page asks for at first is answered before the session ends.
    expect(page.locator("#live")).to_have_attribute("data-state", "live")
    page.wait_for_timeout(500)
    page.locator(".user-menu summary").click()
    expect(page.locator(".menu-facts")).to_contain_text("All facilities")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_text("You are signed out.")).to_be_visible()
    page.go_back()
    expect(page).to_have_url(re.compile("/sign-in"))


def test_a_user_added_by_an_administrator_gets_in_once_by_the_link(
    sign_in: Callable[..., Page], new_context: Callable[..., BrowserContext], problems: PageProblems
):
    problems.allow("410")
    administrator = sign_in("administrator")
    administrator.goto("/admin/users")
    administrator.get_by_role("link", name="Add a user").click()
    administrator.get_by_label("User name").fill("newcomer")
    administrator.get_by_label("Role").select_option("technician")
    administrator.get_by_role("button", name="Add and show").click()
    expect(administrator.get_by_text("choose one")).to_be_visible()
    administrator.get_by_label("Facility").select_option(label="South clinic")
    administrator.get_by_role("button", name="Add and show").click()
    link = administrator.locator("#set-up-link").input_value()
    newcomer = new_context().new_page()
    newcomer.goto(link)
    newcomer.get_by_label("New password").fill("a long enough secret")
    newcomer.get_by_label("The same again").fill("a long enough secret")
    newcomer.get_by_role("button", name="Set the password").click()
    expect(newcomer).to_have_url(re.compile("/worklist"))
    expect(newcomer.get_by_text("Your password is set.")).to_be_visible()
    again = new_context().new_page()
    again.goto(link)
    expect(again.get_by_role("heading", name="This link has ended")).to_be_visible()


def test_a_deactivated_user_is_out_at_once(sign_in: Callable[..., Page], appliance):
    technician = sign_in("technician", "SOUTH")
    technician.goto("/worklist")
    technician.goto("about:blank")  # a page that stays open leaves by itself, at its own time
    administrator = sign_in("administrator")
    administrator.goto("/admin/users")
    administrator.get_by_role("link", name=appliance.account("technician", "SOUTH").username).click()
    administrator.get_by_role("button", name="Deactivate…").click()
    administrator.get_by_role("dialog").get_by_role("button", name="Deactivate").click()
    expect(administrator.get_by_text("is deactivated")).to_be_visible()
    technician.goto("/worklist")
    expect(technician).to_have_url(re.compile("/sign-in"))
    administrator.get_by_role("link", name=appliance.account("technician", "SOUTH").username).click()
    administrator.get_by_role("button", name="Activate again").click()


def test_the_audit_log_names_who_did_what(sign_in: Callable[..., Page], appliance, _one_study):
    page = sign_in("administrator")
    page.goto("/admin/audit")
    page.get_by_label("Action").select_option(label="Signed in")
    page.get_by_role("button", name="Show").click()
    expect(page.locator("tbody tr").first).to_contain_text(appliance.account("administrator").username)
    page.get_by_label("Action").select_option(label="Instances received")
    page.get_by_role("button", name="Show").click()
    expect(page.locator("tbody tr").first).to_contain_text("NORTH_CT")
    expect(page.locator("tbody")).not_to_contain_text("Phantom")
