"""A measurement report as annotations: ours exactly, those of others as far as our tools draw the same (TID 1500).

Nothing is dropped in silence: what does not become part of an annotation is named in ``Reading.not_understood``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import NAMESPACE_OID, UUID, uuid5

from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes

from noctis.dicom.attributes import person_name_display
from noctis.dicom.uids import MAX_UID_LENGTH, UUID_ROOT
from noctis.viewer.annotation_content import LONGEST_TEXT, InvalidAnnotation, checked
from noctis.viewer.models import ORIGIN_LENGTH
from noctis.viewer.structured_reports import exact_text
from noctis.viewer.structured_reports.codes import ANNOTATION, code_of, quantity_of, unit_of
from noctis.viewer.structured_reports.content_tree import (
    PlacedGraphic,
    Value,
    children,
    name_of,
    placed_graphics,
    text_of,
    value_item,
    value_of,
    walk,
)
from noctis.viewer.structured_reports.image_planes import ImagePlane
from noctis.viewer.structured_reports.images import StudyImages
from noctis.viewer.structured_reports.recognising import is_tool_name, recognised, tool_named_by
from noctis.viewer.structured_reports.shapes import Unknown, content_points

# Items of a group that say who, when and how: they do not become words beside a measurement.
CONTEXT: Final = (codes.DCM.ObserverType, codes.SCT.MeasurementMethod, codes.DCM.Derivation)
LARGEST_UUID: Final = 2**128


@dataclass(frozen=True)
class Measurement:
    """An annotation that a report holds."""

    uid: UUID
    content: dict[str, Any]
    origin: str


@dataclass(frozen=True)
class NotUnderstood:
    """Something in a report that no annotation says."""

    title: str
    reason: str


@dataclass
class Reading:
    """What a report holds."""

    measurements: list[Measurement] = field(default_factory=list)
    not_understood: list[NotUnderstood] = field(default_factory=list)


def read_report(report: Dataset, images: StudyImages) -> Reading:
    """Return the annotations of a report whose images are those of the study, and what else it says."""
    reading = Reading()
    seen: set[UUID] = set()
    observer = _observer(report) or _equipment(report)
    number = 0
    for item, is_outside in walk(report):
        if is_outside:
            if item.get("ValueType") == "NUM":
                reason = "The value stands outside a measurement group."
                reading.not_understood.append(NotUnderstood(_line(name_of(item).meaning), reason))
            continue
        number += 1
        group = _Group(item, f"Measurement {number}")
        try:
            content = group.content(images)
        except (Unknown, InvalidAnnotation) as error:
            reading.not_understood.append(NotUnderstood(group.title, str(error)))
            continue
        uid = _annotation_uid(group.tracking_uid, str(report.get("SOPInstanceUID", "")), number, seen)
        seen.add(uid)
        origin = (_observer(item) or observer)[:ORIGIN_LENGTH]
        reading.measurements.append(Measurement(uid, content, origin))
        reading.not_understood.extend(NotUnderstood(group.title, reason) for reason in group.left_out)
    return reading


class _Group:
    """One measurement group (TID 1501, 1410, 1411)."""

    def __init__(self, item: Dataset, fallback: str) -> None:
        self.item = item
        self.tracking_identifier = _line(text_of(item, codes.DCM.TrackingIdentifier))
        self.tracking_uid = text_of(item, codes.DCM.TrackingUniqueIdentifier)
        self.title = self.tracking_identifier or fallback
        self.values = [value_item(child) for child in children(item) if child.get("ValueType") == "NUM"]
        self.left_out: list[str] = []

    def content(self, images: StudyImages) -> dict[str, Any]:
        """Return the annotation. Raises Unknown or InvalidAnnotation."""
        placed = self._graphics()
        plane = _one_plane(placed, images)
        graphics = [one.graphic for one in placed]
        if ours := exact_text.read(text_of(self.item, ANNOTATION), plane, graphics):
            return ours
        quantities = self._quantities()
        names = [quantity["name"] for quantity in quantities]
        text = self._text()
        drawing = recognised(graphics, names, tool_named_by(self.tracking_identifier), has_text=bool(text))
        points, contour = content_points(drawing, plane)
        return checked(
            {
                "tool": drawing.tool,
                "seriesUid": plane.series_uid,
                "sopInstanceUid": plane.sop_instance_uid,
                "frameNumber": plane.frame_number,
                "frameOfReferenceUid": plane.frame_of_reference_uid,
                "points": points,
                "contour": contour,
                "textAt": None,
                "text": text,
                "quantities": quantities if drawing.tool not in {"arrow", "label"} else [],
            }
        )

    def _graphics(self) -> list[PlacedGraphic]:
        """Return each graphic once: some repeat that of a region below each of its values."""
        own = [one for child in children(self.item) for one in _own_graphics(child)]
        below = [one for value in self._long_axis_first() for one in value.graphics]
        return list(dict.fromkeys([*own, *below]))

    def _long_axis_first(self) -> list[Value]:
        return sorted(self.values, key=lambda value: value.concept == codes.SCT.ShortAxis)

    def _quantities(self) -> list[dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        for value in self.values:
            name = quantity_of(value.concept, value.derivation, value.site)
            title = value.derivation.meaning if value.derivation else value.concept.meaning
            if name is None or name in found:
                self.left_out.append(f"The value “{_line(title)}” is none that the viewer measures.")
            elif value.number is None:
                self.left_out.append(f"The value “{_line(title)}” is empty.")
            else:
                unit, factor = unit_of(value.unit)
                found[name] = {"name": name, "value": value.number * factor, "unit": unit}
        return list(found.values())

    def _text(self) -> str:
        """Return the words beside the measurement: a remark, else the finding or the name of the lesion."""
        remark = text_of(self.item, codes.DCM.Comment)
        finding, site = (value_of(self.item, name) for name in (codes.DCM.Finding, codes.SCT.FindingSite))
        for child in children(self.item):
            self._note_other(child)
        name = "" if is_tool_name(self.tracking_identifier) else self.tracking_identifier
        words = [remark or (finding.meaning if finding else name), site.meaning if site else ""]
        return _line(", ".join(word for word in words if word))[:LONGEST_TEXT]

    def _note_other(self, child: Dataset) -> None:
        """Name what a group says besides: qualitative evaluations, further texts, shapes in space."""
        name, kind = name_of(child), str(child.get("ValueType"))
        taken = (codes.DCM.Finding, codes.SCT.FindingSite, codes.DCM.Comment, codes.DCM.TrackingIdentifier)
        if kind == "SCOORD3D":
            self.left_out.append("A graphic in space is not taken over.")
        if kind not in {"CODE", "TEXT"} or any(name == known for known in (*taken, *CONTEXT, ANNOTATION)):
            return
        value = code_of(child, "ConceptCodeSequence")
        said = value.meaning if value else str(child.get("TextValue") or "")
        self.left_out.append(f"“{_line(name.meaning)}: {_line(said)}” is not taken over.")


def _own_graphics(child: Dataset) -> list[PlacedGraphic]:
    """Return the region that a group holds itself; the place of words, as dcmjs keeps it, is none."""
    is_region = child.get("ValueType") == "SCOORD" and name_of(child).value != "TextPosition"
    return placed_graphics(child) if is_region else []


def _one_plane(placed: Iterable[PlacedGraphic], images: StudyImages) -> ImagePlane:
    references = {one.image for one in placed}
    if not references:
        raise Unknown("It has no graphic on an image.")
    if len(references) > 1:
        raise Unknown("Its graphics lie on more than one image.")
    (image,) = references
    plane = images.plane(image.sop_instance_uid, image.frame_number) if image else None
    if plane is None:
        raise Unknown("It lies on an image that the study does not have.")
    return plane


def _observer(item: Dataset) -> str:
    """Return who measured: a person, else a device."""
    person = text_of(item, codes.DCM.PersonObserverName)
    return _line(person_name_display(person)) or _line(text_of(item, codes.DCM.DeviceObserverName))


def _equipment(report: Dataset) -> str:
    words = [str(report.get(keyword) or "") for keyword in ("Manufacturer", "ManufacturerModelName")]
    return _line(" ".join(word for word in words if word)) or "unknown"


def _annotation_uid(tracking_uid: str, report_uid: str, number: int, seen: set[UUID]) -> UUID:
    """Return the annotation's identifier: that of ours, or one that is always made the same.

    A tracking identifier that comes twice is that of a lesion which was measured twice.
    """
    tail = tracking_uid.removeprefix(f"{UUID_ROOT}.")
    if tail != tracking_uid and tail.isdecimal() and len(tail) < MAX_UID_LENGTH and int(tail) < LARGEST_UUID:
        uid = UUID(int=int(tail))
    else:
        uid = uuid5(NAMESPACE_OID, tracking_uid or f"{report_uid}#{number}")
    return uid if uid not in seen else uuid5(uid, str(number))


def _line(text: str) -> str:
    """Return a text as one line that can be shown."""
    return "".join(letter if letter.isprintable() else " " for letter in text).strip()
