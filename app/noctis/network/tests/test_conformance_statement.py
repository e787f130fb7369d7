"""The DICOM Conformance Statement says what the program is made of, and what a running service negotiates."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from pydicom._uid_dict import UID_dictionary
from pydicom.uid import UID
from pynetdicom import AE, build_context, build_role, evt
from pynetdicom.pdu_primitives import (
    AsynchronousOperationsWindowNegotiation,
    ImplementationClassUIDNotification,
    ImplementationVersionNameNotification,
    MaximumLengthNotification,
    SOPClassCommonExtendedNegotiation,
)
from pynetdicom.presentation import PresentationContext

from noctis.dicom.association_rejection import Rejection
from noctis.dicom.dimse_status import DimseStatus, FindStatus, NormalisedStatus, RetrieveStatus, StoreStatus
from noctis.implementation import IMPLEMENTATION_CLASS_UID
from noctis.network import conformance_statuses as statuses
from noctis.network.answers import keep_answers
from noctis.network.conformance import TABLES
from noctis.network.outgoing_transport import Address
from noctis.network.services import STORAGE_COMMITMENT_PUSH_MODEL
from noctis.network.tests.commitment_peers import associated, information
from noctis.network.tests.retrieve_peers import final_response, movescu
from noctis.network.verification_scu import echo
from tests.support.dicom_service import DicomService
from tests.support.peers import SentObject, send_raw
from tests.support.ports import free_ports
from tests.support.waiting import wait_for

EXPLICIT, IMPLICIT = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2"
ACCEPTED, NO_SUCH_CLASS, NO_SUCH_SYNTAX = 0, 3, 4
MOST_CONTEXTS = 128
# Whatever else somebody may propose: all that the standard has, and some of vendors.
OTHER_CLASSES = ["1.2.840.113619.4.26", "1.3.12.2.1107.5.9.1", "2.25.4711"]
OTHER_SYNTAXES = ["1.2.840.113619.5.2", "1.2.826.0.1.3680043.2.494.1.1", "2.25.4712"]

Pair = tuple[str, str]


@cache
def statement() -> str:
    return (settings.APP_DIR / "docs" / "conformance_statement.md").read_text(encoding="utf-8")


def table(name: str) -> list[list[str]]:
    """Return the cells of a table of the statement."""
    found = re.search(f"<!-- begin: {name} -->(.*?)<!-- end: {name} -->", statement(), re.DOTALL)
    assert found, name
    lines = [line for line in found[1].splitlines() if line.startswith("|")]
    return [[cell.strip(" `") for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines[2:]]


def column(name: str, number: int = 1) -> list[str]:
    return [row[number] for row in table(name)]


def documented() -> set[Pair]:
    """Return the pairs of SOP class and transfer syntax that the statement says to be accepted."""
    storage = {
        (sop_class, syntax) for sop_class in column("storage-classes") for syntax in column("storage-transfer-syntaxes")
    }
    commands = {
        (row[1], syntax)
        for row in table("service-classes")
        if row[4] == "Yes"
        for syntax in column("command-transfer-syntaxes")
    }
    return storage | commands


def test_the_tables_are_up_to_date() -> None:
    call_command("update_conformance_statement", "--check")
    assert set(re.findall(r"<!-- begin: (\S+) -->", statement())) == TABLES.keys()


def test_every_status_and_rejection_is_explained() -> None:
    assert statuses.STORE.keys() == set(StoreStatus)
    assert statuses.FIND.keys() == set(FindStatus)
    assert statuses.RETRIEVE.keys() == set(RetrieveStatus)
    assert statuses.PERFORMED_STEP.keys() | statuses.COMMITMENT.keys() == set(NormalisedStatus)
    general = {*statuses.ECHO, *statuses.EVERY_REQUEST, *statuses.STORE, *statuses.PERFORMED_STEP}
    assert {int(status) for status in DimseStatus} <= {int(status) for status in general}
    assert len(table("rejections")) == len(Rejection)


def test_the_implementation_is_named() -> None:
    assert f"| {IMPLEMENTATION_CLASS_UID} |" in statement()


@pytest.mark.integration
def test_a_running_service_accepts_what_is_documented_and_nothing_else(service: DicomService) -> None:
    wanted = documented()
    others = standard_uids("SOP Class", "Meta SOP Class", "Service Class") - {sop_class for sop_class, _ in wanted}
    other_syntaxes = standard_uids("Transfer Syntax") - set(column("storage-transfer-syntaxes"))
    proposals = [
        *wanted,
        *((sop_class, EXPLICIT) for sop_class in [*others, *OTHER_CLASSES]),
        *((sop_class, one) for sop_class in {c for c, _ in wanted} for one in [*other_syntaxes, *OTHER_SYNTAXES]),
        *((sop_class, one) for sop_class in column("service-classes") for one in column("storage-transfer-syntaxes")),
    ]
    assert len(wanted) > 8000
    assert len(others) > 100

    results = negotiated(service.port, sorted(set(proposals)))

    accepted = {pair for pair, result in results.items() if result == ACCEPTED}
    assert accepted - wanted == set()
    assert wanted - accepted == set()
    known = {sop_class for sop_class, _ in wanted}
    for (sop_class, _), result in results.items():
        assert result in ({ACCEPTED, NO_SUCH_SYNTAX} if sop_class in known else {NO_SUCH_CLASS}), sop_class


def standard_uids(*kinds: str) -> set[str]:
    return {uid for uid, entry in UID_dictionary.items() if entry[1] in kinds}


def negotiated(port: int, proposals: list[Pair]) -> dict[Pair, int | None]:
    """Propose each pair in a context of its own; return the result for each."""
    results: dict[Pair, int | None] = {}
    for start in range(0, len(proposals), MOST_CONTEXTS):
        entity = AE("ENGINEER")
        contexts = [build_context(*pair) for pair in proposals[start : start + MOST_CONTEXTS]]
        handlers: Any = [(evt.EVT_CONN_OPEN, keep_answers)]
        association = entity.associate("127.0.0.1", port, contexts, "NOCTIS_PACS", evt_handlers=handlers)
        by_id = {context.context_id: context for context in association.requestor.requested_contexts}
        for context in [*association.accepted_contexts, *association.rejected_contexts]:
            asked = by_id[context.context_id]
            results[str(asked.abstract_syntax), str(asked.transfer_syntax[0])] = context.result
        connection = association.dul.socket and association.dul.socket.socket
        if association.is_established:
            association.release()
        if connection is not None:
            connection.close()
    return results


@pytest.mark.integration
def test_roles_are_accepted_as_documented(service: DicomService) -> None:
    """For storage classes as proposed; elsewhere nothing is said about roles, so that the default ones hold."""
    classes = [column("storage-classes")[0], *column("service-classes")]
    entity = AE("ENGINEER")
    roles: Any = [build_role(one, scu_role=True, scp_role=True) for one in classes]
    contexts = [build_context(one, EXPLICIT) for one in classes]
    association = entity.associate(
        "127.0.0.1",
        service.port,
        contexts,
        "NOCTIS_PACS",
        ext_neg=roles,
        evt_handlers=[(evt.EVT_CONN_OPEN, keep_answers)],
    )
    try:
        scp = {str(context.abstract_syntax) for context in association.accepted_contexts if context.as_scp}
        assert len(association.accepted_contexts) == len(classes)
        assert scp == {classes[0]}
    finally:
        association.release()


@pytest.mark.integration
def test_the_association_is_accepted_with_what_is_documented(service: DicomService) -> None:
    window = AsynchronousOperationsWindowNegotiation()
    window.maximum_number_operations_invoked = window.maximum_number_operations_performed = 5
    common = SOPClassCommonExtendedNegotiation()
    common.sop_class_uid, common.service_class_uid = UID(column("storage-classes")[0]), UID("1.2.840.10008.4.2")
    contexts = [build_context(column("storage-classes")[0], EXPLICIT)]
    items: Any = [window, common]
    association = AE("ENGINEER").associate(
        "127.0.0.1",
        service.port,
        contexts,
        "NOCTIS_PACS",
        ext_neg=items,
        evt_handlers=[(evt.EVT_CONN_OPEN, keep_answers)],
    )
    try:
        answer: Any = association.acceptor.primitive
        said = {type(item): item for item in answer.user_information}
    finally:
        association.release()
    assert said.keys() == {
        MaximumLengthNotification,
        ImplementationClassUIDNotification,
        ImplementationVersionNameNotification,
    }
    largest = said[MaximumLengthNotification].maximum_length_received
    assert f"| largest PDU that is received | {largest} bytes" in statement()
    assert said[ImplementationClassUIDNotification].implementation_class_uid == IMPLEMENTATION_CLASS_UID
    assert said[ImplementationVersionNameNotification].implementation_version_name.startswith("NOCTIS_")


@dataclass
class Listener:
    """A peer that accepts everything and remembers what was proposed to it."""

    port: int = 0
    proposals: list[list[PresentationContext]] = field(default_factory=list)
    roles: list[dict[str, tuple[bool | None, bool | None]]] = field(default_factory=list)
    names: set[tuple[str, str]] = field(default_factory=set)

    @contextmanager
    def listening(self, title: str) -> Iterator[Listener]:
        (self.port,) = free_ports(1)
        entity = AE(title)
        entity.maximum_associations = 10
        for sop_class in [*column("storage-classes"), *column("service-classes")]:
            syntaxes = [UID(one) for one in column("storage-transfer-syntaxes")]
            if sop_class == STORAGE_COMMITMENT_PUSH_MODEL:
                entity.add_supported_context(sop_class, syntaxes, scu_role=True, scp_role=True)
            else:
                entity.add_supported_context(sop_class, syntaxes)
        handlers: Any = [
            (evt.EVT_REQUESTED, self._note),
            (evt.EVT_C_STORE, lambda _event: 0),
            (evt.EVT_N_EVENT_REPORT, lambda _event: (0, None)),
        ]
        server: Any = entity.start_server(("127.0.0.1", self.port), block=False, evt_handlers=handlers)
        try:
            yield self
        finally:
            server.shutdown()

    def _note(self, event: evt.Event) -> None:
        requestor = event.assoc.requestor
        self.roles.append({uid: (one.scu_role, one.scp_role) for uid, one in requestor.role_selection.items()})
        self.names.add((str(requestor.implementation_class_uid), str(requestor.implementation_version_name)))
        self.proposals.append(list(requestor.requested_contexts))

    @property
    def pairs(self) -> set[Pair]:
        """What was proposed in the first association."""
        return {(str(one.abstract_syntax), str(syntax)) for one in self.proposals[0] for syntax in one.transfer_syntax}


def register(service: DicomService, listener: Listener, title: str) -> None:
    service.manage("add_ae", title, "--facility", "NORTH", "--host", "127.0.0.1", "--port", str(listener.port))


@pytest.mark.integration
def test_what_is_proposed_to_a_move_destination_is_as_documented(
    service: DicomService, samples: list[SentObject]
) -> None:
    kinds: dict[Pair, SentObject] = {(one.sop_class_uid, one.transfer_syntax_uid): one for one in samples}
    chosen = list(kinds.values())[: MOST_CONTEXTS // 3]
    assert set(send_raw(service.port, chosen).values()) == {0}
    stored = {(one.sop_class_uid, one.transfer_syntax_uid) for one in chosen}
    with Listener().listening("LISTENER") as listener:
        register(service, listener, "LISTENER")
        uids = "\\".join(one.sop_instance_uid for one in chosen)
        done = movescu(service, "LISTENER", "QueryRetrieveLevel=IMAGE", f"SOPInstanceUID={uids}")
    assert final_response(done)["Completed"] == len(chosen)

    assert len({syntax for _, syntax in stored}) > 10
    assert listener.pairs == stored | {(sop_class, one) for sop_class, _ in stored for one in (EXPLICIT, IMPLICIT)}
    assert all(len(one.transfer_syntax) == 1 for one in listener.proposals[0])
    assert sent_by_statement(listener.pairs)
    assert {name for name, _ in listener.names} == {str(IMPLEMENTATION_CLASS_UID)}
    assert all(version.startswith("NOCTIS_") for _, version in listener.names)


def sent_by_statement(pairs: Iterable[Pair]) -> bool:
    classes = {row[1] for row in table("storage-classes") if row[2] == "Yes"}
    sent = {row[1]: row[3] for row in table("storage-transfer-syntaxes")}
    assert {uid for uid, how in sent.items() if how == "Yes"} == {EXPLICIT, IMPLICIT}
    return all(sop_class in classes and syntax in sent for sop_class, syntax in pairs)


def proposed(sop_class: str) -> list[tuple[str, str]]:
    """Return transfer syntaxes and roles that the statement says to be proposed for a class."""
    return [(row[3], row[4]) for row in table("proposed-contexts") if row[1] == sop_class]


@pytest.mark.integration
@pytest.mark.django_db(transaction=True)
def test_what_is_proposed_for_an_echo_is_as_documented() -> None:
    verification = table("service-classes")[0][1]
    with Listener().listening("LISTENER") as listener:
        assert echo(Address("LISTENER", "127.0.0.1", listener.port)).is_success

    ((context,),) = listener.proposals
    assert str(context.abstract_syntax) == verification
    assert [(str(syntax), "SCU") for syntax in context.transfer_syntax] == proposed(verification)
    assert listener.roles == [{}]


@pytest.mark.integration
def test_what_is_proposed_to_report_a_commitment_is_as_documented(service: DicomService, make_images) -> None:
    images = make_images(1)
    assert set(send_raw(service.port, images).values()) == {0}
    with Listener().listening("WAITS_NOT") as listener:
        register(service, listener, "WAITS_NOT")
        with associated(service, "WAITS_NOT") as modality:
            assert modality.ask(information("2.25.555", images))[0] == 0
        wait_for(lambda: listener.proposals, "a report", seconds=60)

    ((context,),) = listener.proposals
    assert str(context.abstract_syntax) == STORAGE_COMMITMENT_PUSH_MODEL
    assert [(str(syntax), "SCP") for syntax in context.transfer_syntax] == proposed(STORAGE_COMMITMENT_PUSH_MODEL)
    assert listener.roles == [{STORAGE_COMMITMENT_PUSH_MODEL: (False, True)}]
