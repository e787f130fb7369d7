"""The appliance's own synthetic images, under one name for the tests."""

from __future__ import annotations

from noctis.operations.phantoms.angiography import angiogram
from noctis.operations.phantoms.captures import PATCH_SIZE, PATCHES, colour_rendering, palette_map
from noctis.operations.phantoms.ct import SPINE, THORAX, CtPlan, ct_series, ct_study, slice_hu
from noctis.operations.phantoms.identity import (
    ADA,
    BORIS,
    CLARA,
    CT_STUDY,
    DAVID,
    ELENA,
    FELIX,
    SyntheticPatient,
    SyntheticSeries,
    SyntheticStudy,
)
from noctis.operations.phantoms.mr import mr_series, signal_at
from noctis.operations.phantoms.objects import new_instance, save, set_grey_pixels, set_rgb_pixels
from noctis.operations.phantoms.radiography import chest_radiograph
from noctis.operations.phantoms.stamp import read_stamp, stamp
from noctis.operations.phantoms.thorax import PROBES, Probe, hu_at
from noctis.operations.phantoms.ultrasound import ultrasound_loop

__all__ = [
    "ADA",
    "BORIS",
    "CLARA",
    "CT_STUDY",
    "DAVID",
    "ELENA",
    "FELIX",
    "PATCHES",
    "PATCH_SIZE",
    "PROBES",
    "SPINE",
    "THORAX",
    "CtPlan",
    "Probe",
    "SyntheticPatient",
    "SyntheticSeries",
    "SyntheticStudy",
    "angiogram",
    "chest_radiograph",
    "colour_rendering",
    "ct_series",
    "ct_study",
    "hu_at",
    "mr_series",
    "new_instance",
    "palette_map",
    "read_stamp",
    "save",
    "set_grey_pixels",
    "set_rgb_pixels",
    "signal_at",
    "slice_hu",
    "stamp",
    "ultrasound_loop",
]
