"""``dicom-server status``: one C-ECHO (PS3.4 annex A), and how long its answer took."""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import asdict, dataclass
from typing import Any, Final

from pynetdicom import AE, evt
from pynetdicom.association import Association
from pynetdicom.events import Event

from noctis.env import process_environment
from noctis.network.answers import keep_answers
from noctis.network.dicom_server.options import wishes_of
from noctis.network.dicom_server.place import NotDone, place_of
from noctis.network.releasing import release
from noctis.network.service_record import ALL_ADDRESSES, ServiceRecord

VERIFICATION: Final = "1.2.840.10008.1.1"
LOCAL: Final = "127.0.0.1"
DEFAULT_TITLE, DEFAULT_PORT = "NOCTIS_PACS", 11112


@dataclass(frozen=True)
class Target:
    """Whom to ask, and under which title."""

    host: str
    port: int
    called: str
    calling: str


@dataclass(frozen=True)
class Answer:
    """How the service answered; times in milliseconds."""

    answers: bool
    association_ms: float | None = None
    echo_ms: float | None = None
    trouble: str = ""


def status(options: argparse.Namespace) -> int:
    """Print whether the service answers; return the exit code."""
    target = _target(options)
    if options.verbose and not options.json:
        print(f"C-ECHO of {target.calling} to {target.called} at {target.host} port {target.port}")  # noqa: T201
    answer = ask(target, options.timeout)
    if options.json:
        print(json.dumps({**asdict(target), **asdict(answer)}, indent=2))  # noqa: T201
    elif answer.answers:
        print(  # noqa: T201
            f"{target.called} answers at {target.host} port {target.port}: C-ECHO took {answer.echo_ms:.1f} ms,"
            f" the association before it {answer.association_ms:.1f} ms."
        )
    if not answer.answers:
        raise NotDone(f"{target.called} at {target.host} port {target.port} does not answer: {answer.trouble}")
    return 0


def ask(target: Target, seconds: float) -> Answer:
    """Send C-ECHO and return how it went."""
    entity = AE(target.calling)
    entity.connection_timeout = entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = seconds
    entity.add_requested_context(VERIFICATION)
    connected: list[Event] = []
    handlers: list[Any] = [(evt.EVT_CONN_OPEN, keep_answers), (evt.EVT_CONN_OPEN, connected.append)]
    begun = time.perf_counter()
    association = entity.associate(target.host, target.port, ae_title=target.called, evt_handlers=handlers)
    associated = time.perf_counter()
    if not association.is_established:
        return Answer(answers=False, trouble=_why_not(association) if connected else "nobody takes the connection.")
    answered = association.send_c_echo()
    echoed = time.perf_counter()
    release(association)
    code = answered.get("Status") if answered else None
    if code != 0:
        return Answer(answers=False, trouble="C-ECHO got no answer." if code is None else f"status 0x{code:04X}.")
    return Answer(
        answers=True,
        association_ms=round((associated - begun) * 1000, 3),
        echo_ms=round((echoed - associated) * 1000, 3),
    )


def _why_not(association: Association) -> str:
    answer = association.acceptor.primitive
    if association.is_rejected and answer is not None:
        return f"it rejected the association ({answer.reason_str})."
    return "it accepts connections, but no association."


def _target(options: argparse.Namespace) -> Target:
    """Return whom the options are about: what they say, else what the running service wrote down, else the settings."""
    env, wishes = process_environment(), wishes_of(options)
    record = None if options.host else _record(options)
    named = (wishes.host or env.text("NOCTIS_DICOM_HOST", LOCAL)) if record is None else record.reachable_host
    called = options.called_ae or (record and record.ae_title) or wishes.ae_title
    called = called or env.text("NOCTIS_AE_TITLE", DEFAULT_TITLE)
    port = options.port or (record and record.port) or wishes.port
    port = port or env.number("NOCTIS_DICOM_PORT", DEFAULT_PORT, low=1, high=65535)
    return Target(options.host or ALL_ADDRESSES.get(named, named), port, called, options.calling_ae or called)


def _record(options: argparse.Namespace) -> ServiceRecord | None:
    """Return what the running service wrote down, if it is this one and may be read."""
    try:
        record = ServiceRecord.read(place_of(options))
    except PermissionError:
        return None
    is_meant = record is not None and record.is_running and options.port in {None, record.port}
    return record if is_meant else None
