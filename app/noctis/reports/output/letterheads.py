"""Letterheads: what they say, and their change by administrators."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from django.db import transaction

from noctis.accounts.models import Facility, User
from noctis.attachments.file_area import keep, place_of, receiving
from noctis.audit.actions import record
from noctis.audit.models import Action
from noctis.reports.output.logos import LARGEST_BYTES
from noctis.reports.output.models import DEFAULT_ACCENT, Letterhead, Paper


@dataclass(frozen=True)
class LetterheadWords:
    """What a letterhead says, but for its logo."""

    heading: str = ""
    address: str = ""
    phone: str = ""
    footer: str = ""
    signature_line: str = ""
    accent: str = DEFAULT_ACCENT
    paper: str = Paper.A4

    @classmethod
    def of(cls, letterhead: Letterhead) -> LetterheadWords:
        """Return what ``letterhead`` says."""
        return cls(**{field.name: getattr(letterhead, field.name) for field in fields(cls)})


def letterhead_of(facility: Facility) -> Letterhead:
    """Return the facility's letterhead; one that nobody made yet says nothing but the facility's name."""
    return Letterhead.objects.filter(facility=facility).first() or Letterhead(facility=facility)


def logo_of(letterhead: Letterhead) -> bytes | None:
    """Return the logo as a PNG, None where there is none. Raises OSError."""
    return place_of(letterhead.logo_sha256).read_bytes() if letterhead.logo_sha256 else None


def save_letterhead(
    facility: Facility, words: LetterheadWords, *, logo: bytes | None, keeps_logo: bool, acting_user: User
) -> Letterhead:
    """Keep what a facility prints around its reports from now on; reports that were signed before stay as they are.

    ``logo`` is a picture that logos.py drew; without one the present logo stays if ``keeps_logo``.
    """
    sha256 = ""
    if logo is not None:
        with receiving([logo], LARGEST_BYTES * 4) as received:
            keep(received)
        sha256 = received.sha256
    return _save(facility, words, sha256, keeps_logo=keeps_logo, acting_user=acting_user)


@transaction.atomic
def _save(
    facility: Facility, words: LetterheadWords, sha256: str, *, keeps_logo: bool, acting_user: User
) -> Letterhead:
    letterhead, _ = Letterhead.objects.select_for_update().get_or_create(facility=facility)
    values: dict[str, Any] = {field.name: getattr(words, field.name) for field in fields(words)}
    values["logo_sha256"] = sha256 or (letterhead.logo_sha256 if keeps_logo else "")
    changed = sorted(name for name, value in values.items() if getattr(letterhead, name) != value)
    for name in changed:
        setattr(letterhead, name, values[name])
    letterhead.save()
    if changed:
        record(
            Action.LETTERHEAD_CHANGED,
            acting_user=acting_user,
            facility=facility,
            changed=changed,
            logo_sha256=letterhead.logo_sha256,
        )
    return letterhead
