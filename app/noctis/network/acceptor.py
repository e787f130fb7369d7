"""One process's part of the listening sockets: accepts associations within the limits of all processes together."""

from __future__ import annotations

import logging
import selectors
import socket
import threading
import time
from collections import Counter
from collections.abc import MutableSequence, Sequence
from dataclasses import dataclass

from pynetdicom import AE, _config

from noctis.dicom.association_rejection import Rejection
from noctis.implementation import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME
from noctis.network.actions import note_seen
from noctis.network.admission import Admission, AssociationRequest, Refusal, admit, plain_address
from noctis.network.associations import AcceptedAssociation, Connection
from noctis.network.attempts import AttemptRecorder
from noctis.network.configuration import ServiceConfiguration
from noctis.network.defects import log_defect
from noctis.network.models import Obstacle
from noctis.network.refusals import RefusalThrottle, count_refusal, note_refusal
from noctis.network.statistics import recorder
from noctis.network.stop_signal import StopSignal
from noctis.network.transport_security import ReloadableContext

logger = logging.getLogger(__name__)

UNLIMITED = 2**31 - 1
ACCEPT_PAUSE_SECONDS = 0.1
ABORT_SECONDS = 5.0
REQUEST_SECONDS = 10.0
CROWD = 2


@dataclass(frozen=True)
class Listener:
    """A listening socket that several processes share; on a secured one peers speak TLS."""

    socket: socket.socket
    is_secured: bool = False


