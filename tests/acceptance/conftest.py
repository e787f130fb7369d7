"""A running appliance and a browser that reports every script error and every violation of the page's policy."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Error, Page, Playwright, sync_playwright

from tests.support.appliance import Account, Appliance, server_settings

CHROMIUM = "/usr/bin/chromium"
# What a computer without a graphics card does: the processor draws the pages, and WebGL as well. Flags that make the
# browser believe in a card have it paint the pages by an emulation of one, which takes longer than all else together.
CHROMIUM_FLAGS = ["--no-sandbox", "--enable-unsafe-swiftshader"]
BROWSER_FIXTURES = {"playwright", "browser"}
REPORT_POLICY_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) => {
    console.error(`policy violation: ${event.violatedDirective} blocked ${event.blockedURI} (${event.sourceFile})`);
});
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs a browser or real programs, so that no test of this folder runs among the unit tests."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            needs_browser = BROWSER_FIXTURES & set(getattr(item, "fixturenames", ()))
            item.add_marker("browser" if needs_browser else "integration")


@pytest.fixture(scope="session")
def appliance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Appliance]:
    """Run an appliance with two facilities, their modalities and an account per role and facility."""
    data_dir = tmp_path_factory.mktemp("appliance") / "data"
    running = Appliance(data_dir, server_settings(data_dir))
    running.start()
    try:
        running.fill()
        yield running
    finally:
        running.stop()


@pytest.fixture(autouse=True)
def _appliance_runs(request: pytest.FixtureRequest) -> Iterator[None]:
    """Say why the appliance ended, if it did, in place of the errors that follow from it."""
    if "appliance" not in request.fixturenames:
        yield
        return
    running: Appliance = request.getfixturevalue("appliance")
    running.require_running()
    yield
    running.require_running()


@pytest.fixture
def send(appliance: Appliance) -> Callable[..., None]:
    """Give ``send(paths, calling_ae="NORTH_CT")``: DCMTK sends, and everything is indexed when it returns."""
    return appliance.send


class PageProblems:
    """What went wrong in the pages of one test: console errors, script errors, policy violations."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self._allowed: list[re.Pattern[str]] = []

    def allow(self, pattern: str) -> None:
        """Expect problems whose text matches ``pattern``."""
        self._allowed.append(re.compile(pattern))

    def watch(self, context: BrowserContext) -> None:
        """Collect the problems of every page of ``context``."""
        context.add_init_script(REPORT_POLICY_VIOLATIONS)
        context.on("console", self._on_console)
        context.on("weberror", lambda error: self.found.append(f"script error: {error.error}"))

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.found.append(f"console: {message.text} ({message.location.get('url', '')})")

    def unexpected(self) -> list[str]:
        """Return the problems that were not allowed."""
        return [text for text in self.found if not any(pattern.search(text) for pattern in self._allowed)]


@pytest.fixture
def problems() -> Iterator[PageProblems]:
    """Fail the test on a problem in its pages, unless it said ``problems.allow(pattern)``."""
    collected = PageProblems()
    yield collected
    if unexpected := collected.unexpected():
        pytest.fail("the browser reported:\n" + "\n".join(unexpected))


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """Run Playwright's driver."""
    with sync_playwright() as driver:
        yield driver


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """Run Debian's Chromium without a window."""
    running = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
    yield running
    running.close()


@pytest.fixture
def new_context(
    browser: Browser, appliance: Appliance, problems: PageProblems
) -> Iterator[Callable[..., BrowserContext]]:
    """Give ``new_context(**options)``: a browser with empty cookies whose problems are watched."""
    opened: list[BrowserContext] = []

    def make(**options: Any) -> BrowserContext:
        options.setdefault("viewport", {"width": 1280, "height": 800})
        context = browser.new_context(base_url=appliance.base_url, **options)
        problems.watch(context)
        opened.append(context)
        return context

    yield make
    for context in opened:
        context.close()


def enter(context: BrowserContext, account: Account) -> None:
    """Sign in as ``account`` with the form's own requests, faster than by typing."""
    form = context.request.get("/sign-in").text()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form)
    assert token, "the sign-in page has no form"
    fields = {"csrfmiddlewaretoken": token[1], "username": account.username, "password": account.password}
    answer = context.request.post("/sign-in", form=fields, max_redirects=0)
    assert answer.status == 302, f"{account.username} could not sign in: {answer.status}"


@pytest.fixture
def sign_in(new_context: Callable[..., BrowserContext], appliance: Appliance) -> Callable[..., Page]:
    """Give ``sign_in(role, facility="", **context_options)``: a new page of somebody with that role."""

    def start(role: str, facility: str = "", **options: Any) -> Page:
        context = new_context(**options)
        enter(context, appliance.account(role, facility))
        return context.new_page()

    return start


@pytest.fixture
def browser_context(new_context: Callable[..., BrowserContext], appliance: Appliance) -> BrowserContext:
    """Give a browser that is signed in as a radiologist."""
    context = new_context()
    enter(context, appliance.account("radiologist"))
    return context


@pytest.fixture
def page(browser_context: BrowserContext, request: pytest.FixtureRequest) -> Iterator[Page]:
    """Give a page of a signed-in radiologist; a failed test leaves a screenshot in test-results/."""
    opened = browser_context.new_page()
    failed_before = request.session.testsfailed
    yield opened
    if request.session.testsfailed > failed_before:
        picture = Path("test-results") / f"{re.sub(r'[^A-Za-z0-9_]+', '-', request.node.name)[:100]}.png"
        picture.parent.mkdir(exist_ok=True)
        try:
            opened.screenshot(path=picture)
        except Error as error:  # the page may be what failed
            print(f"no screenshot: {error}")
