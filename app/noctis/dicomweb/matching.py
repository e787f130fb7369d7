"""Query parameters of QIDO-RS (PS3.18 8.3.4) as a query of the archive; what matches is decided there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from django.http import QueryDict
from pydicom.datadict import keyword_for_tag

from noctis.archive.query import Query, new_query
from noctis.archive.query_attributes import ATTRIBUTES_AT, NO_KEYS, REQUEST_ATTRIBUTES, Level
from noctis.archive.query_conditions import LARGEST_INTEGER
from noctis.dicom.matching import InvalidKey
from noctis.dicomweb.errors import BadRequest

MOST_RESULTS: Final = 1000
NOT_FUZZY: Final = "The fuzzymatching parameter is not supported. Only literal matching has been performed."
# Said about the answer, not about what is looked for; ``accept`` and ``charset`` are read elsewhere.
_OTHER_PARAMETERS: Final = frozenset({"limit", "offset", "fuzzymatching", "includefield", "accept", "charset"})
# Value representations whose values hold no comma: it may stand between alternatives, as the backslash may anywhere.
_SEPARATED_BY_COMMAS: Final = frozenset({"UI", "CS", "IS", "US"})
_TAG: Final = re.compile(r"[0-9A-Fa-f]{8}")


@dataclass
class Search:
    """What a client looks for, the page of the results, and what it must be told."""

    query: Query
    limit: int
    offset: int
    warnings: list[str] = field(default_factory=list)


def parse_search(parameters: QueryDict, level: Level, returned: Iterable[str], **path: str) -> Search:
    """Read the query for entities of ``level``; ``path`` holds the UIDs of the address by keyword.

    ``returned`` are the attributes to answer with, besides those that are asked for. Raises BadRequest.
    """
    keys = _keys(parameters, level) | {keyword: [uid] for keyword, uid in path.items()}
    wanted = [*returned, *keys, *_included(parameters, level)]
    try:
        query = new_query(level, keys, wanted, combine_times=True)
    except InvalidKey as error:
        raise BadRequest(str(error)) from None
    search = Search(
        query,
        limit=min(_natural(parameters, "limit", MOST_RESULTS), MOST_RESULTS),
        offset=_natural(parameters, "offset", 0),
    )
    if parameters.get("fuzzymatching", "").lower() == "true":
        search.warnings.append(
            "The fuzzymatching parameter is not supported. Only literal matching has been performed."
        )
    return search


def _keys(parameters: QueryDict, level: Level) -> dict[str, Sequence[str] | Mapping[str, Sequence[str]]]:
    keys: dict[str, Sequence[str] | Mapping[str, Sequence[str]]] = {}
    items: dict[str, dict[str, Sequence[str]]] = {}
    for name, given in parameters.lists():
        if name in _OTHER_PARAMETERS:
            continue
        keyword, *inner = (_keyword(part) for part in name.split("."))
        known = ATTRIBUTES_AT[level].get(keyword) if keyword not in NO_KEYS else None
        if inner and known is not None and known.vr == "SQ":
            known = REQUEST_ATTRIBUTES.get(inner[0]) if len(inner) == 1 else None
        elif inner:
            known = None
        if known is None:
            expected = ", ".join(sorted(ATTRIBUTES_AT[level].keys() - NO_KEYS))
            raise BadRequest(f"“{name[:64]}” is not a query parameter here. Known are: {expected}.")
        separators = r"[,\\]" if known.vr in _SEPARATED_BY_COMMAS else r"\\"
        values = [value for text in given for value in re.split(separators, text)]
        if inner:
            items.setdefault(keyword, {})[known.keyword] = values
        elif known.vr != "SQ":
            keys[keyword] = values
    return keys | items


def _included(parameters: QueryDict, level: Level) -> list[str]:
    """Return the further attributes to answer with; what is not known here is left out, as the standard has it."""
    names = [_keyword(name) for text in parameters.getlist("includefield") for name in text.split(",")]
    return list(ATTRIBUTES_AT[level]) if "all" in names else [name for name in names if name in ATTRIBUTES_AT[level]]


def _keyword(name: str) -> str:
    name = name.strip()
    return keyword_for_tag(int(name, 16)) if _TAG.fullmatch(name) else name


def _natural(parameters: QueryDict, name: str, default: int) -> int:
    text = parameters.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and int(text) <= LARGEST_INTEGER):
        raise BadRequest(f"The parameter {name} takes a whole number.")
    return int(text)
