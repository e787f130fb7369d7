"""What every page says while the appliance is not released for clinical use."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from noctis.readiness.models import ClinicalRelease


def is_awaiting_release() -> bool:
    """Whether pages have to say so: on a server, until an administrator releases it."""
    return not settings.NOCTIS_EMBEDDED and not ClinicalRelease.objects.current().exists()


def awaiting_release(request: HttpRequest) -> dict[str, object]:
    """Give templates ``awaiting_release``; only a template that asks causes a query."""
    return {"awaiting_release": SimpleLazyObject(is_awaiting_release)}
