"""Every page of the schedule, tried by everybody; an address that is not listed here fails."""

from __future__ import annotations

import pytest
from django.urls import reverse

from noctis.accounts.models import Role, User
from noctis.modality_worklist.models import PerformedProcedureStep, ScheduledProcedureStep
from noctis.modality_worklist.people import version_of
from noctis.modality_worklist.performed_actions import Reporter, begin_performed_step
from noctis.modality_worklist.tests.factories import STUDY, report, scheduled
from noctis.scheduling.urls import urlpatterns

EVERYBODY = ("anonymous", "roleless", "stranger", "owner", "technician", "southern", "radiologist", "administrator")
NOBODY = (302, 403, 403, 403)
# What these get, in this order; "owner" and "stranger" are facility users, the step and the report are of the north.
EXPECTED = {
    "schedule": ("get", (*NOBODY, 200, 200, 200, 200)),
    "filter": ("post", (*NOBODY, 302, 302, 302, 302)),
    "steps": ("post", (*NOBODY, 200, 200, 200, 200)),
    "new": ("get", (*NOBODY, 200, 200, 403, 200)),
    "step": ("get", (*NOBODY, 200, 404, 200, 200)),
    "change": ("get", (*NOBODY, 200, 404, 403, 200)),
    "status": ("post", (*NOBODY, 302, 404, 403, 302)),
    "missing": ("get", (*NOBODY, 200, 200, 200, 200)),
    "give_up": ("post", (*NOBODY, 302, 404, 403, 302)),
    "end_report": ("post", (*NOBODY, 302, 404, 403, 302)),
}


@pytest.fixture
def rows(people) -> tuple[ScheduledProcedureStep, PerformedProcedureStep]:
    User.objects.create_user("southern", role=Role.TECHNICIAN, facility=people.south)
    begin_performed_step(f"{STUDY}.9", report(), reporter=Reporter(people.north, "CT1"))
    PerformedProcedureStep.objects.update(missing_count=2)
    return scheduled(), PerformedProcedureStep.objects.get()


def address(name: str, rows) -> str:
    (pattern,) = (one for one in urlpatterns if one.name == name)
    key = rows[1].pk if name in {"give_up", "end_report"} else rows[0].pk
    return reverse(f"scheduling:{name}", kwargs={"pk": key} if "pk" in pattern.pattern.converters else {})


def test_every_address_is_tried_here():
    assert {str(pattern.name) for pattern in urlpatterns} == set(EXPECTED)


@pytest.mark.parametrize("name", sorted(EXPECTED))
@pytest.mark.parametrize("who", EVERYBODY)
def test_access(client, rows, name, who):
    method, statuses = EXPECTED[name]
    if who != "anonymous":
        client.force_login(User.objects.get(username=who))
    fields = {"version": version_of(rows[0]), "status": "arrived"} if method == "post" else {}
    if name == "end_report":
        fields["status"] = "COMPLETED"
    answer = getattr(client, method)(address(name, rows), fields)
    expected = statuses[EVERYBODY.index(who)]
    assert answer.status_code == expected
    if expected == 302 and who == "anonymous":
        assert answer["Location"].startswith("/sign-in")
    if expected >= 400:
        assert "Phantom" not in answer.content.decode()


@pytest.mark.parametrize("name", ["schedule", "steps", "missing"])
def test_lists_hold_only_what_the_facility_has(client, rows, name):
    for who, sees in (("technician", True), ("southern", False), ("radiologist", True)):
        client.force_login(User.objects.get(username=who))
        fields = {"text": "Phantom", "from_date": "2026-01-01"}
        if name == "schedule":
            client.post(address("filter", rows), fields)
        answer = getattr(client, EXPECTED[name][0])(address(name, rows), fields if name == "steps" else {})
        assert ("Phantom" in answer.content.decode().replace('value="Phantom"', "")) is sees, who


@pytest.mark.parametrize("who", ["southern", "radiologist", "owner"])
def test_a_foreign_step_is_not_altered(client, people, rows, who):
    client.force_login(User.objects.get(username=who))
    client.post(address("status", rows), {"version": version_of(rows[0]), "status": "cancelled"})
    client.post(address("change", rows), {"version": version_of(rows[0]), "patient_identifier": "P9"})
    client.post(address("give_up", rows), {"given_up": "yes"})
    client.post(address("end_report", rows), {"status": "COMPLETED"})
    assert PerformedProcedureStep.objects.get().status == "IN PROGRESS"
    step = ScheduledProcedureStep.objects.get()
    assert (step.status, step.patient_identifier) == ("scheduled", "P1")
    assert PerformedProcedureStep.objects.lacking_instances().exists()


@pytest.mark.parametrize(
    ("who", "shown"), [("technician", True), ("radiologist", True), ("owner", False), ("roleless", False)]
)
def test_the_navigation_leads_there_who_may_go(client, people, who, shown):
    client.force_login(getattr(people, who))
    assert ('href="/schedule"' in client.get("/worklist").content.decode()) is shown
