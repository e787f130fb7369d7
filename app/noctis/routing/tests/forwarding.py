"""A service that forwards, as tests set it up and look at it."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

from tests.support.dicom_service import MANAGE, DicomService
from tests.support.waiting import wait_for

PRELUDE = """
import django; django.setup()
from noctis.accounts.models import Facility, User
from noctis.archive.models import Series, Study
from noctis.network.models import RemoteApplicationEntity
from noctis.routing.actions import *
from noctis.routing.models import *
from noctis.routing.rule_actions import *
def user():
    return User.objects.get_or_create(username="admin", defaults={"role": "administrator"})[0]
def ae(title):
    return RemoteApplicationEntity.objects.get(ae_title=title)
"""
NOW = "2020-01-01T00:00:00Z"


def run(service: DicomService, code: str) -> str:
    """Run code in the service's own surroundings, as its web pages would."""
    environment = {**service.settings, "DJANGO_SETTINGS_MODULE": "noctis.settings", "PYTHONPATH": str(MANAGE.parent)}
    command = [sys.executable, "-c", PRELUDE + code]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def add_destination(service: DicomService, title: str, port: int, facility: str = "NORTH") -> None:
    """Make a device known that takes images at a port of this host."""
    service.manage("add_ae", title, "--facility", facility, "--host", "127.0.0.1", "--port", str(port))


def listens_at(service: DicomService, title: str, port: int) -> None:
    """Give a device another port."""
    service.execute(f"UPDATE network_remoteapplicationentity SET port = {port} WHERE ae_title = '{title}'")  # noqa: S608


def add_rule(service: DicomService, title: str, further: str = "") -> None:
    """Forward to a device what meets the further conditions."""
    run(service, f"add_rule(RuleValues(name='To {title}', destination=ae('{title}'){further}), acting_user=user())")


def send_to(service: DicomService, title: str, study: str = "2.25.1") -> None:
    """Ask for a study to be sent."""
    selected = f"Study.objects.get(study_instance_uid='{study}')"
    run(service, f"request_transmission({selected}, ae('{title}'), acting_user=user())")


def state(service: DicomService, title: str) -> tuple[Any, ...]:
    """Return state and counts (total, sent, failed) of the one transmission to a device."""
    (row,) = service.rows(
        "SELECT t.state, t.total, t.sent, t.failed FROM routing_transmission t"  # noqa: S608
        f" JOIN network_remoteapplicationentity e ON e.id = t.destination_id WHERE e.ae_title = '{title}'"
    ) or [("none", 0, 0, 0)]
    return row


def error(service: DicomService) -> str:
    """Return what the one transmission says to have gone wrong."""
    ((text,),) = service.rows("SELECT last_error FROM routing_transmission")
    return str(text)


def wait_for_state(service: DicomService, title: str, *expected: Any) -> None:
    """Wait until the one transmission to a device has this state and these counts."""
    try:
        wait_for(lambda: state(service, title)[: len(expected)] == expected, f"{title} {expected}", seconds=40)
    except AssertionError as failure:
        raise AssertionError(f"{failure}, it is {state(service, title)}; said:\n{service.said()}") from failure


def try_now(service: DicomService) -> None:
    """Let no pause be waited for."""
    service.execute(f"UPDATE routing_transmissionitem SET due_at = '{NOW}' WHERE state = 'queued'")  # noqa: S608
    service.execute(
        f"UPDATE routing_transmission SET next_attempt_at = '{NOW}'"  # noqa: S608
        " WHERE state IN ('waiting', 'queued', 'sending')"
    )
