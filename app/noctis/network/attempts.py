"""What peers try, one row for each association, so that an administrator can see why a new modality does not work.

Titles, addresses, what was proposed, counts of answers: nothing about patients. How much is written is bounded: peers
choose how often they call.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, TypedDict

from django.db import Error as DatabaseFailure
from django.db.models import QuerySet
from django.utils import timezone
from pynetdicom import evt
from pynetdicom.association import Association
from pynetdicom.events import Event
from pynetdicom.pdu_primitives import A_ASSOCIATE
from pynetdicom.presentation import PresentationContext

from noctis.network.admission import AssociationRequest, Refusal
from noctis.network.database import database_session
from noctis.network.defects import log_defect
from noctis.network.dicom_services import DicomService
from noctis.network.models import AssociationAttempt
from noctis.network.services import is_offered_class, service_of

logger = logging.getLogger(__name__)

ACCEPTED: Final = "accepted"
NOT_OFFERED: Final = "abstract syntax not supported"
NO_TRANSFER_SYNTAX: Final = "transfer syntaxes not supported"
NOT_ALLOWED: Final = "not allowed for this AE"
UNDECIDED: Final = ""

MINUTE: Final = 60.0
OF_A_PEER_PER_MINUTE: Final = 10
OF_ALL_PER_MINUTE: Final = 120
REMEMBERED_PEERS: Final = 1000
KEPT_OF_A_PEER: Final = 200
KEPT_REFUSED: Final = 1000
KEPT_ACCEPTED: Final = 2000
WRITES_BETWEEN_PRUNINGS: Final = 16
LASTING_SECONDS: Final = 2.0
MOST_CONTEXTS: Final = 128
MOST_SYNTAXES: Final = 32
LONGEST_UID: Final = 64
LONGEST_TITLE: Final = 16
LONGEST_REASON: Final = 200
PENDING: Final = frozenset({0xFF00, 0xFF01})

Peer = tuple[str, str]


class ContextResult(TypedDict):
    """A proposed presentation context: ``result`` is one of the words above, ``accepted`` the syntax that was chosen.

    ``as_scp`` tells that the peer also wants to receive over it (role selection, PS3.7 D.3.3.4).
    """

    sop_class: str
    syntaxes: list[str]
    result: str
    accepted: str
    as_scp: bool


@dataclass(eq=False)
class Attempt:
    """One association while it runs."""

    address: str
    is_tls: bool
    request: AssociationRequest | None = None
    refusal: Refusal | None = None
    operations: Counter[tuple[str, int]] = field(default_factory=Counter)
    at: datetime = field(default_factory=timezone.now)
    _began: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        """How long it has lasted."""
        return time.monotonic() - self._began

    def refused(self, request: AssociationRequest, refusal: Refusal) -> None:
        """Note that the peer is not let in."""
        self.request, self.refusal = request, refusal

    def admitted(self, request: AssociationRequest, association: Association) -> None:
        """Note that the peer is let in, and count what it is answered from now on."""
        self.request = request
        association.bind(evt.EVT_DIMSE_SENT, self._count)

    def row(
        self, association: Association, allowed: frozenset[DicomService], *, ended: str, unlisted: int
    ) -> AssociationAttempt:
        """Return what to keep; an association that asked for nothing has none, see ``request``."""
        peer, request, refusal = association.requestor, self.request, self.refusal
        asked = isinstance(peer.primitive, A_ASSOCIATE)
        return AssociationAttempt(
            at=self.at,
            seconds=round(self.seconds, 3),
            calling_ae_title=printable(request.calling_ae_title if request else "", LONGEST_TITLE),
            called_ae_title=printable(request.called_ae_title if request else "", LONGEST_TITLE),
            address=self.address,
            is_tls=self.is_tls,
            certificate_sha256=request.certificate_sha256 if request else "",
            implementation_class_uid=printable(peer.implementation_class_uid if asked else "", LONGEST_UID),
            implementation_version_name=printable(peer.implementation_version_name if asked else "", LONGEST_TITLE),
            maximum_pdu_size=peer.maximum_length if asked else None,
            contexts=context_results(association, allowed, negotiated=refusal is None) if asked else [],
            operations=self._counts(),
            is_accepted=refusal is None,
            obstacle=refusal.obstacle if refusal else "",
            reason=refusal.reason[:LONGEST_REASON] if refusal else "",
            ended="" if refusal else ended,
            unlisted_before=unlisted,
        )

    def _count(self, event: Event) -> None:
        name, status = type(event.message).__name__, event.message.command_set.get("Status")
        if name.endswith("_RSP") and status is not None and status not in PENDING:
            self.operations[name.removesuffix("_RSP").replace("_", "-"), int(status)] += 1

    def _counts(self) -> dict[str, dict[str, int]]:
        counts: dict[str, dict[str, int]] = {}
        for (operation, status), count in sorted(self.operations.items()):
            counts.setdefault(operation, {})[f"{status:04X}"] = count
        return counts


def context_results(
    association: Association, allowed: frozenset[DicomService], *, negotiated: bool
) -> list[ContextResult]:
    """Return what came of each context that the peer proposed."""
    request = association.requestor.primitive
    proposed = request.presentation_context_definition_list if isinstance(request, A_ASSOCIATE) else []
    accepted = {context.context_id: context for context in association.accepted_contexts}
    receives = {str(uid) for uid, role in association.requestor.role_selection.items() if role.scp_role}
    results: list[ContextResult] = []
    for context in proposed[:MOST_CONTEXTS]:
        sop_class = str(context.abstract_syntax)
        chosen = accepted.get(context.context_id)
        result = ACCEPTED if chosen else _why_not(sop_class, allowed)
        results.append(
            {
                "sop_class": printable(sop_class, LONGEST_UID),
                "syntaxes": [printable(uid, LONGEST_UID) for uid in context.transfer_syntax[:MOST_SYNTAXES]],
                "result": result if negotiated else UNDECIDED,
                "accepted": _only_syntax(chosen),
                "as_scp": sop_class in receives,
            }
        )
    return results


def _why_not(sop_class: str, allowed: frozenset[DicomService]) -> str:
    if not is_offered_class(sop_class):
        return NOT_OFFERED
    return NO_TRANSFER_SYNTAX if service_of(sop_class) in allowed else NOT_ALLOWED


def _only_syntax(context: PresentationContext | None) -> str:
    return str(context.transfer_syntax[0]) if context and context.transfer_syntax else ""


def printable(text: object, length: int) -> str:
    """Return what a peer says of itself as text that can be stored and shown."""
    return "".join(one if " " <= one <= "~" else "?" for one in str(text or "").strip())[:length]


@dataclass
class AttemptThrottle:
    """Says which attempts to write down: ten a minute of one peer, and no more than 120 a minute in all."""

    clock: Callable[[], float] = time.monotonic
    _noted: dict[Peer, list[float]] = field(default_factory=dict)
    _unlisted: Counter[Peer] = field(default_factory=Counter)
    _all: list[float] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def unlisted_before(self, peer: Peer) -> int | None:
        """Return how many attempts of ``peer`` were left out before, or None where this one is left out too."""
        with self._lock:
            now = self.clock()
            self._all = [at for at in self._all if now - at < MINUTE]
            own = [at for at in self._noted.pop(peer, []) if now - at < MINUTE]
            self._noted[peer] = own
            self._forget_oldest()
            if len(own) >= OF_A_PEER_PER_MINUTE or len(self._all) >= OF_ALL_PER_MINUTE:
                self._unlisted[peer] += 1
                return None
            own.append(now)
            self._all.append(now)
            return self._unlisted.pop(peer, 0)

    def _forget_oldest(self) -> None:
        if len(self._noted) > REMEMBERED_PEERS:
            oldest = next(iter(self._noted))
            del self._noted[oldest]
            self._unlisted.pop(oldest, None)


@dataclass
class _Open:
    """An association that goes on; ``row`` once it is listed, ``is_tried`` once that was tried."""

    association: Association
    allowed: frozenset[DicomService]
    row: AssociationAttempt | None = None
    is_tried: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)


class AttemptRecorder:
    """Writes attempts down for one process: as they end, and those that last as soon as they do.

    Those that are refused do not displace the others. A database that is away is not waited for.
    """

    def __init__(self) -> None:
        """Begin with nothing."""
        self._throttles = {True: AttemptThrottle(), False: AttemptThrottle()}
        self._writes = 0
        self._open: dict[Attempt, _Open] = {}
        self._opened = threading.Condition()
        self._watcher: threading.Thread | None = None

    def watch(self, attempt: Attempt, association: Association, allowed: frozenset[DicomService]) -> None:
        """List an association while it goes on, where it lasts: a modality may keep one open for hours."""
        with self._opened:
            self._open[attempt] = _Open(association, allowed)
            if self._watcher is None:
                self._watcher = threading.Thread(target=self._list_what_lasts, name="attempts", daemon=True)
                self._watcher.start()
            self._opened.notify()

    def record(
        self, attempt: Attempt, association: Association, *, allowed: frozenset[DicomService], ended: str
    ) -> None:
        """Write an association down that has ended."""
        with self._opened:
            watched = self._open.pop(attempt, None) or _Open(association, allowed)
        if attempt.request is None:
            return
        with watched.lock:
            self._write(attempt, watched, ended)

    def _list_what_lasts(self) -> None:
        while True:
            with self._opened:
                self._opened.wait_for(lambda: self._open)
            time.sleep(LASTING_SECONDS / 2)
            with self._opened:
                lasting = [(one, state) for one, state in self._open.items() if one.seconds >= LASTING_SECONDS]
            for attempt, state in lasting:
                with state.lock:
                    self._list(attempt, state)

    def _list(self, attempt: Attempt, state: _Open) -> None:
        if state.is_tried or not state.association.is_established:
            return
        try:
            self._write(attempt, state, ended="")
        except Exception as error:  # noqa: BLE001  (the others are still to be listed)
            log_defect(logger, error)

    def _write(self, attempt: Attempt, state: _Open, ended: str) -> None:
        peer = (attempt.request.calling_ae_title if attempt.request else "", attempt.address)
        unlisted = state.row.unlisted_before if state.row else None
        if not state.is_tried:
            unlisted = self._throttles[attempt.refusal is None].unlisted_before(peer)
        state.is_tried = True
        if unlisted is None:
            return
        row = attempt.row(state.association, state.allowed, ended=ended, unlisted=unlisted)
        try:
            with database_session():
                self._save(row, state)
                self._writes += 1
                if self._writes % WRITES_BETWEEN_PRUNINGS == 0:
                    prune(*peer)
        except DatabaseFailure as error:
            logger.warning("an association is not listed, the database does not answer: %s", type(error).__name__)

    @staticmethod
    def _save(row: AssociationAttempt, state: _Open) -> None:
        if state.row is None:
            row.save()
            state.row = row
        else:
            changes = {name: getattr(row, name) for name in ("seconds", "operations", "ended")}
            AssociationAttempt.objects.filter(pk=state.row.pk).update(**changes)


def prune(calling_ae_title: str, address: str) -> None:
    """Keep the newest attempts of a peer, and the newest of all."""
    attempts = AssociationAttempt.objects.order_by("-pk")
    title = printable(calling_ae_title, LONGEST_TITLE)
    _keep(attempts.filter(calling_ae_title=title, address=address), KEPT_OF_A_PEER)
    _keep(attempts.filter(is_accepted=False), KEPT_REFUSED)
    _keep(attempts.filter(is_accepted=True), KEPT_ACCEPTED)


def _keep(attempts: QuerySet[AssociationAttempt], count: int) -> None:
    last = attempts.values_list("pk", flat=True)[count : count + 1].first()
    if last is not None:
        attempts.filter(pk__lte=last).delete()
