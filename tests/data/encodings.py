"""One greyscale and one colour image in every transfer syntax for which an encoder is installed.

Each object has a SOP Instance UID of its own. HTJ2K, JPEG extended and the MPEG syntaxes are missing: no encoder.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from functools import cache
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import gdcm
import numpy as np
from PIL import Image
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    JPEG2000,
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
    SecondaryCaptureImageStorage,
)

from noctis.dicom.uids import uid_from_name
from tests.data.phantoms import (
    THORAX,
    SyntheticPatient,
    SyntheticSeries,
    SyntheticStudy,
    angiogram,
    colour_rendering,
    ct_series,
    new_instance,
    set_grey_pixels,
    slice_hu,
)
from tests.data.specimen import Specimen

PATIENT = SyntheticPatient("Phantom^Gina", "SYN-0007", "19880229", "F")
STUDY = SyntheticStudy("encodings", PATIENT, "One image in many transfer syntaxes", "SYN2025007", "20250315", "110000")
PLAN = replace(THORAX, slices=1, first_z=12.5, noise=9.0, description="Transfer syntaxes, grey")
NEAR_LOSSLESS_ERROR = 3


def encodings() -> Iterator[Specimen]:
    """Yield the greyscale image in the lossless syntaxes, then the lossy ones, colour and multi-frame."""
    yield from native()
    yield from lossless()
    yield from lossy()


@cache
def _grey() -> Dataset:
    return next(ct_series(PLAN, STUDY))


def _renamed(dataset: Dataset, name: str, number: int) -> Dataset:
    """Return a copy under a SOP Instance UID of its own."""
    copy = deepcopy(dataset)
    copy.SOPInstanceUID = uid_from_name("encoding", name)
    copy.file_meta.MediaStorageSOPInstanceUID = copy.SOPInstanceUID
    copy.InstanceNumber = number
    copy.ImageComments = name
    return copy


def native() -> Iterator[Specimen]:
    """Yield the greyscale image in the four syntaxes without compression of pixels."""
    for number, (name, syntax) in enumerate(
        (
            ("explicit-little", ExplicitVRLittleEndian),
            ("implicit-little", ImplicitVRLittleEndian),
            ("deflated", DeflatedExplicitVRLittleEndian),
            ("explicit-big", ExplicitVRBigEndian),
        ),
        start=1,
    ):
        copy = _renamed(_grey(), name, number)
        copy.file_meta.TransferSyntaxUID = syntax
        if syntax == ExplicitVRBigEndian:
            copy.PixelData = np.frombuffer(copy.PixelData, "<i2").astype(">i2").tobytes()
            copy["PixelData"].VR = "OW"
        yield Specimen(name, copy)


def lossless() -> Iterator[Specimen]:
    """Yield the greyscale image, a colour image and a multi-frame run in lossless compressed syntaxes."""
    for number, (name, syntax, plugin) in enumerate(
        (
            ("jpeg-ls", JPEGLSLossless, "pyjpegls"),
            ("jpeg-2000", JPEG2000Lossless, "pylibjpeg"),
            ("rle", RLELossless, "pylibjpeg"),
        ),
        start=11,
    ):
        yield Specimen(name, _compressed(_grey(), name, number, syntax, plugin))
        yield Specimen(f"{name}-colour", _compressed(_colour(), f"{name}-colour", number, syntax, plugin))
    yield Specimen("jpeg-lossless", jpeg_lossless(_renamed(_grey(), "jpeg-lossless", 14)))
    yield Specimen("rle-frames", _compressed(_frames(), "rle-frames", 15, RLELossless, "pylibjpeg"))


def lossy() -> Iterator[Specimen]:
    """Yield what loses: JPEG baseline in grey and colour, JPEG-LS near-lossless, JPEG 2000."""
    yield Specimen("jpeg-baseline", jpeg_baseline(_renamed(_capture(), "jpeg-baseline", 21)), lossless=False)
    colour = jpeg_baseline(_renamed(_colour(), "jpeg-baseline-colour", 22))
    yield Specimen("jpeg-baseline-colour", colour, lossless=False)
    near = _renamed(_grey(), "jpeg-ls-near", 23)
    near.compress(JPEGLSNearLossless, jls_error=NEAR_LOSSLESS_ERROR, generate_instance_uid=False)
    yield Specimen("jpeg-ls-near", _marked_lossy(near, "ISO_14495_1", 4), lossless=False)
    small = _renamed(_grey(), "jpeg-2000-lossy", 24)
    small.compress(JPEG2000, j2k_cr=[10], encoding_plugin="pylibjpeg", generate_instance_uid=False)
    yield Specimen("jpeg-2000-lossy", _marked_lossy(small, "ISO_15444_1", 10), lossless=False)


def _compressed(dataset: Dataset, name: str, number: int, syntax: UID, plugin: str) -> Dataset:
    copy = _renamed(dataset, name, number)
    copy.compress(syntax, encoding_plugin=plugin, generate_instance_uid=False)
    return copy


@cache
def _colour() -> Dataset:
    return colour_rendering(STUDY)


@cache
def _frames() -> Dataset:
    """Return the first five frames of the angiogram."""
    dataset = angiogram(STUDY)
    dataset.PixelData = dataset.PixelData[: 5 * dataset.Rows * dataset.Columns]
    dataset.NumberOfFrames = 5
    return dataset


@cache
def _capture() -> Dataset:
    """Return the greyscale image as 8 bit, windowed for soft tissue."""
    series = SyntheticSeries(STUDY, "OT", 9, "Transfer syntaxes, 8 bit")
    dataset = new_instance(SecondaryCaptureImageStorage, series, 1)
    dataset.ConversionType = "WSD"
    dataset.PatientOrientation = ""
    grey = np.clip((slice_hu(PLAN, 0).astype(np.float64) + 150) / 400 * 255, 0, 255)
    set_grey_pixels(dataset, np.rint(grey).astype(np.uint8), bits_stored=8)
    return dataset


def jpeg_baseline(dataset: Dataset) -> Dataset:
    """Compress an 8-bit image with Pillow: grey, or colour with halved chrominance as YBR_FULL_422."""
    buffer = BytesIO()
    image = Image.fromarray(dataset.pixel_array)
    image.save(buffer, "JPEG", quality=92, subsampling="4:2:2" if dataset.SamplesPerPixel > 1 else -1)
    ratio = len(dataset.PixelData) / buffer.tell()
    dataset.PixelData = encapsulate([buffer.getvalue()])
    dataset["PixelData"].VR = "OB"
    dataset["PixelData"].is_undefined_length = True
    dataset.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    if dataset.SamplesPerPixel > 1:
        dataset.PhotometricInterpretation = "YBR_FULL_422"
    return _marked_lossy(dataset, "ISO_10918_1", ratio)


def _marked_lossy(dataset: Dataset, method: str, ratio: float) -> Dataset:
    dataset.LossyImageCompression = "01"
    dataset.LossyImageCompressionRatio = round(ratio, 1)
    dataset.LossyImageCompressionMethod = method
    return dataset


def jpeg_lossless(dataset: Dataset) -> Dataset:
    """Compress with process 14, selection value 1 (GDCM); its pixels go back into our own data set."""
    with TemporaryDirectory() as folder:
        source, target = Path(folder) / "source.dcm", Path(folder) / "target.dcm"
        dataset.save_as(source, enforce_file_format=True)
        reader, change, writer = gdcm.ImageReader(), gdcm.ImageChangeTransferSyntax(), gdcm.ImageWriter()
        reader.SetFileName(str(source))
        change.SetTransferSyntax(gdcm.TransferSyntax(gdcm.TransferSyntax.JPEGLosslessProcess14_1))
        assert reader.Read()
        change.SetInput(reader.GetImage())
        assert change.Change()
        writer.SetFileName(str(target))
        writer.SetFile(reader.GetFile())
        writer.SetImage(change.GetOutput())
        assert writer.Write()
        encoded = dcmread(target)
    dataset.PixelData = encoded.PixelData
    dataset["PixelData"].VR = "OB"
    dataset["PixelData"].is_undefined_length = True
    dataset.file_meta.TransferSyntaxUID = JPEGLosslessSV1
    return dataset
