"""The documentation names every setting, and only settings that exist."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
READERS = ("settings.py", "gunicorn.py", "gunicorn_events.py", "operations/embedded/__main__.py")
# Set by the deployment, not by people.
INTERNAL = {"NOCTIS_WEB_BIND", "NOCTIS_EVENTS_BIND", "NOCTIS_GUNICORN_LOG_LEVEL"}


def test_every_setting_is_documented():
    sources = [(ROOT / "app" / "noctis" / name).read_text(encoding="utf-8") for name in READERS]
    read = {name for source in sources for name in re.findall(r'\(\s*"(NOCTIS_[A-Z0-9_]+)"', source)} - INTERNAL
    page = (ROOT / "app" / "docs" / "configuration.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"^\| `(NOCTIS_[A-Z0-9_]+)`", page, re.MULTILINE))
    assert documented == read
