"""Forwarding by the running service: what arrives at real receivers, and what happens when they or it go away."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread
from pynetdicom import AE
from pynetdicom.events import Event

from noctis.network.tests.conftest import NewService
from noctis.network.tests.retrieve_peers import Receiver, data_sets, storescp
from noctis.routing.queue import CHUNK
from noctis.routing.tests.forwarding import (
    add_destination,
    add_rule,
    cancel,
    error,
    listens_at,
    retry,
    send_to,
    state,
    try_now,
    wait_for_state,
)
from tests.data.folder import write_mixed_folder
from tests.support.dicom_service import DicomService
from tests.support.orthanc import Modality, Orthanc
from tests.support.peers import SentObject, send_raw
from tests.support.ports import free_ports
from tests.support.waiting import wait_for

pytestmark = pytest.mark.integration

MakeImages = Callable[..., list[SentObject]]
EXPLICIT = "1.2.840.10008.1.2.1"


@pytest.fixture
def service(new_service: NewService) -> DicomService:
    return new_service(processes=1)


def after(seconds: float) -> int:
    """Answer Success, but slowly."""
    time.sleep(seconds)
    return 0


def of(images: list[SentObject]) -> dict[str, bytes]:
    return {image.sop_instance_uid: image.data_set for image in images}


@pytest.mark.sqlite
def test_what_a_rule_selects_arrives_as_it_is_stored(service, make_images: MakeImages, tmp_path: Path):
    images = make_images(12)
    with storescp(tmp_path / "got", "+xa") as port:
        add_destination(service, "STORE", port)
        add_rule(service, "STORE", calling_ae_titles=["CT1"], modalities=["CT"])
        add_destination(service, "OTHER", port)
        add_rule(service, "OTHER", modalities=["MR"])
        send_raw(service.port, images, calling="CT1")
        wait_for_state(service, "STORE", "sent", 12, 12, 0)

    assert data_sets(tmp_path / "got") == of(images)
    assert state(service, "OTHER")[0] == "none"
    entries = service.audit_entries("instances_sent", "STORE")
    assert sum(detail["instances"] for _, _, detail in entries) == 12
    study, _, detail = entries[-1]
    assert (study, detail["service"], detail["rule"]) == ("2.25.1", "forwarding", "To STORE")


def test_a_destination_that_is_away_is_tried_until_it_is_there(service, make_images: MakeImages, tmp_path: Path):
    (nobody,) = free_ports(1)
    add_destination(service, "STORE", nobody)
    add_rule(service, "STORE")
    images = make_images(3)
    send_raw(service.port, images[:2])
    wait_for_state(service, "STORE", "waiting", 2, 0, 0)
    assert error(service).startswith("STORE: it cannot be reached")
    ((attempts,),) = service.rows("SELECT attempts FROM routing_transmission")
    assert attempts >= 1

    send_raw(service.port, images[2:])
    with storescp(tmp_path / "got", "+xa") as port:
        listens_at(service, "STORE", port)
        wait_for_state(service, "STORE", "waiting", 3)
        try_now(service)
        wait_for_state(service, "STORE", "sent", 3, 3, 0)

    assert data_sets(tmp_path / "got") == of(images)
    assert error(service) == ""


@pytest.mark.sqlite
def test_a_power_cut_in_the_middle_loses_nothing(service, make_images: MakeImages):
    images = make_images(60)
    answered = Receiver(lambda _event, _number: after(0.03))
    with answered.listening(EXPLICIT) as port:
        add_destination(service, "STORE", port)
        send_raw(service.port, images)
        service.wait_until_indexed()
        send_to(service, "STORE")
        wait_for(lambda: len(answered.received) >= 20, "some instances")
        service.kill()
        before = len(answered.received)
        assert before < 60
        service.start()
        wait_for_state(service, "STORE", "sent", 60, 60, 0)

    assert set(answered.received) == set(of(images))
    assert len(answered.received) < 60 + before
    entries = service.audit_entries("instances_sent", "STORE")
    assert sum(detail["instances"] for _, _, detail in entries) == 60


@pytest.mark.sqlite
def test_a_power_cut_while_rules_are_asked_loses_nothing(service, make_images: MakeImages, tmp_path: Path):
    images = make_images(150)
    with storescp(tmp_path / "got", "+xa") as port:
        add_destination(service, "STORE", port)
        add_rule(service, "STORE")
        send_raw(service.port, images)  # acknowledged: they are in the spool at least
        service.kill()
        service.start()
        wait_for_state(service, "STORE", "sent", 150, 150, 0)

    assert data_sets(tmp_path / "got") == of(images)


def test_two_archives_that_forward_to_each_other_end(new_service: NewService, make_images: MakeImages):
    first = new_service(processes=1, NOCTIS_AE_TITLE="FIRST")
    second = new_service(processes=1, NOCTIS_AE_TITLE="SECOND")
    add_destination(first, "SECOND", second.port)
    add_destination(second, "FIRST", first.port)
    add_rule(first, "SECOND")
    add_rule(second, "FIRST")
    images = make_images(6)

    send_raw(first.port, images[:3], called="FIRST")
    wait_for_state(first, "SECOND", "sent", 3, 3, 0)
    send_raw(second.port, images[3:], called="SECOND")
    wait_for_state(second, "FIRST", "sent", 3, 3, 0)
    for one in (first, second):
        one.wait_until_indexed()
        assert one.stored() == of(images)
    time.sleep(2.5)  # two rounds of the sorter, in which nothing may come back

    assert state(first, "SECOND") == ("sent", 3, 3, 0)
    assert state(second, "FIRST") == ("sent", 3, 3, 0)


def test_a_large_study_goes_in_one_transmission(service, make_images: MakeImages, tmp_path: Path):
    count = 2 * CHUNK + 1  # what is sent is taken from the queue in three parts
    images = make_images(count)
    send_raw(service.port, images)
    service.wait_until_indexed()
    with storescp(tmp_path / "got", "+xa") as port:
        add_destination(service, "STORE", port)
        send_to(service, "STORE")
        wait_for_state(service, "STORE", "sent", count, count, 0)

    assert data_sets(tmp_path / "got") == of(images)
    ((counted, total),) = service.rows("SELECT bytes_sent, bytes_total FROM routing_transmission")
    assert counted == total > count * 30_000
    assert [detail["instances"] for _, _, detail in service.audit_entries("instances_sent", "STORE")] == [count]


def test_what_is_refused_is_given_up_after_a_while_and_the_rest_arrives(service, make_images: MakeImages):
    images = make_images(5)
    bad = images[2].sop_instance_uid
    refuses = [True]

    def answer(event: Event, _number: int) -> int:
        return 0xC000 if refuses[0] and getattr(event.request, "AffectedSOPInstanceUID", "") == bad else 0

    with Receiver(answer).listening(EXPLICIT) as port:
        add_destination(service, "STORE", port)
        send_raw(service.port, images)
        service.wait_until_indexed()
        send_to(service, "STORE")
        for _ in range(2):
            wait_for_state(service, "STORE", "waiting", 5, 4, 0)
            assert error(service) == "One object not taken: it was refused with status 0xC000."
            try_now(service)
            wait_for(lambda: service.rows("SELECT MAX(refusals) FROM routing_transmissionitem")[0][0] > 1, "a try")
        wait_for_state(service, "STORE", "failed", 5, 4, 1)

        refuses[0] = False
        retry(service)
        wait_for_state(service, "STORE", "sent", 5, 5, 0)
    assert error(service) == ""


def test_a_receiver_without_room_is_waited_for_and_nothing_is_given_up(service, make_images: MakeImages):
    images = make_images(4)
    is_full = [True]
    receiver = Receiver(lambda _event, number: 0xA700 if is_full[0] and number > 2 else 0)
    with receiver.listening(EXPLICIT) as port:
        add_destination(service, "STORE", port)
        send_raw(service.port, images)
        service.wait_until_indexed()
        send_to(service, "STORE")
        for _ in range(5):
            wait_for_state(service, "STORE", "waiting", 4, 2, 0)
            try_now(service)
        assert error(service) == "STORE: it is out of resources (status 0xA700)."
        is_full[0] = False
        try_now(service)
        wait_for_state(service, "STORE", "sent", 4, 4, 0)


def test_what_is_cancelled_stops(service, make_images: MakeImages):
    images = make_images(40)
    goes_on = threading.Event()
    receiver = Receiver(lambda _event, number: 0 if number < 4 or goes_on.wait(60) else 0xC000)
    with receiver.listening(EXPLICIT) as port:
        add_destination(service, "STORE", port)
        send_raw(service.port, images)
        service.wait_until_indexed()
        send_to(service, "STORE")
        wait_for(lambda: len(receiver.received) == 4, "some instances")
        cancel(service)
        time.sleep(1)  # longer than what was answered may wait to be written down
        goes_on.set()
        wait_for_state(service, "STORE", "cancelled", 40, 4, 0)
        assert len(receiver.received) == 4

        retry(service)
        wait_for_state(service, "STORE", "sent", 40, 40, 0)
    assert len(receiver.received) == 40


def test_a_destination_that_was_given_to_another_facility_gets_nothing(service, make_images: MakeImages, tmp_path):
    images = make_images(2)
    send_raw(service.port, images)
    service.wait_until_indexed()
    (nobody,) = free_ports(1)
    add_destination(service, "STORE", nobody)
    send_to(service, "STORE")
    wait_for_state(service, "STORE", "waiting", 2, 0, 0)
    with storescp(tmp_path / "got", "+xa") as port:
        listens_at(service, "STORE", port)
        service.execute(
            "UPDATE network_remoteapplicationentity SET facility_id ="
            " (SELECT id FROM accounts_facility WHERE code = 'SOUTH') WHERE ae_title = 'STORE'"
        )
        try_now(service)
        wait_for_state(service, "STORE", "failed", 2, 0, 2)
    assert data_sets(tmp_path / "got") == {}
    assert error(service) == "STORE belongs to another facility now: ask for it anew."


def test_one_dead_destination_does_not_hold_up_another(service, make_images: MakeImages, tmp_path: Path):
    (nobody,) = free_ports(1)
    images = make_images(5)
    with storescp(tmp_path / "got", "+xa") as port:
        add_destination(service, "DEAD", nobody)
        add_destination(service, "STORE", port)
        add_rule(service, "DEAD")
        add_rule(service, "STORE")
        send_raw(service.port, images)
        wait_for_state(service, "STORE", "sent", 5, 5, 0)
        wait_for_state(service, "DEAD", "waiting", 5, 0, 0)
    assert data_sets(tmp_path / "got") == of(images)


def test_a_receiver_that_takes_none_of_the_sop_classes_gets_three_tries(service, make_images: MakeImages):
    images = make_images(2)
    (port,) = free_ports(1)
    entity = AE("PICKY")
    entity.add_supported_context("1.2.840.10008.1.1")
    server: Any = entity.start_server(("127.0.0.1", port), block=False)
    try:
        add_destination(service, "STORE", port)
        send_raw(service.port, images)
        service.wait_until_indexed()
        send_to(service, "STORE")
        for tries in (1, 2):
            wait_for_state(service, "STORE", "waiting", 2, 0, 0)
            wait_for(lambda: service.rows("SELECT MIN(refusals) FROM routing_transmissionitem") == [(tries,)], "a try")  # noqa: B023
            try_now(service)
        wait_for_state(service, "STORE", "failed", 2, 0, 2)
    finally:
        server.shutdown()
    assert error(service) == "2 objects not taken: the peer accepted none of the SOP classes."


@pytest.mark.filterwarnings("ignore::UserWarning:pydicom")
def test_what_orthanc_sends_goes_on_to_another_orthanc_and_not_back(service, tmp_path: Path):
    originals = write_mixed_folder(tmp_path / "originals", ct_slices=3)
    sender = Orthanc(tmp_path / "sender", ae_title="SENDER")
    keeper = Orthanc(tmp_path / "keeper", ae_title="KEEPER")
    with sender, keeper:
        sender.know("noctis", Modality("NOCTIS_PACS", service.port))
        add_destination(service, "SENDER", sender.port)
        add_destination(service, "KEEPER", keeper.port)
        add_rule(service, "SENDER")
        add_rule(service, "KEEPER", calling_ae_titles=["SENDER"])
        sender.store("noctis", *[sender.upload(path) for path in originals])
        sent = {SentObject.read(path).sop_instance_uid: path for path in originals}
        wait_for(lambda: keeper.instances().keys() == sent.keys(), "everything", seconds=60)
        for uid, path in sent.items():
            assert dcmread(BytesIO(keeper.file_of(uid))) == dcmread(path), uid
    assert service.rows("SELECT COUNT(*) FROM routing_transmissionitem") == [(len(sent),)]
