"""The structured reports of a study, told without reading all of their content."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import Comprehensive3DSRStorage, ComprehensiveSRStorage, EnhancedSRStorage, ExtensibleSRStorage

from noctis.accounts.models import User
from noctis.accounts.visibility import FacilityScopedQuerySet
from noctis.archive.header import UNREADABLE
from noctis.archive.models import Instance, Study
from noctis.corrections.outgoing import CannotCorrect, corrected
from noctis.corrections.overlays import overlay_of
from noctis.dicomweb.data_sets import stored_path
from noctis.viewer.structured_reports.actions import NoReport, parsed
from noctis.viewer.structured_reports.codes import code_of

MOST_LISTED: Final = 200
# The classes that measurement reports after TID 1500 come in (PS3.16 TID 1500).
CLASSES: Final = (EnhancedSRStorage, ComprehensiveSRStorage, Comprehensive3DSRStorage, ExtensibleSRStorage)
HEAD: Final = [
    *("ConceptNameCodeSequence", "ContentTemplateSequence", "ContentDate", "ContentTime"),
    *("SeriesDescription", "Manufacturer", "CompletionFlag"),
]


@dataclass(frozen=True)
class ListedReport:
    """A report of a study as somebody chooses it."""

    sop_instance_uid: str
    title: str
    made_at: str
    maker: str
    has_measurements: bool


def reports_of(study: Study, user: User) -> list[ListedReport]:
    """Return the structured reports of the study that may hold measurements, the newest first."""
    return [_listed(instance) for instance in _reports(study, user).order_by("-received_at", "-pk")[:MOST_LISTED]]


def stored_report(study: Study, user: User, sop_instance_uid: str) -> Dataset | None:
    """Return a report of the study; None where it has no such one. Raises NoReport for a damaged file."""
    instance = _reports(study, user).filter(sop_instance_uid=sop_instance_uid).first()
    if instance is None:
        return None
    try:
        path, overlay = stored_path(instance), overlay_of(study.pk)
        correction = corrected(path, instance.data_set_offset, overlay)
        return parsed(b"".join(correction.chunks()) if correction else path.read_bytes())
    except (OSError, CannotCorrect) as error:
        raise NoReport("The stored report cannot be read. Ask an administrator to check the archive.") from error


def _reports(study: Study, user: User) -> FacilityScopedQuerySet[Instance]:
    return Instance.objects.visible_to(user).filter(series__study=study, sop_class_uid__in=CLASSES)


def _listed(instance: Instance) -> ListedReport:
    try:
        head = dcmread(stored_path(instance), specific_tags=HEAD)
        title = code_of(head, "ConceptNameCodeSequence")
        templates = [str(item.get("TemplateIdentifier", "")) for item in head.get("ContentTemplateSequence") or []]
        return ListedReport(
            instance.sop_instance_uid,
            str(head.get("SeriesDescription") or "") or (title.meaning if title else "Structured report"),
            _moment(head),
            str(head.get("Manufacturer") or ""),
            "1500" in templates,
        )
    except (*UNREADABLE, OSError):
        return ListedReport(instance.sop_instance_uid, "Damaged report", "", "", has_measurements=False)


def _moment(head: Dataset) -> str:
    """Return when the content was made as ISO 8601 without a zone, or as much of it as is there."""
    date, time = str(head.get("ContentDate") or ""), str(head.get("ContentTime") or "")
    if len(date) != len("20260102"):
        return ""
    day = f"{date[:4]}-{date[4:6]}-{date[6:8]}"
    return f"{day}T{time[:2]}:{time[2:4]}" if len(time) >= len("1200") else day
