"""Live pages: every change is told, to those who may know of it, and only while they may."""

from __future__ import annotations

import asyncio
import json
import re
from datetime import timedelta

import pytest
from asgiref.sync import sync_to_async
from django.db import OperationalError, connections
from django.test import AsyncClient
from django.utils import timezone

from noctis.accounts.actions import set_user_active
from noctis.archive.models import Study
from noctis.live import stream
from noctis.live.feed import OVERLAP, ChangeFeed, ChangeLog, in_database_thread
from noctis.notifications.actions import mark_read, notify
from noctis.notifications.event_kinds import Event
from noctis.reading_worklist import live_studies
from noctis.reading_worklist.models import ReadingTask
from noctis.reading_worklist.tests.factories import make_study

NOW = timezone.now()


def seconds(number: float):
    return NOW + timedelta(seconds=number)


def test_a_change_is_told_once():
    log = ChangeLog(NOW)
    assert log.news([(1, seconds(1))], read_at=seconds(2)) == [1]
    assert log.news([(1, seconds(1))], read_at=seconds(3)) == []
    assert log.news([(1, seconds(3)), (2, seconds(3))], read_at=seconds(4)) == [1, 2]


def test_a_transaction_that_commits_late_is_told_although_a_later_one_was():
    log = ChangeLog(NOW)
    log.news([(1, seconds(10))], read_at=seconds(11))
    assert log.window_start <= seconds(5)
    assert log.news([(1, seconds(10)), (2, seconds(5))], read_at=seconds(12)) == [2]


def test_after_a_pause_nothing_is_skipped():
    log = ChangeLog(NOW)
    log.news([], read_at=seconds(10))
    assert log.window_start == seconds(10) - OVERLAP


@pytest.fixture
def changed():
    """Give a function that makes a study as if it changed now."""

    def change(study: Study) -> None:
        ReadingTask.objects.filter(study=study).update(changed_at=timezone.now())

    return sync_to_async(change)


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(stream, "feed", ChangeFeed(poll_seconds=0.02))
    monkeypatch.setattr(stream, "HEARTBEAT_SECONDS", 0.05)
    monkeypatch.setattr(stream, "CHECK_SESSION_SECONDS", 0.0)


@pytest.fixture
def old_studies(people):
    """Insert a study of each facility that changed long ago."""
    long_ago = timezone.now() - timedelta(days=1)
    studies = [make_study(facility) for facility in (people.north, people.south)]
    ReadingTask.objects.update(changed_at=long_ago)
    return list(
        Study.objects.select_related("reading_task").filter(pk__in=[study.pk for study in studies]).order_by("pk")
    )


async def stream_of(user=None, topics="studies"):
    client = AsyncClient()
    if user is not None:
        await client.aforce_login(user)
    return client, await client.get(f"/events/live?topics={topics}")


async def heard(response, name, *, seconds=5.0):
    """Return the data of the next event called ``name``."""

    async def wait():
        async for part in response.streaming_content:
            if found := re.search(rf"^event: {name}\ndata: (.*)$", part.decode(), re.MULTILINE):
                return json.loads(found[1])
        raise AssertionError(f"the stream ended before {name}")

    return await asyncio.wait_for(wait(), seconds)


async def close(*responses):
    for response in responses:
        await response.streaming_content.aclose()


def run(scenario):
    """Run ``scenario`` and give back the connections of every thread it used."""

    async def whole():
        try:
            await scenario()
        finally:
            await asyncio.sleep(0.1)
            await in_database_thread(connections.close_all)
            await sync_to_async(connections.close_all)()

    asyncio.run(whole())


@pytest.mark.django_db(transaction=True)
def test_each_user_hears_of_the_own_studies_alone(people, old_studies, changed):
    north, south = old_studies

    async def scenario():
        _, owner = await stream_of(people.owner)
        _, radiologist = await stream_of(people.radiologist)
        await heard(owner, "heartbeat")
        await heard(radiologist, "heartbeat")
        await heard(owner, "heartbeat")
        await changed(south)
        await changed(north)
        assert await heard(owner, "studies") == {"keys": [north.reading_task.pk]}
        told: set[int] = set()
        while told != {north.reading_task.pk, south.reading_task.pk}:
            told |= set((await heard(radiologist, "studies"))["keys"])
        await close(owner, radiologist)

    run(scenario)


