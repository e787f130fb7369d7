"""The web program of a server, with OHIF beside the appliance's own pages: both viewers ask the same processes.

Gunicorn loads it with the settings of ``noctis/gunicorn.py``. The same library serves the files of both viewers,
compressed beforehand; the appliance's policy for its pages does not bind those of the other one. Live updates, which on
a server another program gives, are declined: here each would hold a thread for as long as the program runs.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from typing import Any, Final

from whitenoise import WhiteNoise

from noctis.wsgi import application as noctis

NEVER_CHANGES: Final = re.compile(r"\.[0-9a-f]{16}\.js$|/[0-9a-f]{16}\.wasm$")
OHIF_PAGE: Final = "/viewer"
LIVE_UPDATES: Final = "/events/"


def _without_live_updates(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
    if environ.get("PATH_INFO", "").startswith(LIVE_UPDATES):
        start_response("204 No Content", [])  # which an event source does not ask again after
        return []
    return noctis(environ, start_response)


def _with_ohif(folder: str) -> Callable[..., Any]:
    files = WhiteNoise(
        _without_live_updates,
        root=folder,
        max_age=3600,
        immutable_file_test=lambda _, url: bool(NEVER_CHANGES.search(url)),
    )

    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        if environ.get("PATH_INFO") == OHIF_PAGE:
            environ["PATH_INFO"] = "/index.html"
        return files(environ, start_response)

    return application


application = _with_ohif(os.environ["BENCH_OHIF"]) if "BENCH_OHIF" in os.environ else _without_live_updates
