"""What accounts announce; the audit trail listens."""

from __future__ import annotations

from enum import Enum

from django.dispatch import Signal


class AccountEvent(str, Enum):
    """What happened to a user or a facility."""

    PASSWORD_SET = "password_set"  # noqa: S105  (an event's name)
    SET_UP_LINK_ISSUED = "set_up_link_issued"
    API_TOKEN_ISSUED = "api_token_issued"  # noqa: S105  (an event's name)
    API_TOKEN_REVOKED = "api_token_revoked"  # noqa: S105  (an event's name)
    USER_ADDED = "user_added"
    USER_CHANGED = "user_changed"
    FACILITY_ADDED = "facility_added"
    FACILITY_CHANGED = "facility_changed"


# Arguments: event (AccountEvent), acting_user (User or None), facility (Facility or None), address (str or None),
# detail (dict of JSON values). Sent inside the transaction of the change, so that both are kept or neither.
account_event = Signal()
