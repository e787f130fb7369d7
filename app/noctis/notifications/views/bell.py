"""The bell, the page of all notifications, and the way from one to what it is about."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_POST, require_safe

from noctis.accounts.permissions import signed_in_user
from noctis.notifications.actions import mark_read
from noctis.notifications.event_kinds import Event
from noctis.notifications.models import Notification
from noctis.notifications.presentation import (
    MOST_COUNTED,
    Cursor,
    Line,
    events_of,
    latest_lines,
    of_reader,
    target,
    unread_counts,
)

PAGE_SIZE: Final = 50


@require_safe
@cache_control(private=True, no_store=True)
def latest(request: HttpRequest) -> HttpResponse:
    """Give the panel of the bell: the latest, and how many are unread."""
    user = signed_in_user(request)
    unread, has_critical = unread_counts(user)
    context = {
        "lines": latest_lines(user),
        "unread": unread,
        "unread_words": f"{MOST_COUNTED}+" if unread > MOST_COUNTED else str(unread),
        "has_critical": has_critical,
    }
    return render(request, "notifications/_panel.html", context)


@require_safe
@cache_control(private=True, no_store=True)
def notifications(request: HttpRequest) -> HttpResponse:
    """List all, the newest first; ``event`` and ``unread`` narrow, ``before`` goes on."""
    user = signed_in_user(request)
    event, unread = request.GET.get("event", ""), bool(request.GET.get("unread"))
    found = of_reader(user)
    if event in Event.values:
        found = found.filter(event=event)
    if unread:
        found = found.unread()
    cursor = Cursor.read(request.GET.get("before", ""))
    if cursor is not None:
        found = found.filter(Q(happened_at=cursor.at, pk__lt=cursor.pk) | Q(happened_at__lt=cursor.at))
    rows = list(found[: PAGE_SIZE + 1])
    shown = rows[:PAGE_SIZE]
    context = {
        "lines": [Line(row) for row in shown],
        "next_before": str(Cursor.of(shown[-1])) if len(rows) > PAGE_SIZE else "",
        "is_first": cursor is None,
        "event": event if event in Event.values else "",
        "only_unread": unread,
        "events": [(kind.value, kind.label) for kind in events_of(user)],
        "query": urlencode({"event": event, **({"unread": 1} if unread else {})}),
        "has_unread": unread_counts(user)[0] > 0,
    }
    return render(request, "notifications/notifications.html", context)


@require_POST
def read(request: HttpRequest) -> HttpResponse:
    """Take notifications as read: the one that ``uid`` names, those of an ``event``, or all."""
    uid, event = request.POST.get("uid", ""), request.POST.get("event", "")
    if (uid and not _is_uuid(uid)) or (event and event not in Event.values):
        return HttpResponseBadRequest("There is no such notification.", content_type="text/plain")
    mark_read(signed_in_user(request), uid=uid or None, event=event)
    return redirect("notifications")


@require_safe
@cache_control(private=True, no_store=True)
def open_notification(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Lead to what a notification is about, and take it as read; also the target of the links in e-mail."""
    user = signed_in_user(request)
    found = get_object_or_404(Notification.objects.visible_to(user).select_related("study"), uid=uid)
    mark_read(user, uid=str(found.uid))
    return redirect(target(found))


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
