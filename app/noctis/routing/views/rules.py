"""Forwarding rules; administrators alone see and change them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from noctis.accounts.permissions import administrators_only, signed_in_user
from noctis.routing.conditions import matching_studies
from noctis.routing.forms import ApplyForm, RuleForm
from noctis.routing.models import OPEN_STATES, ForwardingRule
from noctis.routing.rule_actions import (
    add_rule,
    apply_rule,
    cancel_transmissions_of,
    change_rule,
    remove_rule,
    set_rule_active,
)

PREVIEW_DAYS = 7


@administrators_only
@require_safe
def rules(request: HttpRequest) -> HttpResponse:
    """List the rules, those that rest last."""
    is_open, has_failed = Q(transmissions__state__in=OPEN_STATES), Q(transmissions__state="failed")
    rows = ForwardingRule.objects.select_related("facility", "destination__facility", "confirmed_facility").annotate(
        open_count=Count("transmissions", filter=is_open), failed_count=Count("transmissions", filter=has_failed)
    )
    return render(request, "routing/rules.html", {"rules": rows.order_by("-is_active", "name")})


@administrators_only
@require_http_methods(["GET", "HEAD", "POST"])
def new_rule(request: HttpRequest) -> HttpResponse:
    """Add a rule; its page then says what it would have forwarded."""
    form = RuleForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        rule = add_rule(form.values, acting_user=signed_in_user(request))
        messages.success(request, f"{rule.name} is added and forwards what arrives from now on.")
        return redirect("routing:edit_forwarding_rule", pk=rule.pk)
    return render(request, "routing/rule_form.html", {"form": form})


@administrators_only
@require_http_methods(["GET", "HEAD", "POST"])
def edit_rule(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a rule, and show what it does."""
    rule = _rule(pk)
    form = RuleForm(request.POST or None, rule=rule, initial=_initial(rule))
    if request.method == "POST" and form.is_valid():
        change_rule(rule, form.values, acting_user=signed_in_user(request))
        messages.success(request, f"{rule.name} is saved.")
        return redirect("routing:edit_forwarding_rule", pk=pk)
    return render(request, "routing/rule_form.html", {"form": form, **_about(pk), "apply_form": ApplyForm()})


@administrators_only
@require_POST
def rule_active(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a rule rest, or forward again."""
    rule, active = _rule(pk), request.POST.get("active") == "yes"
    set_rule_active(rule, active=active, acting_user=signed_in_user(request))
    messages.success(request, f"{rule.name} {'forwards again' if active else 'rests'}.")
    return redirect("routing:edit_forwarding_rule", pk=pk)


@administrators_only
@require_POST
def apply(request: HttpRequest, pk: int) -> HttpResponse:
    """Apply a rule to what is stored already, once that is confirmed."""
    rule, form = _rule(pk), ApplyForm(request.POST)
    if not form.is_valid():
        context = {"form": RuleForm(rule=rule, initial=_initial(rule)), **_about(pk), "apply_form": form}
        return render(request, "routing/rule_form.html", context)
    days = form.cleaned_data["days"]
    since = timezone.now() - timedelta(days=days) if days else None
    apply_rule(rule, since=since, acting_user=signed_in_user(request))
    messages.success(request, f"{rule.name} is being applied to what is stored.")
    return redirect("routing:edit_forwarding_rule", pk=pk)


@administrators_only
@require_POST
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Stop everything that a rule has queued."""
    count = cancel_transmissions_of(_rule(pk), acting_user=signed_in_user(request))
    messages.success(request, f"{count} transmission{'' if count == 1 else 's'} cancelled.")
    return redirect("routing:edit_forwarding_rule", pk=pk)


@administrators_only
@require_POST
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Remove a rule; what it queued goes on."""
    rule = _rule(pk)
    remove_rule(rule, acting_user=signed_in_user(request))
    messages.success(request, f"{rule.name} is removed.")
    return redirect("routing:forwarding_rules")


def _rule(pk: int) -> ForwardingRule:
    return get_object_or_404(
        ForwardingRule.objects.select_related("facility", "destination__facility", "confirmed_facility"), pk=pk
    )


def _initial(rule: ForwardingRule) -> dict[str, Any]:
    return {
        "name": rule.name,
        "destination": rule.destination_id,
        "facility": rule.facility_id,
        "calling_ae_titles": ", ".join(rule.calling_ae_title_list),
        "modalities": ", ".join(rule.modality_list),
        "description_pattern": rule.description_pattern,
        "may_leave_facility": rule.leaves_facility and rule.is_confirmed,
    }


def _about(pk: int) -> dict[str, Any]:
    rule = _rule(pk)
    since = timezone.now() - timedelta(days=PREVIEW_DAYS)
    return {
        "rule": rule,
        "matching": len(matching_studies(rule, since)),
        "preview_days": PREVIEW_DAYS,
        "open_count": rule.transmissions.open().count(),
    }
