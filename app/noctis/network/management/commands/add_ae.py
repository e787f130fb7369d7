"""``manage.py add_ae``: let a modality or workstation associate."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from noctis.accounts.models import Facility
from noctis.dicom.ae_titles import AeTitleError, normalise_ae_title
from noctis.network.actions import AccessRules, add_application_entity
from noctis.network.dicom_services import DicomService
from noctis.network.entity_rules import IdentityRules, SendingRules
from noctis.network.models import RemoteApplicationEntity, RequiredIdentity


class Command(BaseCommand):
    help = "Make a remote application entity known. What it sends belongs to the facility."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("ae_title", metavar="TITLE", help="its AE title, case matters")
        parser.add_argument("--facility", required=True, metavar="CODE", help="code of the facility it belongs to")
        parser.add_argument(
            "--address",
            action="append",
            default=[],
            metavar="CIDR",
            help="address or network it may call from, may be repeated; without it, from anywhere",
        )
        parser.add_argument("--host", default="", help="host name or address at which it takes images")
        parser.add_argument("--port", type=int, help="port at which it takes images")
        parser.add_argument(
            "--services",
            default="",
            metavar="NAME,…",
            help=f"services it may use, separated by commas, of {', '.join(DicomService.values)}; without it, all",
        )
        parser.add_argument("--require-tls", action="store_true", help="refuse it where it does not use TLS")
        parser.add_argument(
            "--certificate",
            default="",
            metavar="FINGERPRINT",
            help="SHA-256 fingerprint of the client certificate it must show over TLS",
        )
        parser.add_argument("--uses-tls", action="store_true", help="what is sent to it goes over TLS")
        parser.add_argument(
            "--server-certificate",
            default="",
            metavar="FINGERPRINT",
            help="SHA-256 fingerprint of the certificate it shows where it takes images over TLS",
        )
        parser.add_argument("--username", default="", help="user name it must say when it associates")
        parser.add_argument(
            "--passcode-file", type=Path, metavar="FILE", help="file with the passcode that it must say beside it"
        )
        parser.add_argument(
            "--passcode-over-plain", action="store_true", help="take the passcode without TLS too, readable by others"
        )
        parser.add_argument("--description", default="", help="what and where it is")

    def handle(self, *args: Any, **options: Any) -> None:
        title, facility = _ae_title(options["ae_title"]), _facility(options["facility"])
        networks, access = " ".join(options["address"]), _access(options)
        sending = SendingRules(options["uses_tls"], options["server_certificate"])
        identity = _identity(options)
        known = RemoteApplicationEntity.objects.select_related("facility").filter(ae_title=title).first()
        if known is not None:
            wanted = (facility, networks, options["host"], options["port"], access)
            of_known = AccessRules.of_entity(known)
            is_same = (known.facility, known.networks, known.host, known.port, of_known) == wanted
            if is_same and sending.are_those_of(known) and identity.are_those_of(known):
                self.stdout.write(f"{title} is known already.")
                return
            raise CommandError(
                f"{title} is known already: facility {known.facility.code}, addresses {known.networks or 'any'},"
                f" images to {known.host or 'nowhere'}{f':{known.port}' if known.port else ''}"
                f"{' over TLS' if known.uses_tls else ''}"
                f"{_in_words(of_known)}."
            )
        try:
            add_application_entity(
                ae_title=title,
                facility=facility,
                networks=options["address"],
                description=options["description"],
                host=options["host"],
                port=options["port"],
                access=access,
                sending=sending,
                identity=identity,
                acting_user=None,
            )
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        self.stdout.write(f"{title} may send to facility {facility.code} from {networks or 'any address'}.")


def _ae_title(text: str) -> str:
    try:
        return normalise_ae_title(text)
    except AeTitleError as error:
        raise CommandError(str(error)) from error


def _access(options: dict[str, Any]) -> AccessRules:
    services = [word.strip() for word in options["services"].split(",") if word.strip()]
    return AccessRules.of(services, requires_tls=options["require_tls"], certificate=options["certificate"])


def _identity(options: dict[str, Any]) -> IdentityRules:
    """Return who it must say that it is. The passcode comes from a file, so that it stands in no process list."""
    file: Path | None = options["passcode_file"]
    if file is None:
        return IdentityRules(RequiredIdentity.USERNAME if options["username"] else "", options["username"])
    try:
        passcode = file.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{file} cannot be read as text.") from error
    if not passcode or not options["username"]:
        raise CommandError("A passcode needs a user name, and its file a line with the passcode.")
    return IdentityRules(RequiredIdentity.PASSCODE, options["username"], passcode, options["passcode_over_plain"])


def _in_words(access: AccessRules) -> str:
    return (
        (f", services {access.services}" if access.services else "")
        + (", TLS required" if access.requires_tls else "")
        + (f", certificate {access.certificate_sha256}" if access.certificate_sha256 else "")
    )


def _facility(code: str) -> Facility:
    facility = Facility.objects.filter(code=code).first()
    if facility is None:
        codes = ", ".join(Facility.objects.values_list("code", flat=True)) or "none; add one with add_facility"
        raise CommandError(f"There is no facility with the code {code}. Known codes: {codes}.")
    return facility
