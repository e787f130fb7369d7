"""Figures of quality control as people read them."""

from __future__ import annotations

from datetime import date

from django import template

register = template.Library()


@register.filter
def percent(rate: float | None) -> str:
    """Return a rate from 0 to 1 as per cent with one decimal; a dash where there is none."""
    return "–" if rate is None else f"{rate * 100:.1f} %"


@register.filter
def group_name(key: object) -> str:
    """Return what a group of counts is called."""
    if isinstance(key, date):
        return key.isoformat()
    return str(key) if key else "not stated"
