"""Where the service is that a command is about: its data directory, and what it wrote down there."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

from noctis.data_directory import DataDirectory
from noctis.env import ConfigurationError, process_environment
from noctis.network.dicom_server.options import wishes_of
from noctis.network.service_record import ServiceRecord

APP: Final = Path(__file__).resolve().parents[3]


class NotDone(Exception):
    """The command could not do what it was asked for; the text says why in one sentence."""


def data_directory(given: Path | None) -> DataDirectory:
    """Return the data directory that is given, or that of the environment."""
    named = given or Path(process_environment().text("NOCTIS_DATA_DIR", str(APP.parent / "var")))
    return DataDirectory(named.resolve())


def place_of(options: argparse.Namespace) -> DataDirectory:
    """Return the data directory that the options are about. Raises ConfigurationError."""
    return data_directory(wishes_of(options).data_directory)


def known_service(options: argparse.Namespace) -> tuple[DataDirectory, ServiceRecord]:
    """Return the service that the options are about, be it running or not. Raises NotDone, or ConfigurationError."""
    data = place_of(options)
    try:
        record = ServiceRecord.read(data)
    except PermissionError as error:
        raise NotDone(f"{data.root} may not be read by this user.") from error
    if record is None:
        raise NotDone(f"No DICOM service has run in {data.root}; --data-dir names another data directory.")
    if options.port is not None and record.port != options.port:
        raise NotDone(
            f"The DICOM service in {data.root} listens on port {record.port}, not {options.port}; --data-dir names"
            " another data directory."
        )
    return data, record


__all__ = ["ConfigurationError", "NotDone", "data_directory", "known_service", "place_of"]
