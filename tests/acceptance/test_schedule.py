"""What is scheduled by a program or on a page is found by the facility's modality, and by no other."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from pydicom.uid import generate_uid

from tests.acceptance.conftest import PageProblems
from tests.acceptance.studies import write_study
from tests.acceptance.test_pages import AXE, SIZES, assert_accessible
from tests.support.appliance import Appliance
from tests.support.peers import dcmtk
from tests.support.waiting import wait_for

STEPS = "/api/v1/scheduled-procedure-steps"
SOON = datetime.now(timezone.utc).date() + timedelta(days=30)


@pytest.fixture(scope="module")
def call(appliance: Appliance) -> Callable[..., tuple[int, Any]]:
    """Give ``call(method, path, body)``: a technician's program of the north calls the management API."""
    token = appliance.manage("create_token", appliance.account("technician", "NORTH").username).strip()

    def request(method: str, path: str, body: Any = None, *, secret: str = token) -> tuple[int, Any]:
        wanted = urllib.request.Request(  # noqa: S310  (our own address)
            f"{appliance.base_url}{path}",
            data=json.dumps(body).encode() if body is not None else None,
            method=method,
            headers={"Authorization": f"Bearer {secret}", "Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(wanted, timeout=30) as answer:  # noqa: S310
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    return request


def found_by(appliance: Appliance, calling: str, accession_number: str) -> list[str]:
    """Return the names that DCMTK's findscu finds in the worklist of ``calling``."""
    keys = ["PatientName", f"AccessionNumber={accession_number}", "SpecificCharacterSet=ISO_IR 192"]
    keys += [f"ScheduledProcedureStepSequence[0].ScheduledStationAETitle={calling}", "StudyInstanceUID"]
    options = [option for key in keys for option in ("-k", key)]
    titles = ["-aet", calling, "-aec", appliance.ae_title]
    done = dcmtk("findscu", "-W", "-v", *titles, *options, "127.0.0.1", str(appliance.dicom_port))
    assert done.returncode == 0, done.stderr
    answers = (done.stdout + done.stderr).partition("Find Response: 1")[2]
    return [name.strip() for name in re.findall(r"PN \[([^\]]*)\]", answers)]


def new(number: str, **changes: Any) -> dict[str, Any]:
    return {
        "patient_identifier": f"S{number}",
        "patient_name": f"Scheduled^{number}",
        "modality": "CT",
        "start_date": SOON.isoformat(),
        "start_time": "23:30",
        "accession_number": number,
        "station_ae_titles": ["NORTH_CT"],
        **changes,
    }


def test_a_step_made_by_a_program_is_in_its_modalitys_worklist(appliance: Appliance, call):
    status, made = call("POST", STEPS, new("API1"))
    assert status == 201, made
    assert found_by(appliance, "NORTH_CT", "API1") == ["Scheduled^API1"]
    assert found_by(appliance, "SOUTH_CT", "API1") == []
    status, changed = call("PATCH", f"{STEPS}/{made['id']}", {"version": made["version"], "patient_name": "Änne^API1"})
    assert (status, changed["patient_name"]) == (200, "Änne^API1")
    assert found_by(appliance, "NORTH_CT", "API1") == ["Änne^API1"]
    status, _ = call("POST", f"{STEPS}/{made['id']}/status", {"version": changed["version"], "status": "cancelled"})
    assert status == 200
    assert found_by(appliance, "NORTH_CT", "API1") == []


def test_images_of_a_step_start_it(appliance: Appliance, call, tmp_path: Path):
    uid = generate_uid()
    _, made = call("POST", STEPS, new("API2", study_instance_uid=uid))
    write_study(tmp_path, "Scheduled^API2", PatientID="SAPI2", StudyInstanceUID=uid, AccessionNumber="API2")
    appliance.send([tmp_path])

    def started() -> bool:
        _, read = call("GET", f"{STEPS}/{made['id']}")
        return (read["status"], read["archived_study_instance_uid"]) == ("in_progress", uid)

    wait_for(started, "the step to start")


def test_a_token_reads_images_too_and_a_wrong_one_nothing(call):
    assert call("GET", "/dicom-web/studies?limit=1")[0] == 200
    assert call("GET", f"{STEPS}", secret="noctis_wrong")[0] == 401


def test_a_technician_schedules_changes_and_cancels(
    appliance: Appliance, sign_in: Callable[..., Page], problems: PageProblems
):
    page = sign_in("technician", "NORTH")
    page.goto("/worklist")
    page.get_by_role("link", name="Schedule", exact=True).click()
    page.get_by_role("link", name="Schedule a step").first.click()
    page.get_by_label("Patient ID", exact=True).fill("S-WEB1")
    page.get_by_label("Family name", exact=True).fill("Müller")
    page.locator("#id_given").fill("Änne")
    page.get_by_text("Further parts of the name").click()
    page.get_by_label("Family name, ideographic").fill("山田")
    page.get_by_label("Accession number").fill("WEB1")
    page.get_by_label("Time", exact=True).fill("23:45")
    page.get_by_label("Modality", exact=True).select_option("CT")
    page.get_by_label("NORTH_CT").check()
    page.get_by_role("button", name="Schedule", exact=True).click()
    expect(page.get_by_text("The step is scheduled.")).to_be_visible()
    assert found_by(appliance, "NORTH_CT", "WEB1") == ["Müller^Änne=山田"]
    assert found_by(appliance, "SOUTH_CT", "WEB1") == []

    page.get_by_role("link", name="Change").click()
    page.get_by_label("Requested procedure").fill("CT thorax")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("CT thorax")).to_be_visible()
    page.get_by_role("button", name="Cancel the step").click()
    expect(page.get_by_text("is cancelled")).to_be_visible()
    assert found_by(appliance, "NORTH_CT", "WEB1") == []
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("The step is now: scheduled.")).to_be_visible()
    assert found_by(appliance, "NORTH_CT", "WEB1") == ["Müller^Änne=山田"]


