"""Takes out of a text what must not leave the house: UIDs, secrets, addresses of links, what a database quotes.

The application logs no names. This is the second line of defence, and the comparison with the index
(``noctis-manage withhold_patient_data``) is the third.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

WITHHELD: Final = "[withheld]"
SHORTEST_SECRET: Final = 8
# UIDs of the standard itself, such as SOP classes and transfer syntaxes, say nothing about anybody (PS3.6 annex A).
_STANDARD: Final = ("1.2.840.10008.",)
_DOTTED: Final = re.compile(r"(?<![\w.])\d+(?:\.\d+){2,}(?![\w])")
_FEW_COMPONENTS, _SHORT = 4, 15
_QUERY: Final = re.compile(r"\?[^\s\"'<>]+")
_LINK: Final = re.compile(r"(/(?:set-up|shared|guest)/)[^\s/?'\"]+")
_MAIL: Final = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_TOKEN: Final = re.compile(r"\bnoctis_[\w-]{20,}")
_PASSWORD: Final = re.compile(r"(?i)((?:password|passwd|secret|token|key)\S*\s*[=:]\s*)\S+")
_URL_PASSWORD: Final = re.compile(r"(\w+://[^\s:/@]*):[^\s@/]+@")
_PRIVATE_KEY: Final = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL
)
# PostgreSQL repeats values of rows in these; an exception's message may quote what it stumbled over.
_QUOTING: Final = re.compile(
    r"(?i)\b(DETAIL|STATEMENT|CONTEXT|HINT|QUERY|PARAMETERS)(:\s{1,2}).*$"
    r"|^((?:\w+\.)*\w+(?:Error|Exception|Warning))(: ).*$",
    re.MULTILINE,
)
# The continuation of a statement over several lines begins with a tab.
_CONTINUED: Final = re.compile(r"^\t.*$", re.MULTILINE)


@dataclass
class Redaction:
    """Redacts texts so that the same UID is the same mark in all of them, and no mark leads back to a UID."""

    known_secrets: frozenset[str] = frozenset()
    _salt: bytes = field(default_factory=lambda: secrets.token_bytes(16), repr=False)

    def text(self, text: str) -> str:
        """Return ``text`` without what must not leave the house."""
        for secret in sorted(self.known_secrets, key=len, reverse=True):
            text = text.replace(secret, WITHHELD)
        text = _PRIVATE_KEY.sub(WITHHELD, text)
        text = _CONTINUED.sub(f"\t{WITHHELD}", text)
        text = _QUOTING.sub(lambda match: f"{match[1] or match[3]}{match[2] or match[4]}{WITHHELD}", text)
        text = _URL_PASSWORD.sub(rf"\1:{WITHHELD}@", text)
        text = _PASSWORD.sub(rf"\1{WITHHELD}", text)
        text = _TOKEN.sub(WITHHELD, text)
        text = _LINK.sub(rf"\1{WITHHELD}", text)
        text = _QUERY.sub(f"?{WITHHELD}", text)
        text = _MAIL.sub(WITHHELD, text)
        return _DOTTED.sub(self._uid, text)

    def _uid(self, match: re.Match[str]) -> str:
        dotted = match[0]
        if dotted.startswith(_STANDARD) or (dotted.count(".") < _FEW_COMPONENTS and len(dotted) <= _SHORT):
            return dotted  # an address, a version, or a UID of the standard
        return f"uid-{hashlib.sha256(self._salt + dotted.encode()).hexdigest()[:10]}"


def secrets_in(folders: Iterable[Path]) -> frozenset[str]:
    """Return what the files of ``folders`` hold, line by line, to be recognised wherever it appears."""
    found: set[str] = set()
    for folder in folders:
        for path in sorted(folder.rglob("*")) if folder.is_dir() else []:
            if path.is_file() and path.suffix != ".crt":
                lines = path.read_text(encoding="utf-8", errors="replace").split()
                found |= {line for line in lines if len(line) >= SHORTEST_SECRET}
    return frozenset(found)


def settings_without_secrets(text: str) -> str:
    """Return a file of ``KEY=VALUE`` lines in which names that hold something secret have no value."""
    lines = []
    for line in text.splitlines():
        name, separator, _ = line.partition("=")
        is_secret = re.search(r"(?i)(password|secret|token|passcode|key)", name) and not name.endswith("_FILE")
        lines.append(f"{name}{separator}{WITHHELD}" if separator and is_secret else line)
    return "\n".join(lines) + "\n"
