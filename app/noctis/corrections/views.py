"""Pages of corrections: the history of a study, and forms with a preview, for technicians and administrators.

Radiologists read the history. What somebody may not see is not there (404), whoever has no business here gets 403.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import wraps
from typing import Any, Final

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from noctis.accounts.models import User
from noctis.accounts.permissions import View, signed_in_user
from noctis.archive.models import Study
from noctis.corrections import actions
from noctis.corrections.forms import (
    CorrectionForm,
    EditForm,
    MergePatientsForm,
    MergeStudiesForm,
    MoveForm,
    ReasonForm,
    SplitForm,
)
from noctis.corrections.models import Correction
from noctis.corrections.plans import Objection, Plan
from noctis.corrections.settling import Unreadable

FORMS: Final[dict[str, type[CorrectionForm]]] = {
    "edit": EditForm,
    "move": MoveForm,
    "merge": MergeStudiesForm,
    "split": SplitForm,
    "merge-patients": MergePatientsForm,
}
OWN_FIELDS: Final = frozenset({"csrfmiddlewaretoken", "token", "reason", "change"})
UNREADABLE: Final = "A stored file cannot be read, so nothing was changed. Ask an administrator to check the archive."
PAGE_SIZE: Final = 50


def _for(roles: Collection[str]) -> Callable[[View], View]:
    """Answer 403 to every other role."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if signed_in_user(request).role not in roles:
                raise PermissionDenied
            return view(request, *args, **kwargs)

        cached_nowhere: View = never_cache(guarded)
        return cached_nowhere

    return decorate


@_for(actions.ROLES_THAT_SEE_CORRECTIONS)
@require_safe
def list_corrections(request: HttpRequest) -> HttpResponse:
    """List what was corrected, the newest first."""
    user = signed_in_user(request)
    found = Correction.objects.visible_to(user).select_related("facility", "made_by", "undone_by")
    before = request.GET.get("before", "")
    if before.isdecimal() and len(before) < len(str(2**63)):
        found = found.filter(pk__lt=int(before))
    rows = list(found.prefetch_related("studies")[: PAGE_SIZE + 1])
    more = rows[PAGE_SIZE - 1].pk if len(rows) > PAGE_SIZE else None
    return render(request, "corrections/list.html", {"corrections": rows[:PAGE_SIZE], "more": more})


@_for(actions.ROLES_THAT_SEE_CORRECTIONS)
@require_safe
def history(request: HttpRequest, study_uid: str) -> HttpResponse:
    """Show what was corrected about a study, and lead to the forms."""
    user = signed_in_user(request)
    return render(request, "corrections/history.html", _history(_study(user, study_uid), user, ReasonForm()))


@_for(actions.ROLES_THAT_CORRECT)
@require_http_methods(["GET", "HEAD", "POST"])
def correct(request: HttpRequest, study_uid: str, page: str) -> HttpResponse:
    """Show a form, then what it would change, and then change it."""
    user = signed_in_user(request)
    study = _study(user, study_uid)
    form = FORMS[page](study, request.POST if request.method == "POST" else None)
    plan = _plan(form) if form.is_bound else None
    if plan is None or "change" in request.POST:
        return render(request, "corrections/form.html", {"form": form, "study": study, "page": page})
    reason = ReasonForm(request.POST if "token" in request.POST else None)
    if reason.is_valid():
        done = _apply(request, study, page, reason.cleaned_data["reason"])
        if done is not None:
            return done
        plan = _plan(form) or plan
    return render(request, "corrections/preview.html", _preview(request, form, plan, reason, page))


@_for(actions.ROLES_THAT_CORRECT)
@require_POST
def undo(request: HttpRequest, study_uid: str, pk: int) -> HttpResponse:
    """Undo a correction and show the history again."""
    user = signed_in_user(request)
    study = _study(user, study_uid)
    found = get_object_or_404(Correction.objects.visible_to(user).filter(studies=study), pk=pk)
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return render(request, "corrections/history.html", _history(study, user, form, failed=pk))
    try:
        actions.undo(found, reason=form.cleaned_data["reason"], acting_user=user)
    except actions.CannotUndo as error:
        messages.error(request, str(error))
    except Unreadable:
        messages.error(request, UNREADABLE)
    else:
        messages.success(request, f"{found.get_kind_display()}: undone.")
    visible = Study.objects.visible_to(user)
    left = visible.filter(pk=study.pk).first() or visible.filter(corrections=found).first()
    return redirect("corrections", study_uid=left.study_instance_uid) if left else redirect("correction_list")


def _apply(request: HttpRequest, study: Study, page: str, reason: str) -> HttpResponse | None:
    """Carry out what was previewed; None, with a message, where it must be looked at again."""
    user = signed_in_user(request)

    def make_plan() -> Plan:
        form = FORMS[page](_study(user, study.study_instance_uid), request.POST)
        plan = _plan(form)
        if plan is None:
            raise actions.Outdated
        return plan

    try:
        correction = actions.apply(make_plan, token=request.POST["token"], reason=reason, acting_user=user)
    except actions.Outdated:
        messages.warning(request, "The study was changed meanwhile. Look at the preview again.")
        return None
    except Unreadable:
        messages.error(request, UNREADABLE)
        return None
    messages.success(request, f"{correction.get_kind_display()}.")
    visible = Study.objects.visible_to(user).filter(corrections=correction)
    left = visible.filter(pk=study.pk).first() or visible.first() or study
    return redirect("corrections", study_uid=left.study_instance_uid)


def _plan(form: CorrectionForm) -> Plan | None:
    """Return what a form would change; None where it says what is wrong."""
    if not form.is_valid():
        return None
    try:
        return form.plan()
    except Objection as objection:
        form.add_error(objection.field if objection.field in form.fields else None, str(objection))
        return None


def _preview(request: HttpRequest, form: CorrectionForm, plan: Plan, reason: ReasonForm, page: str) -> dict[str, Any]:
    typed = [(name, value) for name, values in request.POST.lists() if name not in OWN_FIELDS for value in values]
    return {"form": form, "plan": plan, "reason": reason, "typed": typed, "study": form.study, "page": page}


def _history(study: Study, user: User, form: ReasonForm, failed: int | None = None) -> dict[str, Any]:
    found = Correction.objects.visible_to(user).filter(studies=study).select_related("made_by", "undone_by")
    corrections = list(found)
    may_correct = actions.may_correct(user)
    undoable = [one.pk for one in corrections if may_correct and not actions.obstacle_to_undo(one)]
    return {
        "study": study,
        "corrections": corrections,
        "undoable": undoable,
        "may_correct": may_correct,
        "reason": form,
        "failed": failed,
    }


def _study(user: User, study_uid: str) -> Study:
    visible = Study.objects.visible_to(user).select_related("facility", "patient")
    return get_object_or_404(visible, study_instance_uid=study_uid)
