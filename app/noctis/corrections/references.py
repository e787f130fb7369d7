"""References from one object to others, such as the evidence of a structured report, brought to where those are now.

Whoever names a study together with its series (PS3.3 table 10-3b, C.17.2.1) must name the study in which the series is.
Instances keep their UIDs, so that every reference to an image alone stays right.
"""

from __future__ import annotations

from copy import deepcopy

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from noctis.corrections.overlays import Overlay
from noctis.dicom.attributes import sequence_items, text

# Their items name a study and, within it, series (PS3.3 C.17.6.2.1, C.17.2.1, C.12.1.1.5).
EVIDENCE = (
    "CurrentRequestedProcedureEvidenceSequence",
    "PertinentOtherEvidenceSequence",
    "StudiesContainingOtherReferencedInstancesSequence",
    "IdenticalDocumentsSequence",
    "PredecessorDocumentsSequence",
)
# Their items name the study of the object itself (PS3.3 C.17.2.1, table 10-9).
REQUESTS = ("ReferencedRequestSequence", "RequestAttributesSequence")


def correct_references(dataset: Dataset, overlay: Overlay, originals: Dataset) -> bool:
    """Correct what the data set says of others' places and keep in ``originals`` what it said; whether it did."""
    if not overlay.places:
        return False
    changed = False
    received = text(dataset, "StudyInstanceUID")
    for keyword in EVIDENCE:
        items = sequence_items(dataset, keyword)
        if any(_is_elsewhere(item, overlay) for item in items):
            setattr(originals, keyword, deepcopy(dataset[keyword].value))
            setattr(dataset, keyword, _regrouped(items, overlay))
            changed = True
    for keyword in REQUESTS if received != overlay.study_instance_uid else ():
        items = [item for item in sequence_items(dataset, keyword) if text(item, "StudyInstanceUID") == received]
        if items:
            setattr(originals, keyword, deepcopy(dataset[keyword].value))
            for item in items:
                item.StudyInstanceUID = overlay.study_instance_uid
            setattr(dataset, keyword, Sequence(list(dataset[keyword].value)))
            changed = True
    return changed


def _is_elsewhere(item: Dataset, overlay: Overlay) -> bool:
    study_uid = text(item, "StudyInstanceUID")
    series = sequence_items(item, "ReferencedSeriesSequence")
    return any(overlay.place_of(study_uid, text(one, "SeriesInstanceUID")) != study_uid for one in series)


def _regrouped(items: list[Dataset], overlay: Overlay) -> Sequence:
    """Return one item for each study, with the series that are in it now, in the order of their first mention."""
    studies: dict[str, Dataset] = {}
    for item in items:
        study_uid = text(item, "StudyInstanceUID")
        for series in sequence_items(item, "ReferencedSeriesSequence"):
            uid = overlay.place_of(study_uid, text(series, "SeriesInstanceUID"))
            if uid not in studies:
                studies[uid] = deepcopy(item)
                studies[uid].StudyInstanceUID = uid
                studies[uid].ReferencedSeriesSequence = Sequence([])
            studies[uid].ReferencedSeriesSequence.append(deepcopy(series))
    return Sequence(list(studies.values()))
