"""How many requests the web program answered, and how long it took: by kind of answer, never by address."""

from __future__ import annotations

from typing import Final

from prometheus_client import Counter, Histogram

METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

REQUESTS: Final = Counter("noctis_http_requests", "Requests that were answered.", ["method", "status"])
SECONDS: Final = Histogram(
    "noctis_http_request_duration_seconds",
    "From a request to the beginning of its answer.",
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0),
)


def count(method: str, status: int, seconds: float) -> None:
    """Count an answer."""
    REQUESTS.labels(method if method in METHODS else "other", str(status)).inc()
    SECONDS.observe(seconds)
