"""Registers the app: who counts what for the metrics, and who notices that nobody watches."""

from __future__ import annotations

import sys

from django.apps import AppConfig
from django.conf import settings


class MonitoringConfig(AppConfig):
    """Names the app for Django."""

    name = "noctis.monitoring"
    label = "monitoring"

    def ready(self) -> None:
        """Count jobs where this is the worker, and let the process for outgoing work look after the watch."""
        from noctis.monitoring.metrics.folders import count_in

        if "run_huey" in sys.argv[1:2]:
            count_in(settings.NOCTIS_DATA, "worker")
        from noctis.monitoring.metrics import jobs  # the library wants to know the folder when it is imported
        from noctis.monitoring.silence import WatchKeeper
        from noctis.network import outgoing

        jobs.connect()
        outgoing.register(WatchKeeper())
