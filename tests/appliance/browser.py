"""Debian's Chromium on the controller, as a workstation of the hospital: it trusts the appliance's local authority."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import BrowserContext, sync_playwright

from tests.acceptance.conftest import CHROMIUM, CHROMIUM_FLAGS
from tests.appliance.deployment import Appliance


def trust(home: Path, authority: str) -> None:
    """Make Chromium of the user with this home folder trust a certificate authority."""
    store = home / ".pki" / "nssdb"
    store.mkdir(parents=True)
    (home / "authority.crt").write_text(authority)
    certutil = ["certutil", "-d", f"sql:{store}"]
    subprocess.run([*certutil, "-N", "--empty-password"], check=True)
    subprocess.run([*certutil, "-A", "-n", "noctis", "-t", "C,,", "-i", home / "authority.crt"], check=True)


@contextmanager
def workstation(appliance: Appliance, home: Path) -> Iterator[BrowserContext]:
    """Run a browser that knows the appliance by name and by its authority's certificate."""
    trust(home, appliance.authority)
    flags = [*CHROMIUM_FLAGS, f"--host-resolver-rules=MAP {appliance.web_name} {appliance.address}"]
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=flags, env={"HOME": str(home)})
        yield browser.new_context(
            base_url=f"https://{appliance.web_name}", viewport={"width": 1280, "height": 800}, device_scale_factor=1
        )
        browser.close()
