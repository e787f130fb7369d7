"""Critical results: noted beside the images, acknowledged on a page."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from noctis.accounts.models import Role, User
from noctis.accounts.permissions import administrators_only, signed_in_user
from noctis.archive.models import Study
from noctis.reports.actions import NotAllowed, Refused
from noctis.reports.critical import actions
from noctis.reports.critical.forms import CallForm, CategoryForm, WithdrawalForm
from noctis.reports.critical.permissions import addressees_for, may_acknowledge, may_tell
from noctis.reports.critical.requests import addressees_in, category_in, finding_in
from noctis.reports.models import CriticalCategory, CriticalResult
from noctis.reports.permissions import may_report
from noctis.reports.requests import body_of, explains_refusals, study_for

MOST_CLOSED: Final = 100


@require_http_methods(["GET", "POST"])
@cache_control(private=True, no_store=True)
@explains_refusals
def critical_of_study(request: HttpRequest, study_uid: str) -> HttpResponse:
    """Give the critical results of a study, and what is needed to note one; or note one."""
    user = signed_in_user(request)
    study = study_for(user, study_uid)
    if not may_report(user):
        raise NotAllowed("Only radiologists note critical results.")
    if request.method == "POST":
        body = body_of(request)
        values = category_in(body), finding_in(body), addressees_in(body, study, user)
        actions.note_critical(study, *values, acting_user=user)
    return JsonResponse(_beside_the_images(study, user))


@require_safe
@cache_control(private=True, no_store=True)
def critical_results(request: HttpRequest) -> HttpResponse:
    """List the critical results that wait, the most urgent first; ``?state=closed`` those that are over."""
    user = signed_in_user(request)
    rows = CriticalResult.objects.readable_by(user).select_related("report__study__facility", "category", "noted_by")
    closed = request.GET.get("state") == "closed"
    rows = rows.exclude(pk__in=rows.open().values("pk")).order_by("-pk")[:MOST_CLOSED] if closed else rows.open()
    results = [
        {"result": row, "mine": not closed and may_acknowledge(row, user)}
        for row in rows.prefetch_related("addressees__user")
    ]
    return render(request, "reports/critical_results.html", {"results": results, "closed": closed})


@require_safe
@cache_control(private=True, no_store=True)
def critical_result(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a critical result with every step of it, and what the user can do."""
    return _result_page(request, _result(request, pk))


@require_POST
def acknowledge(request: HttpRequest, pk: int) -> HttpResponse:
    """Take note of it."""
    result = _result(request, pk)
    try:
        actions.acknowledge(result, acting_user=signed_in_user(request))
        messages.success(request, "Acknowledged: the reader is told.")
    except Refused as refused:
        messages.error(request, str(refused))
    return redirect("critical_result", pk=pk)


@require_POST
def note_call(request: HttpRequest, pk: int) -> HttpResponse:
    """Write down a call."""
    result, form = _result(request, pk), CallForm(request.POST)
    if not form.is_valid():
        return _result_page(request, result, call_form=form)
    try:
        actions.note_call(result, **form.cleaned_data, acting_user=signed_in_user(request))
        messages.success(request, "The call is written down.")
    except Refused as refused:
        messages.error(request, str(refused))
    return redirect("critical_result", pk=pk)


@require_POST
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Take it back."""
    result, form = _result(request, pk), WithdrawalForm(request.POST)
    if not form.is_valid():
        return _result_page(request, result, withdrawal_form=form)
    try:
        actions.withdraw(result, form.cleaned_data["reason"], acting_user=signed_in_user(request))
        messages.success(request, "The critical result is withdrawn.")
    except Refused as refused:
        messages.error(request, str(refused))
    return redirect("critical_result", pk=pk)


@administrators_only
@require_http_methods(["GET", "HEAD", "POST"])
def categories(request: HttpRequest) -> HttpResponse:
    """List the categories, and add one."""
    form = CategoryForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        added = actions.save_category(form.category, acting_user=signed_in_user(request))
        messages.success(request, f"The category “{added.name}” is added.")
        return redirect("critical_categories")
    context = {"form": form, "categories": CriticalCategory.objects.all()}
    return render(request, "reports/critical_categories.html", context)


@administrators_only
@require_http_methods(["GET", "HEAD", "POST"])
def edit_category(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a category."""
    category = get_object_or_404(CriticalCategory, pk=pk)
    initial = {"name": category.name, "minutes": category.minutes, "is_active": category.is_active}
    form = CategoryForm(request.POST or None, category=category, initial=initial)
    if request.method == "POST" and form.is_valid():
        actions.save_category(form.category, acting_user=signed_in_user(request))
        messages.success(request, "The category is saved.")
        return redirect("critical_categories")
    return render(request, "reports/critical_category.html", {"form": form, "category": category})


def _result(request: HttpRequest, pk: int) -> CriticalResult:
    rows = CriticalResult.objects.readable_by(signed_in_user(request))
    return get_object_or_404(rows.select_related("report__study__facility", "category", "noted_by"), pk=pk)


def _result_page(
    request: HttpRequest,
    result: CriticalResult,
    call_form: CallForm | None = None,
    withdrawal_form: WithdrawalForm | None = None,
) -> HttpResponse:
    user = signed_in_user(request)
    context = {
        "result": result,
        "study": result.report.study,
        "steps": result.steps.select_related("user"),
        "addressees": result.addressees.select_related("user"),
        "may_acknowledge": result.is_open and may_acknowledge(result, user),
        "may_tell": result.is_open and may_tell(result, user),
        "call_form": call_form or CallForm(initial={"at": timezone.localtime()}),
        "withdrawal_form": withdrawal_form or WithdrawalForm(),
    }
    return render(request, "reports/critical_result.html", context)


def _beside_the_images(study: Study, user: User) -> dict[str, Any]:
    results = CriticalResult.objects.readable_by(user).filter(report__study=study)
    people = addressees_for(study, besides=user)
    return {
        "categories": list(CriticalCategory.objects.filter(is_active=True).values("id", "name", "minutes")),
        "people": [{"id": one.pk, "name": f"{one}, {Role(one.role).label.lower()}"} for one in people],
        "results": [_written(result) for result in results.select_related("category").order_by("-pk")],
    }


def _written(result: CriticalResult) -> dict[str, Any]:
    return {
        "category": result.category.name,
        "finding": result.finding,
        "targetAt": result.target_at.isoformat(),
        "isOverdue": result.is_overdue,
        "acknowledgedBy": result.acknowledged_by,
        "isWithdrawn": result.withdrawn_at is not None,
        "url": reverse("critical_result", args=[result.pk]),
    }
