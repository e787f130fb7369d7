"""This machine may ask under our own title whether the service answers, and no more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from noctis.accounts.models import Facility
from noctis.network.admission import Admission, AssociationRequest, Refusal, admit
from noctis.network.dicom_services import DicomService
from tests.support.dicom_service import DicomService as RunningService
from tests.support.peers import SentObject, echoscu, storescu

OWN = AssociationRequest("NOCTIS_PACS", "NOCTIS_PACS", "127.0.0.1")


@pytest.fixture
def refusing(settings: Any, db: None) -> Any:
    settings.NOCTIS_UNKNOWN_CALLERS = "refuse"
    settings.NOCTIS_DICOM_ALLOWED_CALLING_AE_TITLES = ["CT1"]
    Facility.objects.update_or_create(code="NORTH", defaults={"name": "North hospital"})
    return settings


def test_it_may_echo_and_nothing_else(refusing: Any) -> None:
    decision = admit(OWN)
    assert isinstance(decision, Admission)
    assert decision.services == {DicomService.VERIFICATION}


@pytest.mark.parametrize(
    "request_",
    [
        replace(OWN, address="10.1.2.3"),
        replace(OWN, calling_ae_title="CT9"),
        replace(OWN, called_ae_title="OTHER"),
        replace(OWN, application_context_name="1.2.3"),
    ],
)
def test_others_are_refused_as_ever(refusing: Any, request_: AssociationRequest) -> None:
    assert isinstance(admit(request_), Refusal)


def test_who_may_do_more_anyway_still_may(refusing: Any) -> None:
    refusing.NOCTIS_UNKNOWN_CALLERS = "accept-loopback"
    refusing.NOCTIS_DICOM_ALLOWED_CALLING_AE_TITLES = []
    Facility.objects.filter(code="NORTH").update(is_default=True)
    decision = admit(OWN)
    assert isinstance(decision, Admission)
    assert DicomService.STORAGE in decision.services


def test_before_there_is_a_facility_it_may_echo_too(settings: Any, db: None) -> None:
    settings.NOCTIS_UNKNOWN_CALLERS = "refuse"
    Facility.objects.all().delete()
    decision = admit(OWN)
    assert isinstance(decision, Admission)
    assert decision.services == {DicomService.VERIFICATION}
    assert decision.facility.pk is None


@pytest.mark.integration
def test_it_cannot_store(new_service: Callable[..., RunningService], ct: SentObject) -> None:
    service = new_service(NOCTIS_UNKNOWN_CALLERS="refuse")
    assert echoscu(service.port, calling="NOCTIS_PACS").returncode == 0
    assert storescu(service.port, [ct.path], calling="NOCTIS_PACS").returncode != 0
    assert service.rows("SELECT count(*) FROM archive_reception") == [(0,)]
