"""Nothing of a patient and no secret leaves the house in a support bundle."""

from __future__ import annotations

import stat
import tarfile
from pathlib import Path

import pytest

from noctisctl.redaction import WITHHELD, Redaction, secrets_in, settings_without_secrets
from noctisctl.server import Server
from noctisctl.support_bundle import make_bundle
from noctisctl.tests.conftest import Program

STUDY_UID = "1.2.276.0.7230010.3.1.2.8323329.4711"
UUID_UID = "2.25.113059749145936325402354257176981405696"
SECRET = "correct-horse-battery-staple"


@pytest.mark.parametrize("uid", [STUDY_UID, UUID_UID, "1.2.3.4.5"])
def test_a_uid_is_withheld_and_the_same_one_has_the_same_mark(uid: str) -> None:
    redaction = Redaction()
    first, second = redaction.text(f"opened {uid}"), redaction.text(f"GET /viewer/{uid}/x, closed ({uid})")
    assert uid not in first + second
    mark = first.removeprefix("opened ")
    assert second == f"GET /viewer/{mark}/x, closed ({mark})"
    assert Redaction().text(uid) != mark


@pytest.mark.parametrize("kept", ["10.213.27.10", "3.11.2", "1.2.840.10008.5.1.4.1.1.2", "17.5-1.pgdg120+1", "0.1.0"])
def test_addresses_versions_and_the_standards_uids_stay(kept: str) -> None:
    assert Redaction().text(f"at {kept}.") == f"at {kept}."


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("GET /worklist?q=Doe HTTP/1.1", f"GET /worklist?{WITHHELD} HTTP/1.1"),
        ("https://pacs/set-up/AbCdEf opened", f"https://pacs/set-up/{WITHHELD} opened"),
        ("postgresql://noctis:hunter22@localhost/noctis", f"postgresql://noctis:{WITHHELD}@localhost/noctis"),
        ("requirepass: password = hunter22", f"requirepass: password = {WITHHELD}"),
        ("DETAIL:  Key (identity)=(4711) already exists.", f"DETAIL:  {WITHHELD}"),
        ("ValueError: no date of Doe^Jane", f"ValueError: {WITHHELD}"),
        ("django.db.utils.DataError: value Doe", f"django.db.utils.DataError: {WITHHELD}"),
        ("mail to jane.doe@example.org failed", f"mail to {WITHHELD} failed"),
        ("STATEMENT:  SELECT\n\tname FROM x WHERE name = 'DOE'", f"STATEMENT:  {WITHHELD}\n\t{WITHHELD}"),
        ("-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----", WITHHELD),
    ],
)
def test_what_could_name_somebody_or_let_somebody_in_is_withheld(text: str, expected: str) -> None:
    assert Redaction().text(text) == expected


def test_a_secret_is_recognised_wherever_it_appears(server: Server) -> None:
    (server.secrets / "database_password").write_text(f"{SECRET}\n")
    redaction = Redaction(secrets_in([server.secrets]))
    assert redaction.text(f"signed in with {SECRET}!") == f"signed in with {WITHHELD}!"


def test_settings_keep_their_names_and_lose_their_secrets() -> None:
    text = "NOCTIS_AE_TITLE=PACS\nNOCTIS_SMTP_PASSWORD=x y\nNOCTIS_SECRET_KEY_FILE=/etc/noctis/secrets/secret_key\n"
    assert settings_without_secrets(text).splitlines() == [
        "NOCTIS_AE_TITLE=PACS",
        f"NOCTIS_SMTP_PASSWORD={WITHHELD}",
        "NOCTIS_SECRET_KEY_FILE=/etc/noctis/secrets/secret_key",
    ]


def unpacked(path: Path) -> dict[str, str]:
    with tarfile.open(path) as archive:
        return {
            member.name: file.read().decode()
            for member in archive.getmembers()
            if (file := archive.extractfile(member)) is not None
        }


@pytest.fixture
def troubled(server: Server) -> Server:
    """Give a server whose log and settings hold what must not leave it."""
    (server.secrets / "secret_key").write_text(SECRET)
    (server.configuration / "noctis.env").write_text(f"NOCTIS_SMTP_PASSWORD={SECRET}\nNOCTIS_AE_TITLE=PACS\n")
    (server.logs / "web.log").write_text(f"ERROR study {STUDY_UID} {SECRET}\nsomething about Doe\nall well\n")
    return server


def test_a_bundle_is_readable_by_its_owner_alone_and_compared_with_the_index(
    troubled: Server, program: Program, tmp_path: Path
) -> None:
    program(
        "noctis-manage",
        'case "$1" in withhold_patient_data) sed "s/something about Doe/[withheld]/; s/.*/{\\"lines\\": 1,'
        ' \\"texts\\": &}/" ;; diagnose) echo "[]" ;; esac',
    )
    said: list[str] = []
    path = make_bundle(troubled, tmp_path, say=said.append)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    texts = unpacked(path)
    together = "\n".join(texts.values())
    for secret in (STUDY_UID, SECRET, "Doe"):
        assert secret not in together
    assert "all well" in texts["noctis-support/logs/web.log"]
    assert "NOCTIS_AE_TITLE=PACS" in texts["noctis-support/settings.txt"]
    assert "noctis-web" in texts["noctis-support/doctor.txt"]
    assert "1 lines that named one were withheld" in said[-1]


def test_a_bundle_that_was_not_compared_says_so(troubled: Server, program: Program, tmp_path: Path) -> None:
    program("noctis-manage", "echo 'no database' >&2; exit 1")
    said: list[str] = []
    texts = unpacked(make_bundle(troubled, tmp_path, say=said.append))
    assert "NOT compared" in said[-1]
    assert "NOT compared" in texts["noctis-support/README.txt"]
    assert STUDY_UID not in "".join(texts.values())
