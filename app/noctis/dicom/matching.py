"""What a key of a query asks for and which values answer it (PS3.4 C.2.2.2), without any database.

A key is parsed into a criterion: Universal, Exact, Wildcard, AnyOf, Range, UidList or NameKey. C-FIND, the modality
worklist and QIDO-RS turn criteria into database conditions, or ask ``matches``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Final, Generic, TypeAlias, TypeVar

from pydicom.dataset import Dataset

from noctis.dicom.attributes import element, texts
from noctis.dicom.uids import is_valid_uid, without_padding

Moment = TypeVar("Moment", date, time, datetime)
Value: TypeAlias = "str | date | time | datetime | None"

WILDCARD_REPRESENTATIONS: Final = frozenset({"AE", "CS", "LO", "LT", "PN", "SH", "ST", "UC", "UR", "UT"})
NAME_GROUPS = 3

_DATE = re.compile(r"(\d{4})[.]?(\d\d)[.]?(\d\d)", re.ASCII)
_TIME = re.compile(r"(\d\d)(?::?(\d\d)(?::?(\d\d)(?:\.(\d{1,6}))?)?)?", re.ASCII)
_COMBINING_ACCENTS = re.compile("[\u0300-\u036f]")
_STARS = re.compile(r"\*+")


class InvalidKey(ValueError):
    """A key cannot be understood; the text says what was expected, without the value, which may name a patient."""


@dataclass(frozen=True)
class Universal:
    """Every entity matches, also one without a value (PS3.4 C.2.2.2.3)."""


@dataclass(frozen=True)
class Exact:
    """Only this value matches; case counts (PS3.4 C.2.2.2.1)."""

    value: str


@dataclass(frozen=True)
class Wildcard:
    """``*`` stands for any text, ``?`` for one character; case counts (PS3.4 C.2.2.2.4)."""

    pattern: str


@dataclass(frozen=True)
class AnyOf:
    """A key with several values; one of them must match."""

    alternatives: tuple[Exact | Wildcard, ...]


@dataclass(frozen=True)
class Range(Generic[Moment]):
    """From ``first`` to ``last``, both included; None is open (PS3.4 C.2.2.2.5)."""

    first: Moment | None
    last: Moment | None

    @property
    def is_single(self) -> bool:
        """Whether both ends are the same moment."""
        return self.first == self.last


@dataclass(frozen=True)
class UidList:
    """One of these UIDs matches (PS3.4 C.2.2.2.2)."""

    uids: tuple[str, ...]


@dataclass(frozen=True)
class NameKey:
    """A person's name, compared without case and accents, by component group (PS3.5 6.2.1).

    ``groups`` are folded patterns, alphabetic, ideographic, phonetic; an empty one matches all. A key with one group
    only is looked for in each group of the name.
    """

    groups: tuple[str, ...]

    @property
    def index_pattern(self) -> str:
        """A wildcard pattern for ``name_index``; whatever ``matches`` accepts, this accepts."""
        patterns = [re.sub(r"[\^*]+$", "*", group) or "*" for group in self.groups]
        if len(patterns) == 1:
            return f"*\n{patterns[0]}\n*"
        return "\n" + "\n".join((*patterns, "*", "*")[:NAME_GROUPS]) + "\n"


Text: TypeAlias = "Universal | Exact | Wildcard | AnyOf"
Criterion: TypeAlias = "Text | Range[date] | Range[time] | Range[datetime] | UidList | NameKey"


def key_of(dataset: Dataset, keyword: str, vr: str) -> Criterion:
    """Return what the key ``keyword`` of an identifier asks for; absent is Universal.

    Raises InvalidKey for a value that its value representation does not allow.
    """
    if keyword not in dataset:
        return Universal()
    if element(dataset, keyword) is None:
        raise InvalidKey(f"{keyword} has no valid {vr} value.")
    try:
        return parse(vr, texts(dataset, keyword))
    except InvalidKey as error:
        raise InvalidKey(f"{keyword}: {error}") from None


def parse(vr: str, values: Sequence[str]) -> Criterion:
    """Return what the values of a key ask for. Raises InvalidKey."""
    if vr == "UI":
        return parse_uids(values)
    if vr in {"DA", "TM", "PN"}:
        if len(values) > 1:
            raise InvalidKey("one value was expected.")
        parser: Callable[[str], Criterion] = {"DA": parse_dates, "TM": parse_times, "PN": parse_name}[vr]
        return parser(values[0] if values else "")
    return parse_texts(values, wildcards=vr in WILDCARD_REPRESENTATIONS)


def parse_texts(values: Sequence[str], *, wildcards: bool = True) -> Text:
    """Return what a text key asks for; several values are alternatives, as PS3.4 lets an SCP take them."""
    parsed: list[Exact | Wildcard] = []
    for value in filter(None, (value.strip(" ") for value in values)):
        if wildcards and not value.strip("*"):
            return Universal()
        if wildcards and ("*" in value or "?" in value):
            parsed.append(Wildcard(_STARS.sub("*", value)))
        else:
            parsed.append(Exact(value))
    if not parsed:
        return Universal()
    return parsed[0] if len(parsed) == 1 else AnyOf(tuple(dict.fromkeys(parsed)))


def parse_uids(values: Sequence[str]) -> Universal | UidList:
    """Return what a UID key asks for. Raises InvalidKey; a lone ``*`` is taken as universal, as many peers send it."""
    uids = [uid for uid in (without_padding(value.strip()) for value in values) if uid]
    if not uids or uids == ["*"]:
        return Universal()
    if not all(is_valid_uid(uid) for uid in uids):
        raise InvalidKey("a UID was expected, digits and dots.")
    return UidList(tuple(dict.fromkeys(uids)))


def parse_dates(value: str) -> Universal | Range[date]:
    """Return what a DA key asks for: YYYYMMDD, or two of them with a hyphen between, one of which may be missing."""
    return _parse_range(value, _date, _date)


def parse_times(value: str) -> Universal | Range[time]:
    """Return what a TM key asks for; a time without seconds stands for the whole minute, one of hours for the hour."""
    return _parse_range(value, _first_instant, _last_instant)


def parse_name(value: str) -> Universal | NameKey:
    """Return what a PN key asks for."""
    groups = [_STARS.sub("*", group) for group in _folded_groups(value)]
    if len(groups) > NAME_GROUPS:
        raise InvalidKey("a name has at most three component groups.")
    while groups and not groups[-1].strip("*"):
        groups.pop()
    if not groups:
        return Universal()
    return NameKey(tuple("" if not group.strip("*") else group for group in groups))


def combined(dates: Range[date], times: Range[time]) -> Range[datetime]:
    """Return the one period that a date and a time range span together (PS3.4 K.6.1.1.2, C.2.2.2.5)."""
    return Range(
        None if dates.first is None else datetime.combine(dates.first, times.first or time.min),
        None if dates.last is None else datetime.combine(dates.last, times.last or time.max),
    )


def matches(criterion: Criterion, value: Value) -> bool:
    """Tell whether one value answers a key; a value that is unknown answers only the universal one (PS3.4 K.2.2.1)."""
    if isinstance(criterion, Universal):
        return True
    if value is None or value == "":
        return False
    if isinstance(criterion, Range):
        return _within(criterion, value)
    return isinstance(value, str) and _matches_text(criterion, value)


def any_matches(criterion: Criterion, values: Iterable[Value]) -> bool:
    """Tell whether one of an attribute's values answers a key."""
    return isinstance(criterion, Universal) or any(matches(criterion, value) for value in values)


