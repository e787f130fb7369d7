"""What the worklist says of a study beside its particulars: notes and files that are with it."""

from __future__ import annotations

from uuid import uuid4

from django.test import Client

from noctis.attachments.models import Attachment
from noctis.reading_worklist.tests.factories import make_study
from noctis.study_notes import actions


def words(client: Client) -> list[bool]:
    page = client.get("/worklist").content.decode()
    return ["notes on this study" in page, "attached to this study" in page]


def test_a_study_says_whether_there_are_notes_or_files(client, people):
    study, uid = make_study(people.north), uuid4()
    client.force_login(people.technician)
    assert words(client) == [False, False]
    actions.save(study, uid, "Look at the left lung.", 0, acting_user=people.technician)
    assert words(client) == [True, False]
    file = Attachment.objects.create(
        uid=uuid4(), study=study, author=people.owner, category="other", name="a", size=1, is_scanned=False
    )
    assert words(client) == [True, True]
    actions.remove(study, uid, 1, acting_user=people.technician)
    Attachment.objects.filter(pk=file.pk).update(is_removed=True)
    assert words(client) == [False, False]
