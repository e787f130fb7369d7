"""The cells of a row, in the order that its reader chose."""

from __future__ import annotations

from functools import cache

from django import template
from django.template import Context
from django.template.base import NodeList
from django.template.loader import get_template
from django.utils.safestring import SafeString, mark_safe

register = template.Library()


@register.simple_tag(takes_context=True)
def row_cells(context: Context) -> SafeString:
    """Return the cells of ``task`` for ``shown_columns``.

    They are rendered in the row's own context: a page has many hundreds, and an ``include`` for each would copy it as
    often.
    """
    cells = (_cell(column.key).render(context) for column in context["shown_columns"])
    return mark_safe("".join(cells))  # noqa: S308  (rendered templates)


@cache
def _cell(key: str) -> NodeList:
    found = get_template(f"reading_worklist/cells/_{key}.html")
    return found.template.nodelist  # type: ignore[attr-defined,no-any-return]
