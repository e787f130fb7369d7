"""What the keys of a query ask of the index: criteria, as conditions of the database and checks of single rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Final, TypeAlias, cast

from django.db.models import Exists, OuterRef, Q

from noctis.archive.models import SeriesRequest
from noctis.archive.query_attributes import DATES_AND_TIMES, REQUEST_ATTRIBUTES, Attribute, Kind
from noctis.database_conditions import condition, moment_condition
from noctis.dicom.matching import (
    AnyOf,
    Criterion,
    Exact,
    InvalidKey,
    NameKey,
    Range,
    UidList,
    Universal,
    Wildcard,
    any_matches,
    combined,
    parse,
)

# The values of a key; for a sequence, the keys of its one item.
Keys: TypeAlias = "Mapping[str, Sequence[str] | Mapping[str, Sequence[str]]]"
Criteria: TypeAlias = "Mapping[str, Criterion | Mapping[str, Criterion]]"

MOST_VALUES: Final = 500
MOST_UIDS: Final = 10_000
LARGEST_INTEGER: Final = 2**31 - 1
_NUMBERS: Final = frozenset({"IS", "US"})


@dataclass(frozen=True)
class Check:
    """A criterion that the database fulfils only roughly: each row it finds must be asked."""

    attribute: Attribute
    criterion: Criterion

    def accepts(self, value: object) -> bool:
        """Tell whether the attribute's value answers the key."""
        return any_matches(self.criterion, cast("Sequence[str]", value if isinstance(value, tuple) else (value,)))


def read_criteria(keys: Keys, attributes: Mapping[str, Attribute], *, combine_times: bool) -> Criteria:
    """Return what the keys among ``attributes`` ask for, without those that match everything. Raises InvalidKey."""
    criteria: dict[str, Criterion | Mapping[str, Criterion]] = {}
    for keyword, values in keys.items():
        attribute = attributes.get(keyword)
        if attribute is None:
            continue
        if isinstance(values, Mapping) != (attribute.vr == "SQ"):
            if values:
                raise InvalidKey(f"{keyword}: {'a sequence' if attribute.vr == 'SQ' else 'no sequence'} was expected.")
        elif isinstance(values, Mapping):
            if inner := _criteria_of_item(values):
                criteria[keyword] = inner
        elif not isinstance(criterion := _criterion(attribute, values), Universal):
            criteria[keyword] = criterion
    if combine_times:
        _combine_times(criteria, keys)
    return criteria


def conditions(criteria: Criteria, attributes: Mapping[str, Attribute]) -> tuple[Q, list[Check]]:
    """Return the condition that the database fulfils, and what remains to be checked of each row."""
    wanted, checks = Q(), []
    for keyword, criterion in criteria.items():
        attribute = attributes[keyword]
        if isinstance(criterion, Mapping):
            wanted &= _of_requests(attribute, criterion)
        elif attribute.kind is Kind.LIST:
            wanted &= _of_list(attribute.source, criterion)
            checks.append(Check(attribute, criterion))
        elif isinstance(criterion, NameKey):
            wanted &= condition(attribute.index, criterion)
            checks.append(Check(attribute, criterion))
        elif attribute.vr in _NUMBERS:
            wanted &= _of_number(attribute.source, cast("Exact | AnyOf", criterion))
        elif _is_period(criterion):
            times = attributes[DATES_AND_TIMES[keyword]]
            wanted &= moment_condition(attribute.source, times.source, cast("Range[datetime]", criterion))
        else:
            wanted &= condition(attribute.source, criterion)
    return wanted, checks


def _criteria_of_item(values: Mapping[str, Sequence[str]]) -> dict[str, Criterion]:
    inner = {
        keyword: _criterion(REQUEST_ATTRIBUTES[keyword], given)
        for keyword, given in values.items()
        if keyword in REQUEST_ATTRIBUTES
    }
    return {keyword: criterion for keyword, criterion in inner.items() if not isinstance(criterion, Universal)}


def _criterion(attribute: Attribute, values: Sequence[str]) -> Criterion:
    """Return what one key asks for. Raises InvalidKey, which names the key."""
    cleaned = [
        value.replace("\0", "").upper() if attribute.is_upper_case else value.replace("\0", "") for value in values
    ]
    if len(cleaned) > (MOST_UIDS if attribute.vr == "UI" else MOST_VALUES):
        raise InvalidKey(f"{attribute.keyword}: too many values.")
    try:
        if attribute.vr in _NUMBERS:
            return _numbers(cleaned)
        return parse(attribute.vr, cleaned)
    except InvalidKey as error:
        raise InvalidKey(f"{attribute.keyword}: {error}") from None


def _numbers(values: Sequence[str]) -> Criterion:
    """Return the numbers that a key asks for, written without zeros and signs that say nothing."""
    numbers = []
    for value in filter(None, (value.strip().strip("*") for value in values)):
        digits = value.removeprefix("-").removeprefix("+")
        if not (digits.isascii() and digits.isdigit() and len(digits) <= 12 and int(digits) <= LARGEST_INTEGER):  # noqa: PLR2004
            raise InvalidKey("a whole number was expected.")
        numbers.append(Exact(str(int(value))))
    if not numbers:
        return Universal()
    return numbers[0] if len(numbers) == 1 else AnyOf(tuple(numbers))


def _combine_times(criteria: dict[str, Criterion | Mapping[str, Criterion]], keys: Keys) -> None:
    """Make one period of a range of dates and a range of times."""
    for date_keyword, time_keyword in DATES_AND_TIMES.items():
        dates, times = criteria.get(date_keyword), criteria.get(time_keyword)
        if not (isinstance(dates, Range) and isinstance(times, Range)):
            continue
        if all(any("-" in value for value in keys[keyword]) for keyword in (date_keyword, time_keyword)):
            criteria[date_keyword] = combined(cast("Range[date]", dates), cast("Range[time]", times))
            del criteria[time_keyword]


def _is_period(criterion: Criterion) -> bool:
    return isinstance(criterion, Range) and isinstance(criterion.first or criterion.last, datetime)


def _of_number(source: str, criterion: Exact | AnyOf) -> Q:
    alternatives = criterion.alternatives if isinstance(criterion, AnyOf) else (criterion,)
    return Q(**{f"{source}__in": [int(one.value) for one in alternatives if isinstance(one, Exact)]})


def _of_list(source: str, criterion: Criterion) -> Q:
    """Return which lists, kept with backslashes between the values, may hold a value that answers ``criterion``."""
    if isinstance(criterion, UidList):
        patterns: Sequence[str] = criterion.uids
    else:
        alternatives = criterion.alternatives if isinstance(criterion, AnyOf) else (criterion,)
        patterns = [one.value if isinstance(one, Exact) else cast("Wildcard", one).pattern for one in alternatives]
    if len(patterns) > MOST_VALUES:
        raise InvalidKey("too many values.")
    wanted = Q()
    for pattern in patterns:
        wanted |= Q(**{f"{source}__dicom_wildcard": f"*{pattern}*"})
    return wanted


def _of_requests(attribute: Attribute, criteria: Mapping[str, Criterion]) -> Q:
    """Return which series have one request that answers every key of the item."""
    requests = SeriesRequest.objects.filter(series=OuterRef(attribute.column))
    for keyword, criterion in criteria.items():
        requests = requests.filter(condition(REQUEST_ATTRIBUTES[keyword].column, criterion))
    return Q(Exists(requests))
