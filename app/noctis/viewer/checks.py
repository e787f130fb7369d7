"""System checks of what a site may give the viewer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Warning, register  # noqa: A004  (Django's own name)


@register
def hanging_protocols_are_usable(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Name each file that holds no hanging protocol: it is left out, and the viewer works without it."""
    from noctis.viewer.hanging_protocols import problems  # with pydantic, which few programs need

    return [
        Warning(
            f"The hanging protocol {path} is not used: {why}.",
            hint="Correct the file; docs/viewer.md tells what it may say.",
            id="noctis.W010",
        )
        for path, why in problems()
    ]
