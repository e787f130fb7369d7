"""Encoders for every transfer syntax of images for which there is one; each takes and returns a whole data set.

RLE, JPEG-LS and JPEG 2000 come from pydicom's plugins, JPEG from DCMTK, HTJ2K and JPEG XL from WebAssembly in Node.
"""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import sys
import zlib
from collections.abc import Sequence
from copy import deepcopy
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import UID

HERE = Path(__file__).parent
FRONTEND = HERE.parents[1] / "app" / "frontend"
ENCAPSULATED_UNCOMPRESSED = UID("1.2.840.10008.1.2.1.98")
DEFLATED_IMAGE_FRAME = UID("1.2.840.10008.1.2.8.1")
JPEG_EXTENDED = UID("1.2.840.10008.1.2.4.51")
JPEG_2000_PART_2 = UID("1.2.840.10008.1.2.4.92")
HTJ2K_LOSSLESS = UID("1.2.840.10008.1.2.4.201")
HTJ2K_RPCL = UID("1.2.840.10008.1.2.4.202")
HTJ2K = UID("1.2.840.10008.1.2.4.203")
JPEG_XL_LOSSLESS = UID("1.2.840.10008.1.2.4.110")
JPEG_XL = UID("1.2.840.10008.1.2.4.112")
_LRCP, _RPCL = 0, 2


def with_stream(dataset: Dataset, syntax: UID, stream: bytes) -> Dataset:
    """Return a copy of a single-frame ``dataset`` whose pixels are ``stream`` in the transfer syntax ``syntax``."""
    copy = deepcopy(dataset)
    copy.PixelData = encapsulate([stream])
    copy["PixelData"].VR = "OB"
    copy["PixelData"].is_undefined_length = True
    copy.file_meta.TransferSyntaxUID = syntax
    return copy


def in_items(dataset: Dataset) -> Dataset:
    """Return a copy with its native pixels in an item, not compressed (PS3.5 A.4.11)."""
    return with_stream(dataset, ENCAPSULATED_UNCOMPRESSED, dataset.PixelData)


def deflated_frame(dataset: Dataset) -> Dataset:
    """Return a copy with its frame deflated (PS3.5 A.4.13)."""
    deflate = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return with_stream(dataset, DEFLATED_IMAGE_FRAME, deflate.compress(dataset.PixelData) + deflate.flush())


def by_plugin(dataset: Dataset, syntax: UID, plugin: str, **options: Any) -> Dataset:
    """Return a copy compressed by one of pydicom's plugins."""
    copy = deepcopy(dataset)
    copy.compress(syntax, encoding_plugin=plugin, generate_instance_uid=False, **options)
    return copy


def by_dcmtk(dataset: Dataset, *options: str, program: str = "dcmcjpeg") -> Dataset:
    """Return a copy compressed by DCMTK, which knows all processes of JPEG."""
    found = shutil.which(program, path="/usr/bin:/usr/local/bin")
    assert found, f"{program} is missing; Debian's package dcmtk brings it"
    with TemporaryDirectory() as folder:
        source, target = Path(folder) / "source.dcm", Path(folder) / "target.dcm"
        dataset.save_as(source, enforce_file_format=True)
        subprocess.run([found, *options, "--uid-never", source, target], check=True, capture_output=True)
        return dcmread(BytesIO(target.read_bytes()))


def by_wasm(jobs: Sequence[tuple[Dataset, UID]]) -> list[Dataset]:
    """Return copies in HTJ2K or JPEG XL, made by one run of Node."""
    node = shutil.which("node", path=str(Path(sys.executable).parent)) or shutil.which("node")
    assert node, "Node is missing; it comes with the development requirements"
    done = subprocess.run(
        [node, HERE / "wasm_codecs.mjs", FRONTEND],
        input=json.dumps([_job(dataset, syntax) for dataset, syntax in jobs]),
        capture_output=True,
        check=True,
        text=True,
    )
    streams = map(base64.b64decode, json.loads(done.stdout))
    return [with_stream(dataset, syntax, stream) for (dataset, syntax), stream in zip(jobs, streams, strict=True)]


def _job(dataset: Dataset, syntax: UID) -> dict[str, object]:
    pixels = dataset.PixelData
    if dataset.PixelRepresentation and dataset.BitsStored < dataset.BitsAllocated:
        pixels = np.ascontiguousarray(dataset.pixel_array).tobytes()  # the sign fills the word
    return {
        "codec": "jpeg-xl" if syntax in {JPEG_XL_LOSSLESS, JPEG_XL} else "htj2k",
        "rows": dataset.Rows,
        "columns": dataset.Columns,
        "bits": dataset.BitsStored,
        "signed": bool(dataset.PixelRepresentation),
        "components": dataset.SamplesPerPixel,
        "colourTransform": dataset.PhotometricInterpretation.startswith("YBR"),
        "lossless": syntax not in {HTJ2K, JPEG_XL},
        "progression": _RPCL if syntax == HTJ2K_RPCL else _LRCP,
        "pixels": base64.b64encode(pixels).decode("ascii"),
    }
