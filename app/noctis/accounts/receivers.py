"""The line that Fail2Ban reads."""

from __future__ import annotations

import logging
import re
from typing import Any

from django.contrib.auth.signals import user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest

from noctis.accounts.client_address import client_address

logger = logging.getLogger("noctis.accounts.sign_in")

_UNSAFE_IN_A_LOG = re.compile(r"[^A-Za-z0-9@.+_-]")
LONGEST_LOGGED_NAME = 64


def for_log(username: str) -> str:
    """Return a user name that cannot end the line, close the quotes or imitate another address."""
    return _UNSAFE_IN_A_LOG.sub("?", username[:LONGEST_LOGGED_NAME])


@receiver(user_login_failed, dispatch_uid="log_sign_in_failure")
def log_sign_in_failure(credentials: dict[str, Any], request: HttpRequest | None = None, **_: Any) -> None:
    """Write one line for each refused sign-in."""
    address = client_address(request) if request is not None else None
    username = for_log(str(credentials.get("username", "")))
    logger.warning('sign-in failed for user "%s" from %s', username, address or "unknown")
