"""Links: who makes them, what opens them, what ends them, and what is kept of them."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from noctis.archive.models import Patient, Study
from noctis.attachments.file_area import place_of
from noctis.attachments.tests.conftest import picture
from noctis.audit.models import Action, AuditEntry
from noctis.notifications.models import Notification
from noctis.reading_worklist.tests.factories import make_study
from noctis.reports.output.letterheads import LetterheadWords, letterhead_of, save_letterhead
from noctis.sharing import actions
from noctis.sharing.models import Share, ShareState
from noctis.sharing.tests.conftest import enter, let_guest_in, share
from noctis.sharing.visits import NotOpened, open_share

FORM = {
    "has_images": "on",
    "recipient": "Dr Outside",
    "contact": "555 0100",
    "purpose": "second opinion",
    "days": "7",
    "most_visits": "2",
}


def client_of(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def door(opener, code: str | None = None, client: Client | None = None):
    client = client or Client()
    path = f"/shared/{opener.token}"
    return client.get(path) if code is None else client.post(path, {"code": code})


def made_in_the_browser(user, study):
    answer = client_of(user).post(f"/studies/{study.study_instance_uid}/share", FORM)
    assert answer.status_code == 200, answer.content
    assert "no-store" in answer["Cache-Control"]
    return answer.context["link"], answer.context["code"]


def test_a_link_and_its_code_open_what_was_shared_once(people, study):
    link, code = made_in_the_browser(people.radiologist, study)
    path = link.removeprefix("http://127.0.0.1:8000")
    guest = Client(REMOTE_ADDR="192.0.2.9")
    asked = guest.get(path)
    assert asked.status_code == 200
    assert "Phantom" not in asked.content.decode()
    assert asked["Referrer-Policy"] == "no-referrer"
    assert "no-store" in asked["Cache-Control"]
    came_in = guest.post(path, {"code": code})
    assert came_in.status_code == 302
    (cookie,) = came_in.cookies.values()
    assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == (came_in["Location"], True, "Strict")
    shown = guest.get(came_in["Location"])
    assert study.patient_display_name in shown.content.decode()
    assert "<title>Shared with you</title>" in shown.content.decode()
    found = Share.objects.get()
    assert (found.visit_count, found.last_opened_from, found.state) == (1, "192.0.2.9", ShareState.CODE_USED)
    assert Client().post(path, {"code": code}).status_code == 403
    assert [entry.action for entry in AuditEntry.objects.filter(detail__share=str(found.uid)).order_by("pk")] == [
        Action.SHARE_MADE,
        Action.SHARE_OPENED,
    ]


def test_the_door_wears_the_logo_of_the_facility(people, study, data_dir):
    opener = share(study, people.radiologist)
    assert "guest-logo" not in door(opener).content.decode()
    words = LetterheadWords.of(letterhead_of(people.north))
    save_letterhead(people.north, words, logo=picture(), keeps_logo=False, acting_user=people.administrator)
    page = door(opener).content.decode()
    assert "data:image/png;base64," in page
    assert "North hospital" in page
    place_of(letterhead_of(people.north).logo_sha256).unlink()
    assert "guest-logo" not in door(opener).content.decode()


def test_only_digests_are_kept_and_nothing_is_written_to_the_log(people, study, caplog):
    caplog.set_level(logging.DEBUG)
    link, code = made_in_the_browser(people.radiologist, study)
    token = link.rpartition("/")[2]
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM sharing_share")
        row = " ".join(map(str, cursor.fetchall()))
    digits = code.replace(" ", "")
    Client().post(f"/shared/{token}", {"code": "00000000"})
    trail = " ".join(str(entry.detail) for entry in AuditEntry.objects.all())
    for secret in (token, digits, code):
        assert secret not in row
        assert secret not in trail
        assert secret not in caplog.text
    assert "Outside" not in trail


def test_wrong_codes_lock_the_link_and_tell_who_shared_it(people, study):
    opener = share(study, people.radiologist)
    answers = [door(opener, "12345678") for _ in range(5)]
    assert [answer.status_code for answer in answers] == [403] * 5
    assert "4 more tries" in answers[0].content.decode()
    assert "locked" in answers[4].content.decode()
    assert "locked" in door(opener, opener.code).content.decode()
    assert AuditEntry.objects.filter(action=Action.SHARE_CODE_REFUSED).count() == 5
    assert AuditEntry.objects.filter(action=Action.SHARE_LOCKED).count() == 1
    assert Notification.objects.filter(user=people.radiologist).count() == 1
    again = actions.issue_code(Share.objects.get(), acting_user=people.radiologist)
    assert door(opener, opener.code).status_code == 403
    assert door(opener, again.code).status_code == 302


@pytest.mark.parametrize("code", ["", "1", "abcdefgh", "١٢٣٤٥٦٧٨", "0" * 5000, "\0" * 8])
def test_what_is_no_code_opens_nothing(people, study, code):
    opener = share(study, people.radiologist)
    assert door(opener, code).status_code == 403
    assert Share.objects.get().visit_count == 0


def test_the_first_opening_is_told_and_the_next_is_not(people, study):
    opener = let_guest_in(Client(), study, people.radiologist)
    told = Notification.objects.get(user=people.radiologist)
    assert (told.path, "Phantom" in told.text) == ("/shares", False)
    again = actions.issue_code(opener.share, acting_user=people.radiologist)
    enter(Client(), again)
    assert (Notification.objects.count(), Notification.objects.get().count) == (1, 1)


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_of_many_who_give_the_code_at_once_one_comes_in(people, study):
    opener = share(study, people.radiologist)

    def give(_: int) -> bool:
        try:
            open_share(Share.objects.select_related("study__facility", "made_by").get(), opener.code, address=None)
        except NotOpened:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(give, range(4))) == [False, False, False, True]


def test_a_link_ends_at_its_time_or_when_it_is_revoked_and_so_do_the_visits(people, study):
    guest = Client()
    opener = let_guest_in(guest, study, people.radiologist)
    here = f"/guest/{opener.share.uid}"
    assert guest.get(here).status_code == 200
    Share.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert "expired" in guest.get(here).content.decode()
    assert guest.get(here).status_code == 410
    assert "expired" in door(opener).content.decode()
    sharer = client_of(people.radiologist)
    sharer.post(f"/shares/{opener.share.pk}/extend")
    assert guest.get(here).status_code == 200
    assert sharer.post(f"/shares/{opener.share.pk}/revoke").status_code == 302
    gone = guest.get(here)
    assert (gone.status_code, "withdrawn" in gone.content.decode()) == (410, True)
    assert guest.get(f"{here}/dicom-web/studies").status_code == 401
    assert "withdrawn" in door(opener).content.decode()
    sharer.post(f"/shares/{opener.share.pk}/extend")
    assert guest.get(here).status_code == 410


def test_a_visit_ends_when_the_guest_leaves_or_rests(people, study):
    guest = Client()
    opener = let_guest_in(guest, study, people.radiologist)
    here = f"/guest/{opener.share.uid}"
    assert guest.post(f"{here}/leave").status_code == 200
    assert guest.get(here).status_code == 404  # the cookie is gone
    again = actions.issue_code(opener.share, acting_user=people.radiologist)
    enter(guest, again)
    again.share.visits.update(seen_at=timezone.now() - timedelta(hours=2))
    assert (guest.get(here).status_code, guest.get(f"{here}/session").status_code) == (410, 401)


def test_who_no_longer_sees_the_study_no_longer_shares_it(people, study):
    guest = Client()
    opener = let_guest_in(guest, study, people.radiologist)
    people.radiologist.is_active = False
    people.radiologist.save()
    assert guest.get(f"/guest/{opener.share.uid}").status_code == 410
    assert "has ended" in door(opener).content.decode()


def test_what_turns_out_to_be_another_patients_was_not_shared(people, study):
    guest = Client()
    opener = let_guest_in(guest, study, people.radiologist)
    shared = study.patient
    other = Patient.objects.create(facility=people.north, identity="id:^other", patient_identifier="other")
    Study.objects.filter(pk=study.pk).update(patient=other)
    assert guest.get(f"/guest/{opener.share.uid}").status_code == 410
    assert "has ended" in door(opener).content.decode()
    Study.objects.filter(pk=study.pk).update(patient=shared)
    assert guest.get(f"/guest/{opener.share.uid}").status_code == 200
    Share.objects.update(study=make_study(people.north, patient_identifier=shared.patient_identifier))
    assert guest.get(f"/guest/{opener.share.uid}").status_code == 410


def test_a_link_is_opened_as_often_as_was_said_and_stands_as_long_as_it_may(people, study, settings):
    settings.NOCTIS_SHARE_MOST_DAYS = 10
    opener = let_guest_in(Client(), study, people.radiologist, days=90, most_visits=1)
    assert opener.share.expires_at < timezone.now() + timedelta(days=10, minutes=1)
    assert opener.share.state == ShareState.USED_UP
    with pytest.raises(actions.NotAllowed):
        actions.issue_code(opener.share, acting_user=people.radiologist)


def test_staff_share_where_their_facility_lets_them_and_only_its_studies(people, study):
    other = make_study(people.south)
    path = f"/studies/{study.study_instance_uid}/share"
    for user in (people.technician, people.owner):
        assert client_of(user).get(path).status_code == 403
    administrator = client_of(people.administrator)
    administrator.post(f"/shares/facilities/{people.north.pk}", {"allowed": "yes"})
    for user in (people.technician, people.owner):
        assert client_of(user).post(path, FORM).status_code == 200
        assert client_of(user).get(f"/studies/{other.study_instance_uid}/share").status_code == 404
    assert client_of(people.stranger).post(path, FORM).status_code == 404
    administrator.post(f"/shares/facilities/{people.north.pk}", {"allowed": "no"})
    assert client_of(people.technician).post(path, FORM).status_code == 403


def test_everybody_looks_after_the_own_links_and_administrators_after_all(people, study):
    opener = share(study, people.radiologist)
    assert "Dr Outside" in client_of(people.radiologist).get("/shares").content.decode()
    assert "Dr Outside" in client_of(people.administrator).get("/shares").content.decode()
    for user in (people.technician, people.owner, people.stranger):
        assert "Dr Outside" not in client_of(user).get("/shares").content.decode()
        for act in ("revoke", "extend", "code"):
            assert client_of(user).post(f"/shares/{opener.share.pk}/{act}").status_code == 404
    assert client_of(people.administrator).post(f"/shares/{opener.share.pk}/revoke").status_code == 302


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"has_images": ""}, "Share the images, the report or both"),
        ({"days": "400"}, "less than or equal to"),
        ({"recipient": ""}, "required"),
    ],
)
def test_a_wrong_form_says_what_to_do_and_loses_nothing(people, study, changed, words):
    answer = client_of(people.radiologist).post(f"/studies/{study.study_instance_uid}/share", {**FORM, **changed})
    page = answer.content.decode()
    assert words in page
    assert "second opinion" in page
    assert not Share.objects.exists()


def test_the_report_is_offered_once_it_is_signed(people, study):
    answer = client_of(people.radiologist).post(
        f"/studies/{study.study_instance_uid}/share", {**FORM, "has_report": "on"}
    )
    assert answer.status_code == 200
    assert not Share.objects.get().has_report
