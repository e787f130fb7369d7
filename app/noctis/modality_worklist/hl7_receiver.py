"""What becomes of one HL7 message: read, carried out whole or not at all, and answered. No sockets here."""

from __future__ import annotations

import ipaddress
import logging
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from django.db import Error as DatabaseFailure
from django.db import transaction

from noctis.accounts.models import Facility
from noctis.modality_worklist.actions import (
    Imported,
    Origin,
    Outcome,
    SchedulingError,
    import_steps,
    move_step,
)
from noctis.modality_worklist.hl7_acknowledgement import accepted, refused
from noctis.modality_worklist.hl7_message import Header, Hl7Error, Hl7Rejected, read_header, read_message
from noctis.modality_worklist.hl7_orders import (
    NEW,
    SCHEDULING_CONTROLS,
    STATUS,
    Order,
    StepOrder,
    orders_of,
)
from noctis.modality_worklist.models import ScheduledProcedureStep, Source, StepStatus
from noctis.modality_worklist.particulars import InvalidParticulars, StepParticulars

logger = logging.getLogger(__name__)

KINDS: Final = frozenset({("ORM", "O01"), ("OMI", "O23")})
ENDING_CONTROLS: Final = {
    "CA": StepStatus.CANCELLED,
    "OC": StepStatus.CANCELLED,
    "DC": StepStatus.DISCONTINUED,
    "OD": StepStatus.DISCONTINUED,
}
# ORC-5, HL7 table 0038; None leaves the step where it is.
STATUSES: Final = {
    "": None,
    "SC": None,
    "HD": None,
    "IP": StepStatus.IN_PROGRESS,
    "CM": StepStatus.COMPLETED,
    "CA": StepStatus.CANCELLED,
    "DC": StepStatus.DISCONTINUED,
}
TAKEN_OFF: Final = frozenset({StepStatus.CANCELLED, StepStatus.DISCONTINUED})

_UNSAFE_IN_A_LOG = re.compile(r"[^A-Za-z0-9._^-]")


@dataclass(frozen=True)
class PeerRule:
    """A network that may send orders, for one facility or, with an empty code, for any."""

    network: ipaddress.IPv4Network | ipaddress.IPv6Network
    facility_code: str = ""

    @classmethod
    def parse(cls, text: str) -> PeerRule:
        """Read ``10.1.2.0/24`` or ``NORTH=10.1.2.0/24``; anything else is a ValueError."""
        code, equals, network = text.rpartition("=")
        if equals and not code.strip():
            raise ValueError(f"{text!r} names no facility before the equals sign")
        return cls(ipaddress.ip_network(network.strip(), strict=False), code.strip())


@dataclass(frozen=True)
class Peer:
    """Who sent a message, and the rules that let it."""

    address: str
    rules: Sequence[PeerRule]

    @classmethod
    def known(cls, address: str, rules: Iterable[PeerRule]) -> Peer | None:
        """Return the peer with this address, or None where no rule lets it in."""
        caller = ipaddress.ip_address(address)
        matching = [rule for rule in rules if caller in rule.network]
        return cls(address, matching) if matching else None

    def may_speak_for(self, facility_code: str) -> bool:
        """Whether it may schedule for this facility."""
        return any(rule.facility_code in ("", facility_code) for rule in self.rules)


def answer(block: bytes, peer: Peer) -> bytes:
    """Carry out one message and return its acknowledgement; the log gets its type and control ID, never its content."""
    header = Header()
    try:
        header = read_header(block)
        _carry_out(block, header, peer)
    except Hl7Error as error:
        _log(header, peer, error.acknowledgement, str(error))
        return refused(header, error)
    except DatabaseFailure as error:
        logger.error("an HL7 order could not be written: %s", type(error).__name__)  # noqa: TRY400  (texts hold values)
        failure = Hl7Error(207, "The schedule cannot be written now. Send the message again.")
        _log(header, peer, failure.acknowledgement, str(failure))
        return refused(header, failure)
    except Exception as error:  # noqa: BLE001  (the sender must get an answer; the text of the error may hold values)
        logger.error("unexpected %s in an HL7 message", type(error).__name__)  # noqa: TRY400
        failure = Hl7Error(207, "The message met with an internal error.")
        _log(header, peer, failure.acknowledgement, str(failure))
        return refused(header, failure)
    _log(header, peer, "AA", "")
    return accepted(header)


