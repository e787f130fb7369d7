"""``noctisctl support-bundle``: what somebody who helps needs, without a patient, an identifier or a secret."""

from __future__ import annotations

import gzip
import io
import json
import os
import tarfile
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Final

from noctisctl.doctor import DOCTOR, look
from noctisctl.findings import lines
from noctisctl.logs import known
from noctisctl.redaction import Redaction, secrets_in, settings_without_secrets
from noctisctl.server import Server

LOG_BYTES: Final = 300_000
SECONDS: Final = 300.0
PACKAGES: Final = ("nginx", "postgresql", "redis-server", "supervisor", "restic", "python3")
# What is asked, and under which name it is kept.
COMMANDS: Final[dict[str, list[str]]] = {
    "system/release.txt": ["cat", "/etc/os-release"],
    "system/kernel.txt": ["uname", "--kernel-release", "--machine"],
    "system/uptime.txt": ["uptime"],
    "system/memory.txt": ["free", "--mega"],
    "system/disks.txt": ["df", "--human-readable", "--print-type", "--exclude-type=tmpfs"],
    "system/sockets.txt": ["ss", "--listening", "--tcp", "--numeric", "--no-header"],
    "system/services.txt": ["systemctl", "list-units", "--type=service", "--no-pager", "--plain"],
    "system/timers.txt": ["systemctl", "list-timers", "--all", "--no-pager"],
    "system/packages.txt": ["dpkg-query", "--show", *PACKAGES],
    "system/firewall.txt": ["ufw", "status", "verbose"],
    "system/bans.txt": ["fail2ban-client", "status"],
    "programs/supervisor.txt": ["supervisorctl", "status"],
    "programs/dicom_status.txt": ["dicom-server", "status"],
    "programs/dicom_statistics.txt": ["dicom-server", "stats"],
    "programs/checks.txt": ["noctis-manage", "check", "--deploy"],
    "programs/migrations.txt": ["noctis-manage", "showmigrations", "--plan"],
    "programs/releases.txt": ["noctis-release", "list"],
    "programs/nginx.txt": ["nginx", "-t"],
}
NOT_COMPARED: Final = (
    "The index could not be asked, so the texts were NOT compared with the patients that it knows. UIDs, secrets and"
    " what databases quote are taken out all the same. Read the bundle before you pass it on."
)
COMPARED: Final = "The texts were compared with the patients of the index; {lines} lines that named one were withheld."


def make_bundle(server: Server, target: Path, *, say: Callable[[str], None]) -> Path:
    """Write the bundle below ``target``, readable by its owner alone, and return its path."""
    redaction = Redaction(secrets_in([server.secrets, server.configuration / "tls"]))
    say("Looking at the server …")
    texts = {name: redaction.text(text) for name, text in _gathered(server)}
    say("Comparing with the patients of the index …")
    texts, verdict = _without_patients(server, texts)
    say(verdict)
    now = datetime.now(timezone.utc)
    texts["README.txt"] = _readme(verdict, now)
    path = target / f"noctis-support-{now:%Y%m%dT%H%M%SZ}.tar.gz"
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(_packed(texts, now))
    return path


def _gathered(server: Server) -> Iterator[tuple[str, str]]:
    findings = list(look(server, DOCTOR))
    yield "doctor.txt", "\n".join(lines(findings)) + "\n"
    yield "doctor.json", json.dumps([finding.as_json() for finding in findings], indent=2)
    for name, command in COMMANDS.items():
        done = server.run(command, seconds=60)
        ended = "" if done.is_good else f"\n(exit code {done.code})\n"
        yield name, f"$ {' '.join(command)}\n{done.output}{done.errors}{ended}"
    environment = server.configuration / "noctis.env"
    if environment.exists():
        yield "settings.txt", settings_without_secrets(environment.read_text(encoding="utf-8"))
    for program, path in known(server).items():
        yield f"logs/{program}.log", _end_of(path)


def _end_of(path: Path) -> str:
    """Return the last lines of a log, whole ones."""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - LOG_BYTES))
        text = file.read().decode("utf-8", errors="replace")
    return text if size <= LOG_BYTES else text.partition("\n")[2]


def _without_patients(server: Server, texts: dict[str, str]) -> tuple[dict[str, str], str]:
    """Return the texts without lines that name a patient of the index, and a sentence about how sure that is."""
    done = server.run(["noctis-manage", "withhold_patient_data"], seconds=SECONDS, text=json.dumps(texts))
    try:
        answer = json.loads(done.output)
        return {str(name): str(text) for name, text in answer["texts"].items()}, COMPARED.format(lines=answer["lines"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return texts, NOT_COMPARED


def _readme(verdict: str, now: datetime) -> str:
    return (
        f"Support bundle of a Noctis appliance, made {now:%Y-%m-%d %H:%M} UTC.\n\n"
        "It holds versions, states, settings without secrets, and the ends of logs. Each UID is replaced by a mark\n"
        f"that is the same throughout this bundle and leads back to nothing. {verdict}\n"
    )


def _packed(texts: dict[str, str], now: datetime) -> bytes:
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as archive:
        for name, text in sorted(texts.items()):
            content = text.encode()
            member = tarfile.TarInfo(f"noctis-support/{name}")
            member.size, member.mtime, member.mode = len(content), int(now.timestamp()), 0o600
            archive.addfile(member, io.BytesIO(content))
    return gzip.compress(plain.getvalue())
