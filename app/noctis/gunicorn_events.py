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
