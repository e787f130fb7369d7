"""Errors as JSON that programs can read: problem details (RFC 9457)."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from django.http import JsonResponse

PROBLEM_JSON: Final = "application/problem+json"


def problem(status: int, detail: str = "", **members: Any) -> JsonResponse:
    """Return an error; ``detail`` is a sentence without patient data, ``members`` are JSON values."""
    content = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": int(status)}
    if detail:
        content["detail"] = detail
    response = JsonResponse({**content, **members}, status=int(status), content_type=PROBLEM_JSON)
    response["Cache-Control"] = "no-store"
    return response
