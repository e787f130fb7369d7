"""The services that Noctis offers, and the presentation contexts that it accepts for them (PS3.8 7.1.1.13)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

from django.conf import settings
from pydicom.uid import UID
from pynetdicom import ALL_TRANSFER_SYNTAXES
from pynetdicom.dimse_primitives import (
    C_ECHO,
    C_FIND,
    C_GET,
    C_MOVE,
    C_STORE,
    N_ACTION,
    N_CREATE,
    N_SET,
    DIMSEPrimitive,
)
from pynetdicom.presentation import PresentationContext
from pynetdicom.service_class import StorageServiceClass
from pynetdicom.sop_class import _STORAGE_CLASSES, register_uid

from noctis.dicom.transfer_syntaxes import TRANSFER_SYNTAXES
from noctis.network.dicom_services import EVERY_SERVICE, DicomService

VERIFICATION: Final = "1.2.840.10008.1.1"
MODALITY_WORKLIST: Final = "1.2.840.10008.5.1.4.31"
MODALITY_PERFORMED_PROCEDURE_STEP: Final = "1.2.840.10008.3.1.2.3.3"
PATIENT_ROOT_FIND: Final = "1.2.840.10008.5.1.4.1.2.1.1"
STUDY_ROOT_FIND: Final = "1.2.840.10008.5.1.4.1.2.2.1"
PATIENT_STUDY_ONLY_FIND: Final = "1.2.840.10008.5.1.4.1.2.3.1"
STORAGE_COMMITMENT_PUSH_MODEL: Final = "1.2.840.10008.1.20.1"
MOVE_CLASSES: Final = tuple(f"1.2.840.10008.5.1.4.1.2.{root}.2" for root in (1, 2, 3))
GET_CLASSES: Final = tuple(f"1.2.840.10008.5.1.4.1.2.{root}.3" for root in (1, 2, 3))
IMPLICIT_LITTLE_ENDIAN: Final = "1.2.840.10008.1.2"
EXPLICIT_LITTLE_ENDIAN: Final = "1.2.840.10008.1.2.1"
EXPLICIT_BIG_ENDIAN: Final = "1.2.840.10008.1.2.2"

# Retired classes whose objects lie in every old archive; pynetdicom knows none of them.
_RETIRED = ("3", "5", "6", "8", "9", "9.1", "10", "11", "12.3", "77.1", "77.2", "88.1", "88.2", "88.3", "88.4", "129")
RETIRED_STORAGE_CLASSES: Final = tuple(UID(f"1.2.840.10008.5.1.4.1.1.{suffix}") for suffix in _RETIRED)
for _uid in RETIRED_STORAGE_CLASSES:
    register_uid(_uid, _uid.keyword, StorageServiceClass)

PRIVATE_STORAGE_CLASSES: Final = frozenset(settings.NOCTIS_DICOM_PRIVATE_SOP_CLASSES) - {*_STORAGE_CLASSES.values()}
for _number, _private in enumerate(sorted(PRIVATE_STORAGE_CLASSES), start=1):
    register_uid(_private, f"PrivateStorage{_number}", StorageServiceClass)

STORAGE_CLASSES: Final = frozenset(str(uid) for uid in _STORAGE_CLASSES.values())
STORAGE_TRANSFER_SYNTAXES: Final = frozenset({*ALL_TRANSFER_SYNTAXES, *TRANSFER_SYNTAXES})
COMMAND_TRANSFER_SYNTAXES: Final = frozenset({IMPLICIT_LITTLE_ENDIAN, EXPLICIT_LITTLE_ENDIAN, EXPLICIT_BIG_ENDIAN})

# Which SOP classes each kind of request may name.
OFFERED: Final[dict[type[DIMSEPrimitive], frozenset[str]]] = {
    C_ECHO: frozenset({VERIFICATION}),
    C_STORE: STORAGE_CLASSES,
    C_FIND: frozenset({MODALITY_WORKLIST, PATIENT_ROOT_FIND, STUDY_ROOT_FIND, PATIENT_STUDY_ONLY_FIND}),
    C_GET: frozenset(GET_CLASSES),
    C_MOVE: frozenset(MOVE_CLASSES),
    N_ACTION: frozenset({STORAGE_COMMITMENT_PUSH_MODEL}),
    N_CREATE: frozenset({MODALITY_PERFORMED_PROCEDURE_STEP}),
    N_SET: frozenset({MODALITY_PERFORMED_PROCEDURE_STEP}),
}
_OFFERED_CLASSES: Final = frozenset().union(*OFFERED.values())


# Who may use a service is said of these; every other class that is offered is one for storage.
_SERVICES: Final[dict[str, DicomService]] = {
    VERIFICATION: DicomService.VERIFICATION,
    MODALITY_WORKLIST: DicomService.MODALITY_WORKLIST,
    MODALITY_PERFORMED_PROCEDURE_STEP: DicomService.MPPS,
    STORAGE_COMMITMENT_PUSH_MODEL: DicomService.STORAGE_COMMITMENT,
    **dict.fromkeys((PATIENT_ROOT_FIND, STUDY_ROOT_FIND, PATIENT_STUDY_ONLY_FIND), DicomService.QUERY),
    **dict.fromkeys((*MOVE_CLASSES, *GET_CLASSES), DicomService.RETRIEVE),
}


def service_of(sop_class_uid: str) -> DicomService:
    """Return the service that a SOP class belongs to."""
    return _SERVICES.get(sop_class_uid, DicomService.STORAGE)


def is_offered_class(sop_class_uid: str) -> bool:
    """Whether Noctis offers anything for this SOP class, to whomever."""
    return bool(_acceptable_transfer_syntaxes(sop_class_uid))


def is_offered(request: DIMSEPrimitive, sop_class_uid: str, allowed: frozenset[DicomService] = EVERY_SERVICE) -> bool:
    """Whether Noctis performs this kind of request for this SOP class, for a peer that may use what is ``allowed``."""
    return sop_class_uid in OFFERED.get(type(request), frozenset()) and service_of(sop_class_uid) in allowed


def acceptable_contexts(
    proposed: Iterable[PresentationContext],
    allowed: frozenset[DicomService] = EVERY_SERVICE,
    receives: Collection[str] = (),
) -> list[PresentationContext]:
    """Return the contexts to support in one association, made for what the peer proposes and may use.

    The peer's own order decides between transfer syntaxes, so that what it has compressed stays so. Only where it would
    take implicit VR although it can do explicit VR, explicit VR is taken: it keeps the representation of private
    elements. For the classes that it only ``receives``, what everything can be decoded to goes before what is
    compressed: nothing is compressed for it.
    """
    proposed = list(proposed)
    if DicomService.RETRIEVE in allowed and any(context.abstract_syntax in GET_CLASSES for context in proposed):
        allowed = allowed | {DicomService.STORAGE}  # C-GET brings the images over the peer's storage contexts
    wanted: dict[str, dict[str, None]] = {}
    for context in proposed:
        if service_of(str(context.abstract_syntax)) not in allowed:
            continue
        if not (acceptable := _acceptable_transfer_syntaxes(str(context.abstract_syntax))):
            continue
        syntaxes = wanted.setdefault(str(context.abstract_syntax), {})
        syntaxes.update((str(uid), None) for uid in context.transfer_syntax if str(uid) in acceptable)
    return [
        _context(
            abstract_syntax, sorted(syntaxes, key=_is_not_native) if abstract_syntax in receives else list(syntaxes)
        )
        for abstract_syntax, syntaxes in wanted.items()
    ]


def _is_not_native(syntax: str) -> bool:
    return syntax not in {IMPLICIT_LITTLE_ENDIAN, EXPLICIT_LITTLE_ENDIAN}


def _acceptable_transfer_syntaxes(abstract_syntax: str) -> frozenset[str]:
    if abstract_syntax in STORAGE_CLASSES:
        return STORAGE_TRANSFER_SYNTAXES
    return COMMAND_TRANSFER_SYNTAXES if abstract_syntax in _OFFERED_CLASSES else frozenset()


def _context(abstract_syntax: str, syntaxes: list[str]) -> PresentationContext:
    if IMPLICIT_LITTLE_ENDIAN in syntaxes:
        implicit = syntaxes.index(IMPLICIT_LITTLE_ENDIAN)
        if EXPLICIT_LITTLE_ENDIAN in syntaxes[implicit:]:
            syntaxes.remove(EXPLICIT_LITTLE_ENDIAN)
            syntaxes.insert(implicit, EXPLICIT_LITTLE_ENDIAN)
    context = PresentationContext()
    context.abstract_syntax = UID(abstract_syntax)
    # Where nothing fits, what was not proposed: the rejection then is for the transfer syntaxes (PS3.8 9.3.3.2).
    context.transfer_syntax = [UID(uid) for uid in syntaxes or [IMPLICIT_LITTLE_ENDIAN]]
    if abstract_syntax in STORAGE_CLASSES:  # a peer that is to get instances by C-GET may take them (PS3.7 D.3.3.4)
        context.scu_role = context.scp_role = True
    return context
