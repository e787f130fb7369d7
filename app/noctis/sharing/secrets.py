"""The secrets of a link: a token in its address, a code that goes another way, a cookie after both."""

from __future__ import annotations

import hashlib
import secrets
from typing import Final

from django.contrib.auth.hashers import check_password, make_password

CODE_DIGITS: Final = 8


def new_secret() -> str:
    """Return a secret that nobody guesses."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """Return what is stored in place of a secret that nobody guesses."""
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()


def new_code() -> str:
    """Return a code that can be said on the telephone."""
    return f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"


def in_groups(code: str) -> str:
    """Return a code as people read it."""
    return f"{code[:4]} {code[4:]}"


def hash_code(code: str) -> str:
    """Return what is stored in place of a code, slow to try out."""
    return make_password(code)


def is_code(given: str, code_hash: str) -> bool:
    """Whether somebody gave the code, however it was grouped."""
    digits = "".join(character for character in given if character.isascii() and character.isdigit())
    return len(digits) == CODE_DIGITS and check_password(digits, code_hash)
