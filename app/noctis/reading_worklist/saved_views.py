"""Saved filters and the choice of columns: each is posted, and shows the worklist again."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from noctis.accounts.permissions import signed_in_user
from noctis.reading_worklist import saved_filters
from noctis.reading_worklist.columns import choose_columns
from noctis.reading_worklist.filters import WorklistFilter
from noctis.reading_worklist.models import SavedFilter
from noctis.reading_worklist.next_study import remembered_order


@require_POST
def save_filter(request: HttpRequest) -> HttpResponse:
    """Keep the session's filter under the posted name."""
    user = signed_in_user(request)
    wanted, order = WorklistFilter.remembered_in(request.session), remembered_order(request.session)
    try:
        saved = saved_filters.save_filter(
            request.POST.get("name", ""), wanted, order, acting_user=user, role=request.POST.get("role", "")
        )
    except saved_filters.Refused as refusal:
        messages.error(request, str(refusal))
        return redirect(f"{reverse('worklist')}?{order.query}")
    if "opens" in request.POST:
        saved_filters.open_with(saved, acting_user=user)
    messages.success(request, f"The filter “{saved.name}” is saved.")
    return redirect(f"{reverse('worklist')}?{order.query}")


@require_POST
def use_filter(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what a filter asks for."""
    saved = get_object_or_404(SavedFilter.objects.usable_by(signed_in_user(request)), pk=pk)
    order = saved_filters.use(saved, request.session)
    return redirect(f"{reverse('worklist')}?{order.query}")


@require_POST
def remove_filter(request: HttpRequest, pk: int) -> HttpResponse:
    """Forget a filter of one's own; others keep theirs."""
    user = signed_in_user(request)
    saved = get_object_or_404(SavedFilter, owner=user, pk=pk)
    name = saved.name
    saved_filters.remove_filter(saved, acting_user=user)
    messages.success(request, f"The filter “{name}” is removed.")
    return redirect("worklist")


@require_POST
def opening_filter(request: HttpRequest, pk: int) -> HttpResponse:
    """Let the worklist open with a filter, or no more with the one that it opens with."""
    user = signed_in_user(request)
    saved = get_object_or_404(SavedFilter.objects.usable_by(user), pk=pk)
    stays = saved_filters.opening_filter(user) == saved
    saved_filters.open_with(None if stays else saved, acting_user=user)
    what = "all studies" if stays else f"“{saved.name}”"
    messages.success(request, f"The worklist opens with {what} from now on.")
    return redirect("worklist")


@require_POST
def columns(request: HttpRequest) -> HttpResponse:
    """Keep which columns are shown, in the posted order."""
    keys = [] if "usual" in request.POST else request.POST.getlist("column")
    choose_columns(keys, acting_user=signed_in_user(request))
    return redirect(f"{reverse('worklist')}?{remembered_order(request.session).query}")
