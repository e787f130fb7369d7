"""Sign-in is required everywhere unless a view says otherwise; pages are never kept by a browser."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from noctis.accounts.bearer import TOKEN_PREFIXES, refusal

PROGRAMMATIC_PREFIXES = (*TOKEN_PREFIXES, "/events/")


class SignInRequiredMiddleware(LoginRequiredMiddleware):
    """Sends a browser to the sign-in page and answers 401 to scripts, which cannot follow a redirect usefully."""

    def handle_no_permission(  # type: ignore[override]  # not only redirects
        self, request: HttpRequest, view_func: Any
    ) -> HttpResponseBase:
        """Refuse an anonymous request."""
        if request.path.startswith(TOKEN_PREFIXES):
            return refusal(request, "Sign in first, or send a token.")
        is_script = request.headers.get("HX-Request") or request.headers.get("X-Requested-With") == "XMLHttpRequest"
        if request.path.startswith(PROGRAMMATIC_PREFIXES) or is_script:
            return HttpResponse("Sign in first.", status=401, content_type="text/plain")
        return super().handle_no_permission(request, view_func)

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Keep pages out of every cache: 'Back' after signing out must not show a patient."""
        if response.headers.get("Content-Type", "").startswith("text/html"):
            response.headers.setdefault("Cache-Control", "no-store, private")
        return response
