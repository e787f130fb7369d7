"""Gunicorn's settings for the ASGI application: live events behind Nginx, everything in the embedded default."""

import os

bind = os.environ.get("NOCTIS_EVENTS_BIND", f"127.0.0.1:{os.environ.get('NOCTIS_HTTP_PORT', '8000')}")
worker_class = "noctis.event_worker.EventWorker"
workers = int(os.environ.get("NOCTIS_EVENTS_WORKERS", "1"))
timeout = 120
graceful_timeout = 5
keepalive = 75
accesslog = None
errorlog = "-"
loglevel = os.environ.get("NOCTIS_GUNICORN_LOG_LEVEL", "info")
umask = 0o007


def on_starting(_server: object) -> None:
    """Let the processes count for the metrics where pages are served here too, before any of them begins."""
    from noctis.monitoring.metrics.folders import count_in
    from noctis.settings import NOCTIS_DATA, NOCTIS_EMBEDDED

    if NOCTIS_EMBEDDED:
        count_in(NOCTIS_DATA, "web")
