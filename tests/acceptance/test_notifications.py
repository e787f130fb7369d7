"""Notifications as people meet them: the bell, live in every browser of theirs, and the e-mail that leads back here."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from pydicom.uid import generate_uid

from tests.acceptance.studies import write_study
from tests.support.appliance import Appliance, server_settings
from tests.support.certificates import Authority
from tests.support.mail_server import MailBox, mail_server_at
from tests.support.ports import free_ports
from tests.support.waiting import wait_for

SignIn = Callable[..., Page]
TELL = """
import json
from noctis.accounts.models import User
from noctis.archive.models import Study
from noctis.notifications.actions import notify
from noctis.notifications.event_kinds import Event
from django.db.models import F, Value
from django.db.models.functions import Concat
User.objects.update(email=Concat(F("username"), Value("@hospital.example")))
for event, patient in json.loads({told!r}):
    study = Study.objects.get(patient_name=patient)
    notify(Event(event), recipients=User.objects.all(), study=study)
"""


@pytest.fixture(scope="module")
def box() -> MailBox:
    return MailBox()


@pytest.fixture(scope="module")
def appliance(tmp_path_factory: pytest.TempPathFactory, box: MailBox) -> Iterator[Appliance]:
    """Run an appliance of its own that sends e-mail to a server that wants STARTTLS."""
    authority = Authority.make(tmp_path_factory.mktemp("mail-ca"))
    (port,) = free_ports(1)
    settings = {
        "NOCTIS_SMTP_HOST": "127.0.0.1",
        "NOCTIS_SMTP_PORT": str(port),
        "NOCTIS_SMTP_FROM": "noctis@pacs.example",
        "NOCTIS_SMTP_CA_FILE": str(authority.root.certificate),
    }
    data_dir = tmp_path_factory.mktemp("appliance") / "data"
    running = Appliance(data_dir, server_settings(data_dir) | settings)
    with mail_server_at(port, box, tls=authority.sign("mail")):
        running.start()
        try:
            running.fill()
            yield running
        finally:
            running.stop()


@pytest.fixture(scope="module")
def tell(appliance: Appliance, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., None]:
    """Give ``tell((event, patient), …)``: everybody is told of a study of the northern hospital, as rules allow."""
    folder = tmp_path_factory.mktemp("told")
    for name in ("Bellow^Nora", "Klang^Otto"):
        write_study(folder, name, StudyDescription="Thorax")
    appliance.send([folder])

    def now(*told: tuple[str, str]) -> None:
        appliance.manage("shell", "-c", TELL.format(told=json.dumps(told)))

    return now


def bell(page: Page) -> str:
    """Return what the badge of the bell says; empty where nothing is unread."""
    badge = page.locator(".bell-badge")
    return badge.inner_text() if badge.is_visible() else ""


def test_the_bell_rings_in_every_browser_of_those_concerned(
    sign_in: SignIn, tell: Callable[..., None], box: MailBox, appliance: Appliance
):
    here, there = sign_in("radiologist"), sign_in("radiologist")
    south = sign_in("facility_user", "SOUTH")
    streams: list[str] = []
    here.on("request", lambda request: streams.append(request.url) if "/events/" in request.url else None)
    for page in (here, there, south):
        page.goto("/worklist")
        expect(page.locator("#live")).to_have_attribute("data-state", "live")
    assert [re.sub(r"^.*/events/", "", url) for url in streams] == ["live?topics=studies,notifications"]
    there.get_by_role("link", name=re.compile("Bellow")).first.click()
    expect(there.locator(".viewer-viewport").first).to_be_visible()

    tell(("critical_result", "Bellow^Nora"), ("report_final", "Klang^Otto"))
    for page in (here, there):
        expect(page.locator(".bell-badge")).to_have_text("2")
        expect(page.locator(".bell-badge")).to_have_class(re.compile("is-critical"))

    here.get_by_role("button", name="Notifications: 2 unread").press("Enter")
    lines = here.locator(".bell-panel .notification")
    expect(lines).to_have_count(2)
    expect(lines.first).to_contain_text("Klang, Otto")
    expect(lines.first.get_by_role("link")).to_be_focused()
    here.keyboard.press("ArrowDown")
    expect(lines.nth(1).get_by_role("link")).to_be_focused()
    lines.first.get_by_role("button", name="Mark as read").click()
    for page in (here, there):
        expect(page.locator(".bell-badge")).to_have_text("1")
    here.keyboard.press("Escape")
    expect(here.locator(".bell-panel")).to_be_hidden()

    there.keyboard.press("F9")  # in the viewer
    expect(there.locator(".bell-panel .notification.is-unread")).to_contain_text("Bellow, Nora")
    there.get_by_role("button", name="Mark all read").click()
    expect(here.locator(".bell-badge")).to_be_hidden()
    assert bell(south) == ""
    south.goto("/notifications")
    expect(south.get_by_role("heading", name="No notifications yet")).to_be_visible()

    def mails() -> list[str]:
        return [to for recipients in box.recipients for to in recipients]

    wait_for(lambda: "north-facility_user@hospital.example" in mails(), "an e-mail to the facility user")
    wait_for(lambda: "radiologist@hospital.example" in mails(), "an e-mail to the radiologist")
    assert not {"south-facility_user@hospital.example", "south-technician@hospital.example"} & set(mails())
    assert all(box.secured)


def test_a_link_of_an_email_leads_to_the_study_after_signing_in(
    new_context, tell: Callable[..., None], box: MailBox, appliance: Appliance, tmp_path: Path
):
    tell(("critical_escalated", "Bellow^Nora"))
    account = appliance.account("facility_user", "NORTH")
    wanted = f"{account.username}@hospital.example"

    def position() -> int:
        found = [
            index
            for index, message in enumerate(box.messages)
            if box.recipients[index] == [wanted] and "not acknowledged" in message["Subject"]
        ]
        return found[0] if found else -1

    wait_for(lambda: position() >= 0, "the e-mail")
    assert "Bellow" not in box.raw[position()].decode()
    html = box.messages[position()].get_body(("html",))
    assert html is not None
    mail = new_context().new_page()
    mail.set_content(html.get_content())
    expect(mail.get_by_role("link", name="Open")).to_be_visible()
    mail.get_by_role("link", name="Open").click()
    mail.get_by_label("User name").fill(account.username)
    mail.get_by_label("Password").fill(account.password)
    mail.get_by_role("button", name="Sign in").click()
    mail.wait_for_url(re.compile(r"/viewer/"))
    expect(mail.get_by_role("heading", name=re.compile("Bellow"))).to_be_visible()


def send_two_objects_with_one_uid(appliance: Appliance, folder: Path) -> None:
    """Have the second one quarantined."""
    uid = generate_uid()
    for number in (1, 2):
        write_study(folder / str(number), "Echo^Ruth", SOPInstanceUID=uid, InstanceNumber=number)
        appliance.send([folder / str(number)])


def test_the_pages_about_notifications(
    sign_in: SignIn, tell: Callable[..., None], box: MailBox, appliance: Appliance, tmp_path: Path
):
    tell(("report_final", "Bellow^Nora"), ("report_addendum", "Klang^Otto"))
    reader = sign_in("facility_user", "NORTH")
    reader.goto("/notifications")
    reader.get_by_role("link", name="Addendum to a report", exact=True).click()
    expect(reader.locator(".notifications-all .notification")).to_have_count(1)
    reader.get_by_role("button", name="Mark all read").click()
    expect(reader.locator(".is-unread")).to_have_count(0)

    reader.goto("/notifications/preferences")
    expect(reader.get_by_label("Critical result: in the bell", exact=True)).to_be_disabled()
    reader.get_by_label("Final report: by e-mail").select_option("Daily digest")
    reader.get_by_label("Daily digest at").select_option("18:30")
    reader.get_by_role("button", name="Keep").click()
    expect(reader.get_by_label("Final report: by e-mail")).to_have_value("digest")
    expect(reader.get_by_label("Daily digest at")).to_have_value("18:30")

    technician = sign_in("technician", "NORTH")
    technician.goto("/schedule")
    send_two_objects_with_one_uid(appliance, tmp_path)
    technician.get_by_role("button", name=re.compile("Notifications: .*unread")).click()
    expect(technician.locator(".bell-panel")).to_contain_text("Another object with this SOP Instance UID")
    technician.get_by_role("link", name=re.compile("Object quarantined")).click()
    technician.wait_for_url(re.compile("/inbox"))

    administrator = sign_in("administrator")
    administrator.goto("/admin/mail")
    administrator.get_by_label("Send a test to").fill("it@hospital.example")
    administrator.get_by_role("button", name="Send test").click()
    expect(administrator.get_by_text("250 2.0.0 Ok: queued as 4QXYZ")).to_be_visible()
    assert ["it@hospital.example"] in box.recipients
