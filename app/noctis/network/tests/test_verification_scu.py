"""Echoes to others: DCMTK answers, and whatever else can happen is told in plain words and in time."""

from __future__ import annotations

import socket
import threading

import pytest

from noctis.network import verification_scu
from noctis.network.outgoing_transport import Address
from noctis.network.verification_scu import MOST_AT_ONCE, EchoResult, echo, echo_in_time
from tests.support.dicom_service import DicomService
from tests.support.peers import bit_preserving_storescp
from tests.support.ports import free_ports
from tests.support.waiting import wait_for

pytestmark = [pytest.mark.integration, pytest.mark.django_db(transaction=True)]


def at(port: int, title: str = "CT2", host: str = "127.0.0.1", calling: str = "") -> Address:
    return Address(title, host, port, calling_ae_title=calling)


def test_dcmtk_answers(tmp_path) -> None:
    with bit_preserving_storescp(tmp_path) as port:
        result = echo_in_time(at(port))
    assert result.is_success
    assert result.milliseconds is not None
    assert result.milliseconds > 0


def test_nobody_listens() -> None:
    (port,) = free_ports(1)
    assert "connection refused" in echo(at(port)).trouble


def test_the_name_does_not_resolve() -> None:
    assert "its host name is unknown" in echo(at(104, host="no-such-modality.invalid")).trouble


def test_another_title_is_named(service: DicomService) -> None:
    assert "it is not called CT2" in echo(at(service.port, "CT2")).trouble


def test_our_own_service_rejects_us_where_it_does_not_know_us(new_service) -> None:
    strict = new_service(NOCTIS_UNKNOWN_CALLERS="refuse")
    assert "does not know our AE title OTHER" in echo(at(strict.port, "NOCTIS_PACS", calling="OTHER")).trouble


def test_a_service_that_does_not_take_echoes_says_so(new_service) -> None:
    service = new_service()
    service.manage("add_ae", "OTHER", "--facility", "NORTH", "--services", "query")
    assert "nothing of what was proposed" in echo(at(service.port, "NOCTIS_PACS", calling="OTHER")).trouble


def test_what_we_check_ourselves_is_no_attempt(new_service) -> None:
    service = new_service(NOCTIS_UNKNOWN_CALLERS="refuse")
    service.manage("add_ae", "OTHER", "--facility", "NORTH")
    assert echo(at(service.port, "NOCTIS_PACS")).is_success
    assert echo(at(service.port, "NOCTIS_PACS", calling="OTHER")).is_success
    found = wait_for(lambda: service.rows("SELECT calling_ae_title FROM network_associationattempt"), "an attempt")
    assert found == [("OTHER",)]


def test_who_says_nothing_is_not_waited_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        result = echo_in_time(at(silent.getsockname()[1]), seconds=1)
        assert result == EchoResult(trouble="no answer within 1 s")


def test_few_echoes_run_at_once(monkeypatch) -> None:
    release = threading.Event()

    def wait(_address: Address) -> EchoResult:
        release.wait(10)
        return EchoResult(milliseconds=1.0)

    monkeypatch.setattr(verification_scu, "echo", wait)
    for _ in range(MOST_AT_ONCE):
        assert "no answer" in echo_in_time(at(1), seconds=0.01).trouble
    assert "still running" in echo_in_time(at(1), seconds=0.01).trouble
    release.set()
    verification_scu._places.acquire(timeout=10)
    verification_scu._places.release()
    assert echo_in_time(at(1)).is_success
