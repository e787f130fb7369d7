"""Tells every open worklist which studies changed: one poller for the process, however many pages are open."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Final, TypeVar

from django.db import Error as AnyDatabaseError
from django.db import close_old_connections, connections
from django.utils import timezone

from noctis.accounts.models import User
from noctis.archive.models import Study

logger = logging.getLogger(__name__)

POLL_SECONDS: Final = 1.0
# A change is stamped before its transaction commits: one that shows late is still found within this window.
OVERLAP: Final = timedelta(seconds=60)
MOST_CHANGES: Final = 1000

Result = TypeVar("Result")
Changes = list[tuple[int, datetime]]


@dataclass(frozen=True)
class Scope:
    """Whose studies a page shows; pages of equal scope share their queries."""

    role: str
    facility_id: int | None

    @classmethod
    def of(cls, user: User) -> Scope:
        """Return the scope of ``user``."""
        return cls(user.role, None if user.sees_all_facilities else user.facility_id)


class ChangeLog:
    """Tells new changes from those told before, whatever order their transactions committed in."""

    def __init__(self, began_at: datetime) -> None:
        """Begin at ``began_at``; changes shortly before it are told too, telling twice does no harm."""
        self._told: dict[int, datetime] = {}
        self._read_at = began_at

    @property
    def window_start(self) -> datetime:
        """The oldest change to ask for."""
        return self._read_at - OVERLAP

    def news(self, changes: Changes, *, read_at: datetime) -> list[int]:
        """Return the studies among ``changes`` that were not told; ``read_at`` is when the query began."""
        new = [pk for pk, changed_at in changes if self._told.get(pk) != changed_at]
        self._read_at = read_at
        self._told = dict(changes)
        return new


@dataclass(eq=False)
class Subscription:
    """What one open page has not been told yet. Slow pages collect; nothing queues up."""

    scope: Scope
    _pending: set[int] = field(default_factory=set)
    _wake: asyncio.Event = field(default_factory=asyncio.Event)

    def add(self, studies: list[int]) -> None:
        """Note that ``studies`` changed."""
        self._pending.update(studies)
        self._wake.set()

    async def changed(self, *, wait_seconds: float) -> list[int]:
        """Return the studies that changed since the last call; an empty list after ``wait_seconds`` without any."""
        try:
            await asyncio.wait_for(self._wake.wait(), wait_seconds)
        except asyncio.TimeoutError:
            return []
        studies = sorted(self._pending)
        self._pending.clear()
        self._wake.clear()
        return studies


class ChangeFeed:
    """Polls the index while at least one page is open, once for each scope."""

    def __init__(self, poll_seconds: float = POLL_SECONDS) -> None:
        """Poll every ``poll_seconds``."""
        self._poll_seconds = poll_seconds
        self._subscriptions: set[Subscription] = set()
        self._logs: dict[Scope, ChangeLog] = {}
        self._readers: dict[Scope, User] = {}
        self._poller: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def subscribe(self, user: User) -> AsyncIterator[Subscription]:
        """Yield a subscription to the studies that ``user`` may see."""
        subscription = Subscription(Scope.of(user))
        self._readers[subscription.scope] = user
        self._subscriptions.add(subscription)
        if self._poller is None or self._poller.done():
            self._poller = asyncio.get_running_loop().create_task(self._poll_until_unused())
        try:
            yield subscription
        finally:
            self._subscriptions.discard(subscription)

    async def _poll_until_unused(self) -> None:
        while self._subscriptions:
            try:
                await self._poll()
            except AnyDatabaseError as error:
                logger.warning("live worklists wait for the index: %s", type(error).__name__)
            await asyncio.sleep(self._poll_seconds)
        self._poller = None  # before anything is awaited: who subscribes meanwhile starts another
        self._logs.clear()
        self._readers.clear()
        await in_database_thread(connections.close_all)

    async def _poll(self) -> None:
        scopes = {subscription.scope for subscription in self._subscriptions}
        for known in set(self._logs) - scopes:
            del self._logs[known], self._readers[known]
        for scope in scopes:
            read_at = timezone.now()
            log = self._logs.setdefault(scope, ChangeLog(read_at))
            changes = await in_database_thread(partial(changes_since, self._readers[scope], log.window_start))
            if news := log.news(changes, read_at=read_at):
                self._tell(scope, news)

    def _tell(self, scope: Scope, studies: list[int]) -> None:
        for subscription in self._subscriptions:
            if subscription.scope == scope:
                subscription.add(studies)


def changes_since(user: User, moment: datetime) -> Changes:
    """Return the last changes of the studies that ``user`` may see."""
    changed = Study.objects.visible_to(user).filter(changed_at__gte=moment).order_by("-changed_at")
    return list(changed.values_list("pk", "changed_at")[:MOST_CHANGES])


async def in_database_thread(function: Callable[[], Result]) -> Result:
    """Run ``function`` in the one thread of the live events, so that many open pages hold one connection."""

    def with_a_live_connection() -> Result:
        close_old_connections()
        return function()

    return await asyncio.get_running_loop().run_in_executor(_DATABASE_THREAD, with_a_live_connection)


_DATABASE_THREAD = ThreadPoolExecutor(max_workers=1, thread_name_prefix="noctis-events")
feed = ChangeFeed()