def test_the_filter_narrows_while_it_is_typed(appliance: Appliance, call, sign_in: Callable[..., Page]):
    for number in ("FIL1", "FIL2"):
        call("POST", STEPS, new(number))
    page = sign_in("technician", "NORTH")
    page.goto("/schedule")
    rows = page.locator("table.steps tbody tr")
    page.get_by_label("Search").fill("fil2")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("Scheduled, FIL2")
    expect(page).to_have_url(re.compile("/schedule$"))
    page.get_by_role("button", name="Tomorrow").click()
    expect(page.get_by_text("No step matches")).to_be_visible()
    page.get_by_role("button", name="Reset", exact=True).click()
    expect(page.get_by_label("Search")).to_have_value("")
    expect(rows.filter(has_text="FIL1")).to_have_count(1)


def test_who_was_slower_is_told_and_keeps_what_was_typed(call, sign_in: Callable[..., Page], problems: PageProblems):
    problems.allow("409")
    _, made = call("POST", STEPS, new("CON1"))
    page = sign_in("technician", "NORTH")
    page.goto(f"/schedule/{made['id']}/change")
    page.get_by_label("Requested procedure").fill("Typed here")
    call("PATCH", f"{STEPS}/{made['id']}", {"version": made["version"], "procedure_description": "Typed elsewhere"})
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("Typed elsewhere")
    expect(page.get_by_label("Requested procedure")).to_have_value("Typed here")
    page.get_by_role("button", name="Save mine").click()
    expect(page.get_by_text("The step is saved.")).to_be_visible()
    assert call("GET", f"{STEPS}/{made['id']}")[1]["procedure_description"] == "Typed here"


@pytest.mark.parametrize("size", SIZES)
def test_the_pages_are_accessible_and_fit(call, sign_in: Callable[..., Page], size: str):
    _, made = call("POST", STEPS, new(f"AXE{size}"))
    page = sign_in("technician", "NORTH", viewport=SIZES[size])
    page.add_init_script(path=AXE)
    for path in ("", "/new", f"/{made['id']}", f"/{made['id']}/change", "/missing"):
        assert_accessible(page, f"/schedule{path}")
    assert_accessible(page, "/account/tokens")
    administrator = sign_in("administrator", viewport=SIZES[size])
    administrator.add_init_script(path=AXE)
    for path in ("/schedule", "/schedule/new", "/admin/api-tokens"):
        assert_accessible(administrator, path)
