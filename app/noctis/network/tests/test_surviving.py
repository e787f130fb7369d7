"""What was answered Success outlives any end of the service; what runs may finish; what dies is replaced."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.support.dicom_service import MANAGE, DicomService, children_of
from tests.support.peers import RawSender, SentObject, echoscu, in_background, send_raw
from tests.support.raw_peer import ASSOCIATE_AC, IMPLICIT, VERIFICATION, associate_rq
from tests.support.waiting import wait_for, wait_until_said

pytestmark = [pytest.mark.integration, pytest.mark.sqlite]

SENDERS = 3
ROUNDS = 2


def is_gone(pid: int) -> bool:
    """Whether no process, nor its remains, has this id."""
    return not Path(f"/proc/{pid}").exists()


def test_a_kill_in_the_middle_of_transfers_loses_nothing_that_was_acknowledged(new_service, make_images) -> None:
    service: DicomService = new_service()
    images = make_images(300, padding=100_000)
    acknowledged: dict[str, bytes] = {}
    for turn in range(ROUNDS):
        before = len(acknowledged)
        threads = [
            in_background(send_until_cut_off, service, images[turn::ROUNDS][sender::SENDERS], acknowledged)
            for sender in range(SENDERS)
        ]
        while len(acknowledged) < before + 20:
            time.sleep(0.01)
        service.kill()
        for thread in threads:
            thread.join(timeout=30)
        assert before + 20 <= len(acknowledged) < before + len(images) // ROUNDS, "it was killed in the middle"
        service.start()
    service.wait_until_indexed()

    stored = service.stored()
    assert {uid: stored.get(uid) for uid in acknowledged} == acknowledged
    assert not service.half_received()
    assert service.rows("SELECT count(*) FROM archive_quarantinedobject") == [(0,)]


def send_until_cut_off(service: DicomService, images: list[SentObject], acknowledged: dict[str, bytes]) -> None:
    sender = RawSender(service.port, images[:1])
    for image in images:
        if not sender.association.is_established or sender.send(image)[0] != 0:
            return
        acknowledged[image.sop_instance_uid] = image.data_set


def test_no_child_outlives_a_parent_that_was_killed(new_service) -> None:
    service: DicomService = new_service()
    children = service.children()
    assert len(children) == 4

    os.kill(service.pid, signal.SIGKILL)
    service.wait()

    wait_for(lambda: all(is_gone(child) for child in children), "the end of the children", seconds=5)
    service.start()
    assert echoscu(service.port).returncode == 0


def test_a_running_association_may_finish_when_the_service_stops(new_service, make_images) -> None:
    service: DicomService = new_service()
    first, second = make_images(2)
    children = service.children()
    with RawSender(service.port, [first], calling="CT_LATE") as sender:
        assert sender.send(first)[0] == 0
        os.kill(service.pid, signal.SIGTERM)
        wait_for(lambda: not accepts(service.port), "the end of listening")

        assert sender.send(second)[0] == 0
    assert service.wait(seconds=20) == 0

    assert set(service.stored()) == {first.sop_instance_uid, second.sop_instance_uid}
    assert not any((service.data_dir / "spool" / "ready").iterdir()), "everything is indexed before the end"
    assert [entry[2]["instances"] for entry in service.audit_entries("instances_received", "CT_LATE")] == [2]
    assert all(is_gone(child) for child in children)


def test_an_association_that_does_not_end_is_aborted_in_time(new_service, ct: SentObject) -> None:
    service: DicomService = new_service(NOCTIS_DICOM_DRAIN_SECONDS="1")
    with RawSender(service.port, [ct]) as sender:
        started = time.monotonic()
        assert service.stop() == 0
        assert time.monotonic() - started < 15
        wait_for(lambda: sender.association.is_aborted, "the abort")


def test_a_stop_while_the_children_start_is_not_missed(new_service) -> None:
    for _ in range(3):
        service: DicomService = new_service(processes=8, NOCTIS_DICOM_DRAIN_SECONDS="30")
        os.kill(service.pid, signal.SIGTERM)  # the first acceptor is ready, the others hardly

        assert service.wait(seconds=20) == 0


def test_an_interrupt_stops_the_service_too(new_service) -> None:
    service: DicomService = new_service()
    os.killpg(service.pid, signal.SIGINT)  # as Ctrl-C does, to every process

    assert service.wait(seconds=20) == 0
    assert "Traceback" not in service.said()


def test_a_child_that_dies_is_replaced(new_service, make_images) -> None:
    service: DicomService = new_service()
    before = service.children()
    for child in before:
        os.kill(child, signal.SIGKILL)

    wait_for(lambda: len(set(service.children()) - set(before)) == 4, "four new children", seconds=30)
    assert set(send_raw(service.port, make_images(3)).values()) == {0}
    service.wait_until_indexed()
    assert len(service.stored()) == 3
    wait_until_said(service, "was killed by signal 9")


def test_a_dead_child_gives_its_places_back(new_service, ct: SentObject) -> None:
    service: DicomService = new_service(processes=1, NOCTIS_DICOM_MAX_ASSOCIATIONS="1")
    sender = RawSender(service.port, [ct])
    assert sender.association.is_established
    _, acceptor, _ = service.children()
    os.kill(acceptor, signal.SIGKILL)

    wait_for(lambda: echoscu(service.port).returncode == 0, "a new acceptor with a free place", seconds=30)


def test_a_taken_port_is_said_in_one_sentence(service: DicomService, tmp_path: Path) -> None:
    other = DicomService(tmp_path / "data")
    done = subprocess.run(
        [sys.executable, str(MANAGE), "start_dicom_service", "--skip-checks", "--port", str(service.port)],
        env=other.settings,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert done.returncode == 1
    assert done.stderr == (
        f"CommandError: The DICOM service cannot listen on 127.0.0.1 port {service.port}: Address already in use. "
        "Stop what uses it, or choose another with NOCTIS_DICOM_PORT and NOCTIS_DICOM_HOST.\n"
    )


def test_a_second_service_in_the_same_data_directory_is_refused(service: DicomService) -> None:
    done = service.run_program("start_dicom_service", "--port", str(service.port + 1))

    assert done.returncode == 1
    assert "Another DICOM service already works in" in done.stderr


def test_many_associations_at_once_are_all_served(service: DicomService, make_images) -> None:
    images = make_images(60, padding=20_000)
    statuses: dict[str, int | None] = {}
    threads = [
        threading.Thread(target=lambda part=images[start::20]: statuses.update(send_raw(service.port, part)))
        for start in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)

    assert statuses == {image.sop_instance_uid: 0 for image in images}
    service.wait_until_indexed()
    stored = service.stored()
    assert all(stored[image.sop_instance_uid] == image.data_set for image in images)


def accepts(port: int) -> bool:
    """Whether somebody listens."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def test_the_children_of_a_service_are_its_indexer_its_sender_and_its_acceptors(new_service) -> None:
    service: DicomService = new_service(processes=4)

    assert len(children_of(service.pid)) == 6


