"""Until when the certificate of the pages is valid, seen from where browsers see it."""

from __future__ import annotations

import socket
import ssl
from datetime import datetime, timezone
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings

HTTPS: Final = 443
SECONDS: Final = 3.0


class CertificateTrouble(Exception):
    """Browsers would not trust the pages, or could not be served; the text is a sentence."""


def valid_until(host: str = "127.0.0.1") -> datetime:
    """Return the end of the certificate; raises CertificateTrouble where it is not valid for the pages' name.

    ``NOCTIS_PAGES_CA_FILE`` is trusted beside the system's authorities: the local authority's certificate, which the
    site gives to its browsers.
    """
    address = urlsplit(settings.NOCTIS_BASE_URL)
    context = ssl.create_default_context()
    if settings.NOCTIS_PAGES_CA_FILE and Path(settings.NOCTIS_PAGES_CA_FILE).is_file():
        context.load_verify_locations(settings.NOCTIS_PAGES_CA_FILE)
    try:
        with (
            socket.create_connection((host, address.port or HTTPS), timeout=SECONDS) as plain,
            context.wrap_socket(plain, server_hostname=address.hostname) as stream,
        ):
            shown = stream.getpeercert() or {}
    except ssl.SSLCertVerificationError as error:
        raise CertificateTrouble(f"Browsers would refuse it: {error.verify_message}.") from error
    except OSError as error:
        raise CertificateTrouble(f"The pages do not answer at {settings.NOCTIS_BASE_URL}.") from error
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(shown["notAfter"])), timezone.utc)
