"""The dashboards: one page, and each of its tables as a CSV file."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from noctis.accounts.models import Facility
from noctis.accounts.permissions import signed_in_user
from noctis.dashboards.actions import export
from noctis.dashboards.catalogue import ENTRIES, sections_for
from noctis.dashboards.scope import PERIODS, Scope


@require_safe
@cache_control(private=True, no_store=True)
def dashboards(request: HttpRequest) -> HttpResponse:
    """Show every table that the user may see, for the chosen period and facility."""
    user = signed_in_user(request)
    scope = Scope.asked_for(request.GET, user)
    context = {
        "scope": scope,
        "periods": PERIODS,
        "facilities": Facility.objects.all() if user.sees_all_facilities else [],
        "sections": list(sections_for(scope)),
    }
    return render(request, "dashboards/dashboards.html", context)


@require_safe
@cache_control(private=True, no_store=True)
def table_as_csv(request: HttpRequest, key: str) -> HttpResponse:
    """Give one table as a file."""
    user = signed_in_user(request)
    scope = Scope.asked_for(request.GET, user)
    entry = ENTRIES.get(key)
    if entry is None or not entry.is_for(scope):
        raise Http404
    text = export(entry.table(scope), scope, acting_user=user)
    # The byte order mark tells spreadsheets that the file is UTF-8.
    response = HttpResponse("\ufeff" + text, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{key}-{scope.first}-{scope.last}.csv"'
    return response
