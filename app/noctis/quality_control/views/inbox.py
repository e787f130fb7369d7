"""The inbox: what a person must decide about, for administrators and the technicians of their facility."""

from __future__ import annotations

from dataclasses import replace

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from noctis.accounts.permissions import signed_in_user
from noctis.archive.orphans import orphans
from noctis.quality_control.forms import InboxForm
from noctis.quality_control.inbox import Kind, Page, counts, page_of
from noctis.quality_control.inbox_entries import entries_of
from noctis.quality_control.permissions import deciders_only

FORMER_STATES = {"": "", "resolved": "decided", "all": "all"}


@deciders_only
@require_safe
def inbox(request: HttpRequest) -> HttpResponse:
    """List the entries, the newest first. Filters hold no patient's data and may stand in the URL."""
    user = signed_in_user(request)
    form = InboxForm(request.GET, user=user)
    wanted = form.wanted
    page: Page = page_of(user, wanted, request.GET.get("before", ""))
    found = counts(user, replace(wanted, kind=""))
    query = request.GET.copy()
    query.pop("before", None)
    without_kind = query.copy()
    without_kind.pop("kind", None)
    context = {
        "form": form,
        "entries": entries_of(page.places, user),
        "page": page,
        "query": query.urlencode(),
        "without_kind": without_kind.urlencode(),
        "narrows": any(query.values()),
        "kinds": [("", "Everything", sum(found.values())), *((kind, kind.label, found[kind]) for kind in Kind)],
        "wanted": wanted,
        "orphans": len(orphans()) if user.is_administrator else 0,
        "shows_facility": user.sees_all_facilities,
    }
    return render(request, "quality_control/inbox.html", context)


@deciders_only
@require_safe
def former_flags(request: HttpRequest) -> HttpResponse:
    """Lead from the address that flags had alone to the same flags in the inbox."""
    query = request.GET.copy()
    query.pop("before", None)
    query["kind"] = Kind.FLAG
    query["state"] = FORMER_STATES.get(query.get("state", ""), "")
    if query.get("reason"):
        query["reason"] = f"flag:{query['reason']}"
    return redirect(f"{reverse('quality_control:inbox')}?{query.urlencode()}")
