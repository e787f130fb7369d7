"""Counts every answer of the web program, also those of the middleware below it."""

from __future__ import annotations

import time

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.deprecation import MiddlewareMixin

from noctis.monitoring.metrics import requests


class CountRequests(MiddlewareMixin):
    """Stands before everything else; it changes nothing."""

    def process_request(self, request: HttpRequest) -> None:
        """Note when the request came."""
        request.META["noctis.began"] = time.perf_counter()

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Count the answer."""
        began: float = request.META["noctis.began"]
        requests.count(request.method or "", response.status_code, time.perf_counter() - began)
        return response
