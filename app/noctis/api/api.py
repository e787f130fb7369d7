"""The management API, ``/api/v1/``: its parts, and every error as problem details."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.openapi.schema import OpenAPISchema

from noctis.accounts.bearer import refusal
from noctis.api import performed_steps, scheduled_steps
from noctis.api.access import TokenOrSession, UnknownFacility
from noctis.modality_worklist.actions import SchedulingError
from noctis.modality_worklist.particulars import InvalidParticulars
from noctis.network.defects import log_defect
from noctis.problem_details import PROBLEM_JSON, problem

logger = logging.getLogger(__name__)

DESCRIPTION = """Authenticate with `Authorization: Bearer …`; `noctis-manage create_token USER` prints a token. A token
sees and changes what its user may. Errors are problem details (RFC 9457)."""


class ManagementApi(NinjaAPI):
    """Describes its errors as the problem details that they are."""

    def get_openapi_schema(self, *args: Any, **kwargs: Any) -> OpenAPISchema:
        """Return the OpenAPI document with the media type of its errors."""
        schema = super().get_openapi_schema(*args, **kwargs)
        for operations in schema["paths"].values():
            for operation in operations.values():
                for status, answer in operation["responses"].items():
                    if int(status) >= HTTPStatus.BAD_REQUEST and "content" in answer:
                        answer["content"] = {PROBLEM_JSON: next(iter(answer["content"].values()))}
        return schema


api = ManagementApi(
    title="Noctis management API",
    version="1",
    description=DESCRIPTION,
    docs_url=None,
    openapi_url="/openapi.json",
    auth=TokenOrSession(),
    openapi_extra={"info": {"x-server-version": settings.VERSION}},
)
api.add_router("/scheduled-procedure-steps", scheduled_steps.router)
api.add_router("/performed-procedure-steps", performed_steps.router)


@api.exception_handler(AuthenticationError)
def _not_signed_in(request: HttpRequest, _error: Any) -> HttpResponse:
    return refusal(request, "Sign in first, or send a token.")


@api.exception_handler(PermissionDenied)
def _not_permitted(_request: HttpRequest, error: Any) -> HttpResponse:
    return problem(HTTPStatus.FORBIDDEN, str(error))


@api.exception_handler(Http404)
def _not_found(_request: HttpRequest, _error: Any) -> HttpResponse:
    return problem(HTTPStatus.NOT_FOUND)


@api.exception_handler(ValidationError)
def _not_valid(_request: HttpRequest, error: Any) -> HttpResponse:
    """Name the members that are wrong, without their values."""
    errors = [{"member": ".".join(map(str, one["loc"][1:])), "problem": one["msg"]} for one in error.errors]
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, "The request is not as the document says.", errors=errors)


@api.exception_handler(InvalidParticulars)
def _not_dicom(_request: HttpRequest, error: Any) -> HttpResponse:
    errors = [{"problem": sentence} for sentence in error.problems]
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, "DICOM cannot carry this step.", errors=errors)


@api.exception_handler(UnknownFacility)
def _no_facility(_request: HttpRequest, error: Any) -> HttpResponse:
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, str(error))


@api.exception_handler(SchedulingError)
def _conflict(_request: HttpRequest, error: Any) -> HttpResponse:
    return problem(HTTPStatus.CONFLICT, str(error))


@api.exception_handler(HttpError)
def _refused(_request: HttpRequest, error: Any) -> HttpResponse:
    return problem(error.status_code, str(error))


@api.exception_handler(Exception)
def _failed(_request: HttpRequest, error: Any) -> HttpResponse:
    log_defect(logger, error)
    return problem(HTTPStatus.INTERNAL_SERVER_ERROR)
