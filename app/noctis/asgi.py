"""The live event streams as ASGI; everything else goes to the same WSGI application that a server runs in threads.

On a server Nginx sends only ``/events/`` here. In the embedded default this is the one front door.
"""

from __future__ import annotations

import os
from typing import Any, cast

from a2wsgi import WSGIMiddleware
from django.core.asgi import get_asgi_application

from noctis.loading import load_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "noctis.settings")

load_application()
events = get_asgi_application()

from noctis.wsgi import application as wsgi_application  # noqa: E402  (Django must be set up first)

pages: Any = WSGIMiddleware(cast("Any", wsgi_application), workers=16)


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Serve ``/events/…`` asynchronously and all other requests from a pool of threads."""
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
    elif scope["path"].startswith("/events/"):
        await events(scope, receive, send)
    else:
        await pages(scope, receive, send)


async def _lifespan(receive: Any, send: Any) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
