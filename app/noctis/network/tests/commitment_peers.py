"""Peers of storage commitment, which DCMTK has no tool for: a modality that asks, and its server that takes reports."""

from __future__ import annotations

import queue
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from pydicom.dataset import Dataset
from pydicom.uid import UID
from pynetdicom import AE, evt
from pynetdicom.association import Association
from pynetdicom.pdu import P_DATA_TF

from noctis.network.answers import keep_answers
from noctis.network.releasing import release
from noctis.network.services import STORAGE_COMMITMENT_PUSH_MODEL
from tests.support.dicom_service import DicomService
from tests.support.peers import SentObject
from tests.support.ports import free_ports

WELL_KNOWN = "1.2.840.10008.1.20.1.1"
Pair = tuple[str, str]


def information(transaction_uid: str, instances: Iterable[Pair | SentObject]) -> Dataset:
    """Return what N-ACTION carries: pairs of SOP class and instance."""
    dataset = Dataset()
    dataset.TransactionUID = transaction_uid
    dataset.ReferencedSOPSequence = []
    for one in instances:
        item = Dataset()
        pair = (one.sop_class_uid, one.sop_instance_uid) if isinstance(one, SentObject) else one
        item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = pair
        dataset.ReferencedSOPSequence.append(item)
    return dataset


@dataclass(frozen=True)
class Report:
    """What a report said."""

    event_type: int
    transaction_uid: str
    committed: tuple[str, ...]
    failed: dict[str, int]
    retrieve_ae_title: str

    @classmethod
    def read(cls, event_type: int, dataset: Dataset) -> Report:
        return cls(
            event_type=event_type,
            transaction_uid=str(dataset.TransactionUID),
            committed=tuple(str(one.ReferencedSOPInstanceUID) for one in dataset.get("ReferencedSOPSequence", [])),
            failed={
                str(one.ReferencedSOPInstanceUID): int(one.FailureReason)
                for one in dataset.get("FailedSOPSequence", [])
            },
            retrieve_ae_title=str(dataset.get("RetrieveAETitle", "")),
        )


@dataclass
class Modality:
    """An association of a modality that asks and waits; it answers reports by ``statuses``, then with Success.

    A report is heard once its answer is on the wire: a release that overtook the answer would break the association.
    """

    statuses: list[int]
    reports: queue.SimpleQueue[Report] = field(default_factory=queue.SimpleQueue)
    taken: queue.SimpleQueue[Report] = field(default_factory=queue.SimpleQueue)
    association: Association = field(init=False)

    def ask(self, dataset: Dataset | None, *, action: int = 1, instance: str = WELL_KNOWN) -> tuple[int | None, str]:
        """Send N-ACTION and return status and error comment of the answer."""
        status, _ = self.association.send_n_action(dataset, action, STORAGE_COMMITMENT_PUSH_MODEL, instance)
        return status.get("Status"), status.get("ErrorComment", "")

    def hear(self) -> Report:
        """Wait for a report over the association that asked."""
        return self.reports.get(timeout=40)

    def take(self, event: evt.Event) -> tuple[int, None]:
        self.taken.put(report_of(event))
        return (self.statuses.pop(0) if self.statuses else 0), None

    def note_sent(self, event: evt.Event) -> None:
        """Hand over the report whose answer, a single P-DATA-TF, was sent."""
        if isinstance(event.pdu, P_DATA_TF) and not self.taken.empty():
            self.reports.put(self.taken.get())


def report_of(event: evt.Event) -> Report:
    event_type: Any = event.request.EventTypeID  # type: ignore[union-attr]
    return Report.read(event_type, event.event_information)


@contextmanager
def associated(
    service: DicomService, calling: str = "CT1", *, called: str = "NOCTIS_PACS", statuses: Iterable[int] = ()
) -> Iterator[Modality]:
    """Give an association of a modality that is released afterwards."""
    modality = Modality(list(statuses))
    entity = AE(calling)
    entity.add_requested_context(STORAGE_COMMITMENT_PUSH_MODEL)
    handlers: Any = [
        (evt.EVT_CONN_OPEN, keep_answers),
        (evt.EVT_N_EVENT_REPORT, modality.take),
        (evt.EVT_PDU_SENT, modality.note_sent),
    ]
    association = entity.associate("127.0.0.1", service.port, ae_title=called, evt_handlers=handlers)
    assert association.is_established, "the association was not accepted"
    modality.association = association
    try:
        yield modality
    finally:
        release(association)


@dataclass
class ReportTaker:
    """A modality's server: takes reports over associations that the archive opens, and answers by ``statuses``.

    When those are used up it answers with Success. ``roles`` is what it supports for who calls: as SCU and as SCP.
    """

    statuses: list[int] = field(default_factory=list)
    roles: tuple[bool, bool] | None = (True, True)
    reports: list[Report] = field(default_factory=list)
    callers: list[str] = field(default_factory=list)
    proposed_roles: list[tuple[bool | None, bool | None]] = field(default_factory=list)
    ae_title: str = "CT1"
    port: int = 0

    def __post_init__(self) -> None:
        self.port = self.port or free_ports(1)[0]

    @contextmanager
    def listening(self) -> Iterator[ReportTaker]:
        entity = AE(self.ae_title)
        entity.require_called_aet = True
        roles: dict[str, Any] = {} if self.roles is None else {"scu_role": self.roles[0], "scp_role": self.roles[1]}
        entity.add_supported_context(STORAGE_COMMITMENT_PUSH_MODEL, **roles)
        handlers: Any = [(evt.EVT_N_EVENT_REPORT, self._take), (evt.EVT_ACCEPTED, self._note)]
        server: Any = entity.start_server(("127.0.0.1", self.port), block=False, evt_handlers=handlers)
        try:
            yield self
        finally:
            server.shutdown()

    def _note(self, event: evt.Event) -> None:
        requestor = event.assoc.requestor
        self.callers.append(str(requestor.ae_title))
        role = requestor.role_selection.get(UID(STORAGE_COMMITMENT_PUSH_MODEL))
        self.proposed_roles.append((role.scu_role, role.scp_role) if role else (None, None))

    def _take(self, event: evt.Event) -> tuple[int, None]:
        self.reports.append(report_of(event))
        return (self.statuses.pop(0) if self.statuses else 0), None
