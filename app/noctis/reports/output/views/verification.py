"""The public page that confirms a printed report."""

from __future__ import annotations

from http import HTTPStatus

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from noctis.accounts.client_address import client_address
from noctis.reports.output.verification import WITHIN, TooManyTries, confirm

LONGEST_CODE = 40


@login_not_required
@never_cache
@require_safe
def verify(request: HttpRequest) -> HttpResponse:
    """Say what is known of the report whose code is in ``?code=``; nothing of it is about a patient."""
    code = request.GET.get("code", "")[:LONGEST_CODE]
    if not code.strip():
        return render(request, "report_output/verify.html")
    try:
        confirmation = confirm(code, client_address(request))
    except TooManyTries:
        minutes = int(WITHIN.total_seconds() // 60)
        context = {"minutes": minutes}
        response = render(request, "report_output/verify.html", context, status=HTTPStatus.TOO_MANY_REQUESTS)
        response["Retry-After"] = str(minutes * 60)
        return response
    return render(request, "report_output/verify.html", {"code": code, "is_asked": True, "found": confirmation})
