"""Templates and macros: whose they are, which are offered first, how they are carried over, and what removing does."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from noctis.accounts.models import User
from noctis.archive.models import Series, Study
from noctis.audit.models import Action, AuditEntry
from noctis.modality_worklist.models import ScheduledProcedureStep, Source
from noctis.reports.models import Macro, Report, ReportTemplate
from noctis.reports.texts.template_file import InvalidFile, document_of, read_templates, starter_templates

WORDS = {"findings": document_of(["Brain: {Brain|normal|not normal}."])}


@pytest.fixture(autouse=True)
def _no_starters(db):
    ReportTemplate.objects.all().delete()


def form_of(name: str, **values: Any) -> dict[str, Any]:
    return {"name": name, "modalities": "CT", "body_part": "head", "content": json.dumps(WORDS), **values}


def post(user: User, path: str, values: dict[str, Any]) -> Any:
    client = Client()
    client.force_login(user)
    return client.post(path, values)


def offered(ask, user: User, study: Study) -> list[tuple[str, bool]]:
    answer = ask(user, "get", f"/studies/{study}/report/assistance").json()
    return [(template["name"], template["fits"]) for template in answer["templates"]]


def test_shared_templates_are_an_administrators_and_own_ones_a_radiologists(people, reader, colleague, ask, study):
    assert post(people.administrator, "/report-templates/new", form_of("CT head")).status_code == 302
    assert post(reader, "/report-templates/new", form_of("My CT head", modalities="ct, mr")).status_code == 302
    mine = ReportTemplate.objects.get(name="My CT head")
    assert (mine.owner, mine.modality_list, mine.body_part) == (reader, ["CT", "MR"], "HEAD")
    assert post(colleague, f"/report-templates/{mine.pk}", form_of("Taken")).status_code == 404
    shared = ReportTemplate.objects.get(name="CT head")
    assert post(reader, f"/report-templates/{shared.pk}/remove", {}).status_code == 404
    assert {name for name, _ in offered(ask, reader, study)} == {"CT head", "My CT head"}
    assert {name for name, _ in offered(ask, colleague, study)} == {"CT head"}
    assert AuditEntry.objects.filter(action=Action.REPORT_TEMPLATE_CHANGED).count() == 2


def test_a_template_that_goes_while_it_is_used_takes_nothing_with_it(people, reader, ask, study):
    post(people.administrator, "/report-templates/new", form_of("CT head"))
    body = {"version": 0, "content": WORDS}
    assert ask(reader, "put", f"/studies/{study}/report/content", body).status_code == 200
    template = ReportTemplate.objects.get()
    changed = form_of("CT head", content=json.dumps({"findings": document_of(["Other words"])}))
    assert post(people.administrator, f"/report-templates/{template.pk}", changed).status_code == 302
    template.refresh_from_db()
    assert template.version == 2
    assert post(people.administrator, f"/report-templates/{template.pk}/remove", {}).status_code == 302
    assert offered(ask, reader, study) == []
    assert Report.objects.get().content == WORDS


def test_the_templates_for_such_a_study_come_first(people, reader, ask, study):
    Study.objects.update(description="Neuro routine", modalities="CT")
    Series.objects.create(study=study, series_instance_uid="1.2", body_part="BRAIN", changed_at=timezone.now())
    for name, owner, modalities, part in (
        ("Any", None, "", ""),
        ("CT chest", None, "CT", "CHEST"),
        ("CT head", None, "CT", "HEAD"),
        ("MR brain", None, "MR", "BRAIN"),
        ("My head", reader, "CT\\MR", "SKULL"),
        ("CT any", None, "CT", ""),
    ):
        ReportTemplate.objects.create(name=name, owner=owner, modalities=modalities, body_part=part, content=WORDS)
    found = offered(ask, reader, study)
    assert found[:3] == [("My head", True), ("CT head", True), ("CT any", True)]
    assert {name for name, fits in found if not fits} == {"Any", "CT chest", "MR brain"}


def test_templates_are_carried_over_as_a_file(people, reader, colleague):
    post(reader, "/report-templates/new", form_of("CT head"))
    client = Client()
    client.force_login(reader)
    written = client.get("/report-templates/export").content
    assert json.loads(written)["templates"][0]["sections"] == WORDS
    sent = {"file": SimpleUploadedFile("t.json", written)}
    assert post(colleague, "/report-templates/import", sent).status_code == 302
    taken = ReportTemplate.objects.get(owner=colleague)
    assert (taken.name, taken.content) == ("CT head", WORDS)
    post(colleague, "/report-templates/import", {"file": SimpleUploadedFile("t.json", written)})
    assert ReportTemplate.objects.filter(owner=colleague).count() == 1


@pytest.mark.parametrize(
    ("written", "why"),
    [
        (b"\xff", "not JSON"),
        (b"[]", "no file of templates"),
        (b'{"format": "noctis-report-templates", "version": 2, "templates": []}', "later version"),
        (b'{"format": "noctis-report-templates", "version": 1, "templates": []}', "no templates"),
    ],
)
def test_a_file_that_holds_none_changes_nothing(reader, written, why):
    answer = post(reader, "/report-templates/import", {"file": SimpleUploadedFile("t.json", written)})
    assert why in answer.content.decode()
    assert not ReportTemplate.objects.exists()


@pytest.mark.parametrize(
    ("template", "why"),
    [
        ({"sections": {}}, "has no name"),
        ({"name": "x", "sections": []}, "no sections"),
        ({"name": "x", "sections": {"findings": []}}, "no words"),
        ({"name": "x", "sections": {"secret": ["a"]}}, "does not exist"),
        ({"name": "x", "modalities": ["ct"], "sections": {"findings": ["a"]}}, "modalities"),
        ({"name": "x", "bodyPart": 3, "sections": {"findings": ["a"]}}, "body part"),
        ({"name": "x", "sections": {"findings": {"type": "doc", "content": [{"type": "image"}]}}}, "cannot have"),
    ],
)
def test_what_is_wrong_in_a_file_is_named(template, why):
    file = {"format": "noctis-report-templates", "version": 1, "templates": [template]}
    with pytest.raises(InvalidFile, match=why):
        read_templates(json.dumps(file).encode())


def test_the_templates_that_come_along_can_all_be_used():
    names = [template.name for template in starter_templates()]
    assert len(names) == len(set(names)) == 6
    assert all(template.modalities and template.content["findings"] for template in starter_templates())


def test_a_template_keeps_what_was_written_when_something_is_wrong(reader):
    answer = post(reader, "/report-templates/new", form_of("CT head", modalities="C!T"))
    shown = answer.content.decode()
    assert "A modality is a short word" in shown
    assert "not normal" in shown
    empty = post(reader, "/report-templates/new", form_of("CT head", content="{}"))
    assert "Write something" in empty.content.decode()
    assert not ReportTemplate.objects.exists()


def test_macros_are_expanded_from_ones_own_before_the_shared_ones(people, reader, colleague, ask, study):
    for user, words in ((people.administrator, "The shared words."), (reader, "My own words.")):
        assert post(user, "/report-macros", {"shortcut": ".NormalChest", "text": words}).status_code == 302
    again = post(reader, "/report-macros", {"shortcut": "normalchest", "text": "Twice"})
    assert "already" in again.content.decode()
    for user, words in ((reader, "My own words."), (colleague, "The shared words.")):
        answer = ask(user, "get", f"/studies/{study}/report/assistance").json()
        assert answer["macros"] == [{"shortcut": "normalchest", "text": words}]
    mine = Macro.objects.get(owner=reader)
    assert post(colleague, f"/report-macros/{mine.pk}/remove", {}).status_code == 404
    assert post(reader, f"/report-macros/{mine.pk}", {"shortcut": "chest", "text": "New"}).status_code == 302
    assert post(reader, f"/report-macros/{mine.pk}/remove", {}).status_code == 302
    assert "braces" in post(reader, "/report-macros", {"shortcut": "a b", "text": "x"}).content.decode()
    assert Macro.objects.get().owner is None


def test_the_order_and_the_study_say_what_they_know(people, reader, ask, study):
    Study.objects.update(birth_date="1980-05-02", study_date="2026-03-01", sex="F")
    ScheduledProcedureStep.objects.create(
        facility=people.north,
        source=Source.WEB,
        patient_identifier=study.patient_identifier,
        study_instance_uid=str(study),
        requested_procedure_id="RP1",
        procedure_description="CT of the chest",
        requesting_physician="Referrer^Rosa",
        priority="stat",
        step_id="S1",
        start_date="2026-03-01",
        start_time="10:00",
        modality="CT",
        other_attributes={"00401002": {"vr": "LO", "Value": ["Pulmonary embolism?"]}},
    )
    answer = ask(reader, "get", f"/studies/{study}/report/assistance").json()
    assert answer["order"] == {
        "procedure": "CT of the chest",
        "reason": "Pulmonary embolism?",
        "history": "",
        "requestedBy": "Referrer, Rosa",
        "priority": "Stat",
    }
    assert answer["facts"] == {"age": "45 years", "sex": "female", "study date": "2026-03-01"}
    ScheduledProcedureStep.objects.update(facility=people.south)
    assert ask(reader, "get", f"/studies/{study}/report/assistance").json()["order"] is None
