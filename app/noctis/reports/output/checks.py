"""A system check: whether this machine can make the files of reports."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Warning, register  # noqa: A004  (Django's own name)

from noctis.reports.output.rendering import PdfUnavailable, require_library


@register(deploy=True)
def pdf_files_can_be_made(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Return a warning where WeasyPrint finds no Pango."""
    try:
        require_library()
    except PdfUnavailable as error:
        return [Warning(str(error), id="noctis.W020")]
    return []