class Acceptor:
    """Accepts associations from listening sockets that several processes share.

    ``shared_counts`` lies in memory that the processes share: how many associations each of them has, this one at
    ``index``.
    """

    def __init__(
        self,
        listeners: Sequence[Listener],
        configuration: ServiceConfiguration,
        shared_counts: MutableSequence[int],
        index: int,
    ) -> None:
        """Prepare; nothing is accepted before ``serve``. Raises TlsUnusable."""
        self.configuration = configuration
        self.ae = application_entity(configuration)
        self.tls = ReloadableContext(configuration.tls) if configuration.tls is not None else None
        self.attempts = AttemptRecorder()
        self.is_stopping = False
        self._listeners = listeners
        self._counts = shared_counts
        self._index = index
        self._running: dict[AcceptedAssociation, None] = {}  # in the order in which they came
        self._admitted: set[AcceptedAssociation] = set()
        self._changed = threading.Condition()
        self._audit_throttle = RefusalThrottle()
        self._count_throttle = RefusalThrottle(holds_back_repetitions=False)

    def serve(self, stop: StopSignal) -> None:
        """Accept until ``stop`` is set, then let the running associations finish, for a while."""
        with selectors.DefaultSelector() as selector:
            for listener in self._listeners:
                selector.register(listener.socket, selectors.EVENT_READ, listener)
            selector.register(stop, selectors.EVENT_READ)
            while not stop.is_set():
                ready = [key.data for key, _ in selector.select() if key.data is not None]
                stop.clear_wakeups()
                if self.tls is not None and stop.take_reload():
                    self.tls.reload()
                for listener in ready:
                    if not stop.is_set():
                        self._accept(listener)
        for listener in self._listeners:
            listener.socket.close()
        self._drain()

    def decide_about(self, association: AcceptedAssociation, request: AssociationRequest) -> Admission | Refusal:
        """Admit an association within the limit of all processes together, and note a refusal."""
        decision = admit(request)
        if isinstance(decision, Admission) and not self._take_place(association):
            limit = self.configuration.maximum_associations
            decision = Refusal(Rejection.LOCAL_LIMIT_EXCEEDED, f"all {limit} associations are in use", Obstacle.FULL)
        if isinstance(decision, Refusal):
            self.note(request, decision)
        elif decision.entity is not None:
            note_seen(decision.entity)
        return decision

    def note(self, request: AssociationRequest, refusal: Refusal) -> None:
        """Write a refusal down for the administrator."""
        note_refusal(request, refusal, self._audit_throttle)
        count_refusal(request, refusal, self._count_throttle)

    def forget(self, association: AcceptedAssociation) -> None:
        """Give the place of an association that has ended to another."""
        with self._changed:
            self._running.pop(association, None)
            self._admitted.discard(association)
            self._note_active()
            self._changed.notify_all()

    def _take_place(self, association: AcceptedAssociation) -> bool:
        with self._changed:
            if sum(self._counts) >= self.configuration.maximum_associations:
                return False
            self._admitted.add(association)
            self._note_active()
            self._changed.notify_all()
            return True

    def _note_active(self) -> None:
        self._counts[self._index] = len(self._admitted)
        recorder().set_active(len(self._admitted))

    def _accept(self, listener: Listener) -> None:
        if not self._has_room():
            return
        try:
            accepted, peer = listener.socket.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return  # another process was faster, or the peer went away
        except OSError as error:
            logger.error("no connection can be accepted: %s", error.strerror)  # noqa: TRY400
            time.sleep(ACCEPT_PAUSE_SECONDS)
            return
        try:
            self._start_association(Connection(accepted, plain_address(peer[0]), peer[1], listener.is_secured))
        except (OSError, RuntimeError) as error:  # the peer is gone already, or no thread can be started
            accepted.close()
            log_defect(logger, error)

    def _has_room(self) -> bool:
        """Whether another thread may be started; who keeps many of them busy without asking for anything makes room.

        Where it is crowded, the connection goes that has waited longest of those from the most frequent address.
        """
        crowd = CROWD * self.configuration.maximum_associations
        with self._changed:
            if len(self._running) < crowd:
                return True
            if waiting := self._waiting():
                addresses = Counter(association.address for association in waiting)
                frequent = max(addresses, key=addresses.__getitem__)
                next(association for association in waiting if association.address == frequent).cut_off()
            self._changed.wait_for(lambda: len(self._running) < crowd, ACCEPT_PAUSE_SECONDS)
            return len(self._running) < crowd

    def _start_association(self, connection: Connection) -> None:
        association = AcceptedAssociation(self, connection)
        recorder().connected()
        with self._changed:
            self._running[association] = None
        try:
            association.start()
        except RuntimeError:
            self.forget(association)
            raise

    def _drain(self) -> None:
        """Wait for the running associations, then abort what is left.

        Who has just connected gets a moment to ask for its association: nobody else will answer it.
        """
        drain_seconds = self.configuration.drain_seconds
        deadline = time.monotonic() + drain_seconds
        with self._changed:
            self._changed.wait_for(lambda: not self._waiting(), min(REQUEST_SECONDS, drain_seconds))
            self.is_stopping = True
            for association in self._waiting():
                association.cut_off()
            self._changed.wait_for(lambda: not self._running, max(0.0, deadline - time.monotonic()))
            left = list(self._running)
        for association in left:
            association.abort(block=False)
        with self._changed:
            self._changed.wait_for(lambda: not self._running, ABORT_SECONDS)

    def _waiting(self) -> list[AcceptedAssociation]:
        """Return the connections that have not asked for anything yet, the oldest first."""
        return [association for association in self._running if association not in self._admitted]


def application_entity(configuration: ServiceConfiguration) -> AE:
    """Return pynetdicom's picture of ourselves: no data set is logged, our own limits and checks count."""
    _config.LOG_HANDLER_LEVEL = "standard" if configuration.is_verbose else "none"
    _config.LOG_REQUEST_IDENTIFIERS = False
    _config.LOG_RESPONSE_IDENTIFIERS = False
    _config.VALIDATORS["UI"] = lambda _value: (True, "")  # a bad UID gets a status, not the end of the association
    entity = AE(configuration.ae_title)
    entity.implementation_class_uid = IMPLEMENTATION_CLASS_UID
    entity.implementation_version_name = IMPLEMENTATION_VERSION_NAME
    entity.maximum_pdu_size = configuration.maximum_pdu_size
    entity.maximum_associations = UNLIMITED
    entity.acse_timeout = configuration.artim_seconds
    entity.network_timeout = configuration.idle_seconds
    return entity
