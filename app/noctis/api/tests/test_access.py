"""Every operation of the OpenAPI document, tried by everybody; an operation that is not listed here fails."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.test import Client

from noctis.accounts.models import Role, User
from noctis.api.api import api
from noctis.api.tests.conftest import NEW, PERFORMED, STEPS
from noctis.modality_worklist.models import PerformedProcedureStep, ScheduledProcedureStep
from noctis.modality_worklist.people import version_of
from noctis.modality_worklist.performed_actions import Reporter, begin_performed_step
from noctis.modality_worklist.tests.factories import STUDY, report, scheduled

WHO = ("roleless", "owner", "stranger", "technician", "southern", "radiologist", "administrator")
# What these get, in this order; "owner" and "stranger" are facility users of north and south.
LISTS = (403, 403, 403, 200, 200, 200, 200)
READS = (403, 403, 403, 200, 404, 200, 200)
WRITES = (403, 403, 403, 200, 404, 403, 200)
CREATES = (403, 403, 403, 201, 422, 403, 201)
EXPECTED = {
    ("get", STEPS): LISTS,
    ("post", STEPS): CREATES,
    ("post", f"{STEPS}/search"): LISTS,
    ("get", STEPS + "/{step_id}"): READS,
    ("patch", STEPS + "/{step_id}"): WRITES,
    ("post", STEPS + "/{step_id}/status"): WRITES,
    ("get", PERFORMED): LISTS,
    ("get", PERFORMED + "/{step_id}"): READS,
}


def operations() -> Iterator[tuple[str, str]]:
    for path, methods in api.get_openapi_schema(path_prefix="/api/v1/")["paths"].items():
        for method in methods:
            yield method, path


@pytest.fixture
def rows(people) -> tuple[ScheduledProcedureStep, PerformedProcedureStep]:
    User.objects.create_user("southern", role=Role.TECHNICIAN, facility=people.south)
    begin_performed_step(f"{STUDY}.9", report(), reporter=Reporter(people.north, "CT1"))
    return scheduled(), PerformedProcedureStep.objects.get()


def request_for(method: str, path: str, rows) -> tuple[str, object]:
    step, performed = rows
    bodies: dict[str, object] = {
        "patch": {"version": version_of(step), "location": "Room 2"},
        "post": {},
        STEPS: {**NEW, "facility": "NORTH"},
        STEPS + "/{step_id}/status": {"version": version_of(step), "status": "arrived"},
    }
    key = performed.pk if path.startswith(PERFORMED) else step.pk
    return path.replace("{step_id}", str(key)), bodies.get(path, bodies.get(method)) if method != "get" else None


def test_every_operation_is_tried_here():
    assert sorted(operations()) == sorted(EXPECTED)


@pytest.mark.parametrize(("method", "path"), sorted(EXPECTED))
@pytest.mark.parametrize("who", WHO)
def test_access_with_a_token(program, rows, method, path, who):
    address, body = request_for(method, path, rows)
    answer = program(User.objects.get(username=who)).call(method, address, body)
    assert answer.status_code == EXPECTED[method, path][WHO.index(who)], answer.content
    if answer.status_code >= 400:
        assert answer["Content-Type"] == "application/problem+json"
        assert b"Phantom" not in answer.content


@pytest.mark.parametrize(("method", "path"), sorted(EXPECTED))
def test_anonymous_is_refused(client, rows, method, path):
    address, body = request_for(method, path, rows)
    answer = getattr(client, method)(address, body, content_type="application/json")
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith("Bearer")
    assert answer.json()["status"] == 401


@pytest.mark.parametrize(("method", "path"), sorted(EXPECTED))
def test_a_session_reads_and_writes_nothing_without_its_csrf_token(people, rows, method, path):
    address, body = request_for(method, path, rows)
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(people.administrator)
    answer = getattr(browser, method)(address, body, content_type="application/json")
    assert answer.status_code == (200 if method == "get" else 403)
    assert ScheduledProcedureStep.objects.count() == 1


def test_a_session_writes_with_its_csrf_token(people, rows):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(people.technician)
    form = browser.get("/schedule/new").content.decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form)
    assert token is not None
    answer = browser.post(STEPS, NEW, content_type="application/json", headers={"X-CSRFToken": token[1]})
    assert answer.status_code == 201


@pytest.mark.parametrize("who", ["southern", "technician"])
def test_lists_hold_only_what_the_facility_has(program, rows, who):
    caller = program(User.objects.get(username=who))
    ours = who == "technician"
    for answer in (
        caller.get(STEPS),
        caller.get(STEPS, facility="NORTH"),
        caller.get(STEPS, after=str(rows[0].pk - 1)),
        caller.post(f"{STEPS}/search", {"patient_identifier": "P1"}),
        caller.get(PERFORMED),
        caller.get(PERFORMED, facility="NORTH"),
    ):
        assert len(answer.json()["items"]) == ours, answer.content


def test_an_unknown_step_is_answered_like_a_foreign_one(program, people, rows):
    southern = program(User.objects.get(username="southern"))
    foreign = southern.get(f"{STEPS}/{rows[0].pk}")
    unknown = southern.get(f"{STEPS}/999999")
    assert (foreign.status_code, foreign.content) == (unknown.status_code, unknown.content)


def test_the_document_is_for_those_who_may_call(client, program, people):
    assert client.get("/api/v1/openapi.json").status_code == 401
    document = program(people.roleless).get("/api/v1/openapi.json").json()
    assert document["openapi"].startswith("3.")
    assert document["components"]["securitySchemes"]["TokenOrSession"]["scheme"] == "bearer"
    assert program(people.administrator).get("/api/v1/docs").status_code == 404


def test_no_address_takes_what_names_a_patient():
    for method, path in operations():
        operation = api.get_openapi_schema(path_prefix="/api/v1/")["paths"][path][method]
        names = {parameter["name"] for parameter in operation.get("parameters", [])}
        assert not names & {"text", "patient_identifier", "patient_name", "accession_number", "study_instance_uid"}


def test_the_documentation_lists_every_operation():
    text = (settings.APP_DIR / "docs" / "api.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| `([A-Z]+) (\S+)` \|", text, re.MULTILINE)
    assert sorted((method.lower(), path) for method, path in listed) == sorted(EXPECTED)
