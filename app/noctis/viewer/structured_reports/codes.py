"""What our quantities, units and tools are called in reports: coded concepts (PS3.16), and the way back."""

from __future__ import annotations

from typing import Final

from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code

SCHEME: Final = "99NOCTIS"
SCHEME_NAME: Final = "Noctis viewer"
ANNOTATION: Final = Code("annotation", SCHEME, "Annotation in full precision")
PIXEL_VALUE: Final = Code("pixel-value", SCHEME, "Pixel value")
RATIO: Final = Code("ct-ratio", SCHEME, "Cardiothoracic ratio")
DIAMETER: Final[Code] = codes.SCT.Diameter
ATTENUATION: Final[Code] = codes.DCM.AttenuationCoefficient
UPTAKE: Final[Code] = codes.DCM.StandardizedUptakeValue
MR_SIGNAL: Final[Code] = codes.DCM.MRSignalIntensity
DERIVATIONS: Final = {
    "Mean": codes.SCT.Mean,
    "SD": codes.SCT.StandardDeviation,
    "Min": codes.SCT.Minimum,
    "Max": codes.SCT.Maximum,
}
# Heart and thorax are two diameters that differ by their site.
SITES: Final = {"Heart": codes.SCT.Heart, "Thorax": codes.SCT.Thorax}
TOOL_NAMES: Final = {
    "length": "Length",
    "bidirectional": "Bidirectional",
    "angle": "Angle",
    "cobb": "Cobb angle",
    "cardiothoracic": "Cardiothoracic ratio",
    "rectangle": "Rectangle",
    "ellipse": "Ellipse",
    "circle": "Circle",
    "freehand": "Freehand region",
    "probe": "Probe",
    "arrow": "Arrow",
    "label": "Text",
}
_QUANTITIES: Final = {
    "Length": codes.SCT.Length,
    "Radius": codes.SCT.Radius,
    "Angle": codes.SCT.Angle,
    "Area": codes.SCT.Area,
    "Perimeter": codes.SCT.Perimeter,
    "Value": PIXEL_VALUE,
    "Ratio": RATIO,
}
_QUANTITIES_OF_TOOLS: Final = {
    ("bidirectional", "Length"): codes.SCT.LongAxis,
    ("bidirectional", "Width"): codes.SCT.ShortAxis,
    ("cobb", "Angle"): codes.SCT.CobbAngle,
}
# Under which names others write the same: of a length, for one, what CID 7470 lists.
_FURTHER_NAMES: Final = (
    (codes.DCM.Distance, "Length"),
    (codes.DCM.PathLength, "Length"),
    (DIAMETER, "Length"),
    (codes.DCM.Angle, "Angle"),
    (codes.SCT.Width, "Width"),
)
_UNITS: Final = {
    "mm": codes.UCUM.Millimeter,
    "mm2": codes.UCUM.SquareMillimeter,
    "px": Code("{pixels}", "UCUM", "pixels"),
    "px2": Code("{pixels2}", "UCUM", "square pixels"),
    "deg": Code("deg", "UCUM", "degree"),
    "HU": codes.UCUM.HounsfieldUnit,
    "%": codes.UCUM.Percent,
    "BQML": Code("Bq/ml", "UCUM", "Becquerels/milliliter"),
    "": codes.UCUM.NoUnits,
}


def code_of(dataset: Dataset, keyword: str) -> Code | None:
    """Return the first code of a sequence; the version of its scheme is left out, as it says nothing here."""
    for item in dataset.get(keyword) or []:
        value = item.get("CodeValue") or item.get("LongCodeValue") or item.get("URNCodeValue")
        if value:
            return Code(str(value), str(item.get("CodingSchemeDesignator", "")), str(item.get("CodeMeaning", "")))
    return None


def tool_code(tool: str) -> Code:
    """Return the code of a tool, as the Measurement Method of its group."""
    return Code(tool, SCHEME, TOOL_NAMES.get(tool, tool))


def concept_of(tool: str, quantity: str) -> Code:
    """Return what a quantity is called."""
    known: Code | None = DIAMETER if quantity in SITES else None
    known = known or _QUANTITIES_OF_TOOLS.get((tool, quantity)) or _QUANTITIES.get(quantity)
    return known or Code(quantity[:16], SCHEME, quantity)


def pixel_value_concept(modality: str, unit: str) -> Code:
    """Return what the values of pixels are (CID 7180)."""
    if unit == "HU":
        return ATTENUATION
    if "SUV" in unit:
        return UPTAKE
    return MR_SIGNAL if modality == "MR" else PIXEL_VALUE


def unit_code(unit: str) -> Code:
    """Return the UCUM code of a unit; one that UCUM does not know is an annotation in braces."""
    return _UNITS.get(unit) or Code("{" + unit.translate(str.maketrans("{} ", "()_")) + "}", "UCUM", unit)


def quantity_of(concept: Code, derivation: Code | None, site: Code | None) -> str | None:
    """Return our name of what a numeric item gives; None for what the viewer does not measure."""
    for name, code in DERIVATIONS.items():
        if (derivation or concept) == code:
            return name
    if any(concept == code for code in (ATTENUATION, UPTAKE, MR_SIGNAL)):
        return "Value"
    if concept == DIAMETER and site is not None:
        for name, code in SITES.items():
            if site == code:
                return name
    known = [*((code, name) for (_, name), code in _QUANTITIES_OF_TOOLS.items())]
    known += [*((code, name) for name, code in _QUANTITIES.items()), *_FURTHER_NAMES]
    return next((name for code, name in known if concept == code), None)


def unit_of(code: Code | None) -> tuple[str, float]:
    """Return our name of a unit, and by what a value in theirs is to be multiplied."""
    if code is None:
        return "", 1.0
    if code.value in {"cm", "cm2"}:
        return ("mm", 10.0) if code.value == "cm" else ("mm2", 100.0)
    for name, known in _UNITS.items():
        if code.value == known.value:
            return name, 1.0
    return (code.value.strip("{}"))[:32], 1.0
