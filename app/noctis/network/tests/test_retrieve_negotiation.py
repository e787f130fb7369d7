"""Queries and retrieval as they are negotiated: options, the levels of each model, and C-CANCEL, plain and over TLS."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset
from pydicom.uid import UID, CTImageStorage, ExplicitVRLittleEndian
from pynetdicom import AE, build_role, evt
from pynetdicom.association import Association
from pynetdicom.pdu_primitives import SOPClassExtendedNegotiation

from noctis.archive.query_attributes import Level
from noctis.network.answers import keep_answers
from noctis.network.query_scp import LEVELS
from noctis.network.retrieve import RETRIEVE_LEVELS
from noctis.network.services import GET_CLASSES, MOVE_CLASSES
from noctis.network.tests.find_peer import findscu
from noctis.network.tests.retrieve_peers import Receiver, final_response, getscu, movescu
from tests.support.certificates import Authority
from tests.support.dicom_service import DicomService
from tests.support.peers import SentObject, dcmtk, send_raw
from tests.support.ports import free_ports

pytestmark = pytest.mark.integration

COUNT = 25
CANCELLED, DOES_NOT_MATCH = 0xFE00, 0xA900
STUDY = ("QueryRetrieveLevel=STUDY", "StudyInstanceUID=2.25.1")
STUDY_ROOT_GET = GET_CLASSES[1]
MODEL_OPTIONS = ("-P", "-S", "-O")
KEYS = ("PatientID=1CT1", "StudyInstanceUID=2.25.1", "SeriesInstanceUID=2.25.2", "SOPInstanceUID=2.25.3.1")
TRANSPORTS = pytest.mark.parametrize("transport", ["plain", "tls"])


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.make(tmp_path_factory.mktemp("tls") / "hospital")


@pytest.fixture(scope="module")
def secured(new_module_service, authority: Authority) -> DicomService:
    """Give a service with a TLS port that knows where to move to."""
    (port,) = free_ports(1)
    own = authority.sign("noctis")
    service: DicomService = new_module_service(
        NOCTIS_DICOM_TLS_PORT=str(port),
        NOCTIS_DICOM_TLS_CERTIFICATE=str(own.certificate),
        NOCTIS_DICOM_TLS_PRIVATE_KEY=str(own.key),
    )
    service.manage("add_ae", "STORE", "--facility", "NORTH", "--host", "127.0.0.1", "--port", "1")
    return service


@pytest.fixture
def images(secured: DicomService, make_images: Callable[..., list[SentObject]]) -> list[SentObject]:
    """Store a study of one series."""
    images = make_images(COUNT)
    assert set(send_raw(secured.port, images).values()) == {0}
    return images


def port_of(service: DicomService, transport: str) -> int:
    return int(service.environment["NOCTIS_DICOM_TLS_PORT"]) if transport == "tls" else service.port


@contextmanager
def associated(
    port: int, authority: Authority, *, transport: str = "plain", handlers: list[Any], **options: Any
) -> Iterator[Association]:
    """Give an association of pynetdicom, over TLS where that is asked for."""
    if transport == "tls":
        options["tls_args"] = (ssl.create_default_context(cafile=str(authority.root.certificate)), "127.0.0.1")
    events: list[Any] = [(evt.EVT_CONN_OPEN, keep_answers), *handlers]
    association = AE("ASKER").associate("127.0.0.1", port, ae_title="NOCTIS_PACS", evt_handlers=events, **options)
    assert association.is_established
    try:
        yield association
    finally:
        association.release()


@TRANSPORTS
def test_a_cancelled_get_says_what_remains(
    secured: DicomService, images: list[SentObject], authority: Authority, transport: str
) -> None:
    received: list[str] = []

    def take(event: evt.Event) -> int:
        received.append(str(event.request.AffectedSOPInstanceUID))  # type: ignore[union-attr]
        if len(received) == 2:
            event.assoc.send_c_cancel(1, query_model=STUDY_ROOT_GET)
        time.sleep(0.1)
        return 0

    entity, asked = AE("ASKER"), Dataset()
    entity.add_requested_context(STUDY_ROOT_GET)
    entity.add_requested_context(CTImageStorage, ExplicitVRLittleEndian)
    asked.QueryRetrieveLevel, asked.StudyInstanceUID = "STUDY", "2.25.1"
    with associated(
        port_of(secured, transport),
        authority,
        transport=transport,
        handlers=[(evt.EVT_C_STORE, take)],
        contexts=entity.requested_contexts,
        ext_neg=[build_role(CTImageStorage, scp_role=True)],
    ) as association:
        *_, (status, _identifier) = association.send_c_get(asked, STUDY_ROOT_GET, msg_id=1)
        again = list(association.send_c_get(asked, STUDY_ROOT_GET, msg_id=2))  # the association goes on

    assert status.Status == CANCELLED
    assert 2 <= status.NumberOfCompletedSuboperations < COUNT
    assert status.NumberOfCompletedSuboperations + status.NumberOfRemainingSuboperations == COUNT
    assert again[-1][0].Status == 0
    assert len(received) == status.NumberOfCompletedSuboperations + COUNT


@TRANSPORTS
def test_a_cancelled_move_says_what_remains(
    secured: DicomService, images: list[SentObject], authority: Authority, transport: str
) -> None:
    def slowly(_event: evt.Event, _number: int) -> int:
        time.sleep(0.1)
        return 0

    receiver = Receiver(slowly)
    with receiver.listening(ExplicitVRLittleEndian) as port, ExitStack() as stack:
        secured.execute(f"UPDATE network_remoteapplicationentity SET port = {port}")  # noqa: S608
        entrance = port_of(secured, transport)
        if transport == "tls":  # movescu cannot speak it itself
            entrance = stack.enter_context(tunnel(entrance, authority))
        words = ("-aec", "NOCTIS_PACS", "-aem", "STORE", "-k", STUDY[0], "-k", STUDY[1], "127.0.0.1", str(entrance))
        done = dcmtk("movescu", "-d", "-S", "--cancel", "1", *words)

    counts = final_response(done)
    assert counts["Status"] == CANCELLED
    assert 0 < counts["Completed"] < COUNT
    assert counts["Completed"] + counts["Remaining"] == COUNT
    assert len(receiver.received) == counts["Completed"]


@contextmanager
def tunnel(port: int, authority: Authority) -> Iterator[int]:
    """Take one plain connection and lead it to a TLS port, as a hospital does for devices without TLS."""
    context = ssl.create_default_context(cafile=str(authority.root.certificate))
    with socket.create_server(("127.0.0.1", 0)) as entrance:
        thread = threading.Thread(target=_lead_through, args=(entrance, port, context), daemon=True)
        thread.start()
        yield entrance.getsockname()[1]
        thread.join(timeout=20)


def _lead_through(entrance: socket.socket, port: int, context: ssl.SSLContext) -> None:
    caller, _ = entrance.accept()
    connection = socket.create_connection(("127.0.0.1", port))
    with caller, context.wrap_socket(connection, server_hostname="127.0.0.1") as secured:
        secured.settimeout(0.02)
        caller.settimeout(0.02)
        while True:  # one thread for both ways: a TLS connection takes no two at a time
            for source, target in ((caller, secured), (secured, caller)):
                with suppress(TimeoutError, ssl.SSLWantReadError):
                    if not (data := source.recv(65536)):
                        return
                    target.sendall(data)


@TRANSPORTS
def test_findscu_cancels_a_query(
    secured: DicomService, images: list[SentObject], authority: Authority, transport: str
) -> None:
    tls = ("+tla", "+cf", str(authority.root.certificate)) if transport == "tls" else ()
    keys = ("-k", "QueryRetrieveLevel=IMAGE", "-k", KEYS[1], "-k", "SOPInstanceUID")
    place = ("127.0.0.1", str(port_of(secured, transport)))
    done = dcmtk("findscu", "-v", "-S", "--cancel", "1", "-aec", "NOCTIS_PACS", *tls, *keys, *place)
    assert done.returncode == 0, done.stderr
    assert "Cancel" in done.stdout + done.stderr


@pytest.mark.parametrize("option", [0, 1])
def test_what_is_agreed_of_each_model(secured: DicomService, authority: Authority, option: int) -> None:
    """Relational operation and combined date-time matching are confirmed where they are asked for, the rest never."""
    models = [*LEVELS, *RETRIEVE_LEVELS]
    entity, negotiation = AE("ASKER"), []
    for model in models:
        entity.add_requested_context(model)
        item = SOPClassExtendedNegotiation()
        item.sop_class_uid = UID(model)
        item.service_class_application_information = bytes([option] * (6 if model in LEVELS else 3))
        negotiation.append(item)
    with associated(
        secured.port, authority, handlers=[], contexts=entity.requested_contexts, ext_neg=negotiation
    ) as association:
        agreed = {str(uid): answer for uid, answer in association.acceptor.sop_class_extended.items()}

    for_queries, for_retrieval = bytes([option, option, 0, 0, 0, 0]), bytes([option, 0, 0])
    assert agreed == {**dict.fromkeys(LEVELS, for_queries), **dict.fromkeys(RETRIEVE_LEVELS, for_retrieval)}


@pytest.mark.parametrize("number", range(3))
@pytest.mark.parametrize("level", Level)
def test_each_model_has_its_levels_and_no_others(
    secured: DicomService, images: list[SentObject], tmp_path: Path, number: int, level: Level
) -> None:
    keys = (f"QueryRetrieveLevel={level.name}", KEYS[level])
    model, option = GET_CLASSES[number], MODEL_OPTIONS[number]
    with Receiver(lambda _event, _number: 0).listening(ExplicitVRLittleEndian) as port:
        secured.execute(f"UPDATE network_remoteapplicationentity SET port = {port}")  # noqa: S608
        moved = final_response(movescu(secured, "STORE", *keys, options=(option,)))
    got = final_response(getscu(secured, tmp_path / "got", *keys, options=(option,)))
    asked = dict(key.split("=") for key in keys)
    found = findscu(secured.port, list(LEVELS)[number], "-d", **asked)

    assert RETRIEVE_LEVELS[model] == RETRIEVE_LEVELS[MOVE_CLASSES[number]] == LEVELS[list(LEVELS)[number]]
    if level in RETRIEVE_LEVELS[model]:
        assert moved["Status"] == got["Status"] == 0
        assert moved["Completed"] == got["Completed"] == (1 if level is Level.IMAGE else COUNT)
        assert "0xff00" in found.stdout + found.stderr
    else:
        assert moved["Status"] == got["Status"] == DOES_NOT_MATCH
        assert "0xa900" in found.stdout + found.stderr
