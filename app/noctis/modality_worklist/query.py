"""A worklist query as a database query (PS3.4 K.4.1.1.3, K.6.1): which scheduled steps an identifier asks for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, time
from typing import Final, cast

from django.db.models import Exists, OuterRef, Q
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.valuerep import VR

from noctis.accounts.visibility import FacilityScopedQuerySet
from noctis.database_conditions import condition, moment_condition
from noctis.dicom.attributes import UNREADABLE, date_value, element, text, texts, time_value
from noctis.dicom.matching import (
    Criterion,
    Exact,
    InvalidKey,
    NameKey,
    Range,
    Universal,
    any_matches,
    combined,
    key_of,
    matches,
)
from noctis.modality_worklist.keys import (
    FURTHER_KEYS,
    FURTHER_STEP_KEYS,
    NO_KEYS,
    ORDER_COLUMNS,
    PRIORITY,
    PROCEDURE_CODE_SEQUENCE,
    STATIONS,
    STATUS,
    STEP_COLUMNS,
    STEP_SEQUENCE,
    SUPPORTED,
    SUPPORTED_IN_STEP,
    vr_of,
)
from noctis.modality_worklist.models import (
    OPEN,
    Priority,
    ScheduledProcedureStep,
    ScheduledStation,
)
from noctis.modality_worklist.response import response
from noctis.modality_worklist.worklist_item import DICOM_STATUS, worklist_item

CHUNK: Final = 200
# Names are searched in a column that holds them folded.
_INDEXED: Final = {"patient_name": "patient_name_index", "performing_physician": "performing_physician_index"}
_START = ("ScheduledProcedureStepStartDate", "ScheduledProcedureStepStartTime")


@dataclass
class WorklistQuery:
    """What an identifier asks for; ``worklist_query`` reads one.

    ``unsupported`` says that some keys are none of ours: each match is then answered with the warning status 0xFF01.
    """

    identifier: Dataset
    condition: Q = field(default_factory=Q)
    names: dict[str, NameKey] = field(default_factory=dict)
    further: Dataset = field(default_factory=Dataset)
    station: str = ""
    unsupported: bool = False

    def answers(
        self, steps: FacilityScopedQuerySet[ScheduledProcedureStep], *, calling_ae_title: str = ""
    ) -> Iterator[Dataset]:
        """Yield an identifier for each of ``steps`` that matches; ``steps`` must be what the caller may see."""
        order = ("start_date", "start_time", "id")
        found = list(steps.filter(self.condition).order_by(*order).values_list("pk", flat=True))
        for first in range(0, len(found), CHUNK):  # no cursor stays open while a slow peer takes its answers
            chunk = steps.filter(pk__in=found[first : first + CHUNK]).order_by(*order).prefetch_related("stations")
            yield from self._answers(chunk, calling_ae_title)

    def _answers(self, steps: Iterable[ScheduledProcedureStep], calling_ae_title: str) -> Iterator[Dataset]:
        for step in steps:
            if not all(matches(key, getattr(step, column)) for column, key in self.names.items()):
                continue
            item = worklist_item(step)
            if item_matches(item, self.further):
                yield response(item, self.identifier, asking_station=self.station or calling_ae_title)


def worklist_query(identifier: Dataset) -> WorklistQuery:
    """Read the identifier of a C-FIND request. Raises InvalidKey where a key cannot be understood."""
    _check_readable(identifier)
    query = WorklistQuery(identifier)
    inner = _item(identifier, STEP_SEQUENCE)
    _add_columns(query, identifier, ORDER_COLUMNS)
    _add_columns(query, inner, {key: column for key, column in STEP_COLUMNS.items() if key not in _START})
    query.condition &= _start(inner) & _stations(query, inner) & _status(inner) & _priority(identifier)
    query.further = _valued(identifier, FURTHER_KEYS | {PROCEDURE_CODE_SEQUENCE})
    if len(inside := _valued(inner, FURTHER_STEP_KEYS)):
        setattr(query.further, STEP_SEQUENCE, [inside])
    asked, asked_inside = _keywords(identifier), _keywords(inner)
    query.unsupported = not (asked <= SUPPORTED and asked_inside <= SUPPORTED_IN_STEP)
    return query


def item_matches(item: Dataset, keys: Dataset) -> bool:
    """Tell whether every key is answered by ``item``; one item of a sequence must answer all keys of its item."""
    for key in keys:
        if key.VR == "SQ":
            wanted = _item(keys, key.keyword)
            found = item[key.keyword].value if key.keyword in item else ()
            if len(wanted) and not any(item_matches(one, wanted) for one in found or ()):
                return False
        elif not _attribute_matches(item, key_of(keys, key.keyword, key.VR), key.keyword, key.VR):
            return False
    return True


def _check_readable(keys: Dataset) -> None:
    """Raise InvalidKey where an element cannot be read; afterwards going through the elements is safe."""
    for tag in keys.keys():  # noqa: SIM118  (a data set yields its elements)
        try:
            key = keys[tag]
        except UNREADABLE:
            raise InvalidKey(f"{tag} cannot be read.") from None
        for item in (key.value or ()) if key.VR == "SQ" else ():
            _check_readable(item)


def _attribute_matches(item: Dataset, criterion: Criterion, keyword: str, vr: str) -> bool:
    if isinstance(criterion, Range):
        return matches(criterion, date_value(item, keyword) if vr == "DA" else time_value(item, keyword))
    return any_matches(criterion, texts(item, keyword))


def _item(identifier: Dataset, keyword: str) -> Dataset:
    """Return the one item of a sequence key; an empty one where everything matches."""
    if keyword not in identifier:
        return Dataset()
    sequence = element(identifier, keyword)
    if sequence is None or sequence.VR != VR.SQ:
        raise InvalidKey(f"{keyword} is not a sequence.")
    items = list(sequence.value or ())
    if len(items) > 1:
        raise InvalidKey(f"{keyword} must hold one item.")
    return items[0] if items else Dataset()


def _add_columns(query: WorklistQuery, keys: Dataset, columns: dict[str, str]) -> None:
    for keyword, column in columns.items():
        criterion = key_of(keys, keyword, vr_of(keyword))
        if isinstance(criterion, NameKey):
            query.names[column] = criterion
        if not isinstance(criterion, NameKey) or column in _INDEXED:
            query.condition &= condition(_INDEXED.get(column, column), criterion)


def _start(inner: Dataset) -> Q:
    """Match date and time; two ranges together are one period (PS3.4 K.6.1.1.2)."""
    dates = cast("Universal | Range[date]", key_of(inner, _START[0], "DA"))
    times = cast("Universal | Range[time]", key_of(inner, _START[1], "TM"))
    are_ranges = all("-" in text(inner, keyword) for keyword in _START)
    if are_ranges and isinstance(dates, Range) and isinstance(times, Range):
        return moment_condition("start_date", "start_time", combined(dates, times))
    return condition("start_date", dates) & condition("start_time", times)


def _stations(query: WorklistQuery, inner: Dataset) -> Q:
    """Match the station's AE title; a step without stations is for any."""
    criterion = key_of(inner, STATIONS, "AE")
    if isinstance(criterion, Universal):
        return Q()
    if isinstance(criterion, Exact):
        query.station = criterion.value
    stations = ScheduledStation.objects.filter(step=OuterRef("pk"))
    return Q(Exists(stations.filter(condition("ae_title", criterion)))) | ~Q(Exists(stations))


