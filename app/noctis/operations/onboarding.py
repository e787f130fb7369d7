"""What an attempt to associate means, in plain words, and the next step that makes it work."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from typing import Final

from pydicom.uid import UID

from noctis.dicom.dimse_status import DimseStatus, FindStatus, NormalisedStatus, RetrieveStatus, StoreStatus
from noctis.dicom.transfer_syntaxes import transfer_syntax
from noctis.network.access_fixes import Fix
from noctis.network.admission import Admission, AssociationRequest, Policy, decide
from noctis.network.attempts import ACCEPTED, NO_TRANSFER_SYNTAX, NOT_ALLOWED, NOT_OFFERED, ContextResult
from noctis.network.dicom_services import DicomService
from noctis.network.models import AssociationAttempt, Obstacle, RemoteApplicationEntity
from noctis.network.services import service_of

SUCCESS: Final = "0000"
CANCELLED: Final = "FE00"
DESTINATION_UNKNOWN: Final = f"{RetrieveStatus.DESTINATION_UNKNOWN:04X}"
MOST_NAMED: Final = 4
_STATUSES: Final = {
    "C-STORE": StoreStatus,
    "C-FIND": FindStatus,
    "C-GET": RetrieveStatus,
    "C-MOVE": RetrieveStatus,
    "N-CREATE": NormalisedStatus,
    "N-SET": NormalisedStatus,
    "N-ACTION": NormalisedStatus,
}


class Tone(str, Enum):
    """How an attempt went."""

    GOOD = "good"
    ODD = "odd"
    BAD = "bad"


@dataclass(frozen=True)
class Step:
    """One thing to do. ``opens`` tells what access it would open, to be confirmed; steps without a fix are links."""

    label: str
    fix: str = ""
    service: str = ""
    opens: str = ""
    registers: bool = False
    edits: bool = False
    shows_sheet: bool = False
    lists_destinations: bool = False


@dataclass(frozen=True)
class ContextLine:
    """The contexts of one SOP class with the same result."""

    sop_class: str
    uid: str
    service: str
    result: str
    syntaxes: str
    accepted: str

    @property
    def is_accepted(self) -> bool:
        """Whether it can be used."""
        return self.result == ACCEPTED


@dataclass
class Story:
    """An attempt as the page tells it."""

    attempt: AssociationAttempt
    entity: RemoteApplicationEntity | None
    headline: str = ""
    tone: Tone = Tone.GOOD
    notes: list[str] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)

    @cached_property
    def contexts(self) -> list[ContextLine]:
        """What was proposed, in readable names."""
        return context_lines(self.attempt.contexts)


@dataclass(frozen=True)
class Surroundings:
    """What else the explanation depends on: the policy of today, and the port for TLS where there is one."""

    policy: Policy
    tls_port: int | None = None


def tell(attempt: AssociationAttempt, entity: RemoteApplicationEntity | None, around: Surroundings) -> Story:
    """Return the story of an attempt; ``entity`` is the one that its calling title names today."""
    story = Story(attempt, entity)
    if attempt.is_accepted:
        _tell_accepted(story)
    else:
        _tell_refused(story, around)
    if attempt.unlisted_before:
        story.notes.append(f"{attempt.unlisted_before} more attempts of this device came before and are not listed.")
    return story


def _tell_refused(story: Story, around: Surroundings) -> None:
    attempt = story.attempt
    story.headline, story.tone = f"was refused: {attempt.reason}", Tone.BAD
    if attempt.obstacle in {Obstacle.TRANSPORT, Obstacle.FULL, Obstacle.OTHER}:
        _advise(story, Obstacle(attempt.obstacle), around)
        return
    decision = decide(request_of(attempt), story.entity, around.policy)
    if isinstance(decision, Admission) or decision.obstacle is Obstacle.OTHER:  # what else it says is not kept
        is_certain = isinstance(decision, Admission)
        story.tone = Tone.ODD
        story.notes.append(
            f"{'It would be let in now' if is_certain else 'This is out of the way now'}: let the device try again."
        )
        return
    if decision.obstacle != attempt.obstacle:
        story.notes.append(f"Now it would be refused because: {decision.reason}.")
    _advise(story, decision.obstacle, around)


def _advise(story: Story, obstacle: Obstacle, around: Surroundings) -> None:
    note, steps = _ADVICE[obstacle](story.attempt, around)
    if note:
        story.notes.append(note)
    story.steps += steps


Advice = tuple[str, list[Step]]
_SHEET: Final = Step("Settings for the engineer", shows_sheet=True)


def _about_called_title(attempt: AssociationAttempt, around: Surroundings) -> Advice:
    called, ours = attempt.called_ae_title, around.policy.ae_title
    note = f"The device calls us {called or 'nothing'}, our AE title is {ours}. Upper and lower case differ."
    opens = f"Every device may then call us {called} as well as {ours}. Who may call does not change."
    accept = [Step(f"Accept {called} too", Fix.ACCEPT_TITLE.value, opens=opens)] if called else []
    return note, [_SHEET, *accept]


def _about_blocked(_attempt: AssociationAttempt, _around: Surroundings) -> Advice:
    return "Take the title out of NOCTIS_DICOM_BLOCKED_CALLING_AE_TITLES and restart the DICOM service.", []


def _about_not_allowed(_attempt: AssociationAttempt, _around: Surroundings) -> Advice:
    return "Add the title to NOCTIS_DICOM_ALLOWED_CALLING_AE_TITLES and restart the DICOM service.", []


def _about_unknown_title(attempt: AssociationAttempt, _around: Surroundings) -> Advice:
    if not attempt.calling_ae_title:
        return "It gave no AE title of its own.", [_SHEET]
    return "Register it under the facility that it belongs to.", [Step("Register this AE", registers=True)]


def _about_switched_off(attempt: AssociationAttempt, _around: Surroundings) -> Advice:
    opens = f"{attempt.calling_ae_title} can then associate again with all it was allowed before."
    return "", [Step("Activate again", Fix.ACTIVATE.value, opens=opens)]


def _about_address(attempt: AssociationAttempt, _around: Surroundings) -> Advice:
    opens = f"{attempt.calling_ae_title} may then also call from {attempt.address}."
    return "", [Step(f"Allow {attempt.address}", Fix.ALLOW_ADDRESS.value, opens=opens)]


def _about_no_tls(attempt: AssociationAttempt, around: Surroundings) -> Advice:
    port = around.tls_port
    note = (
        f"The device must be set to TLS on port {port}."
        if port
        else "TLS is not switched on here: set NOCTIS_DICOM_TLS_CERTIFICATE and NOCTIS_DICOM_TLS_PRIVATE_KEY."
    )
    opens = f"{attempt.calling_ae_title} may then send patients' images unencrypted, and shows no certificate."
    return note, [_SHEET, Step("Do without TLS", Fix.ALLOW_PLAIN.value, opens=opens)]


def _about_no_certificate(_attempt: AssociationAttempt, _around: Surroundings) -> Advice:
    return "The device must be set up to show its client certificate.", [_SHEET]


def _about_other_certificate(attempt: AssociationAttempt, _around: Surroundings) -> Advice:
    title, shown = attempt.calling_ae_title, attempt.certificate_sha256
    note = f"The fingerprint of the certificate it showed is {shown}; compare it with what the device itself says."
    opens = f"{title} is then known by the certificate {shown} in place of the one before."
    return note, [Step("Accept this certificate", Fix.ACCEPT_CERTIFICATE.value, opens=opens)]


def _about_transport(_attempt: AssociationAttempt, around: Surroundings) -> Advice:
    if around.tls_port:
        return f"Port {around.tls_port} speaks TLS, the other port plain DICOM: one side must change.", [_SHEET]
    return "There is no port for TLS here: the device must use plain DICOM.", [_SHEET]


def _about_full(_attempt: AssociationAttempt, _around: Surroundings) -> Advice:
    return "The device may try again; NOCTIS_DICOM_MAX_ASSOCIATIONS sets how many associations there may be.", []


def _about_other(attempt: AssociationAttempt, _around: Surroundings) -> Advice:
    return "", [Step("Look at its entry", edits=True)] if attempt.calling_ae_title else []


_ADVICE: Final = {
    Obstacle.CALLED_TITLE: _about_called_title,
    Obstacle.BLOCKED: _about_blocked,
    Obstacle.NOT_ALLOWED: _about_not_allowed,
    Obstacle.UNKNOWN_TITLE: _about_unknown_title,
    Obstacle.SWITCHED_OFF: _about_switched_off,
    Obstacle.ADDRESS: _about_address,
    Obstacle.NO_TLS: _about_no_tls,
    Obstacle.NO_CERTIFICATE: _about_no_certificate,
    Obstacle.OTHER_CERTIFICATE: _about_other_certificate,
    Obstacle.TRANSPORT: _about_transport,
    Obstacle.FULL: _about_full,
    Obstacle.OTHER: _about_other,
}


def _tell_accepted(story: Story) -> None:
    attempt = story.attempt
    done = operations_in_words(attempt.operations)
    if attempt.is_open:
        story.headline = f"is let in and still connected; {done}" if done else "is let in and still connected"
    else:
        story.headline = f"was let in; {done}" if done else "was let in, but asked for nothing"
    failed = any(status not in {SUCCESS, CANCELLED} for counts in attempt.operations.values() for status in counts)
    nothing_accepted = attempt.contexts and not any(one["result"] == ACCEPTED for one in attempt.contexts)
    if failed or nothing_accepted or attempt.ended == "aborted by us":
        story.tone = Tone.BAD
    elif not (done or attempt.is_open) or any(
        one["result"] != ACCEPTED for one in _of_unaccepted_classes(attempt.contexts)
    ):
        story.tone = Tone.ODD
    if nothing_accepted:
        story.headline = "was let in, but nothing that it proposed can be used"
    _tell_contexts(story)
    if DESTINATION_UNKNOWN in attempt.operations.get("C-MOVE", {}):
        story.notes.append("Images can be moved only to devices whose address is known.")
        story.steps.append(Step("Add the destination", lists_destinations=True))
    if not attempt.ended and not attempt.is_open:
        story.notes.append("How the association ended is not known: the service was stopped hard.")
    if attempt.ended and attempt.ended != "released" and not nothing_accepted:
        story.notes.append(f"The association did not end as it should: {attempt.ended}.")
    if story.entity is None:
        story.notes.append("Its AE title is unknown; it is let in as it calls from this machine.")
        story.steps.append(Step("Register this AE", registers=True))


def _of_unaccepted_classes(contexts: list[ContextResult]) -> list[ContextResult]:
    """Return the contexts of SOP classes of which none was accepted: one transfer syntax is enough."""
    usable = {one["sop_class"] for one in contexts if one["result"] == ACCEPTED}
    return [one for one in contexts if one["sop_class"] not in usable]


def _tell_contexts(story: Story) -> None:
    refused = _of_unaccepted_classes(story.attempt.contexts)
    by_result = {
        result: [one["sop_class"] for one in refused if one["result"] == result]
        for result in (NOT_ALLOWED, NOT_OFFERED, NO_TRANSFER_SYNTAX)
    }
    if classes := by_result[NOT_ALLOWED]:
        _offer_services(story, classes)
    if classes := by_result[NOT_OFFERED]:
        story.notes.append(f"Noctis does not offer {names(classes)}. Devices often propose more than they need.")
    if classes := by_result[NO_TRANSFER_SYNTAX]:
        story.notes.append(
            f"No transfer syntax that it proposed for {names(classes)} can be used: the engineer should switch on an"
            " uncompressed one."
        )
        story.steps.append(_SHEET)


def _offer_services(story: Story, classes: list[str]) -> None:
    wanted = {service_of(uid) for uid in classes}
    title, entity = story.attempt.calling_ae_title, story.entity
    for service in (one for one in DicomService if one in wanted):
        if entity is not None and service in entity.allowed_services:
            story.notes.append(f"{service.label}: allowed since; let the device try again.")
            continue
        story.notes.append(f"{title} may not use: {service.label}.")
        if entity is not None:
            opens = f"{title} may then use: {service.label}, within {entity.facility}."
            story.steps.append(
                Step(f"Allow {service.short_label.lower()}", Fix.ALLOW_SERVICE.value, service.value, opens)
            )


def request_of(attempt: AssociationAttempt) -> AssociationRequest:
    """Return what the peer said of itself."""
    return AssociationRequest(
        calling_ae_title=attempt.calling_ae_title,
        called_ae_title=attempt.called_ae_title,
        address=attempt.address,
        is_tls=attempt.is_tls,
        certificate_sha256=attempt.certificate_sha256,
    )


def operations_in_words(operations: dict[str, dict[str, int]]) -> str:
    """Return such as “C-STORE: 12 × success, 1 × cannot understand (C000)”."""
    return "; ".join(
        f"{operation}: " + ", ".join(f"{count} × {status_name(operation, status)}" for status, count in counts.items())
        for operation, counts in operations.items()
    )


def status_name(operation: str, status: str) -> str:
    """Return the name of a status of four hexadecimal digits, with the digits unless it is Success."""
    if status == SUCCESS:
        return "success"
    code = int(status, 16)
    for statuses in (_STATUSES.get(operation), DimseStatus):
        if statuses is not None and code in set(map(int, statuses)):
            return f"{statuses(code).name.lower().replace('_', ' ')} ({status})"
    return status


def context_lines(contexts: Iterable[ContextResult]) -> list[ContextLine]:
    """Return one line for each SOP class and result, what was not accepted first."""
    grouped: dict[tuple[str, str], list[ContextResult]] = {}
    for one in contexts:
        grouped.setdefault((one["sop_class"], one["result"]), []).append(one)
    lines = [
        ContextLine(
            sop_class=sop_class_name(uid),
            uid=uid,
            service=service_of(uid).short_label if result != NOT_OFFERED else "",
            result=result,
            syntaxes=_syntaxes(syntax for one in same for syntax in one["syntaxes"]),
            accepted=_syntaxes(one["accepted"] for one in same if one["accepted"]),
        )
        for (uid, result), same in grouped.items()
    ]
    return sorted(lines, key=lambda line: (line.is_accepted, line.sop_class))


def sop_class_name(uid: str) -> str:
    """Return the name of a SOP class, or its UID where it is private or unknown."""
    return UID(uid).name.removesuffix(" Storage") if uid else "?"


def _syntaxes(uids: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(transfer_syntax(uid).name for uid in uids))


def names(uids: list[str]) -> str:
    """Return the names of SOP classes in one phrase."""
    different = list(dict.fromkeys(map(sop_class_name, uids)))
    rest = len(different) - MOST_NAMED
    return ", ".join(different[:MOST_NAMED]) + (f" and {rest} more" if rest > 0 else "")
