"""``dicom-server stop``: what runs may finish, then the service ends."""

from __future__ import annotations

import argparse
import os
import signal
import time
from typing import Final

from noctis.env import process_environment
from noctis.network.dicom_server.place import NotDone, known_service
from noctis.network.service_record import ServiceRecord

POLL_SECONDS: Final = 0.1
DRAIN_SECONDS: Final = 60
BEYOND_DRAIN_SECONDS: Final = 90  # for the associations that are aborted, and for the indexer


def stop(options: argparse.Namespace) -> int:
    """Tell the service to stop and wait for its end. Raises NotDone."""
    data, record = known_service(options)
    if not record.is_running:
        raise NotDone(f"No DICOM service runs in {data.root}.")
    if record.keeper:
        raise NotDone(f"The DICOM service would be started again at once. To stop it for good: {record.keeper}")
    try:
        os.kill(record.pid, signal.SIGTERM)
    except PermissionError as error:
        raise NotDone(f"The DICOM service runs as another user; process {record.pid} may not be stopped.") from error
    except ProcessLookupError:
        return 0
    _wait_for_end(record, options.timeout)
    print(f"The DICOM service in {data.root} has stopped.")  # noqa: T201
    return 0


def _wait_for_end(record: ServiceRecord, timeout: int | None) -> None:
    drain = process_environment().number("NOCTIS_DICOM_DRAIN_SECONDS", DRAIN_SECONDS, low=0, high=3600)
    seconds = timeout or drain + BEYOND_DRAIN_SECONDS
    deadline = time.monotonic() + seconds
    while record.is_running:
        if time.monotonic() > deadline:
            raise NotDone(f"The DICOM service was told to stop and has not ended within {seconds} seconds.")
        time.sleep(POLL_SECONDS)