def wildcard_matches(pattern: str, text: str) -> bool:
    """Tell whether ``text`` fits a pattern of ``*`` and ``?``, without backtracking over more than one ``*``."""
    here = seen = 0
    star, resume = -1, 0
    while seen < len(text):
        if here < len(pattern) and pattern[here] == "*":
            star, resume = here, seen
            here += 1
        elif here < len(pattern) and pattern[here] in ("?", text[seen]):
            here += 1
            seen += 1
        elif star >= 0:
            resume += 1
            here, seen = star + 1, resume
        else:
            return False
    return not pattern[here:].strip("*")


def fold(text: str) -> str:
    """Return ``text`` as names are compared: without case, accents, differences of width and repeated spaces."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return " ".join(unicodedata.normalize("NFC", _COMBINING_ACCENTS.sub("", decomposed)).split())


def name_index(name: str) -> str:
    """Return the form of a name, 'Family^Given=Ideographic=Phonetic', that NameKey.index_pattern searches."""
    groups = (*_folded_groups(name), "", "", "")[:NAME_GROUPS]
    return "\n" + "\n".join(groups) + "\n"


def _folded_groups(name: str) -> list[str]:
    return ["^".join(fold(part) for part in group.split("^")).rstrip("^") for group in name.split("=")]


def _matches_text(criterion: Exact | Wildcard | AnyOf | UidList | NameKey, value: str) -> bool:
    if isinstance(criterion, Exact):
        return value == criterion.value
    if isinstance(criterion, Wildcard):
        return wildcard_matches(criterion.pattern, value)
    if isinstance(criterion, AnyOf):
        return any(_matches_text(alternative, value) for alternative in criterion.alternatives)
    if isinstance(criterion, UidList):
        return value in criterion.uids
    return _matches_name(criterion, value)


def _matches_name(key: NameKey, name: str) -> bool:
    groups = _folded_groups(name)
    if len(key.groups) == 1:
        return any(_matches_group(key.groups[0], group) for group in groups)
    pairs = zip(key.groups, (*groups, "", "", ""), strict=False)
    return all(not pattern or _matches_group(pattern, group) for pattern, group in pairs)


def _matches_group(pattern: str, group: str) -> bool:
    """Compare one component group; 'smith^*' also means the Smith without a given name."""
    if not group:
        return False
    stem = pattern.rstrip("^*")
    return wildcard_matches(pattern, group) or ("^" in pattern[len(stem) :] and wildcard_matches(stem, group))


def _within(criterion: Range[date] | Range[time] | Range[datetime], value: Value) -> bool:
    kind = type(criterion.first if criterion.first is not None else criterion.last)
    if type(value) is not kind:
        return False
    first, last = criterion.first, criterion.last
    return (first is None or first <= value) and (last is None or value <= last)  # type: ignore[operator]


def _parse_range(
    value: str, first_of: Callable[[str], Moment], last_of: Callable[[str], Moment]
) -> Universal | Range[Moment]:
    text = value.strip()
    if not text.strip("*"):
        return Universal()
    first, hyphen, last = (part.strip() for part in text.partition("-"))
    if not hyphen:
        return Range(first_of(first), last_of(first))
    if not first and not last:
        raise InvalidKey("a range needs at least one end.")
    return Range(first_of(first) if first else None, last_of(last) if last else None)


def _date(text: str) -> date:
    found = _DATE.fullmatch(text)
    try:
        if found is not None:
            return date(*(int(part) for part in found.groups()))
    except ValueError:
        pass
    raise InvalidKey("a date YYYYMMDD or a range of dates was expected.")


def _first_instant(text: str) -> time:
    return _time(text, missing="0")


def _last_instant(text: str) -> time:
    return _time(text, missing="9")


def _time(text: str, *, missing: str) -> time:
    found = _TIME.fullmatch(text)
    if found is None:
        raise InvalidKey("a time HHMMSS or a range of times was expected.")
    rest = "0" if missing == "0" else "59"
    hours, minutes, seconds = (part or rest for part in found.groups()[:3])
    fraction = (found.group(4) or "").ljust(6, missing)
    try:
        return time(int(hours), int(minutes), int("59" if seconds == "60" else seconds), int(fraction))
    except ValueError:
        raise InvalidKey("a time HHMMSS or a range of times was expected.") from None
