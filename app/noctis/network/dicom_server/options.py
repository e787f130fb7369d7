"""The command line of ``dicom-server``."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from noctis.dicom.ae_titles import AeTitleError, normalise_ae_title
from noctis.dicom_destinations import HIGHEST_PORT
from noctis.env import ConfigurationError
from noctis.network.dicom_server.config_file import CONNECTIONS, PDU_SIZES, read_config_file
from noctis.network.dicom_server.wishes import Database, DatabaseAddress, Wishes

REFUSED_ADDRESS: Final = (
    "--database-url holds a password, which every user of this machine can read in the list of processes. Leave it out,"
    " and give it in NOCTIS_DATABASE_PASSWORD_FILE or NOCTIS_DATABASE_PASSWORD, or the whole address as databaseURL in"
    " the file of --config."
)


def parser() -> argparse.ArgumentParser:
    """Return what understands the command line."""
    whole = argparse.ArgumentParser(
        prog="dicom-server", description="Start, stop and watch the DICOM service of Noctis.", allow_abbrev=False
    )
    commands = whole.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_start(commands.add_parser("start", help="run the service until it is told to stop", allow_abbrev=False))
    _add_status(commands.add_parser("status", help="ask it with C-ECHO whether it answers", allow_abbrev=False))
    stop = commands.add_parser("stop", help="let it finish what runs, and end", allow_abbrev=False)
    _add_place(stop)
    stop.add_argument("--timeout", type=_whole(1, 86400), metavar="SECONDS", help="how long to wait for its end")
    stats = commands.add_parser("stats", help="show what it has done since its start", allow_abbrev=False)
    _add_place(stats)
    stats.add_argument("-v", "--verbose", action="store_true", help="show each application entity too")
    stats.add_argument("--json", action="store_true", help="print the form for programs")
    return whole


def wishes_of(options: argparse.Namespace) -> Wishes:
    """Return what the options and the file that they name say together. Raises ConfigurationError."""
    return _of_options(options).over(read_config_file(options.config) if options.config else Wishes())


def _of_options(options: argparse.Namespace) -> Wishes:
    if options.command != "start":
        return Wishes(data_directory=options.data_dir)
    return Wishes(
        ae_title=options.aet,
        host=options.host,
        port=options.port,
        data_directory=options.data_dir,
        database=_database(options.database, options.database_url),
        maximum_connections=options.max_connections,
        maximum_pdu_size=options.max_pdu_size,
        allowed=options.allowed_ae,
        blocked=options.blocked_ae,
        uses_tls=options.tls,
        tls_port=options.tls_port,
        tls_certificate=options.tls_certificate,
        tls_private_key=options.tls_private_key,
        is_verbose=options.verbose,
        forces_verbose=options.force_verbose,
    )


def _database(kind: str | None, url: str | None) -> DatabaseAddress | None:
    address = DatabaseAddress.read("--database-url", url) if url else None
    if address is not None and address.password:
        raise ConfigurationError(REFUSED_ADDRESS)
    if kind is None:
        return address
    if address is not None and address.kind is not Database(kind):
        raise ConfigurationError(f"--database {kind} and the address of --database-url do not belong together.")
    return address or DatabaseAddress(Database(kind))


def _add_place(command: argparse.ArgumentParser) -> None:
    command.add_argument("--data-dir", type=Path, metavar="FOLDER", help="data directory (NOCTIS_DATA_DIR)")
    command.add_argument("--config", type=Path, metavar="FILE", help="configuration file (JSON)")
    command.add_argument("-p", "--port", type=_whole(1, HIGHEST_PORT), help="port of the service")


def _add_start(start: argparse.ArgumentParser) -> None:
    _add_place(start)
    start.add_argument("-a", "--aet", type=_ae_title, metavar="TITLE", help="AE title of the service (NOCTIS_AE_TITLE)")
    start.add_argument("--host", help="address to listen on (NOCTIS_DICOM_HOST)")
    start.add_argument("--database", choices=[one.value for one in Database], help="where the index is kept")
    start.add_argument("--database-url", metavar="URL", help="postgresql://user@host:5432/name, without a password")
    start.add_argument("--max-connections", type=_whole(*CONNECTIONS), metavar="N", help="associations at one time")
    start.add_argument("--max-pdu-size", type=_whole(*PDU_SIZES), metavar="BYTES", help="largest PDU that is taken")
    start.add_argument("--allowed-ae", type=_ae_titles, metavar="TITLE,…", help="AE titles that may call, and no other")
    start.add_argument("--blocked-ae", type=_ae_titles, metavar="TITLE,…", help="AE titles that may not call")
    tls = argparse.BooleanOptionalAction
    start.add_argument("--tls", action=tls, help="listen for TLS too, on a port of its own")
    start.add_argument("--tls-port", type=_whole(1, HIGHEST_PORT), metavar="PORT", help="port for TLS")
    start.add_argument("--tls-certificate", metavar="FILE", help="certificate with its chain (PEM)")
    start.add_argument("--tls-private-key", metavar="FILE", help="its unencrypted private key (PEM)")
    start.add_argument("-v", "--verbose", action=tls, help="log details of associations, which may show patient data")
    start.add_argument("--force-verbose", action="store_true", help="do so on a server too")


def _add_status(status: argparse.ArgumentParser) -> None:
    _add_place(status)
    status.add_argument("--host", help="where the service is; without it, on this machine")
    status.add_argument("--called-ae", "--aet", type=_ae_title, metavar="TITLE", help="AE title to call")
    status.add_argument("--calling-ae", type=_ae_title, metavar="TITLE", help="AE title to call with")
    status.add_argument("--timeout", type=_whole(1, 600), default=10, metavar="SECONDS", help="how long to wait")
    status.add_argument("-v", "--verbose", action="store_true", help="say what is asked, and how")
    status.add_argument("--json", action="store_true", help="print the form for programs")


def _whole(low: int, high: int) -> _Whole:
    return _Whole(low, high)


class _Whole:
    """Reads a whole number within bounds."""

    def __init__(self, low: int, high: int) -> None:
        self._low, self._high = low, high

    def __call__(self, text: str) -> int:
        if not text.isdigit() or not self._low <= int(text) <= self._high:
            raise argparse.ArgumentTypeError(f"must be a whole number from {self._low} to {self._high}, not {text!r}")
        return int(text)


def _ae_title(text: str) -> str:
    try:
        title = normalise_ae_title(text)
    except AeTitleError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    if "," in title:
        raise argparse.ArgumentTypeError("AE titles with a comma cannot be configured here.")
    return title


def _ae_titles(text: str) -> Sequence[str]:
    return tuple(_ae_title(word) for word in text.split(",") if word.strip())
