"""What follows when images arrive in quarantine, or move between studies."""

from __future__ import annotations

import pytest

from noctis.accounts.models import Role, User
from noctis.archive import indexer
from noctis.archive.models import Instance, Study
from noctis.archive.signals import series_changed
from noctis.archive.tests.factories import deliver, image, reception
from noctis.notifications.models import Notification
from noctis.quality_control.actions import Choice, Verdict, reject
from noctis.quality_control.models import RejectReason
from noctis.quality_control.rejected import rejected_of
from noctis.quality_control.tests.factories import add_series, study_with_images


@pytest.mark.django_db(transaction=True)
def test_technicians_of_the_facility_and_administrators_learn_of_quarantine(data_dir, people):
    User.objects.create_user("south_technician", role=Role.TECHNICIAN, facility=people.south)
    delivery = reception("NORTH")
    deliver(image(), delivery)
    for number in (2, 3):
        deliver(image(instance=number, PatientID="P2", PatientName="Secret^Sue"), delivery)
    indexer.index_spool()
    told = Notification.objects.order_by("user__username")
    assert [one.user.username for one in told] == ["administrator", "technician"]
    assert all("Secret" not in one.text and one.path == "/inbox" for one in told)


def test_rejected_images_are_counted_where_they_are(people):
    source, target = study_with_images(people.north, 2), study_with_images(people.north, 2)
    verdict = Verdict(RejectReason.objects.earliest("pk"))
    reject(source, Choice(whole_study=True), verdict, acting_user=people.technician)
    moved = source.series.get()
    moved.study = target
    moved.save()
    series_changed.send_robust(sender=None, series_ids=[moved.pk, *Study.objects.values_list("series", flat=True)])
    assert Study.objects.get(pk=target.pk).rejected_count == 2


def test_readers_do_not_see_what_is_rejected_unless_they_may_and_ask(client, people):
    study = study_with_images(people.north, 3)
    whole = add_series(study, 2)
    motion, positioning = RejectReason.objects.filter(name__in=("Motion", "Positioning")).order_by("name")
    first = Instance.objects.filter(series__study=study).earliest("pk")
    reject(study, Choice(images=[first.sop_instance_uid]), Verdict(motion), acting_user=people.technician)
    reject(study, Choice(series=[whole.series_instance_uid]), Verdict(positioning), acting_user=people.technician)
    study.refresh_from_db()
    found = rejected_of(study)
    assert found.count == 3
    assert found.series == {whole.series_instance_uid: "Positioning"}
    assert found.images == {first.series.series_instance_uid: {first.sop_instance_uid: "Motion"}}

    address = f"/viewer/{study.study_instance_uid}/rejected"
    for who, may_show, decides in (
        (people.owner, False, False),
        (people.radiologist, True, False),
        (people.technician, True, True),
    ):
        client.force_login(who)
        answer = client.get(address).json()
        assert (answer["count"], answer["mayShow"], bool(answer["decideUrl"])) == (3, may_show, decides)
        page = client.get(f"/viewer/{study.study_instance_uid}?rejected=shown").content.decode()
        assert ("&quot;isShown&quot;: true" in page) == may_show
