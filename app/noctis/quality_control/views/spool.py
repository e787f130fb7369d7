"""Files that were set aside in the spool: nothing says whose they are, so administrators decide."""

from __future__ import annotations

import logging
from http import HTTPStatus

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from noctis.accounts.client_address import client_address
from noctis.accounts.models import Facility
from noctis.accounts.permissions import administrators_only, signed_in_user
from noctis.archive.header import NotStorable
from noctis.archive.orphans import describe, orphans, take_in

logger = logging.getLogger(__name__)

MOST_SHOWN = 100


@administrators_only
@require_safe
def spool(request: HttpRequest) -> HttpResponse:
    """List the files."""
    found = orphans()
    context = {
        "files": [describe(path) for path in found[:MOST_SHOWN]],
        "count": len(found),
        "facilities": Facility.objects.all(),
        "folder": settings.NOCTIS_DATA.ready,
    }
    return render(request, "quality_control/spool.html", context)


@administrators_only
@require_POST
def take_file_in(request: HttpRequest) -> HttpResponse:
    """File one of them, or all, for a facility."""
    facility = get_object_or_404(Facility, code=request.POST.get("facility", ""))
    name = request.POST.get("name", "")
    chosen = [path for path in orphans() if name in {"", path.name}]
    if name and not chosen:
        raise Http404
    taken, refused = 0, 0
    for path in chosen:
        try:
            take_in(path, facility, acting_user=signed_in_user(request), address=client_address(request))
            taken += 1
        except NotStorable:
            refused += 1
        except OSError:
            logger.exception("a file that was set aside could not be taken in")
            return HttpResponse(
                "The disk refuses. Nothing is lost; try again later.",
                status=HTTPStatus.INSUFFICIENT_STORAGE,
                content_type="text/plain",
            )
    if taken:
        messages.success(request, f"{taken} file{'s are' if taken != 1 else ' is'} filed for {facility.name}.")
    if refused:
        messages.error(request, f"{refused} cannot be read and stay{'s' if refused == 1 else ''} where they are.")
    return redirect("quality_control:spool")
