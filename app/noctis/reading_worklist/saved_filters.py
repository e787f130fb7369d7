"""Filters that people keep under a name: their own, and those that administrators share with a role.

A filter may hold a patient's name: it is posted and stored, and never stands in a URL or the audit trail.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Final

from django.contrib.sessions.backends.base import SessionBase
from django.db import transaction

from noctis.accounts.models import Role, User
from noctis.audit.actions import record
from noctis.audit.models import Action
from noctis.reading_worklist.columns import keep_part, kept_section
from noctis.reading_worklist.filters import SESSION_KEY, WorklistFilter
from noctis.reading_worklist.models import SavedFilter
from noctis.reading_worklist.next_study import remember_order
from noctis.reading_worklist.paging import Order

MOST_FILTERS: Final = 50


class Refused(Exception):
    """The filter is not kept; the text says why and what to do."""


@transaction.atomic
def save_filter(name: str, wanted: WorklistFilter, order: Order, *, acting_user: User, role: str = "") -> SavedFilter:
    """Keep a filter with its order; one of the user's with the same name is replaced. Raises Refused."""
    name = " ".join(name.split())
    if not name or len(name) > SavedFilter.LONGEST_NAME:
        raise Refused(f"Give the filter a name of at most {SavedFilter.LONGEST_NAME} characters.")
    if role and (not acting_user.is_administrator or role not in Role.values):
        raise Refused("Only administrators share filters with a role.")
    own = SavedFilter.objects.filter(owner=acting_user)
    if own.exclude(name=name).count() >= MOST_FILTERS:
        raise Refused(f"You have {MOST_FILTERS} filters: remove one that you no longer need.")
    values = {"asked": asdict(wanted), "sort": order.column.key, "direction": order.direction, "shared_with": role}
    saved, _ = own.update_or_create(owner=acting_user, name=name, defaults=values)
    if role:
        record(Action.WORKLIST_FILTER_SHARED, acting_user=acting_user, filter=saved.pk, role=role)
    return saved


@transaction.atomic
def remove_filter(saved: SavedFilter, *, acting_user: User) -> None:
    """Forget a filter of one's own."""
    if saved.shared_with:
        record(Action.WORKLIST_FILTER_SHARED, acting_user=acting_user, filter=saved.pk, role="")
    saved.delete()


def open_with(saved: SavedFilter | None, *, acting_user: User) -> None:
    """Let the worklist open with a filter, or with all studies."""
    keep_part("opensWith", saved.pk if saved else None, acting_user=acting_user)


def use(saved: SavedFilter, session: SessionBase) -> Order:
    """Ask for what the filter asks, until the session ends or something else is asked for; returns its order."""
    wanted, order = asked_by(saved)
    wanted.remember_in(session)
    remember_order(session, order)
    return order


def asked_by(saved: SavedFilter) -> tuple[WorklistFilter, Order]:
    """Return what a saved filter asks for; parts that a later release does not know are left out."""
    known = {name: str(saved.asked.get(name, "")) for name in WorklistFilter.__dataclass_fields__}
    return WorklistFilter(**known), Order.parse(saved.sort, saved.direction)


def opening_filter(user: User) -> SavedFilter | None:
    """Return the filter that the worklist opens with, if there is one that the user still may use."""
    key = kept_section(user).get("opensWith")
    return SavedFilter.objects.usable_by(user).filter(pk=key).first() if key else None


def is_opening(session: SessionBase) -> bool:
    """Whether nothing was asked for in this session yet."""
    return SESSION_KEY not in session
