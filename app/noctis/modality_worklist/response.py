"""What is answered to a worklist query: the keys that were asked for, and no others (PS3.4 K.2.2.1.2, K.6.1.2.2)."""

from __future__ import annotations

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from noctis.dicom.attributes import texts
from noctis.dicom.character_sets import declare_character_set
from noctis.modality_worklist.keys import STATIONS, STEP_SEQUENCE, SUPPORTED, SUPPORTED_IN_STEP


def response(item: Dataset, identifier: Dataset, *, asking_station: str) -> Dataset:
    """Return the identifier of one pending response.

    ``item`` is a step's worklist item. A step for any station is answered to whoever asks as its own: its station is
    ``asking_station``, so that the Type 1 attribute has a value. The answer is in the character set of the request
    where that holds every value.
    """
    inner = item[STEP_SEQUENCE].value[0]
    if not inner.get(STATIONS) and asking_station:
        setattr(inner, STATIONS, asking_station)
    answer = _selected(item, identifier, SUPPORTED)
    declare_character_set(answer, texts(identifier, "SpecificCharacterSet"))
    return answer


def _selected(source: Dataset, wanted: Dataset, known: frozenset[str] = frozenset()) -> Dataset:
    """Return the attributes of ``source`` that ``wanted`` names, and empty ones for others that are ``known``."""
    answer = Dataset()
    for key in wanted:
        if key.VR == "SQ" and (key.keyword in source or key.keyword in known):
            inside = SUPPORTED_IN_STEP if key.keyword == STEP_SEQUENCE else frozenset[str]()
            answer.add_new(key.tag, "SQ", _selected_items(source, key.keyword, list(key.value or ()), inside))
        elif key.keyword in source:
            answer[key.tag] = source[key.tag]
        elif key.keyword in known:
            answer.add_new(key.tag, key.VR, None)
    return answer


def _selected_items(source: Dataset, keyword: str, wanted: list[Dataset], known: frozenset[str]) -> Sequence:
    """Return a sequence whole where it is asked for without an item or with an empty one (PS3.4 K.2.2.1.2, note 4)."""
    items = list(source[keyword].value or ()) if keyword in source else []
    if not wanted or not len(wanted[0]):
        return Sequence(items)
    return Sequence([_selected(item, wanted[0], known) for item in items])
