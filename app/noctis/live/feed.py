"""Tells every open page what changed: one poller for the process, however many pages are open.

An app that has something to tell registers a topic. Only primary keys travel, never anything of a patient.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Hashable, Iterable, Mapping
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

logger = logging.getLogger(__name__)

POLL_SECONDS: Final = 1.0
# A change is stamped before its transaction commits: one that shows late is still found within this window.
OVERLAP: Final = timedelta(seconds=60)

Result = TypeVar("Result")
Changes = list[tuple[int, datetime]]
News = dict[str, list[int]]


@dataclass(frozen=True)
class Topic:
    """Something that changes while pages look at it.

    Pages of equal scope are told the same. ``changes`` gets one reader of each scope that is looked at, and returns by
    scope the keys that changed since a moment, with the moment of each.
    """

    name: str
    scope_of: Callable[[User], Hashable]
    changes: Callable[[Mapping[Hashable, User], datetime], Mapping[Hashable, Changes]]


topics: Final[dict[str, Topic]] = {}


def register(topic: Topic) -> None:
    """Let pages ask for ``topic``; called when the application starts."""
    topics[topic.name] = topic


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
        """Return the keys among ``changes`` that were not told; ``read_at`` is when the query began."""
        new = [pk for pk, changed_at in changes if self._told.get(pk) != changed_at]
        self._read_at = read_at
        self._told = dict(changes)
        return new


@dataclass(eq=False)
class Subscription:
    """What one open page has not been told yet, by topic. Slow pages collect; nothing queues up."""

    scopes: Mapping[str, Hashable]
    _pending: dict[str, set[int]] = field(default_factory=dict)
    _wake: asyncio.Event = field(default_factory=asyncio.Event)

    @classmethod
    def of(cls, user: User, names: Iterable[str]) -> Subscription:
        """Return a subscription of ``user`` to the topics called ``names``."""
        return cls({name: topics[name].scope_of(user) for name in names})

    def add(self, topic: str, keys: list[int]) -> None:
        """Note that ``keys`` changed."""
        self._pending.setdefault(topic, set()).update(keys)
        self._wake.set()

    async def changed(self, *, wait_seconds: float) -> News:
        """Return by topic what changed since the last call; nothing after ``wait_seconds`` without any."""
        try:
            await asyncio.wait_for(self._wake.wait(), wait_seconds)
        except asyncio.TimeoutError:
            return {}
        news = {topic: sorted(keys) for topic, keys in self._pending.items()}
        self._pending.clear()
        self._wake.clear()
        return news


class ChangeFeed:
    """Polls the index while at least one page is open, once for each topic."""

    def __init__(self, poll_seconds: float = POLL_SECONDS) -> None:
        """Poll every ``poll_seconds``."""
        self._poll_seconds = poll_seconds
        self._subscriptions: set[Subscription] = set()
        self._logs: dict[tuple[str, Hashable], ChangeLog] = {}
        self._readers: dict[tuple[str, Hashable], User] = {}
        self._poller: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def subscribe(self, user: User, names: Iterable[str]) -> AsyncIterator[Subscription]:
        """Yield a subscription of ``user`` to the topics called ``names``."""
        subscription = Subscription.of(user, names)
        self._readers.update(dict.fromkeys(subscription.scopes.items(), user))
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
                logger.warning("live pages wait for the index: %s", type(error).__name__)
            await asyncio.sleep(self._poll_seconds)
        self._poller = None  # before anything is awaited: who subscribes meanwhile starts another
        self._logs.clear()
        self._readers.clear()
        await in_database_thread(connections.close_all)

    async def _poll(self) -> None:
        looked_at = {pair for subscription in self._subscriptions for pair in subscription.scopes.items()}
        for pair in set(self._readers) - looked_at:
            del self._readers[pair]
            self._logs.pop(pair, None)
        for name in sorted({name for name, _ in looked_at}):
            await self._poll_topic(topics[name])

    async def _poll_topic(self, topic: Topic) -> None:
        read_at = timezone.now()
        readers = {scope: reader for (name, scope), reader in self._readers.items() if name == topic.name}
        logs = {scope: self._logs.setdefault((topic.name, scope), ChangeLog(read_at)) for scope in readers}
        since = min(log.window_start for log in logs.values())
        changes = await in_database_thread(partial(topic.changes, readers, since))
        for scope, log in logs.items():
            if news := log.news(changes.get(scope, []), read_at=read_at):
                self._tell(topic.name, scope, news)

    def _tell(self, name: str, scope: Hashable, keys: list[int]) -> None:
        for subscription in self._subscriptions:
            if name in subscription.scopes and subscription.scopes[name] == scope:
                subscription.add(name, keys)


async def in_database_thread(function: Callable[[], Result]) -> Result:
    """Run ``function`` in the one thread of the live events, so that many open pages hold one connection."""

    def with_a_live_connection() -> Result:
        close_old_connections()
        return function()

    return await asyncio.get_running_loop().run_in_executor(_DATABASE_THREAD, with_a_live_connection)


_DATABASE_THREAD = ThreadPoolExecutor(max_workers=1, thread_name_prefix="noctis-events")
feed = ChangeFeed()
