"""Changes of access made because of an attempt: they work, are audited, and can be taken back."""

from __future__ import annotations

import pytest
from django.utils import timezone

from noctis.audit.models import Action, AuditEntry
from noctis.network.access_fixes import CannotFix, Fix, apply_fix, remove_further_title, take_back
from noctis.network.models import AssociationAttempt, FurtherTitle, RemoteApplicationEntity


@pytest.fixture
def ct(people) -> RemoteApplicationEntity:
    return RemoteApplicationEntity.objects.create(
        ae_title="CT2",
        facility=people.north,
        networks="10.1.0.0/24",
        services="verification",
        requires_tls=True,
        certificate_sha256="ab" * 32,
        is_active=False,
    )


def attempt(**values: object) -> AssociationAttempt:
    known = {"calling_ae_title": "CT2", "called_ae_title": "OLD_PACS", "address": "10.1.2.3", "is_accepted": False}
    return AssociationAttempt.objects.create(at=timezone.now(), certificate_sha256="cd" * 32, **{**known, **values})


def state(entity: RemoteApplicationEntity) -> tuple[object, ...]:
    entity.refresh_from_db()
    return entity.networks, entity.services, entity.requires_tls, entity.certificate_sha256, entity.is_active


@pytest.mark.parametrize(
    ("fix", "service", "changes"),
    [
        (Fix.ALLOW_ADDRESS, "", {"networks": "10.1.0.0/24 10.1.2.3"}),
        (Fix.ALLOW_SERVICE, "query", {"services": "verification query"}),
        (Fix.ACTIVATE, "", {"is_active": True}),
        (Fix.ACCEPT_CERTIFICATE, "", {"certificate_sha256": "cd" * 32}),
        (Fix.ALLOW_PLAIN, "", {"requires_tls": False, "certificate_sha256": ""}),
    ],
)
def test_a_fix_changes_one_thing_and_is_taken_back(people, ct, fix, service, changes):
    tried, before = attempt(), state(ct)

    meaning = apply_fix(tried, fix, service=service, acting_user=people.administrator)

    ct.refresh_from_db()
    assert {name: getattr(ct, name) for name in changes} == changes
    assert "CT2" in meaning
    entry = AuditEntry.objects.get(action=Action.APPLICATION_ENTITY_CHANGED)
    assert (entry.user, entry.detail["values"], entry.ae_title) == (people.administrator, changes, "CT2")

    tried.refresh_from_db()
    assert tried.fixes[-1]["by"] == "administrator"
    assert take_back(tried, acting_user=people.administrator) == meaning
    assert state(ct) == before
    assert AuditEntry.objects.filter(action=Action.APPLICATION_ENTITY_CHANGED).count() == 2
    tried.refresh_from_db()
    assert tried.fixes == []


def test_a_title_for_us_is_accepted_and_taken_back(people):
    tried = attempt()
    apply_fix(tried, Fix.ACCEPT_TITLE, acting_user=people.administrator)
    assert [title.ae_title for title in FurtherTitle.objects.all()] == ["OLD_PACS"]
    with pytest.raises(CannotFix, match="already"):
        apply_fix(attempt(), Fix.ACCEPT_TITLE, acting_user=people.administrator)
    take_back(tried, acting_user=people.administrator)
    assert not FurtherTitle.objects.exists()
    details = [entry.detail for entry in AuditEntry.objects.filter(action=Action.SETTING_CHANGED).order_by("pk")]
    assert details == [
        {"setting": "further AE titles", "added": "OLD_PACS"},
        {"setting": "further AE titles", "removed": "OLD_PACS"},
    ]


def test_a_further_title_is_removed_by_itself(people):
    title = FurtherTitle.objects.create(ae_title="OLD_PACS")
    remove_further_title(title, acting_user=people.administrator)
    assert not FurtherTitle.objects.exists()
    assert AuditEntry.objects.get(action=Action.SETTING_CHANGED).detail["removed"] == "OLD_PACS"


def test_what_was_changed_since_is_not_taken_back(people, ct):
    tried = attempt()
    apply_fix(tried, Fix.ALLOW_ADDRESS, acting_user=people.administrator)
    RemoteApplicationEntity.objects.filter(pk=ct.pk).update(networks="10.0.0.0/8")
    with pytest.raises(CannotFix, match="changed since"):
        take_back(tried, acting_user=people.administrator)
    ct.refresh_from_db()
    assert ct.networks == "10.0.0.0/8"


def test_fixes_are_taken_back_in_turn(people, ct):
    tried, before = attempt(), state(ct)
    apply_fix(tried, Fix.ALLOW_ADDRESS, acting_user=people.administrator)
    apply_fix(tried, Fix.ACTIVATE, acting_user=people.administrator)
    take_back(tried, acting_user=people.administrator)
    take_back(tried, acting_user=people.administrator)
    assert state(ct) == before
    with pytest.raises(CannotFix, match="nothing"):
        take_back(tried, acting_user=people.administrator)


@pytest.mark.parametrize(
    ("values", "fix", "service"),
    [
        ({"calling_ae_title": "NOBODY"}, Fix.ACTIVATE, ""),
        ({}, Fix.ALLOW_SERVICE, "everything"),
        ({"certificate_sha256": ""}, Fix.ACCEPT_CERTIFICATE, ""),
        ({"called_ae_title": ""}, Fix.ACCEPT_TITLE, ""),
        ({"called_ae_title": "BACK\\SLASH"}, Fix.ACCEPT_TITLE, ""),
    ],
)
def test_what_cannot_be_fixed_changes_nothing(people, ct, values, fix, service):
    before = state(ct)
    base = attempt()
    for name, value in values.items():
        setattr(base, name, value)
    with pytest.raises(CannotFix):
        apply_fix(base, fix, service=service, acting_user=people.administrator)
    assert state(ct) == before
    assert not FurtherTitle.objects.exists()
    assert not AuditEntry.objects.exists()


def test_too_many_addresses_are_refused(people, ct):
    networks = " ".join(f"10.1.{number}.0/24" for number in range(31))
    RemoteApplicationEntity.objects.filter(pk=ct.pk).update(networks=networks)
    with pytest.raises(CannotFix):
        apply_fix(attempt(), Fix.ALLOW_ADDRESS, acting_user=people.administrator)
    ct.refresh_from_db()
    assert ct.networks == networks
