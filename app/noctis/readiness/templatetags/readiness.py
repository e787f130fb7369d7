"""Filters of the go-live page."""

from __future__ import annotations

from collections.abc import Mapping

from django import template

register = template.Library()


@register.filter
def of(words: Mapping[str, str], key: str) -> str:
    """Return what is said about ``key``; empty where nothing is."""
    return words.get(key, "")
