"""``/metrics``: the figures of the appliance in the text format of Prometheus, for this machine or with a token."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import cast

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from noctis.accounts.client_address import client_address
from noctis.monitoring.metrics import jobs, requests
from noctis.monitoring.metrics.appliance import ApplianceCollector
from noctis.monitoring.metrics.folders import counting_files


@login_not_required
@require_safe
@cache_control(private=True, no_store=True)
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer with every figure; 403 to who neither is near nor has the token."""
    if not (_is_near(request) or _has_token(request)):
        text = "Ask from a network of NOCTIS_METRICS_NETWORKS, or with the bearer token NOCTIS_METRICS_TOKEN."
        return HttpResponse(text, status=403, content_type="text/plain")
    return HttpResponse(generate_latest(_registry()), content_type=CONTENT_TYPE_PLAIN_0_0_4)


def _registry() -> CollectorRegistry:
    """Return what the programs of the appliance have counted, and what can be asked for now.

    A process that counts for itself alone answers with its own figures.
    """
    registry = CollectorRegistry(auto_describe=False)
    if any(counting_files(settings.NOCTIS_DATA)):
        registry.register(_Counted())
    else:
        for own in (requests.REQUESTS, requests.SECONDS, jobs.JOBS):
            registry.register(own)
    registry.register(ApplianceCollector())
    return registry


class _Counted(Collector):
    """What all processes have counted, added up."""

    def collect(self) -> Iterable[Metric]:
        """Read their files."""
        files = [str(path) for path in counting_files(settings.NOCTIS_DATA)]
        return cast("Iterable[Metric]", MultiProcessCollector.merge(files))  # type: ignore[no-untyped-call]


def _is_near(request: HttpRequest) -> bool:
    address = client_address(request)
    return address is not None and any(
        ipaddress.ip_address(address) in network for network in settings.NOCTIS_METRICS_NETWORKS
    )


def _has_token(request: HttpRequest) -> bool:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    expected = settings.NOCTIS_METRICS_TOKEN
    return bool(expected) and scheme.lower() == "bearer" and constant_time_compare(token.strip(), expected)
