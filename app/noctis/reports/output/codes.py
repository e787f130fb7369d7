"""Verification codes: 16 letters and digits of Crockford's Base32, 80 bits that nobody guesses, easy to read out."""

from __future__ import annotations

import secrets
from typing import Final

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CODE_LENGTH: Final = 16
_GROUP: Final = 4
_READ_AS: Final = str.maketrans("OIL", "011")


def new_code() -> str:
    """Return a code that was never given out before, as far as chance goes."""
    return "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))


def grouped(code: str) -> str:
    """Return a code as it is printed: ``7K3M-9Q2P-X4TB-0DVW``."""
    return "-".join(code[start : start + _GROUP] for start in range(0, len(code), _GROUP))


def typed(text: str) -> str | None:
    """Return the code that somebody typed, with or without its groups; None where it is none."""
    letters = "".join(text.upper().split()).replace("-", "").translate(_READ_AS)
    is_code = len(letters) == CODE_LENGTH and set(letters) <= set(ALPHABET)
    return letters if is_code else None
