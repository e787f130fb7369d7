"""Which study a reader opens next: the one after another in the worklist as this session last saw it."""

from __future__ import annotations

from typing import Any, Final

from django.contrib.sessions.backends.base import SessionBase

from noctis.accounts.models import User
from noctis.reading_worklist.filters import WorklistFilter
from noctis.reading_worklist.models import ReadingTask
from noctis.reading_worklist.paging import Order, keys_after

SESSION_KEY: Final = "worklist_order"


def remember_order(session: SessionBase, order: Order) -> None:
    """Keep the order until the session ends; the session is written only where it changes."""
    kept = {"sort": order.column.key, "dir": order.direction}
    if session.get(SESSION_KEY) != kept:
        session[SESSION_KEY] = kept


def remembered_order(session: SessionBase) -> Order:
    """Return the order kept in ``session``, the usual one where there is none."""
    kept: dict[str, Any] = session.get(SESSION_KEY, {})
    return Order.parse(kept.get("sort"), kept.get("dir"))


def task_after(task: ReadingTask, session: SessionBase, *, user: User) -> ReadingTask | None:
    """Return the study that comes after ``task`` in the user's worklist, or None at its end.

    The study itself need not be on the list: a reader may have come to it in another way, or it changed since. Orders
    without images are passed over.
    """
    order = remembered_order(session)
    visible = ReadingTask.objects.visible_to(user).exclude(study=None)
    listed = WorklistFilter.remembered_in(session).apply(visible, user)
    following = keys_after(listed, order, task, 1)
    return visible.filter(pk__in=following).first()
