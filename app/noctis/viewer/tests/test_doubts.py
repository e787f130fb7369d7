"""The viewer's page tells that something about a study does not fit, and who may look at it where."""

from __future__ import annotations

from django.urls import reverse
from django.utils import timezone

from noctis.archive.models import FlagReason, Study, StudyFlag
from noctis.reading_worklist.tests.factories import make_study


def flag(study: Study, reason: FlagReason, **values: object) -> StudyFlag:
    now = timezone.now()
    return StudyFlag.objects.create(study=study, reason=reason, first_at=now, last_at=now, **values)


def page(client, user, study: Study) -> str:
    client.force_login(user)
    text: str = client.get(reverse("viewer", args=[study.study_instance_uid])).content.decode()
    return text


def test_open_flags_are_told_once_each(client, people) -> None:
    study = make_study(people.north)
    assert "data-doubts" not in page(client, people.radiologist, study)

    flag(study, FlagReason.PATIENT_DIFFERS, fingerprint="1")
    flag(study, FlagReason.PATIENT_DIFFERS, fingerprint="2")
    flag(study, FlagReason.ADAPTED_VALUES)
    flag(study, FlagReason.MISSING_ATTRIBUTES, resolved_at=timezone.now())
    text = page(client, people.radiologist, study)
    expected = "Values could not be taken as they are. Another name, birth date or sex under the same Patient ID"
    assert f'data-doubts="{expected}"' in text
    assert "data-flags-url" not in text
    link = f'data-flags-url="{reverse("flags")}?study={study.study_instance_uid}"'
    assert link in page(client, people.technician, study)
    assert link in page(client, people.administrator, study)
