"""Gunicorn's settings for the web program: threads, a socket behind Nginx."""

import os

bind = os.environ.get("NOCTIS_WEB_BIND", "127.0.0.1:8000")
worker_class = "gthread"
workers = int(os.environ.get("NOCTIS_WEB_WORKERS", "2"))
threads = int(os.environ.get("NOCTIS_WEB_THREADS", "8"))
preload_app = False
timeout = 120
graceful_timeout = 600  # an upload of many gigabytes ends where it began; supervisor waits less long
keepalive = 75
accesslog = None  # Nginx keeps the access log, without query strings
errorlog = "-"
forwarded_allow_ips = "*"  # only Nginx can reach the socket
umask = 0o007


def on_starting(_server: object) -> None:
    """Let the processes count for the metrics, before any of them begins."""
    from noctis.monitoring.metrics.folders import count_in
    from noctis.settings import NOCTIS_DATA

    count_in(NOCTIS_DATA, "web")
