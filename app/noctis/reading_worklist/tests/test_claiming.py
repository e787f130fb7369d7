"""Who holds a study: one reader, never two, and never without the other knowing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from noctis.accounts.models import Role, User
from noctis.archive.models import StudyStatus
from noctis.audit.models import Action, AuditEntry
from noctis.notifications.models import Notification
from noctis.reading_worklist import actions
from noctis.reading_worklist.models import ReadingTask, Status, Urgency
from noctis.reading_worklist.tests.factories import make_study


@pytest.fixture
def colleague(people) -> User:
    return User.objects.create_user("colleague", role=Role.RADIOLOGIST, full_name="Dr Other")


@pytest.fixture
def task(people) -> ReadingTask:
    return make_study(people.north).reading_task


def audited() -> list[str]:
    return list(AuditEntry.objects.order_by("pk").values_list("action", flat=True))


def test_a_claim_is_held_and_let_go(people, task):
    held = actions.claim(task, acting_user=people.radiologist)
    assert (held.status, held.is_held, held.assignee_name) == (Status.IN_PROGRESS, True, "radiologist")
    assert actions.claim(task, acting_user=people.radiologist).claimed_at == held.claimed_at
    free = actions.release(task, acting_user=people.radiologist)
    assert (free.status, free.is_held, free.assigned_to) == (Status.READY, False, None)
    assert audited() == [Action.STUDY_CLAIMED, Action.STUDY_RELEASED]


def test_a_study_of_another_is_taken_over_only_in_so_many_words(people, task, colleague):
    actions.claim(task, acting_user=colleague)
    with pytest.raises(actions.HeldByAnother, match="held by Dr Other"):
        actions.claim(task, acting_user=people.radiologist)
    with pytest.raises(actions.HeldByAnother):
        actions.release(task, acting_user=people.radiologist)
    taken = actions.claim(task, acting_user=people.radiologist, take_over=True)
    assert taken.assigned_to == people.radiologist
    entry = AuditEntry.objects.get(action=Action.STUDY_TAKEN_OVER)
    assert entry.detail == {"from_user": colleague.pk}


def test_what_was_assigned_is_not_claimed_by_others_but_by_whom_it_was_assigned_to(people, task, colleague):
    actions.assign(task, colleague, acting_user=people.administrator)
    with pytest.raises(actions.HeldByAnother, match="assigned to Dr Other"):
        actions.claim(task, acting_user=people.radiologist)
    assert actions.claim(task, acting_user=colleague).is_held
    told = Notification.objects.get(event="study_assigned")
    assert told.user == colleague


@pytest.mark.parametrize("who", ["owner", "technician", "stranger", "roleless"])
def test_only_readers_and_administrators_hold_studies(people, task, who, colleague):
    user = getattr(people, who)
    for deed in (
        lambda: actions.claim(task, acting_user=user),
        lambda: actions.claim_next(acting_user=user),
        lambda: actions.release(task, acting_user=user),
        lambda: actions.assign(task, colleague, acting_user=user),
        lambda: actions.need_no_report(task, acting_user=user),
    ):
        with pytest.raises(actions.NotAllowed):
            deed()


def test_technicians_set_priorities_and_facility_users_do_not(people, task):
    row = actions.set_priority(task, Urgency.STAT, acting_user=people.technician)
    assert row.due_at - row.clock_started_at == timedelta(hours=1)
    assert AuditEntry.objects.get(action=Action.STUDY_PRIORITISED).detail == {
        "priority": {"from": "routine", "to": "stat"}
    }
    with pytest.raises(actions.NotAllowed):
        actions.set_priority(task, Urgency.ROUTINE, acting_user=people.owner)


def test_studies_are_assigned_to_radiologists_alone(people, task):
    with pytest.raises(actions.Refused, match="reads no studies"):
        actions.assign(task, people.technician, acting_user=people.administrator)


def test_the_next_study_is_the_most_urgent_that_nobody_has(people, colleague):
    now = timezone.now()

    def study(name: str, urgency: Urgency = Urgency.ROUTINE, minutes: int = 0, **values) -> ReadingTask:
        made = make_study(people.north, f"{name}^X", received_at=now - timedelta(minutes=minutes), **values)
        return actions.set_priority(made.reading_task, urgency, acting_user=people.administrator)

    study("Younger", minutes=10)
    study("Older", minutes=50)
    study("Urgent", Urgency.URGENT)
    study("Arriving", Urgency.STAT, status=StudyStatus.ARRIVING)
    actions.claim(study("Held", Urgency.STAT), acting_user=colleague)
    actions.assign(study("Given", Urgency.STAT), colleague, acting_user=people.administrator)
    actions.assign(study("Mine", Urgency.STAT), people.radiologist, acting_user=people.administrator)
    got = []
    while task := actions.claim_next(acting_user=people.radiologist):
        got.append(task.patient_name.partition("^")[0])
    assert got == ["Mine", "Urgent", "Older", "Younger"]
    given = actions.claim_next(acting_user=colleague)
    assert given is not None
    assert given.patient_name == "Given^X"


def test_a_claim_ends_with_its_time_and_what_was_begun_stays_with_who_began_it(people, task, colleague):
    begun = make_study(people.north)
    actions.claim(task, acting_user=colleague)
    actions.report_changed(begun, "draft", acting_user=colleague)
    assert actions.expire_claims() == 0
    ReadingTask.objects.update(held_until=timezone.now() - timedelta(minutes=1))
    # Before the sweep comes by, a claim whose time ran out already stands in nobody's way.
    assert actions.claim(task, acting_user=people.radiologist).assigned_to == people.radiologist
    ReadingTask.objects.update(held_until=timezone.now() - timedelta(minutes=1))
    assert actions.expire_claims() == 2
    task.refresh_from_db()
    assert (task.status, task.assigned_to) == (Status.READY, None)
    draft = begun.reading_task
    draft.refresh_from_db()
    assert (draft.status, draft.assigned_to, draft.is_held) == (Status.DRAFT, colleague, False)


def test_going_on_never_shortens_a_claim_and_says_nothing_to_open_pages(people, task):
    held = actions.claim(task, acting_user=people.radiologist)
    later = actions.claim(task, acting_user=people.radiologist, lasts=actions.OPENED_LASTS)
    assert (later.held_until, later.changed_at) == (held.held_until, held.changed_at)


def test_the_status_follows_the_report(people, task):
    study = task.study
    for state, status in (("draft", Status.DRAFT), ("preliminary", Status.PRELIMINARY), ("final", Status.FINAL)):
        actions.report_changed(study, state, acting_user=people.radiologist)
        task.refresh_from_db()
        assert task.status == status
        assert task.assigned_to == people.radiologist
    assert task.reported_at is not None
    assert not task.is_held
    with pytest.raises(actions.Refused, match="no reading any more"):
        actions.claim(task, acting_user=people.radiologist)
    actions.report_changed(study, "addended", acting_user=people.radiologist)
    task.refresh_from_db()
    assert task.status == Status.ADDENDED


def test_who_writes_takes_the_study_over_and_the_trail_says_so(people, task, colleague):
    actions.claim(task, acting_user=colleague)
    actions.report_changed(task.study, "draft", acting_user=people.radiologist)
    assert AuditEntry.objects.get(action=Action.STUDY_TAKEN_OVER).detail == {"from_user": colleague.pk}


def test_words_alone_do_not_disturb_open_pages(people, task):
    actions.report_changed(task.study, "draft", acting_user=people.radiologist)
    task.refresh_from_db()
    before = task.changed_at
    actions.report_changed(task.study, "draft", acting_user=people.radiologist)
    task.refresh_from_db()
    assert task.changed_at == before


def test_a_study_may_need_no_report(people, task):
    row = actions.need_no_report(task, acting_user=people.radiologist)
    assert (row.status, row.is_done) == (Status.NO_REPORT, True)
    assert actions.claim_next(acting_user=people.radiologist) is None
    row = actions.need_no_report(task, acting_user=people.radiologist, is_needed=True)
    assert row.status == Status.READY
    actions.report_changed(task.study, "draft", acting_user=people.radiologist)
    with pytest.raises(actions.Refused, match="was begun"):
        actions.need_no_report(task, acting_user=people.radiologist)


def test_a_facilitys_target_sets_due_times_anew_but_not_of_what_is_reported(people, task):
    done = make_study(people.north)
    foreign = make_study(people.south).reading_task
    actions.report_changed(done, "final", acting_user=people.radiologist)
    before = done.reading_task.due_at
    minutes = {Urgency.STAT: 30, Urgency.URGENT: 60, Urgency.ROUTINE: 120}
    actions.set_target(people.north, minutes, acting_user=people.administrator)
    task.refresh_from_db()
    assert task.due_at - task.clock_started_at == timedelta(hours=2)
    assert ReadingTask.objects.get(study=done).due_at == before
    assert ReadingTask.objects.get(pk=foreign.pk).due_at == foreign.due_at


def test_a_reader_is_shown_under_the_name_of_today(people, task, colleague):
    actions.claim(task, acting_user=colleague)
    colleague.full_name = "Dr New Name"
    colleague.save()
    task.refresh_from_db()
    assert task.assignee_name == "Dr New Name"
