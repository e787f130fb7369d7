"""A service that forwards, as tests set it up and look at it."""

from __future__ import annotations

from typing import Any

from noctis.accounts.models import Role, User
from noctis.archive.models import Study
from noctis.network.models import RemoteApplicationEntity
from noctis.routing import actions, rule_actions
from noctis.routing.models import Transmission
from tests.support.dicom_service import DicomService
from tests.support.waiting import wait_for

NOW = "2020-01-01T00:00:00Z"


def administrator() -> User:
    """Return who asks; in the database that is looked at."""
    return User.objects.get_or_create(username="admin", defaults={"role": Role.ADMINISTRATOR})[0]


def add_destination(service: DicomService, title: str, port: int, facility: str = "NORTH") -> None:
    """Make a device known that takes images at a port of this host."""
    service.manage("add_ae", title, "--facility", facility, "--host", "127.0.0.1", "--port", str(port))


def listens_at(service: DicomService, title: str, port: int) -> None:
    """Give a device another port."""
    service.execute(f"UPDATE network_remoteapplicationentity SET port = {port} WHERE ae_title = '{title}'")  # noqa: S608


def add_rule(service: DicomService, title: str, **further: Any) -> None:
    """Forward to a device what meets the further conditions."""
    with service.application():
        destination = RemoteApplicationEntity.objects.get(ae_title=title)
        values = rule_actions.RuleValues(name=f"To {title}", destination=destination, **further)
        rule_actions.add_rule(values, acting_user=administrator())


def send_to(service: DicomService, title: str, study: str = "2.25.1") -> None:
    """Ask for a study to be sent."""
    with service.application():
        selected = Study.objects.get(study_instance_uid=study)
        destination = RemoteApplicationEntity.objects.get(ae_title=title)
        actions.request_transmission(selected, destination, acting_user=administrator())


def retry(service: DicomService) -> None:
    """Ask for the one transmission again."""
    with service.application():
        actions.retry_transmission(Transmission.objects.get(), acting_user=administrator())


def cancel(service: DicomService) -> None:
    """Let the one transmission go no further."""
    with service.application():
        actions.cancel_transmission(Transmission.objects.get(), acting_user=administrator())


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
