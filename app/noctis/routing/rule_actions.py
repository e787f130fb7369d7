"""Every write about forwarding rules; administrators alone get here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from noctis.accounts.models import Facility, User
from noctis.archive.models import Instance
from noctis.audit.actions import record
from noctis.audit.models import Action
from noctis.network.models import RemoteApplicationEntity
from noctis.routing.models import SEPARATOR, ForwardingRule, TransmissionState


@dataclass(frozen=True)
class RuleValues:
    """What a rule says; ``may_leave_facility`` confirms that images may go to the destination's facility."""

    name: str
    destination: RemoteApplicationEntity
    facility: Facility | None = None
    calling_ae_titles: Iterable[str] = ()
    modalities: Iterable[str] = ()
    description_pattern: str = ""
    may_leave_facility: bool = False

    @property
    def leaves_facility(self) -> bool:
        """Whether images would get to another facility than their own."""
        return self.facility is not None and self.facility.pk != self.destination.facility_id

    @property
    def columns(self) -> dict[str, Any]:
        """What is stored. Raises ValidationError where images would leave a facility and nobody confirmed it."""
        if self.leaves_facility and not self.may_leave_facility:
            raise ValidationError({"may_leave_facility": "Confirm that images may go to another facility."})
        return {
            "name": self.name,
            "facility": self.facility,
            "calling_ae_titles": SEPARATOR.join(self.calling_ae_titles),
            "modalities": SEPARATOR.join(self.modalities),
            "description_pattern": self.description_pattern,
            "destination": self.destination,
            "confirmed_facility": self.destination.facility if self.leaves_facility else None,
        }


@transaction.atomic
def add_rule(values: RuleValues, *, acting_user: User | None) -> ForwardingRule:
    """Make a rule for what arrives from now on. Raises ValidationError."""
    rule = ForwardingRule(**values.columns)
    rule.full_clean()
    rule.save()
    _record(Action.FORWARDING_RULE_ADDED, rule, acting_user)
    return rule


@transaction.atomic
def change_rule(rule: ForwardingRule, values: RuleValues, *, acting_user: User) -> None:
    """Change what a rule says; what it queued before goes on as it was. Raises ValidationError."""
    columns = values.columns
    changed = sorted(name for name, value in columns.items() if getattr(rule, name) != value)
    if not changed:
        return
    for name in changed:
        setattr(rule, name, columns[name])
    rule.full_clean()
    rule.backfill_next = None
    rule.save()
    _record(Action.FORWARDING_RULE_CHANGED, rule, acting_user, changed=changed)


@transaction.atomic
def set_rule_active(rule: ForwardingRule, *, active: bool, acting_user: User) -> None:
    """Let a rule forward what arrives from now on, or let it rest."""
    if rule.is_active == active:
        return
    rule.is_active, rule.backfill_next = active, None
    rule.save(update_fields=["is_active", "backfill_next"])
    _record(Action.FORWARDING_RULE_CHANGED, rule, acting_user, active=active)


@transaction.atomic
def apply_rule(rule: ForwardingRule, *, since: datetime | None, acting_user: User) -> None:
    """Let a rule go through what was received since then, or ever; the process for outgoing work does it."""
    rule.backfill_next = 0
    rule.backfill_last = Instance.objects.aggregate(newest=Max("pk"))["newest"] or 0
    rule.backfill_since = since
    rule.save(update_fields=["backfill_next", "backfill_last", "backfill_since"])
    _record(Action.FORWARDING_RULE_APPLIED, rule, acting_user, since=since.isoformat() if since else "the beginning")


@transaction.atomic
def cancel_transmissions_of(rule: ForwardingRule, *, acting_user: User) -> int:
    """Stop everything that a rule queued and that is not sent yet; return how many transmissions that were."""
    count = rule.transmissions.open().update(state=TransmissionState.CANCELLED, finished_at=timezone.now())
    if count:
        _record(Action.FORWARDING_RULE_CHANGED, rule, acting_user, cancelled_transmissions=count)
    return count


@transaction.atomic
def remove_rule(rule: ForwardingRule, *, acting_user: User) -> None:
    """Remove a rule; what it queued goes on."""
    _record(Action.FORWARDING_RULE_REMOVED, rule, acting_user)
    rule.delete()


def _record(action: Action, rule: ForwardingRule, acting_user: User | None, **detail: Any) -> None:
    conditions: dict[str, Any] = {
        "calling_ae_titles": rule.calling_ae_title_list,
        "modalities": rule.modality_list,
        "description_pattern": rule.description_pattern,
        "leaves_facility_to": rule.destination.facility.code if rule.leaves_facility else "",
    }
    record(
        action,
        acting_user=acting_user,
        facility=rule.source_facility,
        rule=rule.name,
        destination=rule.destination.ae_title,
        **{name: value for name, value in conditions.items() if value},
        **detail,
    )
