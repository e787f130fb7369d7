"""What the worklist is asked: its first page, each filter, each order, pages far in, words; how fast its queries are.

``python -m tests.bench.worklist_questions ROUNDS USER …`` runs in an appliance's environment. It prints JSON: for each
user the questions, each with the times that the queries for it took, without the page around them.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Final

import django

if TYPE_CHECKING:
    from noctis.accounts.models import User

# What the filter bar asks for; the words are such as studies.sql makes.
FILTERS: Final[dict[str, dict[str, str]]] = {
    "first page": {},
    "a common name": {"text": "smith"},
    "family and given name": {"text": "Smith, Jane"},
    "a rare name": {"text": "pelarberg"},
    "two letters": {"text": "li"},
    "a name in Chinese": {"text": "山田"},
    "a patient ID": {"text": "P0123456"},
    "words of the description": {"text": "chest contrast"},
    "a word that nobody has": {"text": "zzzqqq"},
    "modality CT": {"modality": "CT"},
    "modality CR, made no more": {"modality": "CR"},
    "modality IO, rare": {"modality": "IO"},
    "body part chest": {"body_part": "CHEST"},
    "body part foot, absent": {"body_part": "FOOT"},
    "the year 2019": {"from_date": "2019-01-01", "to_date": "2019-12-31"},
    "until 2018": {"to_date": "2018-12-31"},
    "from 2026 on": {"from_date": "2026-01-01"},
    "status to be read": {"status": "unread"},
    "status arriving": {"status": "arriving"},
    "status preliminary": {"status": "preliminary"},
    "status final": {"status": "final"},
    "priority stat": {"priority": "stat"},
    "stat, to be read": {"priority": "stat", "status": "unread"},
}
FILTERS_OF_ALL: Final[dict[str, dict[str, str]]] = {
    "a large facility": {"facility": "NORTH"},
    "a closed facility": {"facility": "OLD"},
    "nobody's": {"reader": "nobody"},
    "CR of a large facility": {"facility": "NORTH", "modality": "CR"},
}
USUAL_ORDER: Final = ("received", "desc")


@dataclass
class Question:
    """A request for a page of the worklist; ``after`` is the row that the page begins after."""

    name: str
    fields: dict[str, str] = field(default_factory=dict)
    sort: str = USUAL_ORDER[0]
    direction: str = USUAL_ORDER[1]
    after: int | None = None
    times: list[float] = field(default_factory=list)

    @property
    def query(self) -> str:
        """The order and the place as the query of a URL."""
        return f"sort={self.sort}&dir={self.direction}" + (f"&after={self.after}" if self.after else "")


def questions(user: User) -> Iterator[Question]:
    """Yield what ``user`` can ask."""
    from noctis.reading_worklist.models import ReadingTask
    from noctis.reading_worklist.paging import COLUMNS

    filters = FILTERS | (FILTERS_OF_ALL if user.sees_all_facilities else {})
    for name, fields in filters.items():
        yield Question(name, fields)
    middle = ReadingTask.objects.order_by("pk")[ReadingTask.objects.count() // 2].pk
    within = ReadingTask.objects.visible_to(user).filter(pk__gte=middle).order_by("pk").values_list("pk", flat=True)[0]
    for column in COLUMNS:
        if column.key == "facility" and not user.sees_all_facilities:
            continue
        for direction in ("asc", "desc"):
            yield Question(f"by {column.label.lower()}, {direction}", {}, column.key, direction)
            yield Question(f"by {column.label.lower()}, {direction}, far in", {}, column.key, direction, within)


def measured(user: User, question: Question, rounds: int) -> Question:
    """Ask the database as the page does, once unmeasured."""
    from noctis.reading_worklist.filters import WorklistFilter
    from noctis.reading_worklist.models import ReadingTask
    from noctis.reading_worklist.paging import Order, capped_count, page_of
    from noctis.reading_worklist.views import visible_tasks, with_marks

    order = Order.parse(question.sort, question.direction)
    for _ in range(rounds + 1):
        began = time.perf_counter()
        visible = visible_tasks(user)
        found = WorklistFilter(**question.fields).apply(visible, user)
        after = ReadingTask.objects.get(pk=question.after) if question.after else None
        page_of(found, order, after=after, shown=with_marks(visible, user))
        capped_count(found)
        question.times.append(time.perf_counter() - began)
    del question.times[0]
    return question


def main() -> None:
    """Measure for an administrator and a facility's user."""
    from noctis.accounts.models import User

    users = {name: User.objects.get(username=name) for name in sys.argv[2:]}
    rounds = int(sys.argv[1])
    asked = {name: [asdict(measured(user, one, rounds)) for one in questions(user)] for name, user in users.items()}
    json.dump(asked, sys.stdout)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "noctis.settings")
    django.setup()
    main()
