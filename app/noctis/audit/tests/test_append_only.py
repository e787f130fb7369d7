"""The trail can be added to and read, nothing else."""

from __future__ import annotations

import pytest

from noctis.audit.actions import record
from noctis.audit.models import Action, AuditEntry


@pytest.fixture
def entry(people):
    return record(Action.STUDY_OPENED, acting_user=people.owner, study_instance_uid="1.2.3")


def test_an_entry_cannot_be_changed(entry):
    entry.username = "somebody else"
    for change in (
        entry.save,
        lambda: AuditEntry.objects.update(username="somebody else"),
        lambda: AuditEntry.objects.filter(pk=entry.pk).update(username="somebody else"),
        lambda: AuditEntry.objects.bulk_update([entry], ["username"]),
    ):
        with pytest.raises(TypeError, match="cannot be changed"):
            change()
    entry.refresh_from_db()
    assert entry.username == "owner"


def test_an_entry_cannot_be_deleted(entry):
    for deletion in (entry.delete, AuditEntry.objects.all().delete, AuditEntry.objects.filter(pk=entry.pk).delete):
        with pytest.raises(TypeError, match="cannot be deleted"):
            deletion()
    assert AuditEntry.objects.filter(pk=entry.pk).exists()


def test_the_users_name_stays_with_the_entry(entry):
    assert (entry.username, entry.user.username) == ("owner", "owner")
