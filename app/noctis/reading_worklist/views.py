"""The worklist: one page, its results as a partial, and what changed on it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_POST, require_safe

from noctis.accounts.models import Role, User
from noctis.accounts.permissions import signed_in_user
from noctis.accounts.visibility import FacilityScopedQuerySet
from noctis.archive.models import StudyFlag
from noctis.attachments.models import Attachment
from noctis.dicom_address import dicom_address
from noctis.network.missing_images import missing_by_study
from noctis.reading_worklist.columns import choices_of, columns_of, kept_section
from noctis.reading_worklist.filters import FilterForm, WorklistFilter, date_ranges
from noctis.reading_worklist.models import ReadingTask, SavedFilter
from noctis.reading_worklist.next_study import remember_order, task_after
from noctis.reading_worklist.paging import PAGE_SIZE, Order, capped_count, page_of
from noctis.reading_worklist.permissions import may_hold, may_prioritise
from noctis.reading_worklist.saved_filters import is_opening, opening_filter, use
from noctis.routing.permissions import may_send
from noctis.study_notes.models import StudyNote

MAX_ARRIVALS_SHOWN = 99


@require_safe
def worklist(request: HttpRequest) -> HttpResponse:
    """Show the worklist with the filter that this session remembers."""
    user = signed_in_user(request)
    if is_opening(request.session):
        WorklistFilter().remember_in(request.session)
        if saved := opening_filter(user):
            return redirect(f"{reverse('worklist')}?{use(saved, request.session).query}")
    wanted = WorklistFilter.remembered_in(request.session)
    context = results_context(request, user, wanted) | {
        "saved_filters": SavedFilter.objects.usable_by(user),
        "opens_with": kept_section(user).get("opensWith"),
        "roles": Role.choices if user.is_administrator else [],
        "filter_form": FilterForm(initial=wanted.__dict__, user=user),  # its readers are who may be given studies
        "date_ranges": date_ranges(),
    }
    context["column_choices"] = choices_of(user, context["shown_columns"])
    return render(request, "reading_worklist/worklist.html", context)


@require_POST
def filter_studies(request: HttpRequest) -> HttpResponse:
    """Remember the filter of the posted form and show what it finds; without htmx by way of the whole page."""
    user = signed_in_user(request)
    wanted = WorklistFilter() if "reset" in request.POST else FilterForm(request.POST, user=user).filter
    wanted.remember_in(request.session)
    address = f"{reverse('worklist')}?{order_of(request).query}"
    if not request.headers.get("HX-Request"):
        return redirect(address)
    response = render(request, "reading_worklist/_results.html", results_context(request, user, wanted))
    response["HX-Replace-Url"] = address
    return response


@require_POST
def studies(request: HttpRequest) -> HttpResponse:
    """Show one page for the posted filter without remembering it: another tab may have a filter of its own."""
    user = signed_in_user(request)
    wanted = FilterForm(request.POST, user=user).filter
    return render(request, "reading_worklist/_results.html", results_context(request, user, wanted))


@require_POST
def updates(request: HttpRequest) -> HttpResponse:
    """Show the rows named by ``row`` anew, and how many studies arrived since ``since``; nothing moves."""
    user = signed_in_user(request)
    found = FilterForm(request.POST, user=user).filter.apply(visible_tasks(user), user)
    since = _moment(request.POST.get("since", ""))
    arrived = found.filter(received_at__gt=since).order_by()[: MAX_ARRIVALS_SHOWN + 1].count() if since else 0
    context = rows_context(user, row_keys(request)) | {
        "arrived": min(arrived, MAX_ARRIVALS_SHOWN),
        "arrived_more": arrived > MAX_ARRIVALS_SHOWN,
    }
    return render(request, "reading_worklist/_updates.html", context)


@require_safe
@cache_control(private=True, no_store=True)
def next_study(request: HttpRequest, study_uid: str) -> JsonResponse:
    """Name the study after this one in the worklist; a viewer asks so that it opens at once. Asking opens nothing."""
    user = signed_in_user(request)
    task = get_object_or_404(visible_tasks(user), study_instance_uid=study_uid, study__isnull=False)
    following = task_after(task, request.session, user=user)
    if following is None:
        return JsonResponse({"next": None})
    uid = following.study_instance_uid
    return JsonResponse({"next": {"studyUid": uid, "viewerUrl": reverse("viewer", kwargs={"study_uid": uid})}})


def results_context(request: HttpRequest, user: User, wanted: WorklistFilter) -> dict[str, Any]:
    """Return what the results need: one page of rows, its neighbours and a count that stops early."""
    now = timezone.now()
    visible = visible_tasks(user)
    found = wanted.apply(visible, user)
    order = order_of(request)
    remember_order(request.session, order)
    after, before = (_cursor(visible, request.GET.get(name, "")) for name in ("after", "before"))
    page = page_of(found, order, after=after, before=before, shown=with_marks(visible, user))
    count, more = capped_count(found)
    empty = not page.tasks and not wanted.narrows
    return _row_rights(user, page.tasks) | {
        "page": page,
        "order": order,
        "count": count,
        "more_than_count": more,
        "wanted": wanted,
        "rendered_at": now,
        "sees_nothing": not user.role or not (user.sees_all_facilities or user.facility_id),
        "administrators": administrators() if empty else [],
        "dicom": dicom_address(request),
    }


def rows_context(user: User, keys: Iterable[int]) -> dict[str, Any]:
    """Return what single rows need, and which of ``keys`` are rows no more."""
    wanted = set(keys)
    tasks = list(with_marks(visible_tasks(user), user).filter(pk__in=wanted))
    return _row_rights(user, tasks) | {"tasks": tasks, "gone": sorted(wanted - {task.pk for task in tasks})}


def row_keys(request: HttpRequest) -> list[int]:
    """Return the rows that a page names, no more than it shows."""
    return [int(text) for text in request.POST.getlist("row")[:PAGE_SIZE] if text.isascii() and text.isdigit()]


def order_of(request: HttpRequest) -> Order:
    """Return the order that the URL names, else the form."""
    source = request.GET if "sort" in request.GET else request.POST
    return Order.parse(source.get("sort"), source.get("dir"))


def visible_tasks(user: User) -> FacilityScopedQuerySet[ReadingTask]:
    """Return the rows ``user`` may see, with their facility and study."""
    return ReadingTask.objects.visible_to(user).select_related("facility", "study")


def with_marks(tasks: FacilityScopedQuerySet[ReadingTask], user: User) -> FacilityScopedQuerySet[ReadingTask]:
    """Let each row say whether its study needs a look, and whether there are notes or files with it."""
    flags = StudyFlag.objects.open().filter(study=OuterRef("study"))
    notes = StudyNote.objects.filter(study=OuterRef("study"), is_removed=False)
    files = Attachment.objects.visible_to(user).mark_of_studies("study", "study__patient_id")
    marked: Any = tasks.annotate(is_flagged=Exists(flags), has_notes=Exists(notes), has_files=files)
    return cast("FacilityScopedQuerySet[ReadingTask]", marked)


def administrators() -> list[User]:
    """Return whom to ask for access."""
    return list(User.objects.filter(role=Role.ADMINISTRATOR, is_active=True)[:5])


def _row_rights(user: User, tasks: list[ReadingTask]) -> dict[str, Any]:
    """Return what every row shows beside its own columns."""
    return {
        "missing": missing_by_study(user, [task.study for task in tasks if task.study is not None]),
        "shown_columns": columns_of(user),
        "may_send": may_send(user),
        "may_hold": may_hold(user),
        "may_prioritise": may_prioritise(user),
    }


def _cursor(visible: FacilityScopedQuerySet[ReadingTask], text: str) -> ReadingTask | None:
    """Return the row that a page begins after; one that is gone or not visible means the first page."""
    return visible.filter(pk=int(text)).first() if text.isascii() and text.isdigit() and len(text) < 19 else None  # noqa: PLR2004


def _moment(text: str) -> Any:
    try:
        moment = parse_datetime(text)
    except ValueError:
        return None
    return moment if moment is not None and timezone.is_aware(moment) else None
