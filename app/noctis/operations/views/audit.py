"""The audit log."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from noctis.accounts.permissions import administrators_only
from noctis.audit.models import AppendOnlyQuerySet, AuditEntry
from noctis.keyset import page_before
from noctis.operations.forms import AuditFilterForm

PAGE_SIZE = 100


@administrators_only
@require_safe
def audit_log(request: HttpRequest) -> HttpResponse:
    """Show entries, the last first. Its filters hold no patient's data and may stand in the URL."""
    form = AuditFilterForm(request.GET)
    entries = wanted_entries(form).select_related("facility")
    query = request.GET.copy()
    query.pop("before", None)
    context = {
        "form": form,
        "page": page_before(entries, request.GET.get("before", ""), PAGE_SIZE),
        "query": query.urlencode(),
        "narrows": any(query.values()),
    }
    return render(request, "operations/audit_log.html", context)


def wanted_entries(form: AuditFilterForm) -> AppendOnlyQuerySet:
    """Return what the form asks for; a value that is not valid does not narrow."""
    form.is_valid()
    asked = form.cleaned_data
    entries = AuditEntry.objects.order_by("-id")
    if asked.get("action"):
        entries = entries.filter(action=asked["action"])
    if asked.get("user"):
        entries = entries.filter(username__iexact=asked["user"])
    if asked.get("study"):
        entries = entries.filter(study_instance_uid=asked["study"].strip())
    if asked.get("from_date"):
        entries = entries.filter(at__gte=_midnight(asked["from_date"]))
    if asked.get("to_date"):
        entries = entries.filter(at__lt=_midnight(asked["to_date"] + timedelta(days=1)))
    return entries


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