@pytest.mark.django_db(transaction=True)
def test_the_answer_is_a_stream_that_no_proxy_holds_back(people):
    async def scenario():
        _, response = await stream_of(people.owner)
        assert response["Content-Type"] == "text/event-stream"
        assert response["X-Accel-Buffering"] == "no"
        assert "no-store" in response["Cache-Control"]
        await close(response)

    run(scenario)


@pytest.mark.django_db(transaction=True)
def test_without_a_session_there_is_no_stream(people):
    async def scenario():
        _, response = await stream_of()
        assert response.status_code == 401

    run(scenario)


@pytest.mark.django_db(transaction=True)
def test_a_deactivated_user_is_told_to_leave(people):
    async def scenario():
        _, response = await stream_of(people.owner)
        await heard(response, "heartbeat")
        await sync_to_async(set_user_active)(people.owner, active=False, acting_user=people.administrator)
        await heard(response, "signed-out")
        await close(response)

    run(scenario)


@pytest.mark.django_db(transaction=True)
def test_signing_out_elsewhere_ends_the_stream(people):
    async def scenario():
        client, response = await stream_of(people.owner)
        await heard(response, "heartbeat")
        await client.post("/sign-out")
        await heard(response, "signed-out")
        await close(response)

    run(scenario)


@pytest.mark.django_db(transaction=True)
def test_a_change_of_facility_ends_the_stream_so_that_the_page_connects_anew(people):
    async def scenario():
        _, response = await stream_of(people.owner)
        await heard(response, "heartbeat")
        people.owner.facility = people.south
        await people.owner.asave()
        with pytest.raises(AssertionError, match="ended before"):
            await heard(response, "signed-out")
        await close(response)

    run(scenario)


@pytest.mark.django_db(transaction=True)
def test_one_poller_serves_all_and_rests_when_nobody_looks(people, old_studies, monkeypatch):
    asked = []
    real = live_studies.changes_since

    def counted(user, moment):
        asked.append(user)
        return real(user, moment)

    monkeypatch.setattr(live_studies, "changes_since", counted)

    async def scenario():
        feed = ChangeFeed(poll_seconds=0.02)
        async with (
            feed.subscribe(people.owner, ["studies"]),
            feed.subscribe(people.technician, ["studies"]),
            feed.subscribe(people.owner, ["studies"]),
        ):
            await asyncio.sleep(0.1)
        await asyncio.sleep(0.1)
        count = len(asked)
        await asyncio.sleep(0.1)
        assert len(asked) == count
        async with feed.subscribe(people.owner, ["studies"]):
            await asyncio.sleep(0.1)
        assert len(asked) > count

    run(scenario)


@pytest.mark.django_db(transaction=True)
def test_a_database_that_is_away_for_a_moment_is_waited_for(people, old_studies, changed, monkeypatch, caplog):
    real = live_studies.changes_since
    faults = iter([True])

    def sometimes(*arguments):
        if next(faults, False):
            raise OperationalError("gone")
        return real(*arguments)

    monkeypatch.setattr(live_studies, "changes_since", sometimes)

    async def scenario():
        feed = ChangeFeed(poll_seconds=0.02)
        async with feed.subscribe(people.owner, ["studies"]) as subscription:
            await changed(old_studies[0])
            assert await subscription.changed(wait_seconds=5) == {"studies": [old_studies[0].reading_task.pk]}

    run(scenario)
    assert "wait for the index" in caplog.text


@pytest.mark.django_db(transaction=True)
def test_one_stream_tells_of_studies_and_of_the_own_notifications(people, old_studies, changed):
    def tell():
        notify(Event.REPORT_FINAL, recipients=[people.owner, people.stranger], study=old_studies[0])

    async def scenario():
        _, owner = await stream_of(people.owner, "studies,notifications")
        _, stranger = await stream_of(people.stranger, "studies,notifications")
        for response in (owner, stranger):
            await heard(response, "heartbeat")
            await heard(response, "heartbeat")
        await sync_to_async(tell)()
        own = await heard(owner, "notifications")
        await changed(old_studies[0])
        await heard(owner, "studies")
        await sync_to_async(mark_read)(people.owner)
        assert await heard(owner, "notifications") == own
        with pytest.raises(asyncio.TimeoutError):
            await heard(stranger, "notifications", seconds=0.3)
        await close(owner, stranger)

    run(scenario)


@pytest.mark.django_db(transaction=True)
def test_a_topic_that_nobody_offers_is_refused(people):
    async def scenario():
        _, response = await stream_of(people.owner, "studies,secrets")
        assert response.status_code == 400

    run(scenario)
