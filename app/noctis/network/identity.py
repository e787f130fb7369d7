"""User Identity negotiation (PS3.7 D.3.3.7): what a caller says of itself, checked by what its entity must say.

Where nothing is required, what is said is ignored. Kerberos tickets, SAML assertions and web tokens cannot be checked.
"""

from __future__ import annotations

import hmac
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from django.contrib.auth.hashers import check_password
from pynetdicom.pdu_primitives import UserIdentityNegotiation

from noctis.network.models import RemoteApplicationEntity, RequiredIdentity

USERNAME: Final = 1
USERNAME_AND_PASSCODE: Final = 2
_KINDS: Final = {3: "a Kerberos ticket", 4: "a SAML assertion", 5: "a JSON web token"}
MOST_FAILURES: Final = 10
FAILURE_SECONDS: Final = 60.0
REMEMBERED_CALLERS: Final = 1000


@dataclass(frozen=True)
class StatedIdentity:
    """What a caller says of itself; the texts are not shown where this is printed."""

    kind: int
    username: bytes = field(repr=False)
    passcode: bytes = field(default=b"", repr=False)
    wants_response: bool = False

    @classmethod
    def of(cls, item: UserIdentityNegotiation | None) -> StatedIdentity | None:
        """Return what an association request says."""
        if item is None:
            return None
        return cls(
            kind=item.user_identity_type or 0,
            username=item.primary_field or b"",
            passcode=item.secondary_field or b"",
            wants_response=item.positive_response_requested,
        )


@dataclass
class FailureThrottle:
    """Knows who said something wrong too often within a minute: nobody may try passcode after passcode."""

    clock: Callable[[], float] = time.monotonic
    _failures: dict[tuple[str, str], list[float]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def must_wait(self, caller: tuple[str, str]) -> bool:
        """Whether nothing that ``caller`` says is looked at for now."""
        with self._lock:
            return len(self._recent(caller)) >= MOST_FAILURES

    def note(self, caller: tuple[str, str]) -> None:
        """Count a failure of ``caller``, an AE title and an address."""
        with self._lock:
            recent = self._recent(caller)
            self._failures.pop(caller, None)
            self._failures[caller] = [*recent, self.clock()]
            if len(self._failures) > REMEMBERED_CALLERS:
                del self._failures[next(iter(self._failures))]

    def _recent(self, caller: tuple[str, str]) -> list[float]:
        return [at for at in self._failures.get(caller, []) if self.clock() - at < FAILURE_SECONDS]


_throttle = FailureThrottle()


def why_not_believed(
    stated: StatedIdentity | None,
    entity: RemoteApplicationEntity,
    *,
    address: str,
    is_tls: bool,
    throttle: FailureThrottle = _throttle,
) -> str | None:
    """Return why what a caller says is not enough for ``entity``, to go on after “was refused: ”; None if it is."""
    if not entity.required_identity:
        return None
    needs_passcode = entity.required_identity == RequiredIdentity.PASSCODE
    if needs_passcode and not is_tls and not entity.identity_over_plain:
        return "this AE must use TLS, so that nobody can read its passcode"
    if (reason := _unusable(stated, needs_passcode=needs_passcode)) is not None or stated is None:
        return reason
    caller = (entity.ae_title, address)
    if throttle.must_wait(caller):
        return "it said something wrong about who it is too often, and has to wait a minute"
    is_name = hmac.compare_digest(stated.username, entity.identity_username.encode())
    # The passcode is looked at in any case: how long it takes must not tell whether the name is right.
    is_passcode = not needs_passcode or check_password(
        stated.passcode.decode("utf-8", "backslashreplace"), entity.identity_passcode
    )
    if is_name and is_passcode:
        return None
    throttle.note(caller)
    return "it said a wrong user name or passcode" if needs_passcode else "it said another user name than this AE's"


def _unusable(stated: StatedIdentity | None, *, needs_passcode: bool) -> str | None:
    wanted = "its user name and passcode" if needs_passcode else "its user name"
    if stated is None:
        return f"this AE must say {wanted} (User Identity)"
    if stated.kind in _KINDS:
        return f"this AE must say {wanted}, but it sent {_KINDS[stated.kind]}"
    if stated.kind not in {USERNAME, USERNAME_AND_PASSCODE} or (needs_passcode and stated.kind == USERNAME):
        return f"this AE must say {wanted} (User Identity)"
    return None


def confirmation() -> UserIdentityNegotiation:
    """Return the positive response to a user name, which has no content (PS3.7 table D.3-15)."""
    response = UserIdentityNegotiation()
    response.server_response = b""
    return response
