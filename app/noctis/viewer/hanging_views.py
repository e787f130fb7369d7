"""The hanging protocols, as the viewer asks for them."""

from __future__ import annotations

from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from noctis.viewer.hanging_protocols import hanging_protocols


@require_safe
@cache_control(private=True, no_cache=True)
def list_hanging_protocols(request: HttpRequest) -> JsonResponse:
    """List the protocols of this appliance; they hold nothing of any patient."""
    return JsonResponse({"protocols": hanging_protocols()})