def _carry_out(block: bytes, header: Header, peer: Peer) -> None:
    if header.kind not in KINDS:
        raise Hl7Rejected(200, "Only ORM^O01 and OMI^O23 are taken.")
    facility = _facility(header, peer)
    orders = orders_of(read_message(block, header))
    with transaction.atomic():
        for order in orders:
            try:
                _apply(facility, order, peer)
            except InvalidParticulars as error:
                raise Hl7Error(102, str(error)) from error
            except SchedulingError as error:
                raise Hl7Error(204, str(error)) from error


def _facility(header: Header, peer: Peer) -> Facility:
    """Return the facility that MSH-4 names; to a peer that may not speak for it, it is unknown."""
    facility = Facility.objects.filter(code=header.facility_code).first()
    if facility is None or not peer.may_speak_for(facility.code):
        raise Hl7Rejected(103, "The sending facility in MSH-4 is not known here.")
    return facility


def _apply(facility: Facility, order: Order, peer: Peer) -> None:
    origin = Origin(Source.HL7, order.key, peer.address)
    known = _known_steps(facility, order)
    if (ending := ENDING_CONTROLS.get(order.control)) is not None:
        _move(_named(known, order), ending, peer)
        return
    if order.control not in SCHEDULING_CONTROLS:
        raise Hl7Error(103, "The order control in ORC-1 is none of NW, XO, SC, CA and DC.")
    if order.status not in STATUSES:
        raise Hl7Error(103, "The order status in ORC-5 is none of SC, IP, CM, CA, DC and HD.")
    status = STATUSES[order.status]
    described = bool(order.steps) and all(step.particulars for step in order.steps)
    if not known and order.control != NEW and not described:
        raise Hl7Error(204, "The order is not known here.")
    if described or order.control != STATUS:
        _schedule(facility, order, known, origin, must_be_open=status is None and order.control != NEW)
    if status is not None:
        _move(_named(_known_steps(facility, order), order), status, peer)


def _schedule(
    facility: Facility, order: Order, known: list[ScheduledProcedureStep], origin: Origin, *, must_be_open: bool
) -> None:
    if not order.steps:
        raise Hl7Error(100, "The order has no OBR segment.")
    steps = [
        Imported(_key(order, step, number, known), _particulars(step)) for number, step in enumerate(order.steps, 1)
    ]
    outcomes = import_steps(facility, steps, origin=origin, reopen=order.control == NEW)
    if must_be_open and any(outcome == Outcome.SKIPPED for _, outcome in outcomes):
        raise Hl7Error(204, "The order is over and cannot be changed any more.")


def _particulars(step: StepOrder) -> StepParticulars:
    if step.particulars is None:
        raise Hl7Error(101, "The order names no patient or no date and time.")
    return step.particulars


def _key(order: Order, step: StepOrder, number: int, known: list[ScheduledProcedureStep]) -> str:
    """Return what a step is known by: its own ID within the order, else its place; the only step needs neither."""
    if len(known) == len(order.steps) == 1 and step.step_id in ("", known[0].step_id):
        return known[0].source_key
    return f"{order.key}#{step.step_id or number}"


def _known_steps(facility: Facility, order: Order) -> list[ScheduledProcedureStep]:
    """Return the steps of the order, or those that HL7 scheduled under its accession number."""
    steps = ScheduledProcedureStep.objects.of_order(facility, Source.HL7, order.key).order_by("pk")
    found = list(steps)
    if not found and order.accession_number:
        same = ScheduledProcedureStep.objects.visible_to_facility(facility).filter(source=Source.HL7)
        found = list(same.filter(accession_number=order.accession_number).order_by("pk"))
    return found


def _named(known: list[ScheduledProcedureStep], order: Order) -> list[ScheduledProcedureStep]:
    """Return the steps that a message means: those whose IDs it names, else all of the order."""
    if not known:
        raise Hl7Error(204, "The order is not known here.")
    ids = {step.step_id for step in order.steps if step.step_id}
    return [step for step in known if step.step_id in ids] or known


def _move(steps: list[ScheduledProcedureStep], status: StepStatus, peer: Peer) -> None:
    for step in steps:
        if not (status in TAKEN_OFF and step.status in TAKEN_OFF):
            move_step(step, status, address=peer.address)


def _log(header: Header, peer: Peer, code: str, reason: str) -> None:
    kind, control_id = (_UNSAFE_IN_A_LOG.sub("?", text[:40]) for text in ("^".join(header.kind), header.control_id))
    logger.info("HL7 %s %s from %s: %s%s", kind, control_id or "-", peer.address, code, f", {reason}" if reason else "")
