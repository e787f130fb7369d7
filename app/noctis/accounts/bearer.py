"""Bearer tokens (RFC 6750): programs call DICOMweb and the management API as the user whom their token belongs to."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Final

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.deprecation import MiddlewareMixin

from noctis.accounts.client_address import client_address
from noctis.accounts.models import ApiToken
from noctis.problem_details import problem

logger = logging.getLogger("noctis.accounts.sign_in")

API: Final = "/api/"
TOKEN_PREFIXES: Final = ("/dicom-web/", API)
USE_IS_NOTED_EVERY: Final = timedelta(minutes=1)
CHALLENGE: Final = 'Bearer realm="Noctis"'
REFUSAL: Final = "The token is not known, has expired or was revoked."


class BearerTokenMiddleware(MiddlewareMixin):
    """Lets a valid token in and refuses any other; a request without one is left to the session.

    A page of another site cannot make a browser send the header, so such a request needs no CSRF token.
    """

    def process_request(self, request: HttpRequest) -> HttpResponseBase | None:
        """Make the token's user the one who asks."""
        if not request.path.startswith(TOKEN_PREFIXES):
            return None
        scheme, _, credentials = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        address = client_address(request)
        token = ApiToken.usable(credentials.strip())
        if token is None:
            logger.warning("token refused from %s", address or "unknown")
            return refusal(request, REFUSAL, invalid=True)
        _note_use(token, address)
        request.user = token.user
        request._dont_enforce_csrf_checks = True  # type: ignore[attr-defined]  # noqa: SLF001  (Django's own switch)
        return None

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Keep a cache from giving one program's answer to another."""
        if request.path.startswith(TOKEN_PREFIXES):
            patch_vary_headers(response, ["Authorization"])
        return response


def refusal(request: HttpRequest, sentence: str, *, invalid: bool = False) -> HttpResponse:
    """Answer 401 in the form that the caller of this address reads."""
    response: HttpResponse
    if request.path.startswith(API):
        response = problem(401, sentence)
    else:
        response = HttpResponse(sentence, status=401, content_type="text/plain")
    response["WWW-Authenticate"] = f'{CHALLENGE}, error="invalid_token"' if invalid else CHALLENGE
    return response


def _note_use(token: ApiToken, address: str | None) -> None:
    """Remember the use, not more often than once a minute: a viewer asks for many images."""
    now = timezone.now()
    known = token.last_used_at
    if known is None or now - known > USE_IS_NOTED_EVERY or token.last_used_from != address:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now, last_used_from=address)
