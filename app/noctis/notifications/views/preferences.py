"""The page where a user says how to be told of what."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from noctis.accounts.permissions import signed_in_user
from noctis.notifications.actions import choose, choose_defaults
from noctis.notifications.forms import PreferencesForm


@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: HttpRequest) -> HttpResponse:
    """Show or keep the user's own choices; ``defaults`` goes back to those of the role."""
    user = signed_in_user(request)
    if request.method == "POST" and "defaults" in request.POST:
        choose_defaults(acting_user=user)
        messages.success(request, "You are told as is usual for your role.")
        return redirect("notification_preferences")
    form = PreferencesForm(user, request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        choose(form.choices(), form.digest_at(), acting_user=user)
        messages.success(request, "Kept.")
        return redirect("notification_preferences")
    context = {
        "form": form,
        "rows": list(form.rows()),
        "has_mail": bool(settings.NOCTIS_SMTP_HOST),
        "time_zone": settings.TIME_ZONE,
    }
    return render(request, "notifications/preferences.html", context)