def _status(inner: Dataset) -> Q:
    """Match the status; where none is asked for, what is over is left out."""
    criterion = key_of(inner, STATUS, "CS")
    if isinstance(criterion, Universal):
        return Q(status__in=OPEN)
    return Q(status__in=[ours for ours, theirs in DICOM_STATUS.items() if matches(criterion, theirs)])


def _priority(identifier: Dataset) -> Q:
    criterion = key_of(identifier, PRIORITY, "SH")
    if isinstance(criterion, Universal):
        return Q()
    return Q(priority__in=[priority for priority in Priority.values if matches(criterion, priority.upper())])


def _valued(keys: Dataset, keywords: frozenset[str]) -> Dataset:
    """Return the keys among ``keywords`` that do not match everything; reading them tells whether they are valid."""
    valued = Dataset()
    for key in keys:
        if key.keyword in keywords and not _is_universal(keys, key):
            valued[key.tag] = key
    return valued


def _is_universal(keys: Dataset, key: DataElement) -> bool:
    """Whether a key matches everything, as does a sequence whose item holds only such keys."""
    if key.VR == "SQ":
        item = _item(keys, key.keyword)
        return all(_is_universal(item, inner) for inner in item)
    return isinstance(key_of(keys, key.keyword, key.VR), Universal)


def _keywords(keys: Dataset) -> set[str]:
    """Return what is asked for; group lengths are no keys, and what has no keyword cannot be ours."""
    return {key.keyword for key in keys if key.tag.element != 0} - NO_KEYS
