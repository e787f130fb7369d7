"""Query parameters of QIDO-RS as conditions on the index (PS3.18 8.3.4, PS3.4 C.2.2.2)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Final

from django.db.models import Q
from django.http import QueryDict
from pydicom.datadict import keyword_for_tag

from noctis.dicomweb.errors import BadRequest

Matcher = Callable[[str], Q]

MOST_RESULTS: Final = 1000
MOST_INNER_STARS: Final = 4  # each one multiplies the work of matching
LARGEST_NUMBER: Final = 2**31 - 1
# Said about the answer, not about what is looked for; ``accept`` and ``charset`` are read elsewhere.
_OTHER_PARAMETERS: Final = frozenset({"includefield", "accept", "charset"})
_TAG: Final = re.compile(r"[0-9A-Fa-f]{8}")
_TIME_FORMATS: Final = {2: "%H", 4: "%H%M", 6: "%H%M%S"}


@dataclass
class Search:
    """What a client looks for: conditions, the page of the results, and what it must be told."""

    conditions: Q
    limit: int
    offset: int
    warnings: list[str] = field(default_factory=list)


def parse_search(parameters: QueryDict, matchers: Mapping[str, Matcher]) -> Search:
    """Read the query; ``matchers`` says by keyword what can be looked for. Raises BadRequest for anything else."""
    search = Search(Q(), MOST_RESULTS, 0)
    for name, values in parameters.lists():
        if name == "limit":
            search.limit = min(_natural(name, values[-1]), MOST_RESULTS)
        elif name == "offset":
            search.offset = _natural(name, values[-1])
        elif name == "fuzzymatching":
            if values[-1].lower() == "true":
                search.warnings.append(
                    "The fuzzymatching parameter is not supported. Only literal matching has been performed."
                )
        elif name not in _OTHER_PARAMETERS:
            matcher = _matcher(name, matchers)
            for value in values:
                if value.strip():  # an empty key matches everything
                    search.conditions &= matcher(value.strip())
    return search


def _matcher(name: str, matchers: Mapping[str, Matcher]) -> Matcher:
    keyword = keyword_for_tag(int(name, 16)) if _TAG.fullmatch(name) else name
    if keyword not in matchers:
        raise BadRequest(f"“{name[:64]}” is not a query parameter here. Known are: {', '.join(sorted(matchers))}.")
    return matchers[keyword]


def _natural(name: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) <= LARGEST_NUMBER):
        raise BadRequest(f"The parameter {name} takes a whole number.")
    return int(text)


def text(column: str) -> Matcher:
    """Match text: ``*`` stands for any characters, ``?`` for one."""
    return lambda value: _wildcard(column, value, ignore_case=False)


def name(column: str) -> Matcher:
    """Match a person's name: as text, but without regard to case (PS3.4 C.2.2.2.1.2)."""
    return lambda value: _wildcard(column, value, ignore_case=True)


def _wildcard(column: str, value: str, *, ignore_case: bool) -> Q:
    i = "i" if ignore_case else ""
    core = value.strip("*")
    if "?" in core or "*" in core:
        if core.count("*") > MOST_INNER_STARS:
            raise BadRequest(f"At most {MOST_INNER_STARS} asterisks can stand within a value.")
        pattern = "".join({"*": ".*", "?": "."}.get(character) or re.escape(character) for character in value)
        return Q(**{f"{column}__{i}regex": f"^{pattern}$"})
    if not core:
        return Q()
    starts, ends = value.startswith("*"), value.endswith("*")
    if starts and ends:
        return Q(**{f"{column}__{i}contains": core})
    if starts or ends:
        return Q(**{f"{column}__{i}{'endswith' if starts else 'startswith'}": core})
    return Q(**{f"{column}__{i}exact": core})


def uids(column: str) -> Matcher:
    """Match one of several UIDs, separated by commas or backslashes."""
    return lambda value: Q(**{f"{column}__in": _several(value)})


def modalities(column: str) -> Matcher:
    """Match where one of the asked modalities is among those that are kept with backslashes between them."""

    def match(value: str) -> Q:
        conditions = Q()
        for modality in _several(value.upper()):
            conditions |= (
                Q(**{column: modality})
                | Q(**{f"{column}__startswith": f"{modality}\\"})
                | Q(**{f"{column}__endswith": f"\\{modality}"})
                | Q(**{f"{column}__contains": f"\\{modality}\\"})
            )
        return conditions

    return match


def whole_number(column: str) -> Matcher:
    """Match a whole number."""

    def match(value: str) -> Q:
        if not re.fullmatch(r"[+-]?[0-9]{1,10}", value, re.ASCII) or abs(int(value)) > LARGEST_NUMBER:
            raise BadRequest("A number to look for is a whole number.")
        return Q(**{column: int(value)})

    return match


def dates(column: str) -> Matcher:
    """Match a date YYYYMMDD or a range of dates; either end may be open."""
    return lambda value: _range(column, value, _date)


def times(column: str) -> Matcher:
    """Match a time HHMMSS or a range of times; either end may be open."""
    return lambda value: _range(column, value, _time)


def _range(column: str, value: str, parse: Callable[[str], date | time]) -> Q:
    first, dash, last = (part.strip() for part in value.partition("-"))
    if not dash:
        return Q(**{column: parse(first)})
    if not first and not last:
        raise BadRequest("A range needs at least one end.")
    conditions = Q()
    if first:
        conditions &= Q(**{f"{column}__gte": parse(first)})
    if last:
        conditions &= Q(**{f"{column}__lte": parse(last)})
    return conditions


def _date(text: str) -> date:
    if re.fullmatch(r"[0-9]{8}", text, re.ASCII):
        try:
            return date(int(text[:4]), int(text[4:6]), int(text[6:]))
        except ValueError:
            pass
    raise BadRequest("A date is written YYYYMMDD, a range YYYYMMDD-YYYYMMDD.")


def _time(text: str) -> time:
    digits = text.partition(".")[0]
    if re.fullmatch(r"[0-9.]+", text, re.ASCII) and len(digits) in _TIME_FORMATS:
        try:
            return datetime.strptime(digits, _TIME_FORMATS[len(digits)]).time()  # noqa: DTZ007  (a time of day)
        except ValueError:
            pass
    raise BadRequest("A time is written HHMMSS, a range HHMMSS-HHMMSS.")


def _several(value: str) -> list[str]:
    return [part.strip() for part in re.split(r"[,\\]", value) if part.strip()]
