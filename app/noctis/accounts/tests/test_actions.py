"""Changes to users and facilities."""

from __future__ import annotations

from dataclasses import replace

import pytest

from noctis.accounts.actions import (
    LastAdministratorError,
    OwnAccountError,
    UserParticulars,
    add_facility,
    add_user,
    change_user,
    rename_facility,
    set_user_active,
)
from noctis.accounts.models import Role
from noctis.audit.models import Action, AuditEntry


def particulars(user) -> UserParticulars:
    return UserParticulars(user.full_name, user.email, user.role, user.facility)


def test_a_new_user_cannot_sign_in_yet(people):
    wanted = UserParticulars("Nora New", "", Role.TECHNICIAN, people.south)
    user = add_user("nora", wanted, acting_user=people.administrator)
    assert not user.has_usable_password()
    entry = AuditEntry.objects.get(action=Action.USER_ADDED)
    assert (entry.user, entry.facility) == (people.administrator, people.south)
    assert entry.detail == {"subject": "nora", "role": "technician"}


def test_a_change_of_role_is_recorded_with_both_roles(people):
    wanted = replace(particulars(people.owner), role=Role.TECHNICIAN)
    change_user(people.owner, wanted, acting_user=people.administrator)
    people.owner.refresh_from_db()
    assert people.owner.role == Role.TECHNICIAN
    entry = AuditEntry.objects.get(action=Action.USER_CHANGED)
    assert entry.detail["role"] == {"from": "facility_user", "to": "technician"}


def test_saving_without_a_change_records_nothing(people):
    change_user(people.owner, particulars(people.owner), acting_user=people.administrator)
    assert not AuditEntry.objects.exists()


def test_administrators_cannot_shut_themselves_out(people):
    with pytest.raises(OwnAccountError):
        set_user_active(people.administrator, active=False, acting_user=people.administrator)
    with pytest.raises(OwnAccountError):
        wanted = replace(particulars(people.administrator), role=Role.RADIOLOGIST)
        change_user(people.administrator, wanted, acting_user=people.administrator)


def test_the_last_administrator_stays(people):
    acting = people.radiologist  # whoever asks: the rule does not rest on who may ask
    with pytest.raises(LastAdministratorError):
        set_user_active(people.administrator, active=False, acting_user=acting)
    with pytest.raises(LastAdministratorError):
        change_user(people.administrator, replace(particulars(people.administrator), role=""), acting_user=acting)
    people.administrator.refresh_from_db()
    assert people.administrator.is_administrator


def test_one_of_two_administrators_may_go(people):
    second = add_user("second", UserParticulars("", "", Role.ADMINISTRATOR, None))
    set_user_active(people.administrator, active=False, acting_user=second)
    people.administrator.refresh_from_db()
    assert not people.administrator.is_active


def test_deactivation_ends_the_running_session(client, people):
    client.force_login(people.owner)
    assert client.get("/worklist").status_code == 200
    set_user_active(people.owner, active=False, acting_user=people.administrator)
    assert client.get("/worklist").status_code == 302


def test_facilities_are_recorded(people):
    facility = add_facility("EAST", "East wing", acting_user=people.administrator)
    rename_facility(facility, "East building", acting_user=people.administrator)
    rename_facility(facility, "East building", acting_user=people.administrator)
    actions = list(AuditEntry.objects.order_by("id").values_list("action", flat=True))
    assert actions == [Action.FACILITY_ADDED, Action.FACILITY_CHANGED]
