"""Why there is no association with somebody, told in plain words, and what one that we open is like."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from pydicom.uid import CTImageStorage
from pynetdicom import AE, build_context, build_role, evt

from noctis.accounts.models import Facility
from noctis.network.models import RemoteApplicationEntity
from noctis.network.requesting import Address, CannotAssociate, associate, end_association
from tests.support.certificates import Authority
from tests.support.ports import free_ports

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

VERIFICATION = "1.2.840.10008.1.1"
ECHO = [build_context(VERIFICATION)]


@pytest.fixture(autouse=True)
def _patience(settings) -> None:
    settings.NOCTIS_DICOM_ARTIM_SECONDS = 3
    settings.NOCTIS_AE_TITLE = "NOCTIS_PACS"


@pytest.fixture
def workstation() -> RemoteApplicationEntity:
    """Give the entity that is called."""
    north = Facility.objects.create(code="NORTH", name="North hospital")
    return RemoteApplicationEntity.objects.create(ae_title="WS1", facility=north, host="127.0.0.1", port=1)


@contextmanager
def listening(handlers: Any = (), **options: Any) -> Iterator[int]:
    """Run a peer that takes echoes; ``options`` are attributes of its AE."""
    (port,) = free_ports(1)
    entity = AE("WS1")
    entity.add_supported_context(VERIFICATION, scu_role=True, scp_role=True)
    for name, value in options.items():
        setattr(entity, name, value)
    server: Any = entity.start_server(("127.0.0.1", port), block=False, evt_handlers=list(handlers))
    try:
        yield port
    finally:
        server.shutdown()


def at(entity: RemoteApplicationEntity, port: int, *, uses_tls: bool = False) -> Address:
    entity.port, entity.uses_tls = port, uses_tls
    return Address.of(entity)


def trouble(entity: RemoteApplicationEntity, address: Address, contexts: Any = ECHO) -> str:
    """Return why there is no association, after checking that it is written down too."""
    with pytest.raises(CannotAssociate) as caught:
        associate(address, contexts)
    entity.refresh_from_db()
    assert entity.send_error == str(caught.value)
    assert entity.send_failed_at is not None
    return str(caught.value)


def test_an_association_is_established_over_a_prompt_connection(workstation: RemoteApplicationEntity) -> None:
    with listening() as port:
        association = associate(at(workstation, port), ECHO)
        assert association.send_c_echo().Status == 0
        assert association.dul.socket is not None
        connection = association.dul.socket.socket
        assert connection is not None
        assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        end_association(association)
        assert association.is_released
        assert connection.fileno() == -1
    workstation.refresh_from_db()
    assert (workstation.send_error, workstation.send_succeeded_at is not None) == ("", True)


def test_requests_of_the_peer_are_heard_where_that_is_asked_for(workstation: RemoteApplicationEntity) -> None:
    heard = threading.Event()

    def ask_back(event: evt.Event) -> None:
        threading.Thread(target=event.assoc.send_c_echo, daemon=True).start()

    def answer(_event: evt.Event) -> int:
        heard.set()
        return 0

    with listening([(evt.EVT_ESTABLISHED, ask_back)]) as port:
        roles = [build_role(VERIFICATION, scu_role=True, scp_role=True)]
        handlers = [(evt.EVT_C_ECHO, answer)]
        address = at(workstation, port)
        association = associate(address, ECHO, negotiation=roles, handlers=handlers, hears_requests=True)
        assert heard.wait(timeout=20)
        end_association(association)


def test_an_association_whose_thread_has_ended_is_ended_all_the_same(workstation: RemoteApplicationEntity) -> None:
    with listening() as port:
        association = associate(at(workstation, port), ECHO)
        association._kill = True
        association.join(timeout=20)
        association._is_paused = False  # how its thread leaves it when it ends between two looks
        ending = threading.Thread(target=end_association, args=(association,), daemon=True)
        ending.start()
        ending.join(timeout=20)
        assert not ending.is_alive()
        assert association._sent_abort


def test_an_association_that_is_aborted_leaves_no_thread(workstation: RemoteApplicationEntity) -> None:
    with listening() as port:
        association = associate(at(workstation, port), ECHO)
        association.abort(block=False)
        association.join(timeout=20)
        association.dul.join(timeout=20)
        assert not association.is_alive()
        assert not association.dul.is_alive()


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (
            {"require_calling_aet": ["OTHER"]},
            "it rejected the association: it does not know our AE title NOCTIS_PACS",
        ),
        ({"require_called_aet": True, "ae_title": "OTHER"}, "it rejected the association: it is not called WS1"),
    ],
)
def test_a_rejection_is_explained(workstation: RemoteApplicationEntity, options: dict[str, Any], reason: str) -> None:
    with listening(**options) as port:
        assert trouble(workstation, at(workstation, port)) == reason


def test_a_peer_that_accepts_nothing_is_named(workstation: RemoteApplicationEntity) -> None:
    with listening() as port:
        contexts = [build_context(CTImageStorage)]
        expected = "it accepted nothing of what was proposed"
        assert trouble(workstation, at(workstation, port), contexts) == expected


@contextmanager
def plain_listener(*, says: bytes = b"", closes: bool = False) -> Iterator[int]:
    """Accept one connection, say something that is no DICOM, and stay silent or go."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        accepted: list[socket.socket] = []

        def accept() -> None:
            connection, _ = server.accept()
            accepted.append(connection)
            if says:
                connection.sendall(says)
            if closes:
                connection.close()

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        thread.join(timeout=5)
        for connection in accepted:
            connection.close()


