"""Small PET images whose header tells what SUV takes, or leaves the dose out (PS3.3 C.8.9)."""

from __future__ import annotations

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import PositronEmissionTomographyImageStorage

from tests.data.pixel_patterns import Sample, grey, series

KNOWN, UNKNOWN = series(9, "Uptake", "PT"), series(10, "Uptake without dose", "PT")
SLOPE = 0.75  # Bq/ml for each stored value
DOSE_BQ = 370_000_000.0
WEIGHT_KG = 74.0
GRAMS = 1000


def suv_per_stored_value() -> float:
    """Return what a stored value of the series with a dose is multiplied by to become SUV, without decay."""
    return SLOPE * WEIGHT_KG * GRAMS / DOSE_BQ


def uptake(number: int, *, with_dose: bool) -> Dataset:
    """Return a PET image in Bq/ml, with a window of its own."""
    dataset = grey(
        KNOWN if with_dose else UNKNOWN, number, Sample(16, 16), RescaleSlope=str(SLOPE), RescaleIntercept="0"
    )
    dataset.SOPClassUID = PositronEmissionTomographyImageStorage
    dataset.file_meta.MediaStorageSOPClassUID = PositronEmissionTomographyImageStorage
    dataset.WindowCenter, dataset.WindowWidth = "10000", "20000"
    dataset.Units, dataset.DecayCorrection, dataset.CorrectedImage = "BQML", "ADMIN", ["ATTN", "DECAY"]
    dataset.PatientWeight = str(WEIGHT_KG)
    drug = Dataset()
    if with_dose:
        drug.RadionuclideTotalDose = str(DOSE_BQ)
    dataset.RadiopharmaceuticalInformationSequence = Sequence([drug])
    return dataset
