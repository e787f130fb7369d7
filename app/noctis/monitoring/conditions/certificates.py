"""How long the certificates are valid that browsers and modalities see."""

from __future__ import annotations

import ssl
import subprocess
import time
from typing import Final

from django.conf import settings

from noctis.monitoring.conditions.finding import Finding, too_little, unwatched

OPENSSL: Final = "/usr/bin/openssl"
OPENSSL_SECONDS: Final = 10
DAY: Final = 86400


class Unreadable(Exception):
    """A file holds no certificate that can be read; the text names it and says why."""


def certificates() -> Finding:
    """Look at the certificate that ends first."""
    try:
        ends = expiries()
    except Unreadable as error:
        return Finding(is_wrong=True, text=str(error))
    if not ends:
        return unwatched("no certificate is named in the settings")
    path, end = min(ends.items(), key=lambda item: item[1])
    days = (end - time.time()) / DAY
    limit = settings.NOCTIS_ALERT_CERTIFICATE_DAYS
    text = (
        f"the certificate {path} is valid for {days:.0f} days" if days >= 0 else f"the certificate {path} has expired"
    )
    return too_little(days, limit, text, well_from=limit + 1)


def expiries() -> dict[str, float]:
    """Return by path when each certificate ends, in seconds since 1970. Raises Unreadable."""
    named = dict.fromkeys([*settings.NOCTIS_ALERT_CERTIFICATES, settings.NOCTIS_DICOM_TLS_CERTIFICATE])
    return {path: _end(path) for path in named if path}


def _end(path: str) -> float:
    """Return when the first certificate of a file ends: the one that is shown, before those of its authorities."""
    command = [OPENSSL, "x509", "-noout", "-enddate", "-in", path]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=OPENSSL_SECONDS)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unreadable(f"openssl cannot be run: {type(error).__name__}") from error
    if done.returncode:
        raise Unreadable(f"no certificate can be read from {path}")
    return float(ssl.cert_time_to_seconds(done.stdout.strip().partition("=")[2]))
