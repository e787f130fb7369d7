"""The content of a structured report as it is walked and asked, whoever made it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code

from noctis.viewer.structured_reports.codes import code_of
from noctis.viewer.structured_reports.image_planes import numbers_of
from noctis.viewer.structured_reports.shapes import Graphic


@dataclass(frozen=True)
class ImageReference:
    """An image that a graphic was selected from; the frame counts from 1."""

    sop_instance_uid: str
    frame_number: int


@dataclass(frozen=True)
class PlacedGraphic:
    """A graphic, and the image that it lies on, if it says so."""

    graphic: Graphic
    image: ImageReference | None


@dataclass(frozen=True)
class Value:
    """A numeric item: what was measured, and its graphics."""

    concept: Code
    derivation: Code | None
    site: Code | None
    number: float | None
    unit: Code | None
    graphics: tuple[PlacedGraphic, ...]


def children(item: Dataset) -> list[Dataset]:
    """Return the items right below an item."""
    return list(item.get("ContentSequence") or [])


def walk(root: Dataset) -> Iterator[tuple[Dataset, bool]]:
    """Yield every item below ``root`` and whether it lies outside every measurement group; groups are not entered."""
    waiting = children(root)[::-1]
    while waiting:
        item = waiting.pop()
        is_group = name_of(item) == codes.DCM.MeasurementGroup
        yield item, not is_group
        if not is_group:
            waiting.extend(children(item)[::-1])


def name_of(item: Dataset) -> Code:
    """Return what an item is; a code without meaning where it does not say."""
    return code_of(item, "ConceptNameCodeSequence") or Code("", "", "")


def value_of(item: Dataset, name: Code) -> Code | None:
    """Return the code that the item ``name`` below ``item`` holds."""
    return next((code_of(child, "ConceptCodeSequence") for child in children(item) if name_of(child) == name), None)


def text_of(item: Dataset, name: Code) -> str:
    """Return the text, UID or person's name of the first item ``name`` below ``item``; empty where there is none."""
    for child in children(item):
        if name_of(child) == name:
            return str(child.get("TextValue") or child.get("UID") or child.get("PersonName") or "")
    return ""


def placed_graphics(item: Dataset) -> list[PlacedGraphic]:
    """Return the planar graphics right below an item, or the one that it is."""
    found = [item] if item.get("ValueType") == "SCOORD" else children(item)
    return [_placed(child) for child in found if child.get("ValueType") == "SCOORD"]


def value_item(item: Dataset) -> Value:
    """Return what a numeric item says."""
    measured = next(iter(item.get("MeasuredValueSequence") or []), Dataset())
    exact, written = numbers_of(measured, "FloatingPointValue"), numbers_of(measured, "NumericValue")
    return Value(
        concept=name_of(item),
        derivation=value_of(item, codes.DCM.Derivation),
        site=value_of(item, codes.SCT.FindingSite),
        number=next(iter([*exact, *written]), None),
        unit=code_of(measured, "MeasurementUnitsCodeSequence"),
        graphics=tuple(placed_graphics(item)),
    )


def _placed(item: Dataset) -> PlacedGraphic:
    numbers = numbers_of(item, "GraphicData")
    pixels = tuple(zip(numbers[::2], numbers[1::2], strict=False))
    return PlacedGraphic(Graphic(str(item.get("GraphicType") or ""), pixels), _image(item))


def _image(item: Dataset) -> ImageReference | None:
    for child in children(item):
        for referenced in child.get("ReferencedSOPSequence") or []:
            uid = str(referenced.get("ReferencedSOPInstanceUID") or "")
            frames = numbers_of(referenced, "ReferencedFrameNumber")
            return ImageReference(uid, round(frames[0]) if frames else 1)
    return None
