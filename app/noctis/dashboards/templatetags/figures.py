"""How figures are shown on pages."""

from __future__ import annotations

from django import template

from noctis.dashboards.tables import Unit, Value

register = template.Library()

HOUR, DAY = 60, 24 * 60


@register.filter
def figure(value: Value, unit: Unit) -> str:
    """Return a value as people read it: '3 h 20 min' for 200 minutes, a dash where there is none."""
    if value is None:
        return "–"
    if isinstance(value, str):
        return value
    if unit is Unit.MINUTES:
        return duration(value)
    return f"{value:.1f} %" if unit is Unit.PERCENT else f"{value:,}"


def duration(minutes: float) -> str:
    """Return minutes in words, with the two units that matter."""
    whole = round(minutes)
    if whole < HOUR:
        return f"{whole} min"
    if whole < DAY:
        return f"{whole // HOUR} h {whole % HOUR} min"
    return f"{whole // DAY} d {whole % DAY // HOUR} h"
