"""Making application entities known, and remembering when they called."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from noctis.accounts.models import Facility
from noctis.audit.models import Action, AuditEntry
from noctis.network.actions import AccessRules, note_seen
from noctis.network.dicom_services import DicomService
from noctis.network.models import RemoteApplicationEntity

pytestmark = pytest.mark.django_db


@pytest.fixture
def north() -> Facility:
    return Facility.objects.create(code="NORTH", name="North hospital")


@pytest.fixture
def ct1(north: Facility) -> RemoteApplicationEntity:
    return RemoteApplicationEntity.objects.create(ae_title="CT1", facility=north)


def test_an_entity_is_added_and_audited(north: Facility, capsys: pytest.CaptureFixture[str]) -> None:
    call_command(
        "add_ae", " CT1 ", "--facility=NORTH", "--address=10.1.2.0/24", "--address=10.1.3.4", "--description=Room 1"
    )

    entity = RemoteApplicationEntity.objects.get()
    assert (entity.ae_title, entity.facility, entity.description) == ("CT1", north, "Room 1")
    assert entity.may_call_from("10.1.2.77")
    assert entity.may_call_from("10.1.3.4")
    assert not entity.may_call_from("10.1.3.5")
    assert AuditEntry.objects.get().action == Action.APPLICATION_ENTITY_ADDED
    assert capsys.readouterr().out == "CT1 may send to facility NORTH from 10.1.2.0/24 10.1.3.4.\n"


def test_adding_the_same_again_changes_nothing(ct1: RemoteApplicationEntity) -> None:
    call_command("add_ae", "CT1", "--facility=NORTH")

    assert RemoteApplicationEntity.objects.count() == 1
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("CT1", "--facility=SOUTH"), "There is no facility with the code SOUTH. Known codes: NORTH."),
        (
            ("CT1", "--facility=NORTH", "--address=10.9.9.9"),
            "CT1 is known already: facility NORTH, addresses any, images to nowhere.",
        ),
        (("CT2", "--facility=NORTH", "--address=10.1.2"), "“10.1.2” is neither an address nor a network"),
        (("A_TITLE_THAT_IS_TOO_LONG", "--facility=NORTH"), "at most 16 characters"),
        (("  ", "--facility=NORTH"), "at least one character"),
    ],
)
def test_a_mistake_gets_one_clear_sentence(
    ct1: RemoteApplicationEntity, arguments: tuple[str, ...], message: str
) -> None:
    with pytest.raises(CommandError, match=message.replace(".", r"\.")):
        call_command("add_ae", *arguments)
    assert RemoteApplicationEntity.objects.count() == 1


def test_a_busy_caller_is_written_down_once_a_minute(ct1: RemoteApplicationEntity, django_assert_num_queries) -> None:
    note_seen(ct1)
    ct1.refresh_from_db()
    assert ct1.last_seen_at is not None
    with django_assert_num_queries(0):
        note_seen(ct1)

    ct1.last_seen_at = timezone.now() - timedelta(minutes=2)
    note_seen(ct1)
    ct1.refresh_from_db()
    assert timezone.now() - ct1.last_seen_at < timedelta(minutes=1)


def test_rules_of_access_are_stored_in_one_form(ct1: RemoteApplicationEntity) -> None:
    fingerprint = ":".join(["AB"] * 32)
    arguments = ("WS1", "--facility=NORTH", "--services=query, verification", "--require-tls")
    call_command("add_ae", *arguments, f"--certificate={fingerprint}")

    entity = RemoteApplicationEntity.objects.get(ae_title="WS1")
    assert (entity.services, entity.requires_tls) == ("verification query", True)
    assert entity.certificate_sha256 == "ab" * 32
    assert entity.allowed_services == {DicomService.VERIFICATION, DicomService.QUERY}
    assert AuditEntry.objects.get().detail["services"] == "verification query"
    call_command("add_ae", *arguments, f"--certificate={fingerprint.lower()}")
    with pytest.raises(CommandError, match="services verification query, TLS required, certificate abab"):
        call_command("add_ae", "WS1", "--facility=NORTH")


def test_all_services_are_stored_as_no_limit() -> None:
    assert AccessRules.of(DicomService.values) == AccessRules()


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("--services=storage,printing", "“printing” is none of the services verification, storage,"),
        ("--certificate=12:34", "has 64 hexadecimal digits"),
    ],
)
def test_a_rule_that_means_nothing_is_explained(north: Facility, option: str, message: str) -> None:
    with pytest.raises(CommandError, match=message):
        call_command("add_ae", "WS1", "--facility=NORTH", option)
