"""What an application entity may use: contexts of other services are refused, the association is not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pydicom.uid import CTImageStorage, ImplicitVRLittleEndian
from pynetdicom import AE, build_context, evt
from pynetdicom.association import Association
from pynetdicom.dimse_primitives import C_ECHO, C_STORE

from noctis.network.answers import keep_answers
from noctis.network.dicom_services import EVERY_SERVICE, DicomService
from noctis.network.services import (
    GET_CLASSES,
    MODALITY_PERFORMED_PROCEDURE_STEP,
    MODALITY_WORKLIST,
    MOVE_CLASSES,
    OFFERED,
    PATIENT_ROOT_FIND,
    STORAGE_COMMITMENT_PUSH_MODEL,
    STUDY_ROOT_FIND,
    VERIFICATION,
    acceptable_contexts,
    is_offered,
    service_of,
)
from tests.support.dicom_service import DicomService as RunningService
from tests.support.peers import RawSender, SentObject, echoscu

OF_EACH = {
    DicomService.VERIFICATION: VERIFICATION,
    DicomService.STORAGE: CTImageStorage,
    DicomService.QUERY: PATIENT_ROOT_FIND,
    DicomService.RETRIEVE: MOVE_CLASSES[0],
    DicomService.MODALITY_WORKLIST: MODALITY_WORKLIST,
    DicomService.MPPS: MODALITY_PERFORMED_PROCEDURE_STEP,
    DicomService.STORAGE_COMMITMENT: STORAGE_COMMITMENT_PUSH_MODEL,
}


def accepted(allowed: frozenset[DicomService], *abstract_syntaxes: str) -> set[str]:
    proposed = [build_context(uid, ImplicitVRLittleEndian) for uid in abstract_syntaxes]
    return {str(context.abstract_syntax) for context in acceptable_contexts(proposed, allowed)}


@pytest.mark.parametrize("service", list(DicomService))
def test_every_sop_class_belongs_to_the_service_that_its_name_says(service: DicomService) -> None:
    assert service_of(OF_EACH[service]) is service


@pytest.mark.parametrize("service", list(DicomService))
def test_contexts_of_services_that_are_not_allowed_are_refused(service: DicomService) -> None:
    every_class = set().union(*OFFERED.values())
    own = {uid for uid in every_class if service_of(uid) is service}

    assert accepted(frozenset({service}), *every_class) in ({*own}, {*own, *storage_for_get(service)})
    assert not accepted(EVERY_SERVICE - {service} - {DicomService.RETRIEVE}, *every_class) & own


def storage_for_get(service: DicomService) -> set[str]:
    """Return the storage classes, where ``service`` is the one that brings images over them."""
    return set(OFFERED[C_STORE]) if service is DicomService.RETRIEVE else set()


def test_who_may_only_retrieve_gets_images_but_does_not_store() -> None:
    allowed = frozenset({DicomService.RETRIEVE})

    assert CTImageStorage in accepted(allowed, CTImageStorage, GET_CLASSES[0])
    assert CTImageStorage not in accepted(allowed, CTImageStorage, MOVE_CLASSES[0])
    assert not is_offered(C_STORE(), CTImageStorage, allowed)
    assert is_offered(C_ECHO(), VERIFICATION)


@pytest.fixture(scope="module")
def limited(new_module_service) -> RunningService:
    """Give a service with lists of titles, and AEs that may not use everything."""
    service: RunningService = new_module_service(
        NOCTIS_DICOM_ALLOWED_CALLING_AE_TITLES="QUERY_ONLY, STORE_ONLY, BLOCKED",
        NOCTIS_DICOM_BLOCKED_CALLING_AE_TITLES="BLOCKED",
    )
    service.manage("add_ae", "QUERY_ONLY", "--facility", "NORTH", "--services", "query")
    service.manage("add_ae", "STORE_ONLY", "--facility", "NORTH", "--services", "storage,verification")
    service.manage("add_ae", "BLOCKED", "--facility", "NORTH")
    service.manage("add_ae", "NOT_LISTED", "--facility", "NORTH")
    return service


@pytest.fixture
def query_only(limited: RunningService) -> Iterator[Association]:
    """Give an association of the AE that may only query, which asked for storage too."""
    peer = AE("QUERY_ONLY")
    for uid in (STUDY_ROOT_FIND, CTImageStorage, VERIFICATION):
        peer.add_requested_context(uid)
    association = peer.associate(
        "127.0.0.1", limited.port, ae_title="NOCTIS_PACS", evt_handlers=[(evt.EVT_CONN_OPEN, keep_answers)]
    )
    yield association
    association.release()


@pytest.mark.integration
def test_only_the_context_is_refused_not_the_association(query_only: Association) -> None:
    assert query_only.is_established
    assert [context.abstract_syntax for context in query_only.accepted_contexts] == [STUDY_ROOT_FIND]
    assert {context.abstract_syntax for context in query_only.rejected_contexts} == {CTImageStorage, VERIFICATION}


@pytest.mark.integration
def test_what_is_allowed_works(limited: RunningService, ct: SentObject) -> None:
    assert echoscu(limited.port, calling="STORE_ONLY").returncode == 0
    with RawSender(limited.port, [ct], calling="STORE_ONLY") as sender:
        assert sender.send(ct)[0] == 0


@pytest.mark.integration
@pytest.mark.parametrize(
    ("title", "reason"),
    [
        ("BLOCKED", "this AE title is blocked (NOCTIS_DICOM_BLOCKED_CALLING_AE_TITLES)"),
        ("NOT_LISTED", "this AE title is not among the allowed ones (NOCTIS_DICOM_ALLOWED_CALLING_AE_TITLES)"),
        ("STRANGER", "this AE title is not among the allowed ones (NOCTIS_DICOM_ALLOWED_CALLING_AE_TITLES)"),
    ],
)
def test_the_lists_of_titles_decide_first(limited: RunningService, ct: SentObject, title: str, reason: str) -> None:
    with RawSender(limited.port, [ct], calling=title) as sender:
        assert sender.rejection() == (1, 1, 3)
    query = f"SELECT reason, count FROM network_refusedassociation WHERE ae_title = '{title}'"  # noqa: S608
    assert limited.rows(query) == [(reason, 1)]
