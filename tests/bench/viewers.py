"""Noctis' viewer and OHIF in Chromium: how soon a study is seen and complete, and what it costs.

Both open the same studies from the same web program; they take turns, each turn in a browser of its own.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import BrowserType, CDPSession, Page, sync_playwright

from tests.acceptance.conftest import CHROMIUM, CHROMIUM_FLAGS, enter
from tests.bench.figures import NOCTIS
from tests.bench.ohif import OhifMissing, distribution
from tests.bench.viewer_figures import ViewerFigures, ViewerRow
from tests.data.phantoms import THORAX, SyntheticPatient, SyntheticStudy, ct_series, save
from tests.support.appliance import APP, ROOT, Account, Appliance
from tests.support.http_session import HttpSession
from tests.support.ports import free_ports
from tests.support.waiting import wait_for

OHIF: Final = "OHIF"
IN_PAGE: Final = Path(__file__).with_name("in_page.js").read_text(encoding="utf-8")
SIZES: Final = (128, 500)
ADDRESSES: Final = {NOCTIS: "/viewer/{uid}", OHIF: "/viewer?StudyInstanceUIDs={uid}"}
MOST_SECONDS: Final = 180.0
QUIET_SECONDS: Final = 2.0  # what a viewer still does after the last frame counts for its memory


@dataclass(frozen=True)
class Measured:
    """One opening of a study."""

    first_image: float
    complete: float
    requests: int
    received: int
    js_heap: int
    memory: int


def studies() -> dict[int, SyntheticStudy]:
    """Return the study of each size: one series of CT slices of 512 × 512 pixels."""
    return {
        size: SyntheticStudy(
            f"bench {size}", _patient(size), f"CT of {size} slices", f"BENCH{size}", "20260301", "101500"
        )
        for size in SIZES
    }


def _patient(size: int) -> SyntheticPatient:
    """Return a patient for each study: no viewer is to find a prior that it loads as well."""
    return SyntheticPatient(f"Bench^Number{size}", f"BENCH{size}", "19700101", "O")


def fill(appliance: Appliance, folder: Path) -> None:
    """Send both studies."""
    for size, study in studies().items():
        plan = replace(THORAX, slices=size, spacing=THORAX.spacing * THORAX.slices / size, noise=9.0)
        for number, dataset in enumerate(ct_series(plan, study)):
            save(dataset, folder / f"{size}-{number:03}.dcm")
    appliance.send([folder], seconds=600)


@contextmanager
def web_program(appliance: Appliance, ohif: Path | None) -> Iterator[str]:
    """Run the web program of a server on the appliance's data; give its address."""
    (port,) = free_ports(1)
    settings = {**appliance.settings, "NOCTIS_WEB_BIND": f"127.0.0.1:{port}"}
    settings["PYTHONPATH"] = os.pathsep.join((str(APP), str(ROOT)))
    if ohif is not None:
        settings["BENCH_OHIF"] = str(ohif)
    configuration = ["-c", str(APP / "noctis" / "gunicorn.py"), "--log-level", "warning"]
    command = [sys.executable, "-m", "gunicorn", *configuration, "tests.bench.viewer_server:application"]
    with subprocess.Popen(command, env=settings, stdout=subprocess.DEVNULL) as process:
        try:
            wait_for(lambda: _answers(port), "the web program", seconds=60)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def _answers(port: int) -> bool:
    try:
        with closing(HttpSession(port)) as session:
            return bool(session.get("/healthz"))
    except OSError:
        return False


def measure(appliance: Appliance, folder: Path, *, rounds: int) -> list[ViewerRow]:
    """Let both viewers open both studies; the second study of a turn finds the viewer's code in the browser's cache."""
    folder.mkdir()
    fill(appliance, folder)
    try:
        ohif: Path | None = distribution()
    except OhifMissing as missing:
        print(f"OHIF is not compared: {missing}", file=sys.stderr)
        ohif = None
    names = [NOCTIS] if ohif is None else [NOCTIS, OHIF]
    figures = ViewerFigures()
    with web_program(appliance, ohif) as address, sync_playwright() as driver:
        for number in range(rounds):
            for name in names[number % len(names) :] + names[: number % len(names)]:
                for first, second in (SIZES, SIZES[::-1]):
                    with _reader(driver.chromium, address, appliance.account("radiologist"), folder) as page:
                        figures.add(name, first, open_study(page, name, first), is_cold=True)
                        figures.add(name, second, open_study(page, name, second), is_cold=False)
    return figures.rows()


@contextmanager
def _reader(chromium: BrowserType, address: str, account: Account, folder: Path) -> Iterator[Page]:
    """Give a page of a new browser, which keeps what it loads on the disk, of somebody who has signed in."""
    with tempfile.TemporaryDirectory(dir=folder) as profile:
        context = chromium.launch_persistent_context(
            profile,
            executable_path=CHROMIUM,
            args=CHROMIUM_FLAGS,
            base_url=address,
            viewport={"width": 1440, "height": 900},
        )
        try:
            enter(context, account)
            context.add_init_script(IN_PAGE)
            yield context.new_page()
        finally:
            context.close()


def open_study(page: Page, name: str, slices: int) -> Measured:
    """Open the study of that many slices in a viewer, and wait until every frame has arrived."""
    session = page.context.new_cdp_session(page)
    traffic = _Traffic(session)
    page.goto(ADDRESSES[name].format(uid=studies()[slices].uid), wait_until="commit")
    wait_for(lambda: page.evaluate("window.__bench.frames") >= slices, "every frame", seconds=MOST_SECONDS)
    wait_for(lambda: page.evaluate("window.__bench.firstImage !== undefined"), "an image", seconds=MOST_SECONDS)
    time.sleep(QUIET_SECONDS)
    seen = page.evaluate("window.__bench")
    session.send("HeapProfiler.collectGarbage")
    heap = next(
        item["value"] for item in session.send("Performance.getMetrics")["metrics"] if item["name"] == "JSHeapUsedSize"
    )
    measured = Measured(
        first_image=seen["firstImage"] / 1000,
        complete=seen["lastFrame"] / 1000,
        requests=traffic.requests,
        received=traffic.received,
        js_heap=int(heap),
        memory=_renderer_memory(page),
    )
    session.detach()
    return measured


class _Traffic:
    """Counts what a page asks for and gets over the network."""

    def __init__(self, session: CDPSession) -> None:
        self.requests = self.received = 0
        session.on("Network.responseReceived", self._responded)
        session.on("Network.loadingFinished", self._finished)
        session.send("Network.enable")
        session.send("Performance.enable")

    def _responded(self, event: Any) -> None:
        self.requests += not event["response"].get("fromDiskCache", False)

    def _finished(self, event: Any) -> None:
        self.received += int(event["encodedDataLength"])


def _renderer_memory(page: Page) -> int:
    """Return what the page's process takes of the memory, in bytes: of all renderers, the largest."""
    browser = page.context.browser
    assert browser is not None
    session = browser.new_browser_cdp_session()
    processes = session.send("SystemInfo.getProcessInfo")["processInfo"]
    session.detach()
    return max(_share_of_memory(int(process["id"])) for process in processes if process["type"] == "renderer")


def _share_of_memory(pid: int) -> int:
    """Return the proportional set size of a process, what it shares counted in parts (Linux)."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    found = re.search(r"^Pss:\s+(\d+) kB$", text, re.MULTILINE)
    assert found, "the kernel tells nothing of the process"
    return int(found[1]) * 1024
