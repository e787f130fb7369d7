"""The names inside pynetdicom that the service relies on: a release that lacks one fails here, not in a hospital."""

from __future__ import annotations

import inspect

import pynetdicom
import pytest
from pynetdicom import AE, _config, dimse_messages
from pynetdicom.acse import ACSE
from pynetdicom.association import Association
from pynetdicom.dimse import DIMSEServiceProvider
from pynetdicom.dimse_primitives import C_STORE
from pynetdicom.dul import DULServiceProvider
from pynetdicom.service_class import QueryRetrieveServiceClass
from pynetdicom.transport import AssociationSocket


def source(of: object) -> str:
    return inspect.getsource(of)  # type: ignore[arg-type]


def test_it_is_the_release_that_was_read() -> None:
    assert pynetdicom.__version__.startswith("3.0.")


@pytest.mark.parametrize(
    ("where", "names"),
    [
        (Association.run_reactor, ["self.requestor.primitive = ", "self.acse.negotiate_association()"]),
        (
            Association._run_reactor,
            [
                "self._reactor_checkpoint.wait()",
                "self.dimse.get_msg(block=False)",
                "self._serve_request(msg, ",
                "self.acse.is_release_requested()",
                "self.acse.send_release(is_response=True)",
                "self.acse.is_aborted()",
                "self.dul.is_alive()",
                "self.dul.idle_timer_expired()",
            ],
        ),
        (Association.kill, ["self._kill = True", "self.dul.stop_dul()"]),
        (Association.release, ["self._reactor_checkpoint.clear()", "self._is_paused", "self.acse.negotiate_release()"]),
        (Association.__init__, ["self._accepted_cx", "self._sent_abort", "target=make_target(self.run_reactor)"]),
        (DULServiceProvider.__init__, ["target=make_target(self.run_reactor)", "self.to_user_queue"]),
        (
            DULServiceProvider.run_reactor,
            [
                "time.sleep(self._run_loop_delay)",
                "if self._process_recv_primitive():",
                "elif self._is_transport_event():",
                "self.event_queue.get(block=False)",
            ],
        ),
        (DULServiceProvider._is_transport_event, ['== "Sta13"', "self.socket.ready"]),
        (DULServiceProvider.stop_dul, ['== "Sta1"', "self._kill_thread = True"]),
        (AE.associate, ["assoc.request()", "context.context_id = 2 * ii + 1", "assoc.start()"]),
        (DULServiceProvider._read_pdu_data, ["self.socket.recv(6)", "self.socket.recv(pdu_length)", "except (OSError"]),
        (AssociationSocket.close, ["self._shutdown_socket()"]),
        (ACSE._negotiate_as_acceptor, ["self.acceptor.supported_contexts", "self.assoc.ae.maximum_associations"]),
        (DIMSEServiceProvider.receive_primitive, ["self.message._data_set_file", "self.msg_queue.put"]),
        (
            DIMSEServiceProvider.receive_primitive,
            ["if self.message is None:", "evt.EVT_DIMSE_RECV", "self.cancel_req["],
        ),
        (DULServiceProvider._process_recv_primitive, ["self.to_provider_queue.queue[0]"]),
        (QueryRetrieveServiceClass._c_find_scp, ["evt.EVT_C_FIND", "self._wrap_handler(generator)"]),
        (dimse_messages.DIMSEMessage.decode_msg, ["self.context_id = context_id", "self.encoded_command_set.write"]),
        (DULServiceProvider.kill_dul, ["self._kill_thread = True"]),
        (dimse_messages.DIMSEMessage.decode_msg, ["NamedTemporaryFile(", "create_file_meta(", ".file.flush()"]),
    ],
)
def test_the_code_that_is_extended_works_as_it_did(where: object, names: list[str]) -> None:
    assert [name for name in names if name not in source(where)] == []


def test_requests_carry_their_file_and_the_switches_exist() -> None:
    assert hasattr(C_STORE(), "_dataset_file")
    for name in ("STORE_RECV_CHUNKED_DATASET", "LOG_HANDLER_LEVEL", "LOG_REQUEST_IDENTIFIERS"):
        assert hasattr(_config, name)
    assert "UI" in _config.VALIDATORS
