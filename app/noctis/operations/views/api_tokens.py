"""API tokens: which programs act as which user, and an end to it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from noctis.accounts.actions import revoke_api_token
from noctis.accounts.client_address import client_address
from noctis.accounts.models import ApiToken
from noctis.accounts.permissions import administrators_only, signed_in_user
from noctis.keyset import page_before

PAGE_SIZE = 100


@administrators_only
@require_safe
def api_tokens(request: HttpRequest) -> HttpResponse:
    """List the tokens of all users, the last first."""
    tokens = ApiToken.objects.select_related("user__facility")
    page = page_before(tokens, request.GET.get("before", ""), PAGE_SIZE)
    return render(request, "operations/api_tokens.html", {"page": page})


@administrators_only
@require_POST
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """End a token of anybody."""
    token = get_object_or_404(ApiToken, pk=pk)
    revoke_api_token(token, acting_user=signed_in_user(request), address=client_address(request))
    messages.success(request, f"The token “{token.name}” of {token.user.username} is revoked.")
    return redirect("operations:api_tokens")
