"""Guests: every address of the appliance, tried with a visit to one study; nothing but that study is theirs."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from noctis.archive import indexer
from noctis.archive.models import Instance, Study
from noctis.archive.tests.factories import deliver, image, reception
from noctis.attachments.models import Attachment
from noctis.audit.models import Action, AuditEntry
from noctis.dicomweb.tests.conftest import body_of
from noctis.dicomweb.urls import urlpatterns as dicomweb_addresses
from noctis.reports import actions as report_actions
from noctis.sharing.guest_dicomweb import FOR_GUESTS
from noctis.sharing.tests.conftest import PASSWORD, let_guest_in

# Open to everybody, and without anything of a patient.
OPEN = ("healthz", "sign-in", "verify", "metrics")
OWN = ("guest/", "shared/")
BULK = "7FE00010"


def addresses(resolver: URLResolver, prefix: str = "", namespace: str = "") -> Iterator[tuple[str, str, URLPattern]]:
    for pattern in resolver.url_patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            inner = f"{pattern.namespace}:" if pattern.namespace else ""
            yield from addresses(pattern, path, namespace + inner)
        else:
            yield path, namespace + str(pattern.name), pattern


ADDRESSES = list(addresses(get_resolver()))


def kwargs_of(instance: Instance, **more: object) -> dict[str, object]:
    return {
        "study_uid": instance.series.study.study_instance_uid,
        "series_uid": instance.series.series_instance_uid,
        "instance_uid": instance.sop_instance_uid,
        "frame_list": "1",
        "frame_number": 1,
        "path": BULK,
        **more,
    }


def dicomweb(name: str, share_uid: object, instance: Instance) -> str:
    known = kwargs_of(instance, share_uid=share_uid)
    (pattern,) = [pattern for _, found, pattern in ADDRESSES if found == f"guest_dicomweb_{name}"]
    return reverse(f"guest_dicomweb_{name}", kwargs={key: known[key] for key in pattern.pattern.converters})


@pytest.fixture
def other(instances) -> Instance:
    """Give an image of another study of the same patient and facility."""
    deliver(image(study=2, series=3, instance=9), reception("NORTH"))
    indexer.index_spool()
    found: Instance = Instance.objects.exclude(series__study=instances[0].series.study).get()
    assert found.series.study.patient == instances[0].series.study.patient
    return found


def test_every_address_but_their_own_answers_guests_like_anybody(people, study, instances):
    guest, anybody = Client(), Client()
    let_guest_in(guest, study, people.radiologist, has_report=True)
    values = kwargs_of(
        instances[0], pk=study.pk, token="x", uid=uuid4(), name="viewer", prior_uid=study.study_instance_uid
    )
    tried = 0
    for path, name, pattern in ADDRESSES:
        if path.startswith(OWN) or not pattern.name:
            continue
        arguments = {key: values.get(key, study.pk) for key in pattern.pattern.converters}
        for method in ("get", "post", "put", "delete"):
            address = reverse(name, kwargs=arguments)
            given, expected = (getattr(client, method)(address) for client in (guest, anybody))
            assert given.status_code == expected.status_code, (name, method)
            assert given.status_code != 200 or path in OPEN or "api/" in path, (name, method)
            tried += 1
    assert tried > 300


def test_the_images_that_were_shared_are_served_and_kept_nowhere(people, study, instances):
    guest = Client()
    opener = let_guest_in(guest, study, people.radiologist)
    for name in FOR_GUESTS - {"rendered"}:
        answer = guest.get(dicomweb(name, opener.share.uid, instances[0]))
        body = body_of(answer)
        assert (answer.status_code, bool(body)) == (200, True), name
        assert answer["Cache-Control"] == "private, no-store", name
        assert answer["Referrer-Policy"] == "no-referrer", name
    page = guest.get(f"/guest/{opener.share.uid}/viewer")
    assert page.status_code == 200
    assert study.patient_display_name not in page.content.decode()
    assert AuditEntry.objects.filter(action=Action.SHARE_READ, detail__what="images").count() == 1


def test_another_study_of_the_same_patient_does_not_exist(people, study, other):
    guest = Client()
    opener = let_guest_in(guest, study, people.radiologist)
    for name in FOR_GUESTS - {"studies"}:
        assert guest.get(dicomweb(name, opener.share.uid, other)).status_code == 404, name
    found = guest.get(f"/guest/{opener.share.uid}/dicom-web/studies").json()
    assert [study["0020000D"]["Value"] for study in found] == [[study_uid(instance_study=opener.share.study)]]
    asked = {"StudyInstanceUID": other.series.study.study_instance_uid}
    assert guest.get(f"/guest/{opener.share.uid}/dicom-web/studies", asked).json() == []
    assert guest.get(f"/guest/{opener.share.uid}/dicom-web/studies", {"PatientID": "*"}).json() == found


def study_uid(*, instance_study: Study) -> str:
    return instance_study.study_instance_uid


def test_a_foreign_series_below_the_shared_study_does_not_exist(people, study, other):
    """The address names the shared study, the rest of it another one: the second of the two barriers."""
    guest = Client()
    opener = let_guest_in(guest, study, people.radiologist)
    below = f"/guest/{opener.share.uid}/dicom-web/studies/{study.study_instance_uid}/series"
    series, instance = other.series.series_instance_uid, other.sop_instance_uid
    for rest in (
        f"{series}/metadata",
        f"{series}/thumbnail",
        f"{series}/instances/{instance}/frames/1",
        f"{series}/instances/{instance}/rendered",
        f"{series}/instances/{instance}/bulkdata/{BULK}",
    ):
        assert guest.get(f"{below}/{rest}").status_code == 404, rest
    assert guest.get(below, {"SeriesInstanceUID": series}).json() == []


def test_what_dicomweb_offers_beyond_the_viewers_needs_is_no_address_for_guests(people, study, instances):
    guest = Client()
    opener = let_guest_in(guest, study, people.radiologist)
    known = kwargs_of(instances[0])
    for address in dicomweb_addresses:
        if address.name in FOR_GUESTS:
            continue
        path = reverse(f"dicomweb:{address.name}", kwargs={key: known[key] for key in address.pattern.converters})
        assert guest.get(f"/guest/{opener.share.uid}{path}").status_code == 404, address.name
    for name in FOR_GUESTS:
        for method in ("post", "put", "delete"):
            answer = getattr(guest, method)(dicomweb(name, opener.share.uid, instances[0]))
            assert answer.status_code == 405, (name, method)


def test_the_cookie_of_one_link_opens_no_other_and_no_cookie_opens_none(people, study, other, instances):
    guest = Client()
    own = let_guest_in(guest, study, people.radiologist)
    foreign = let_guest_in(Client(), other.series.study, people.radiologist)
    cookie = f"noctis_guest_{foreign.share.uid.hex}"
    guest.cookies[cookie] = next(iter(guest.cookies.values())).value
    for client in (guest, Client()):
        for path in ("", "/viewer", "/report", "/session", "/dicom-web/studies"):
            assert client.get(f"/guest/{foreign.share.uid}{path}").status_code == 404
    assert guest.get(f"/guest/{own.share.uid}").status_code == 200


def test_the_account_of_whoever_is_signed_in_counts_for_nothing_below_a_link(people, study, other):
    guest = Client()
    opener = let_guest_in(guest, study, people.radiologist)
    guest.force_login(people.administrator)
    assert guest.get(dicomweb("series_metadata", opener.share.uid, other)).status_code == 404
    assert len(guest.get(f"/guest/{opener.share.uid}/dicom-web/studies").json()) == 1


def test_a_link_to_the_images_shows_no_report_and_one_to_the_report_no_images(people, signed, instances):
    images, words = Client(), Client()
    of_images = let_guest_in(images, signed, people.radiologist).share.uid
    of_words = let_guest_in(words, signed, people.radiologist, has_images=False, has_report=True).share.uid
    held, not_held = instances
    picture = f"report/pictures/{held.sop_instance_uid}/1"
    for path in ("report", "report.pdf", picture):
        assert images.get(f"/guest/{of_images}/{path}").status_code == 404
    assert words.get(f"/guest/{of_words}/viewer").status_code == 404
    for name in FOR_GUESTS:
        assert words.get(dicomweb(name, of_words, held)).status_code == 404, name
    page = words.get(f"/guest/{of_words}/report")
    assert "A shadow of 12 mm" in page.content.decode()
    assert f"/guest/{of_words}/{picture}" in page.content.decode()
    assert "Version 1" not in page.content.decode()
    file = words.get(f"/guest/{of_words}/report.pdf")
    assert file["Content-Disposition"].startswith("attachment")
    assert body_of(file).startswith(b"%PDF")
    assert words.get(f"/guest/{of_words}/{picture}").status_code == 200
    assert words.get(f"/guest/{of_words}/report/pictures/{not_held.sop_instance_uid}/1").status_code == 404


def test_documents_in_a_study_come_only_with_the_report(people, instances):
    held, document = instances
    Instance.objects.filter(pk=document.pk).update(sop_class_uid="1.2.840.10008.5.1.4.1.1.104.1")
    series = document.series
    series.pk, series.series_instance_uid = None, f"{series.series_instance_uid}.7"
    series.save()
    Instance.objects.filter(pk=document.pk).update(series=series)
    document.refresh_from_db()
    without, with_report = Client(), Client()
    study = held.series.study
    images = let_guest_in(without, study, people.radiologist).share.uid
    both = let_guest_in(with_report, study, people.radiologist, has_report=True).share.uid
    for name in ("series_metadata", "rendered", "frames", "bulk_data", "series_thumbnail"):
        assert without.get(dicomweb(name, images, document)).status_code == 404, name
    assert len(without.get(dicomweb("series", images, held)).json()) == 1
    assert len(with_report.get(dicomweb("series", both, held)).json()) == 2
    assert with_report.get(dicomweb("series_metadata", both, document)).status_code == 200


def test_a_report_that_is_not_signed_is_shown_to_no_guest(people, study):
    reader = people.radiologist
    reader.set_password(PASSWORD)
    reader.save()
    report_actions.save(study, {}, 0, acting_user=reader)
    guest = Client()
    opener = let_guest_in(guest, study, reader, has_report=True)
    assert guest.get(f"/guest/{opener.share.uid}/report").status_code == 404
    assert "Read the report" not in guest.get(f"/guest/{opener.share.uid}").content.decode()


def test_a_grant_shows_nothing_of_what_does_not_say_so(people, study):
    grant = let_guest_in(Client(), study, people.radiologist).share.grant
    assert not Attachment.objects.visible_to(grant).exists()
    assert Study.objects.visible_to(grant).count() == 1
    assert not type(study.patient).objects.visible_to(grant).exists()
