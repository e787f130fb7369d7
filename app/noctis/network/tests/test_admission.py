"""The decision about an association request."""

from __future__ import annotations

from dataclasses import replace

import pytest

from noctis.accounts.models import Facility
from noctis.dicom.association_rejection import Rejection
from noctis.network.admission import Admission, AssociationRequest, Policy, Refusal, admit, decide, plain_address
from noctis.network.models import RemoteApplicationEntity

REQUEST = AssociationRequest("CT1", "NOCTIS_PACS", "10.1.2.3")
NORTH = Facility(code="NORTH", name="North hospital")
DEFAULT = Facility(code="MAIN", name="Main hospital", is_default=True)
REFUSING = Policy("NOCTIS_PACS", None)
TRUSTING_LOOPBACK = Policy("NOCTIS_PACS", DEFAULT)


def entity(**changes: object) -> RemoteApplicationEntity:
    return RemoteApplicationEntity(**{"ae_title": "CT1", "facility": NORTH, **changes})


@pytest.mark.parametrize("networks", ["", "10.1.2.3", "10.1.2.0/24", "192.168.0.0/16, 10.1.2.3/32"])
def test_a_known_caller_from_its_network_is_admitted_into_its_facility(networks: str) -> None:
    known = entity(networks=networks)

    assert decide(REQUEST, known, REFUSING) == Admission(NORTH, known)


@pytest.mark.parametrize(
    ("request_", "known", "rejection", "reason"),
    [
        (REQUEST, None, Rejection.CALLING_AE_TITLE_NOT_RECOGNISED, "unknown AE title"),
        (REQUEST, entity(is_active=False), Rejection.CALLING_AE_TITLE_NOT_RECOGNISED, "switched off"),
        (REQUEST, entity(networks="10.1.3.0/24"), Rejection.CALLING_AE_TITLE_NOT_RECOGNISED, "this address"),
        (REQUEST, entity(networks="fd00::/8"), Rejection.CALLING_AE_TITLE_NOT_RECOGNISED, "this address"),
        (
            replace(REQUEST, called_ae_title="noctis_pacs"),
            entity(),
            Rejection.CALLED_AE_TITLE_NOT_RECOGNISED,
            "it called the AE title “noctis_pacs”, but this is “NOCTIS_PACS”",
        ),
        (
            replace(REQUEST, application_context_name="1.2.3"),
            entity(),
            Rejection.APPLICATION_CONTEXT_NOT_SUPPORTED,
            "application context",
        ),
    ],
)
def test_others_are_refused_with_a_reason(
    request_: AssociationRequest, known: RemoteApplicationEntity | None, rejection: Rejection, reason: str
) -> None:
    decision = decide(request_, known, REFUSING)

    assert isinstance(decision, Refusal)
    assert decision.rejection is rejection
    assert reason in decision.reason


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8", "::1"])
def test_a_stranger_on_this_host_is_admitted_into_the_default_facility_where_that_is_set(address: str) -> None:
    request = replace(REQUEST, address=address)

    assert decide(request, None, TRUSTING_LOOPBACK) == Admission(DEFAULT, None)
    assert isinstance(decide(request, None, REFUSING), Refusal)


def test_a_stranger_from_the_network_is_refused_whatever_is_set() -> None:
    assert isinstance(decide(REQUEST, None, TRUSTING_LOOPBACK), Refusal)


def test_an_entity_that_is_switched_off_is_not_taken_for_a_stranger() -> None:
    request = replace(REQUEST, address="127.0.0.1")

    assert isinstance(decide(request, entity(is_active=False), TRUSTING_LOOPBACK), Refusal)


def test_the_rejections_are_those_of_the_standard() -> None:
    """PS3.8 table 9-21."""
    assert {(one.result, one.source, one.reason) for one in Rejection} == {
        (1, 1, 1),
        (1, 1, 2),
        (1, 1, 3),
        (1, 1, 7),
        (2, 3, 1),
        (2, 3, 2),
    }


@pytest.mark.parametrize(
    ("address", "expected"),
    [("10.1.2.3", "10.1.2.3"), ("::ffff:10.1.2.3", "10.1.2.3"), ("fe80::1%eth0", "fe80::1"), ("::1", "::1")],
)
def test_an_address_is_compared_in_its_own_form(address: str, expected: str) -> None:
    assert plain_address(address) == expected


@pytest.mark.django_db
def test_the_policy_follows_the_settings(settings) -> None:
    facility = Facility.objects.create(code="MAIN", name="Main hospital", is_default=True)
    request = AssociationRequest("ANY", settings.NOCTIS_AE_TITLE, "127.0.0.1")

    settings.NOCTIS_UNKNOWN_CALLERS = "accept-loopback"
    assert admit(request) == Admission(facility, None)
    settings.NOCTIS_UNKNOWN_CALLERS = "refuse"
    assert isinstance(admit(request), Refusal)


@pytest.mark.django_db
def test_without_a_default_facility_no_stranger_is_admitted(settings) -> None:
    settings.NOCTIS_UNKNOWN_CALLERS = "accept-loopback"

    assert isinstance(admit(AssociationRequest("ANY", settings.NOCTIS_AE_TITLE, "127.0.0.1")), Refusal)