@pytest.mark.skipif("NOCTIS_DATABASE_URL" not in os.environ, reason="SQLite has no server that could restart")
def test_a_database_that_restarts_needs_no_restart_of_the_service(new_service, make_images) -> None:
    service: DicomService = new_service()
    first, second, third = make_images(3)
    with RawSender(service.port, [first]) as sender:
        assert sender.send(first)[0] == 0
        service.wait_until_indexed()
        end_every_session(service)
        assert sender.send(second)[0] == 0
    assert send_raw(service.port, [third]) == {third.sop_instance_uid: 0}
    service.wait_until_indexed()

    assert set(service.stored()) == {one.sop_instance_uid for one in (first, second, third)}
    assert len(service.children()) == 4
    assert "starts in" not in service.said(), "no child had to be replaced"


def end_every_session(service: DicomService) -> None:
    """Do to the clients of the database what its restart does."""
    service.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )


def test_who_has_just_connected_when_the_service_stops_is_still_answered(new_service) -> None:
    service: DicomService = new_service()
    with socket.create_connection(("127.0.0.1", service.port), timeout=30) as late:
        wait_for(lambda: echoscu(service.port).returncode == 0, "another association: the connection is accepted")
        os.kill(service.pid, signal.SIGTERM)
        wait_for(lambda: not accepts(service.port), "the end of listening")
        late.sendall(associate_rq([(1, VERIFICATION, [IMPLICIT])]))
        answer = late.recv(1)
    service.wait(seconds=30)

    assert answer == bytes((ASSOCIATE_AC,))