@pytest.mark.parametrize("closes", [True, False])
def test_a_peer_that_does_not_answer_is_named(workstation: RemoteApplicationEntity, *, closes: bool) -> None:
    with plain_listener(closes=closes) as port:
        said = trouble(workstation, at(workstation, port))
    assert said in {
        "it did not answer the request for an association, perhaps because it expects TLS",
        "it ended the connection",
    }


def test_a_peer_that_speaks_something_else_is_named(workstation: RemoteApplicationEntity) -> None:
    with plain_listener(says=b"SSH-2.0-OpenSSH_9.2\r\n") as port:
        assert trouble(workstation, at(workstation, port)).startswith("it did not answer the request")
    with plain_listener(says=b"SSH-2.0-OpenSSH_9.2\r\n") as port:
        assert trouble(workstation, at(workstation, port, uses_tls=True)) == "it does not speak TLS on this port"


def test_a_handshake_that_goes_no_further_is_given_up(workstation: RemoteApplicationEntity) -> None:
    with plain_listener() as port:
        expected = "it did not finish the TLS handshake in time"
        assert trouble(workstation, at(workstation, port, uses_tls=True)) == expected


def test_files_that_cannot_be_used_are_named(
    workstation: RemoteApplicationEntity, settings, tmp_path_factory: pytest.TempPathFactory
) -> None:
    settings.NOCTIS_DICOM_TLS_CLIENT_CA = "/no/such/file"
    said = trouble(workstation, at(workstation, 1, uses_tls=True))
    assert said.startswith("TLS cannot be used: NOCTIS_DICOM_TLS_CLIENT_CA names /no/such/file, which cannot be read")

    authority = Authority.make(tmp_path_factory.mktemp("tls") / "hospital")
    settings.NOCTIS_DICOM_TLS_CLIENT_CA = str(authority.root.certificate)
    settings.NOCTIS_DICOM_TLS_CERTIFICATE = str(authority.root.certificate)
    settings.NOCTIS_DICOM_TLS_PRIVATE_KEY = str(authority.root.certificate)
    said = trouble(workstation, at(workstation, 1, uses_tls=True))
    assert said.startswith("TLS cannot be used: NOCTIS_DICOM_TLS_CERTIFICATE and NOCTIS_DICOM_TLS_PRIVATE_KEY")
