"""Changes of access that an attempt calls for: each is one step, is audited, and can be taken back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils import timezone

from noctis.accounts.models import User
from noctis.audit.actions import record
from noctis.audit.models import Action
from noctis.dicom.ae_titles import AeTitleError, normalise_ae_title
from noctis.network.actions import AccessRules
from noctis.network.dicom_services import DicomService
from noctis.network.models import AssociationAttempt, FurtherTitle, RemoteApplicationEntity


class Fix(models.TextChoices):
    """What can be changed so that the peer is let in, or may do what it wants."""

    ALLOW_ADDRESS = "allow_address", "Allow this address"
    ALLOW_SERVICE = "allow_service", "Allow this service"
    ACTIVATE = "activate", "Activate again"
    ACCEPT_TITLE = "accept_title", "Accept this title for us"
    ACCEPT_CERTIFICATE = "accept_certificate", "Accept this certificate"
    ALLOW_PLAIN = "allow_plain", "Do without TLS"


class CannotFix(Exception):
    """The change is not possible; the text says why in one sentence."""


@dataclass(frozen=True)
class _Change:
    """New values of fields of the entity, and what they mean."""

    values: dict[str, Any]
    meaning: str


@transaction.atomic
def apply_fix(attempt: AssociationAttempt, fix: Fix, *, service: str = "", acting_user: User) -> str:
    """Change what keeps the peer of ``attempt`` out; return what holds now, in words. Raises CannotFix."""
    note: dict[str, Any]
    if fix is Fix.ACCEPT_TITLE:
        meaning, note = _accept_title(attempt, acting_user), {"title": attempt.called_ae_title}
    else:
        entity = _entity_of(attempt)
        change = _change(entity, attempt, fix, service)
        before = {name: getattr(entity, name) for name in change.values}
        _save(entity, change.values, attempt, acting_user)
        meaning, note = change.meaning, {"before": before, "after": change.values}
    made = {"fix": fix.value, "meaning": meaning, "by": acting_user.username, "at": timezone.now().isoformat()}
    attempt.fixes = [*attempt.fixes, {**made, **note}]
    attempt.save(update_fields=["fixes"])
    return meaning


@transaction.atomic
def take_back(attempt: AssociationAttempt, *, acting_user: User) -> str:
    """Undo the last change that was made because of ``attempt``; return what it was, in words. Raises CannotFix."""
    if not attempt.fixes:
        raise CannotFix("There is nothing to take back.")
    last = attempt.fixes[-1]
    if "title" in last:
        _forget_title(last["title"], acting_user)
    else:
        entity = _entity_of(attempt)
        if any(getattr(entity, name) != value for name, value in last["after"].items()):
            raise CannotFix(f"{entity.ae_title} has been changed since; change its entry instead.")
        _save(entity, last["before"], attempt, acting_user)
    attempt.fixes = attempt.fixes[:-1]
    attempt.save(update_fields=["fixes"])
    return str(last["meaning"])


@transaction.atomic
def remove_further_title(title: FurtherTitle, *, acting_user: User) -> None:
    """Let callers use it for us no longer."""
    _forget_title(title.ae_title, acting_user)


def _entity_of(attempt: AssociationAttempt) -> RemoteApplicationEntity:
    entities = RemoteApplicationEntity.objects.select_for_update(of=("self",)).select_related("facility")
    entity = entities.filter(ae_title=attempt.calling_ae_title).first()
    if entity is None:
        raise CannotFix(f"There is no application entity {attempt.calling_ae_title}.")
    return entity


def _change(entity: RemoteApplicationEntity, attempt: AssociationAttempt, fix: Fix, service: str) -> _Change:
    title = entity.ae_title
    if fix is Fix.ALLOW_ADDRESS:
        networks = " ".join(dict.fromkeys([*entity.networks.replace(",", " ").split(), attempt.address]))
        return _Change({"networks": networks}, f"{title} may call from {attempt.address}")
    if fix is Fix.ALLOW_SERVICE:
        if service not in DicomService.values:
            raise CannotFix("There is no such service.")
        rules = AccessRules.of([*entity.allowed_services, service])
        return _Change({"services": rules.services}, f"{title} may use: {DicomService(service).label}")
    if fix is Fix.ACCEPT_CERTIFICATE:
        if not attempt.certificate_sha256:
            raise CannotFix("It showed no certificate.")
        return _Change(
            {"certificate_sha256": attempt.certificate_sha256},
            f"{title} is known by the certificate {attempt.certificate_sha256[:16]}…",
        )
    if fix is Fix.ALLOW_PLAIN:
        return _Change({"requires_tls": False, "certificate_sha256": ""}, f"{title} may associate without TLS")
    return _Change({"is_active": True}, f"{title} is active")


def _save(
    entity: RemoteApplicationEntity, values: dict[str, Any], attempt: AssociationAttempt, acting_user: User
) -> None:
    for name, value in values.items():
        setattr(entity, name, value)
    try:
        entity.full_clean()
    except ValidationError as error:
        raise CannotFix(" ".join(error.messages)) from error
    entity.save(update_fields=list(values))
    record(
        Action.APPLICATION_ENTITY_CHANGED,
        acting_user=acting_user,
        ae_title=entity.ae_title,
        facility=entity.facility,
        changed=sorted(values),
        values=values,
        because_of_attempt_from=attempt.address,
    )


def _accept_title(attempt: AssociationAttempt, acting_user: User) -> str:
    try:
        title = normalise_ae_title(attempt.called_ae_title)
    except AeTitleError as error:
        raise CannotFix(str(error)) from error
    _, is_new = FurtherTitle.objects.get_or_create(ae_title=title)
    if not is_new:
        raise CannotFix(f"Callers may use the AE title {title} already.")
    record(Action.SETTING_CHANGED, acting_user=acting_user, setting="further AE titles", added=title)
    return f"callers may use the AE title {title} for us"


def _forget_title(title: str, acting_user: User) -> None:
    if FurtherTitle.objects.filter(ae_title=title).delete()[0]:
        record(Action.SETTING_CHANGED, acting_user=acting_user, setting="further AE titles", removed=title)
