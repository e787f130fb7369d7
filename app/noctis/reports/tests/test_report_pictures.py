"""The pictures of a report: who gets them, and of which images."""

from __future__ import annotations

import pytest
from django.test import Client

from noctis.accounts.models import User
from noctis.archive import indexer
from noctis.archive.models import Instance
from noctis.archive.tests.factories import deliver, image, reception
from noctis.reports import actions

PASSWORD = "a long enough passphrase"


@pytest.fixture
def instances(people, data_dir) -> list[Instance]:
    """Give two images of a study of the northern facility."""
    delivery = reception("NORTH")
    for number in (1, 2):
        deliver(image(instance=number), delivery)
    indexer.index_spool()
    return list(Instance.objects.select_related("series__study__facility").order_by("sop_instance_uid"))


def status(user: User, instance: Instance) -> int:
    client = Client()
    client.force_login(user)
    study_uid = instance.series.study.study_instance_uid
    return client.get(f"/studies/{study_uid}/report/pictures/{instance.sop_instance_uid}/1").status_code


def test_readers_get_the_pictures_of_the_report_that_they_may_read_and_no_other(people, instances):
    held, other = instances
    study, reader = held.series.study, people.radiologist
    reader.set_password(PASSWORD)
    reader.save()
    picture = {"type": "keyImage", "attrs": {"instance": held.sop_instance_uid, "frame": 1}}
    actions.save(study, {"findings": {"type": "doc", "content": [picture]}}, 0, acting_user=reader)

    # A draft: its writer sees any image of the study, the facility's user none yet.
    assert (status(reader, held), status(reader, other)) == (200, 200)
    assert (status(people.technician, held), status(people.technician, other)) == (200, 404)
    assert status(people.owner, held) == 404
    actions.sign(study, 1, PASSWORD, acknowledged={"arriving"}, acting_user=reader)
    assert (status(people.owner, held), status(people.owner, other)) == (200, 404)
    for who in (people.stranger, people.roleless):
        assert (status(who, held), status(who, other)) == (404, 404)
