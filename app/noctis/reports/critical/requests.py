"""What the viewer sends to note a critical result."""

from __future__ import annotations

from typing import Any, Final

from noctis.accounts.models import User
from noctis.archive.models import Study
from noctis.reports.actions import Refused
from noctis.reports.content import InvalidContent
from noctis.reports.critical.actions import Addressee
from noctis.reports.critical.permissions import addressees_for
from noctis.reports.models import CriticalCategory

MOST_ADDRESSEES: Final = 10
LONGEST_FINDING: Final = 2000
LONGEST_NAME: Final = 100


def category_in(body: dict[str, Any]) -> CriticalCategory:
    """Return the category that is meant. Raises Refused."""
    key = body.get("category")
    category = CriticalCategory.objects.filter(pk=key, is_active=True).first() if isinstance(key, int) else None
    if category is None:
        raise Refused("Choose a category.")
    return category


def finding_in(body: dict[str, Any]) -> str:
    """Return the words of the finding. Raises Refused."""
    finding = body.get("finding")
    words = finding.strip() if isinstance(finding, str) else ""
    if not 0 < len(words) <= LONGEST_FINDING or "\0" in words:
        raise Refused("Say in a sentence what was found.")
    return words


def addressees_in(body: dict[str, Any], study: Study, user: User) -> list[Addressee]:
    """Return whom to tell, in order. Raises Refused, InvalidContent."""
    sent = body.get("addressees")
    if not isinstance(sent, list) or len(sent) > MOST_ADDRESSEES:
        raise InvalidContent(f"addressees is no list of at most {MOST_ADDRESSEES}.")
    people = {person.pk: person for person in addressees_for(study, besides=user)}
    named = [_addressee(one, people) for one in sent]
    if not named:
        raise Refused("Name whom to tell.")
    return named


def _addressee(sent: object, people: dict[int, User]) -> Addressee:
    key, name = (sent.get("user"), sent.get("name")) if isinstance(sent, dict) else (None, None)
    if isinstance(key, int) and key in people:
        return Addressee(people[key], str(people[key]))
    words = name.strip() if isinstance(name, str) and key is None else ""
    if not 0 < len(words) <= LONGEST_NAME or not words.isprintable():
        raise Refused("Somebody whom you named cannot be told: choose again.")
    return Addressee(None, words)
