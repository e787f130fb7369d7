"""Storage commitment: what devices asked for, what is committed, and whether they know."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Exists, OuterRef, Q, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from noctis.accounts.permissions import administrators_only, signed_in_user
from noctis.keyset import page_before
from noctis.network.models import RemoteApplicationEntity
from noctis.storage_commitment.actions import send_again
from noctis.storage_commitment.models import CommitmentRequest, CommitmentRequestQuerySet, CommitmentState, Outcome

PAGE_SIZE = 50
LISTED_FAILURES = 500
UNFINISHED = "unfinished"


@administrators_only
@require_safe
def storage_commitment(request: HttpRequest) -> HttpResponse:
    """List requests, the last first; ``show=unfinished`` leaves out what was reported."""
    narrows = request.GET.get("show") == UNFINISHED
    requests = _visible(request)
    page = page_before(requests.unfinished() if narrows else requests, request.GET.get("before", ""), PAGE_SIZE)
    context = {
        "page": page,
        "narrows": narrows,
        "query": f"show={UNFINISHED}" if narrows else "",
        "given_up": _visible(request).filter(state=CommitmentState.GIVEN_UP).count(),
        "states": CommitmentState,
    }
    return render(request, "operations/storage_commitment.html", context)


@administrators_only
@require_safe
def commitment(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a request and the instances that are not committed."""
    asked = get_object_or_404(_visible(request), pk=pk)
    failures = asked.references.exclude(Q(outcome=Outcome.COMMITTED) | Q(outcome=None)).order_by("pk")
    context = {
        "asked": asked,
        "failures": failures[:LISTED_FAILURES],
        "listed": LISTED_FAILURES,
        "states": CommitmentState,
    }
    return render(request, "operations/commitment.html", context)


@administrators_only
@require_POST
def commitment_send(request: HttpRequest, pk: int) -> HttpResponse:
    """Try a report at once."""
    asked = get_object_or_404(_visible(request), pk=pk)
    send_again(asked, acting_user=signed_in_user(request))
    messages.success(request, f"The report for {asked.ae_title} is sent within moments.")
    return redirect("operations:commitment", pk=pk)


def _visible(request: HttpRequest) -> CommitmentRequestQuerySet:
    """Return the requests with the device that asked, where it is known, and whether it can be called."""
    known = RemoteApplicationEntity.objects.filter(ae_title=OuterRef("ae_title"), facility=OuterRef("facility"))
    addressed = known.exclude(host="").filter(port__isnull=False)
    visible = CommitmentRequest.objects.visible_to(signed_in_user(request)).select_related("facility")
    return visible.annotate(entity=Subquery(known.values("pk")), has_address=Exists(addressed))  # type: ignore[return-value]
