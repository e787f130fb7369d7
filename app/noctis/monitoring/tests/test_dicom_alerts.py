"""Alerts about the DICOM service, each caused with a running one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from noctis.data_directory import DataDirectory
from noctis.monitoring.conditions.dicom_service import own_address
from noctis.monitoring.models import Reading, ServiceSample, State
from noctis.monitoring.sampling import recent_activity, take_sample
from noctis.monitoring.tests.conftest import Look, told
from noctis.network.tests.conftest import NewService
from noctis.network.verification_scu import echo
from tests.support.dicom_service import DicomService
from tests.support.peers import echoscu, send_raw

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
ENOUGH = 5
OUT_OF_RESOURCES = 0xA700


@pytest.fixture
def service(new_service: NewService, settings) -> DicomService:
    """Give a running service that the watch of this process looks at."""
    settings.NOCTIS_ALERT_LEAST_REQUESTS = ENOUGH
    return new_service()


@pytest.fixture
def watched(service: DicomService, look: Look, settings) -> Callable[[str], str]:
    """Give ``watched(key)``: look, with what the service has counted until now, and return what was found."""
    settings.NOCTIS_DATA = DataDirectory(service.data_dir)
    settings.NOCTIS_DICOM_PORT = service.port
    take_sample(timezone.now())

    def look_at(key: str) -> str:
        take_sample(timezone.now())
        look(key)
        return str(Reading.objects.get(key=key).state)

    return look_at


def let_time_pass() -> None:
    """Move what was counted until now out of the window."""
    for sample in ServiceSample.objects.all():
        sample.at -= timedelta(minutes=20)
        sample.save()


def test_a_service_that_does_not_answer_is_told_and_that_it_answers_again(
    service: DicomService, watched, settings
) -> None:
    settings.NOCTIS_ALERT_ECHO_MINUTES = 0
    assert watched("echo") == State.FINE
    service.stop()
    watched("echo")
    assert told()[0].startswith("The DICOM service does not answer C-ECHO: it cannot be reached: connection refused")
    service.start()
    watched("echo")
    assert told()[1].startswith("Resolved: the DICOM service answers C-ECHO in ")


def test_refused_connections_are_told_once_they_are_more_than_one_in_twenty(service: DicomService, watched) -> None:
    for _ in range(ENOUGH - 1):
        echoscu(service.port)
    assert watched("connections") == State.FINE
    assert echoscu(service.port, called="ANOTHER").returncode != 0
    assert watched("connections") == State.WRONG
    assert told()[0].startswith("1 of 5 connections (20.0%) failed in the last 15 minutes.")
    let_time_pass()
    echoscu(service.port)
    assert watched("connections") == State.FINE
    assert told()[1] == "Resolved: none of 1 connections failed in the last 15 minutes"


def test_one_refusal_among_few_connections_says_nothing(service: DicomService, watched) -> None:
    echoscu(service.port, called="ANOTHER")
    assert watched("connections") == State.BETWEEN
    assert told() == []


def test_the_watch_own_echoes_do_not_count_as_connections(service: DicomService, watched) -> None:
    for _ in range(3):
        assert echo(own_address()).is_success
    take_sample(timezone.now())
    assert recent_activity(timezone.now()).connections == 0


def test_images_that_are_not_taken_are_told(service: DicomService, watched, make_images) -> None:
    images = make_images(ENOUGH)
    incoming = service.data_dir / "spool" / "incoming"
    incoming.rename(incoming.with_name("away"))
    assert set(send_raw(service.port, images).values()) == {OUT_OF_RESOURCES}
    assert watched("stores") == State.WRONG
    assert told()[0].startswith("5 of 5 C-STORE requests (100.0%) failed in the last 15 minutes.")
    incoming.with_name("away").rename(incoming)
    let_time_pass()
    send_raw(service.port, images)
    assert watched("stores") == State.FINE
    assert told()[1] == "Resolved: none of 5 C-STORE requests failed in the last 15 minutes"


def test_images_that_take_long_are_told(service: DicomService, watched, make_images, settings) -> None:
    send_raw(service.port, make_images(ENOUGH))
    assert watched("store duration") == State.FINE
    settings.NOCTIS_ALERT_STORE_MILLISECONDS = 0  # less than any disk needs
    assert watched("store duration") == State.WRONG
    assert " ms on average over 5 requests in the last 15 minutes" in told()[0]
    settings.NOCTIS_ALERT_STORE_MILLISECONDS = 500
    watched("store duration")
    assert len(told()) == 2


def test_figures_of_a_service_that_was_restarted_add_up(service: DicomService, watched) -> None:
    echoscu(service.port)
    take_sample(timezone.now())
    service.stop()
    service.start()
    echoscu(service.port)
    echoscu(service.port)
    take_sample(timezone.now())
    assert recent_activity(timezone.now()).connections == 3
