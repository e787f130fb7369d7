"""The retrieve engine behind C-GET and C-MOVE: which stored instances an identifier names (PS3.4 C.4.2.1.4, C.4.3.1.3).

As with queries, keys of the levels above may be left out (relational retrieval), and a facility decides what there is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from pydicom.dataset import Dataset

from noctis.accounts.models import Facility
from noctis.archive.models import Instance
from noctis.archive.query_attributes import Level
from noctis.archive.query_identifier import LevelNotInModel
from noctis.dicom.attributes import text, texts
from noctis.dicom.matching import InvalidKey
from noctis.dicom.uids import is_valid_uid, without_padding

CHUNK: Final = 200
WILDCARDS: Final = frozenset("*?")
UNIQUE_KEYS: Final[Mapping[Level, str]] = {
    Level.PATIENT: "PatientID",
    Level.STUDY: "StudyInstanceUID",
    Level.SERIES: "SeriesInstanceUID",
    Level.IMAGE: "SOPInstanceUID",
}
_COLUMNS: Final[Mapping[str, str]] = {
    "PatientID": "series__study__patient_identifier",
    "IssuerOfPatientID": "series__study__patient__issuer_of_patient_id",
    "StudyInstanceUID": "series__study__study_instance_uid",
    "SeriesInstanceUID": "series__series_instance_uid",
    "SOPInstanceUID": "sop_instance_uid",
}
_ORDER: Final = ("series__study_id", "series__series_number", "series_id", "instance_number", "id")
_FIELDS: Final = (
    "sop_class_uid",
    "sop_instance_uid",
    "transfer_syntax_uid",
    "path",
    "data_set_offset",
    "file_size",
    "series__study__study_instance_uid",
    "series__study_id",
)


@dataclass(frozen=True)
class StoredObject:
    """An instance to send; its data set fills the file from ``data_set_offset`` to the end."""

    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax_uid: str
    relative_path: str
    data_set_offset: int
    file_size: int
    study_instance_uid: str
    study_id: int

    @property
    def path(self) -> Path:
        """Where the file lies."""
        return settings.NOCTIS_DATA.storage / self.relative_path


@dataclass(frozen=True)
class Selection:
    """What an identifier names: the values of each unique key that it gives."""

    level: Level
    keys: Mapping[str, tuple[str, ...]]

    def instance_ids(self, facility: Facility) -> list[int]:
        """Return the rows of what ``facility`` has of it: study by study, series by series, image by image."""
        return list(self._instances(facility).order_by(*_ORDER).values_list("pk", flat=True))

    def kinds(self, facility: Facility) -> list[tuple[str, str]]:
        """Return the pairs of SOP class and transfer syntax among them."""
        pairs = self._instances(facility).order_by("sop_class_uid", "transfer_syntax_uid")
        return list(pairs.values_list("sop_class_uid", "transfer_syntax_uid").distinct())

    def _instances(self, facility: Facility) -> Any:
        wanted = {f"{_COLUMNS[keyword]}__in": values for keyword, values in self.keys.items()}
        return Instance.objects.visible_to_facility(facility).filter(**wanted)


def read_selection(identifier: Dataset, levels: Collection[Level], root: Level) -> Selection:
    """Return what a request names in an information model whose ``levels`` begin at ``root``.

    Raises LevelNotInModel, or InvalidKey where a unique key is missing, has several values where it must have one, or
    is no single value.
    """
    level = Level.__members__.get(text(identifier, "QueryRetrieveLevel"))
    if level is None or level not in levels:
        raise LevelNotInModel("The Query/Retrieve Level is missing or not in this model.")
    keys: dict[str, tuple[str, ...]] = {}
    for one, keyword in UNIQUE_KEYS.items():
        if root <= one <= level and (values := _values(identifier, keyword)):
            keys[keyword] = values
            if len(values) > 1 and (one < level or one is Level.PATIENT):
                raise InvalidKey(f"{keyword} must have one value.")
    if UNIQUE_KEYS[level] not in keys:
        raise InvalidKey(f"{UNIQUE_KEYS[level]} is missing.")
    if "PatientID" in keys and (issuer := _values(identifier, "IssuerOfPatientID")):
        keys["IssuerOfPatientID"] = issuer
    return Selection(level, keys)


def stored_objects(facility: Facility, ids: Sequence[int]) -> Iterator[list[StoredObject]]:
    """Yield the instances of these rows in their order, a chunk at a time, without those that are gone meanwhile.

    No cursor stays open between chunks: a peer may take hours.
    """
    visible = Instance.objects.visible_to_facility(facility)
    for start in range(0, len(ids), CHUNK):
        wanted = ids[start : start + CHUNK]
        rows = visible.filter(pk__in=wanted).values_list("pk", *_FIELDS)
        found = {row[0]: StoredObject(*row[1:]) for row in rows}
        yield [found[pk] for pk in wanted if pk in found]


def _values(identifier: Dataset, keyword: str) -> tuple[str, ...]:
    """Return the values of a key, none where it is empty. Raises InvalidKey."""
    values = tuple(dict.fromkeys(filter(None, (without_padding(value) for value in texts(identifier, keyword)))))
    for value in values:
        if keyword.endswith("UID") and not is_valid_uid(value):
            raise InvalidKey(f"{keyword} must be a UID.")
        if WILDCARDS & set(value):
            raise InvalidKey(f"{keyword} takes no wildcard.")
    return values
