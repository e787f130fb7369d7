"""The decision about an association request."""

from __future__ import annotations

from dataclasses import replace

import pytest

from noctis.accounts.models import Facility
from noctis.dicom.association_rejection import Rejection
from noctis.network.admission import (
    Admission,
    AssociationRequest,
    Policy,
    Refusal,
    admit,
    current_policy,
    decide,
    plain_address,
)
from noctis.network.dicom_services import EVERY_SERVICE, DicomService
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


CERTIFICATE = "ab" * 32
OVER_TLS = replace(REQUEST, is_tls=True)


@pytest.mark.parametrize(
    ("allowed", "blocked", "reason"),
    [
        ((), ("CT1",), "is blocked (NOCTIS_DICOM_BLOCKED_CALLING_AE_TITLES)"),
        (("CT1",), ("CT1",), "is blocked"),
        (("CT2", "ct1"), (), "is not among the allowed ones (NOCTIS_DICOM_ALLOWED_CALLING_AE_TITLES)"),
        (("CT1", "CT2"), ("CT2",), None),
        ((), ("CT2",), None),
        ((), (), None),
    ],
)
def test_who_is_blocked_is_refused_and_an_allowed_list_admits_nobody_else(
    allowed: tuple[str, ...], blocked: tuple[str, ...], reason: str | None
) -> None:
    policy = replace(REFUSING, allowed_titles=frozenset(allowed), blocked_titles=frozenset(blocked))
    decision = decide(REQUEST, entity(), policy)

    if reason is None:
        assert isinstance(decision, Admission)
    else:
        assert isinstance(decision, Refusal)
        assert decision.rejection is Rejection.CALLING_AE_TITLE_NOT_RECOGNISED
        assert reason in decision.reason


def test_the_lists_hold_for_strangers_on_this_host_too() -> None:
    request = replace(REQUEST, address="127.0.0.1")

    for policy in (
        replace(TRUSTING_LOOPBACK, blocked_titles=frozenset({"CT1"})),
        replace(TRUSTING_LOOPBACK, allowed_titles=frozenset({"CT2"})),
    ):
        assert isinstance(decide(request, None, policy), Refusal)


def test_to_be_on_the_allowed_list_does_not_make_a_title_known() -> None:
    decision = decide(REQUEST, None, replace(REFUSING, allowed_titles=frozenset({"CT1"})))

    assert isinstance(decision, Refusal)
    assert decision.reason == "unknown AE title"


@pytest.mark.parametrize(
    ("request_", "rules", "rejection", "reason"),
    [
        (REQUEST, {"requires_tls": True}, Rejection.NO_REASON_GIVEN, "must use TLS"),
        (REQUEST, {"certificate_sha256": CERTIFICATE}, Rejection.NO_REASON_GIVEN, "must use TLS"),
        (
            OVER_TLS,
            {"certificate_sha256": CERTIFICATE},
            Rejection.CALLING_AE_TITLE_NOT_RECOGNISED,
            "must show its client certificate",
        ),
        (
            replace(OVER_TLS, certificate_sha256="cd" * 32),
            {"certificate_sha256": CERTIFICATE},
            Rejection.CALLING_AE_TITLE_NOT_RECOGNISED,
            "another client certificate",
        ),
    ],
)
def test_a_connection_that_is_not_good_enough_is_refused(
    request_: AssociationRequest, rules: dict[str, object], rejection: Rejection, reason: str
) -> None:
    decision = decide(request_, entity(**rules), REFUSING)

    assert isinstance(decision, Refusal)
    assert decision.rejection is rejection
    assert reason in decision.reason


@pytest.mark.parametrize(
    ("request_", "rules"),
    [
        (OVER_TLS, {"requires_tls": True}),
        (OVER_TLS, {}),
        (replace(OVER_TLS, certificate_sha256=CERTIFICATE), {"certificate_sha256": CERTIFICATE}),
        (replace(OVER_TLS, certificate_sha256="cd" * 32), {"requires_tls": True}),
    ],
)
def test_a_good_connection_is_admitted(request_: AssociationRequest, rules: dict[str, object]) -> None:
    assert isinstance(decide(request_, entity(**rules), REFUSING), Admission)


def test_an_admission_says_what_may_be_used() -> None:
    assert Admission(NORTH, entity(services="query verification")).services == {
        DicomService.QUERY,
        DicomService.VERIFICATION,
    }
    assert Admission(NORTH, entity()).services == EVERY_SERVICE
    assert Admission(DEFAULT, None).services == EVERY_SERVICE


@pytest.mark.django_db
def test_the_lists_come_from_the_settings(settings) -> None:
    settings.NOCTIS_DICOM_ALLOWED_CALLING_AE_TITLES = ["CT1"]
    settings.NOCTIS_DICOM_BLOCKED_CALLING_AE_TITLES = ["CT2"]
    policy = current_policy()

    assert policy.allowed_titles == {"CT1"}
    assert policy.blocked_titles == {"CT2"}
