"""Who is calling: the address of the browser, also behind Nginx."""

from __future__ import annotations

import ipaddress

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str | None:
    """Return the caller's IP address, or None where none is known.

    Only behind Nginx are its headers believed: anybody else could write into them what they like. Of a forwarding
    chain the last entry counts, because that one was written by Nginx itself.
    """
    candidate = request.META.get("REMOTE_ADDR", "")
    if settings.NOCTIS_BEHIND_TLS:
        forwarded = request.headers.get("X-Forwarded-For", "").rpartition(",")[2]
        candidate = request.headers.get("X-Real-IP") or forwarded or candidate
    try:
        return str(ipaddress.ip_address(candidate.strip()))
    except ValueError:
        return None
