"""Changes of many rows by form, what is said of them, and taking them back."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from noctis.accounts.models import Role, User
from noctis.audit.models import Action, AuditEntry
from noctis.modality_worklist.tests.factories import scheduled
from noctis.reading_worklist import actions
from noctis.reading_worklist.following import follow_orders
from noctis.reading_worklist.models import ReadingTask, Status, TurnaroundTarget, Urgency
from noctis.reading_worklist.tests.factories import make_study
from noctis.reading_worklist.turnaround import Turnaround, turnaround


@pytest.fixture
def tasks(people) -> list[ReadingTask]:
    return [make_study(people.north).reading_task for _ in range(3)]


@pytest.fixture
def colleague(people) -> User:
    return User.objects.create_user("colleague", role=Role.RADIOLOGIST, full_name="Dr Other")


def post(client: Client, address: str, **fields: Any) -> tuple[Any, dict[str, Any]]:
    answer = client.post(f"/worklist/{address}", fields)
    trigger = answer.headers.get("HX-Trigger")
    return answer, json.loads(trigger)["noctis:toast"] if trigger else {}


def keys(tasks: list[ReadingTask]) -> list[int]:
    return [task.pk for task in tasks]


def test_many_rows_are_assigned_and_it_is_undone(client, people, tasks, colleague):
    client.force_login(people.radiologist)
    actions.set_priority(tasks[0], Urgency.STAT, acting_user=people.administrator)
    answer, toast = post(client, "change", change="assign", value=colleague.pk, row=keys(tasks))
    assert toast["text"] == "Assigned 3 studies to Dr Other."
    assert answer.content.decode().count('hx-swap-oob="true"') == 3
    actions.claim(tasks[2], acting_user=colleague)  # changed further meanwhile: stays
    _, toast = post(client, "undo", token=toast["undo"])
    assert toast["text"] == "Undone for 2 studies. 1 study changed since and stayed."
    assert [ReadingTask.objects.get(pk=task.pk).assigned_to for task in tasks] == [None, None, colleague]
    assert AuditEntry.objects.filter(action=Action.WORKLIST_CHANGE_UNDONE).count() == 2
    assert post(client, "undo")[0].status_code == 404


def test_what_cannot_be_done_is_said_and_the_rest_is_done(client, people, tasks, colleague):
    actions.claim(tasks[0], acting_user=colleague)
    client.force_login(people.radiologist)
    _, toast = post(client, "change", change="claim", row=keys(tasks))
    assert toast["text"] == "Claimed 2 studies. 1 left out: this study is held by Dr Other."
    _, toast = post(client, "change", change="claim", row=keys(tasks[:1]))
    assert (toast["kind"], toast["undo"]) == ("info", "")
    _, toast = post(client, "change", change="claim", value="take_over", row=keys(tasks[:1]))
    assert toast["text"] == "Claimed 1 study."


def test_a_priority_set_by_hand_is_undone_with_its_due_time(client, people, tasks):
    client.force_login(people.technician)
    before = tasks[0].due_at
    _, toast = post(client, "change", change="priority", value="stat", row=keys(tasks))
    assert toast["text"] == "Set 3 studies to stat."
    post(client, "undo", token=toast["undo"])
    row = ReadingTask.objects.get(pk=tasks[0].pk)
    assert (row.priority, row.due_at) == (Urgency.ROUTINE, before)


@pytest.mark.parametrize(
    ("who", "change", "status"),
    [
        ("owner", "priority", 403),
        ("roleless", "priority", 403),
        ("technician", "claim", 403),
        ("technician", "assign", 403),
        ("technician", "no_report", 403),
        ("radiologist", "nonsense", 400),
        ("radiologist", "assign", 400),
        ("radiologist", "priority", 400),
    ],
)
def test_deny_by_default(client, people, tasks, who, change, status):
    client.force_login(getattr(people, who))
    assert post(client, "change", change=change, value="x", row=keys(tasks))[0].status_code == status


def test_rows_of_another_facility_are_neither_changed_nor_shown(client, people, tasks):
    foreign = make_study(people.south, "South^S").reading_task
    client.force_login(people.technician)
    answer, toast = post(client, "change", change="priority", value="stat", row=[foreign.pk])
    assert "South" not in answer.content.decode()
    assert toast["text"] == "Nothing changed: it is so already."
    foreign.refresh_from_db()
    assert foreign.priority == Urgency.ROUTINE


def test_the_next_study_is_opened_or_it_is_said_that_none_waits(client, people):
    client.force_login(people.radiologist)
    answer = client.post("/worklist/next", follow=True)
    assert "No study waits for you" in answer.content.decode()
    study = make_study(people.south)
    assert client.post("/worklist/next").url == f"/viewer/{study.study_instance_uid}"


def hold(client: Client, task: ReadingTask, wish: str) -> Any:
    address = f"/studies/{task.study_instance_uid}/holding"
    return client.post(address, json.dumps({"do": wish}), content_type="application/json")


def test_opening_claims_what_waits_and_nothing_of_others(client, people, tasks, colleague):
    client.force_login(people.radiologist)
    opened = hold(client, tasks[0], "open").json()
    assert (opened["isMine"], opened["isHeld"]) == (True, True)
    actions.claim(tasks[1], acting_user=colleague)
    opened = hold(client, tasks[1], "open").json()
    assert (opened["isOfAnother"], opened["reader"]) == (True, "Dr Other")
    refused = hold(client, tasks[1], "claim")
    assert (refused.status_code, refused.json()["current"]["reader"]) == (409, "Dr Other")
    assert hold(client, tasks[1], "take_over").json()["isMine"]
    client.force_login(colleague)
    assert hold(client, tasks[1], "stay").json()["isOfAnother"]


@pytest.mark.parametrize("who", ["administrator", "owner", "technician"])
def test_who_does_not_read_claims_nothing_by_opening(client, people, tasks, who):
    client.force_login(getattr(people, who))
    assert hold(client, tasks[0], "open").json()["isHeld"] is False
    tasks[0].refresh_from_db()
    assert tasks[0].assigned_to is None


def test_only_who_claimed_by_opening_stays_by_staying(client, people, tasks):
    client.force_login(people.radiologist)
    assert hold(client, tasks[0], "stay").json()["isHeld"] is False
    hold(client, tasks[0], "open")
    ReadingTask.objects.filter(pk=tasks[0].pk).update(held_until=timezone.now() + timedelta(minutes=1))
    hold(client, tasks[0], "stay")
    tasks[0].refresh_from_db()
    assert tasks[0].held_until > timezone.now() + timedelta(minutes=5)
    assert hold(client, tasks[0], "nonsense").status_code == 400
    assert hold(client, tasks[0], "release").json()["isHeld"] is False


def test_a_study_that_may_not_be_seen_has_no_holder(client, people, tasks):
    client.force_login(people.stranger)
    assert hold(client, tasks[0], "open").status_code == 404
    assert client.get(f"/studies/{tasks[0].study_instance_uid}/holding").status_code == 404


def test_an_order_is_listed_without_a_way_to_open_it(client, people):
    start = timezone.localtime() + timedelta(hours=2)
    step = scheduled(patient_name="Ordered^Olga", start_date=start.date(), start_time=start.time(), priority="stat")
    follow_orders({step.study_instance_uid})
    client.force_login(people.radiologist)
    text = client.get("/worklist").content.decode()
    assert "Ordered, Olga" in text
    assert f"/viewer/{step.study_instance_uid}" not in text
    _, toast = post(client, "change", change="claim", row=[ReadingTask.objects.get().pk])
    assert toast["text"] == "No image of this study has come yet."


def test_targets_are_set_per_facility_and_nonsense_is_kept_for_correction(client, people, tasks):
    client.force_login(people.administrator)
    pk = people.north.pk

    def save(stat: str, urgent: str, routine: str) -> str:
        fields = {f"{pk}-stat": stat, f"{pk}-urgent": urgent, f"{pk}-routine": routine, "facility": pk}
        answer = client.post("/admin/turnaround", fields, follow=True)
        return str(answer.content.decode())

    assert "such as 4:30" in save("soon", "4:00", "24:00")
    assert 'value="soon"' in save("soon", "4:00", "24:00")
    assert "the less time it may have" in save("5:00", "4:00", "24:00")
    assert not TurnaroundTarget.objects.exists()
    assert "are saved" in save("0:30", "2", "12:00")
    target = TurnaroundTarget.objects.get()
    assert (target.facility, target.stat, target.urgent, target.routine) == (people.north, 30, 120, 720)
    assert client.post("/admin/turnaround", {"facility": "x"}).status_code == 404


NOW = timezone.now()


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"received": 6, "due": 18}, Turnaround("fine", "18 h 00 left", 25)),
        ({"received": 20, "due": 4}, Turnaround("soon", "4 h 00 left", 83)),
        ({"received": 30, "due": -6}, Turnaround("over", "6 h 00 over", 100)),
        ({"received": 100, "due": -76}, Turnaround("over", "3 d 4 h over", 100)),
        ({"received": 2, "due": 22, "reported": 1}, Turnaround("met", "in 1 h 00", 100)),
        ({"received": 30, "due": -6, "reported": 2}, Turnaround("missed", "in 1 d 4 h", 100)),
    ],
)
def test_the_age_is_told_against_the_target(values, expected):
    reported = values.get("reported")
    task = ReadingTask(
        study_id=1,
        status=Status.FINAL if reported else Status.READY,
        clock_started_at=NOW - timedelta(hours=values["received"]),
        due_at=NOW + timedelta(hours=values["due"]),
        reported_at=NOW - timedelta(hours=reported) if reported else None,
    )
    assert turnaround(task, NOW) == expected
