"""A Uvicorn worker for Gunicorn that lets go of open event streams when it is asked to stop."""

from __future__ import annotations

from typing import Any, ClassVar

from uvicorn_worker import UvicornWorker


class EventWorker(UvicornWorker):  # type: ignore[misc]  # the library is untyped
    """Event streams never end by themselves: after two seconds a stopping worker closes them; browsers reconnect."""

    CONFIG_KWARGS: ClassVar[dict[str, Any]] = {
        "loop": "asyncio",
        "http": "h11",
        "lifespan": "on",
        "timeout_graceful_shutdown": 2,
        "proxy_headers": False,  # noctis.accounts.client_address decides whom to believe
        "server_header": False,
    }
