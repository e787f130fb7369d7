"""Links of the worklist's headings."""

from __future__ import annotations

from django import template

from noctis.reading_worklist.paging import Column, Order

register = template.Library()


@register.simple_tag
def sort_query(column: Column, order: Order) -> str:
    """Return the query that sorts by ``column``: the other way round where it sorts already."""
    new = order.reversed if column == order.column else Order(column, column.descending_first)
    return new.query
