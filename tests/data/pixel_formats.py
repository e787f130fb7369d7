"""The matrix of pixel formats: every photometric interpretation, sample layout and transfer syntax, as small images."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace

import numpy as np
from pydicom.dataset import Dataset
from pydicom.pixels.processing import convert_color_space
from pydicom.uid import (
    JPEG2000,
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
)

from tests.data.pixel_encoders import (
    HTJ2K,
    HTJ2K_LOSSLESS,
    HTJ2K_RPCL,
    JPEG_2000_PART_2,
    JPEG_XL,
    JPEG_XL_LOSSLESS,
    by_dcmtk,
    by_plugin,
    by_wasm,
    deflated_frame,
    in_items,
    with_stream,
)
from tests.data.pixel_patterns import (
    BLOCKS,
    COLUMNS,
    ROWS,
    PixelCase,
    Sample,
    capture,
    colour,
    colours,
    describe,
    grey,
    in_blocks,
    series,
    set_native,
    spread,
)

GREY, LAYOUTS, CODECS, COLOUR, PALETTE = (
    series(1, "Transfer syntaxes, native"),
    series(2, "Sample layouts"),
    series(3, "Compressed grey"),
    series(4, "Colour"),
    series(5, "Palettes"),
)
U8, U12, U16, S12, S16 = Sample(8, 8), Sample(16, 12), Sample(16, 16), Sample(16, 12, True), Sample(16, 16, True)
GREYS = {"u8": U8, "u12": U12, "u16": U16, "s12": S12, "s16": S16}
OVERLAY_BITS = 0xA000
DEEPEST_DCT = 12  # bits, of JPEG extended
FULL_TO_PARTIAL = np.array([219, 224, 224]) / 255


def all_cases() -> Iterator[PixelCase]:
    """Yield every image, series by series."""
    yield from native_syntaxes()
    yield from layouts()
    yield from compressed_greys()
    yield from colour_images()
    yield from palettes()


def native_syntaxes() -> Iterator[PixelCase]:
    """Yield what is not compressed: byte orders, deflated, in items."""
    for number, (name, sample) in enumerate(GREYS.items()):
        plain = grey(GREY, number * 10 + 1, sample)
        yield PixelCase(f"explicit little endian, {name}", plain, plain)
    for number, (name, sample) in enumerate((("u8", U8), ("s16", S16))):
        for offset, (syntax, label) in enumerate(
            ((ImplicitVRLittleEndian, "implicit little endian"), (DeflatedExplicitVRLittleEndian, "deflated"))
        ):
            plain = grey(GREY, 60 + number * 10 + offset, sample)
            yield PixelCase(f"{label}, {name}", _labelled(plain, syntax), plain)
        plain = grey(GREY, 65 + number * 10, sample)
        yield PixelCase(f"explicit big endian, {name}", _big_endian(plain), plain)
        plain = grey(GREY, 66 + number * 10, sample)
        yield PixelCase(f"encapsulated uncompressed, {name}", in_items(plain), plain)
        plain = grey(GREY, 67 + number * 10, sample)
        yield PixelCase(f"deflated image frame, {name}", deflated_frame(plain), plain)
    plain = colour(GREY, 90)
    yield PixelCase("explicit big endian, RGB", _big_endian(plain), plain)


def layouts() -> Iterator[PixelCase]:
    """Yield samples that are unusual in size, sign or place."""
    samples = {
        "8 bits signed": Sample(8, 8, True),
        "7 bits of 8": Sample(8, 7),
        "10 bits of 16": Sample(16, 10),
        "12 bits of 16, high bit 15": Sample(16, 12, high_bit=15),
        "12 bits of 16 signed, high bit 15": Sample(16, 12, True, high_bit=15),
        "12 bits of 16 signed, high bit 13": Sample(16, 12, True, high_bit=13),
        "24 bits of 32": Sample(32, 24),
        "32 bits": Sample(32, 32),
        "32 bits signed": Sample(32, 32, True),
    }
    for number, (name, sample) in enumerate(samples.items(), start=1):
        image = grey(LAYOUTS, number, sample)
        truth = grey(LAYOUTS, number, replace(sample, high_bit=-1))
        yield PixelCase(name, image, truth)
    for number, (name, sample) in enumerate({"unsigned": U12, "signed": S12}.items(), start=20):
        clean = grey(LAYOUTS, number, sample)
        image = deepcopy(clean)
        words = np.frombuffer(image.PixelData, "<u2") & 0x0FFF | OVERLAY_BITS
        set_native(image, words.astype("<u2"))
        yield PixelCase(f"spare bits in use, {name}", image, clean)
    unknown = with_stream(grey(LAYOUTS, 26, U8), JPEG_2000_PART_2, b"\xff\x4f\xff\xd9")
    yield PixelCase("JPEG 2000 part 2", unknown, unknown, refused="Neither this viewer nor the archive can decode")
    signed = grey(LAYOUTS, 25, Sample(8, 8, True))
    yield PixelCase("RLE, 8 bits signed", by_plugin(signed, RLELossless, "pylibjpeg"), signed)
    image = grey(LAYOUTS, 30, U12, PhotometricInterpretation="MONOCHROME1")
    yield PixelCase("MONOCHROME1", image, image)
    yield from (_one_bit(31), _floats(32, "FloatPixelData", "<f4"), _floats(33, "DoubleFloatPixelData", "<f8"))


def compressed_greys() -> Iterator[PixelCase]:
    """Yield greyscale in every compression."""
    number = 0
    in_wasm: list[tuple[str, Dataset, UID, float]] = []
    for name, sample in GREYS.items():
        sources = [grey(CODECS, number + offset, sample) for offset in range(1, 15)]
        yield from _by_plugins(name, sources[:5], sample)
        if not sample.signed:
            yield from _by_dcmtk(name, sources[5:10], sample)
            in_wasm.append((f"JPEG XL lossless, {name}", sources[10], JPEG_XL_LOSSLESS, 1.0))
        in_wasm.append((f"HTJ2K lossless, {name}", sources[11], HTJ2K_LOSSLESS, 1.0))
        in_wasm.append((f"HTJ2K lossless RPCL, {name}", sources[12], HTJ2K_RPCL, 1.0))
        in_wasm.append((f"HTJ2K, {name}", sources[13], HTJ2K, 4.0))
        number += 20
    in_wasm.append(("JPEG XL, u8", grey(CODECS, number, U8), JPEG_XL, 8.0))
    encoded = by_wasm([(source, syntax) for _, source, syntax, _ in in_wasm])
    for (name, source, _, tolerance), image in zip(in_wasm, encoded, strict=True):
        yield PixelCase(name, image, source, tolerance)


def _by_plugins(name: str, sources: list[Dataset], sample: Sample) -> Iterator[PixelCase]:
    rle, lossless, wavelets, near, lossy = sources
    yield PixelCase(f"RLE, {name}", by_plugin(rle, RLELossless, "pylibjpeg"), rle)
    yield PixelCase(f"JPEG-LS, {name}", by_plugin(lossless, JPEGLSLossless, "pyjpegls"), lossless)
    yield PixelCase(f"JPEG 2000 lossless, {name}", by_plugin(wavelets, JPEG2000Lossless, "pylibjpeg"), wavelets)
    image = by_plugin(near, JPEGLSNearLossless, "pyjpegls", jls_error=2)
    yield PixelCase(f"JPEG-LS near-lossless, {name}", image, near, 2.0 + 255 * 2 / (1 << sample.stored))
    yield PixelCase(f"JPEG 2000, {name}", by_plugin(lossy, JPEG2000, "pylibjpeg", j2k_cr=[4]), lossy, 3.0)


def _by_dcmtk(name: str, sources: list[Dataset], sample: Sample) -> Iterator[PixelCase]:
    first_order, lossless, extended, baseline, _ = sources
    yield PixelCase(f"JPEG lossless first-order, {name}", by_dcmtk(first_order, "+e1"), first_order)
    yield PixelCase(f"JPEG lossless process 14, {name}", by_dcmtk(lossless, "+el", "+sv", "6"), lossless)
    if sample.stored <= DEEPEST_DCT:
        yield PixelCase(f"JPEG extended, {name}", by_dcmtk(extended, "+ee", "+q", "98"), extended, 3.0)
    if sample == U8:
        yield PixelCase(f"JPEG baseline, {name}", by_dcmtk(baseline, "+eb", "+q", "98"), baseline, 3.0)


def colour_images() -> Iterator[PixelCase]:
    """Yield colour images: interpretations, planes, compressions."""
    plain, planes = colour(COLOUR, 1), colour(COLOUR, 2, planar=True)
    yield PixelCase("RGB by pixel", plain, plain)
    yield PixelCase("RGB by plane", planes, planes)
    yield from (_ybr(3, planar=False), _ybr(4, planar=True))
    yield from (_ybr_422(5, "YBR_FULL_422"), _ybr_422(6, "YBR_PARTIAL_422"))
    deep = _deep_colour(7)
    yield deep
    deep = _deep_colour(8)
    yield PixelCase("RLE, RGB of 16 bits", by_plugin(deep.dataset, RLELossless, "pylibjpeg"), deep.truth)
    turned = colour(COLOUR, 9, PhotometricInterpretation="HSV")
    yield PixelCase("HSV", turned, turned, refused="Its colours are stored as HSV")
    source = colour(COLOUR, 10)
    yield PixelCase("RLE, RGB by pixel", by_plugin(source, RLELossless, "pylibjpeg"), source)
    planes = by_plugin(colour(COLOUR, 11), RLELossless, "pylibjpeg")
    planes.PlanarConfiguration = 1  # of no meaning to RLE, and what most devices write
    yield PixelCase("RLE, RGB by plane", planes, colour(COLOUR, 11))
    ybr = _ybr(12, planar=False)
    yield PixelCase("RLE, YBR_FULL", by_plugin(ybr.dataset, RLELossless, "pylibjpeg"), ybr.truth, 2.0)
    for number, (mode, planar) in enumerate((("by pixel", False), ("by plane", True)), start=13):
        source = colour(COLOUR, number, planar=planar)
        yield PixelCase(f"JPEG-LS, RGB {mode}", by_plugin(source, JPEGLSLossless, "pyjpegls"), source)
    yield from _dcmtk_colour()
    yield from _wavelet_colour()


def _dcmtk_colour() -> Iterator[PixelCase]:
    source = colour(COLOUR, 20)
    yield PixelCase("JPEG lossless, RGB", by_dcmtk(source, "+e1"), source)
    source = colour(COLOUR, 21)
    yield PixelCase("JPEG baseline, RGB", by_dcmtk(source, "+eb", "+cr", "+q", "98"), source, 6.0)
    for number, (option, label) in enumerate((("+s4", "444"), ("+s2", "422")), start=22):
        source = colour(COLOUR, number)
        yield PixelCase(f"JPEG baseline, YBR {label}", by_dcmtk(source, "+eb", "+q", "98", option), source, 6.0)
    source = colour(COLOUR, 25)
    yield PixelCase("JPEG extended, YBR", by_dcmtk(source, "+ee", "+s4", "+q", "98"), source, 6.0)
    for number, (option, label) in enumerate((("+iv", "none"), ("+il", "line"), ("+is", "sample")), start=26):
        source = colour(COLOUR, number)
        image = by_dcmtk(source, option, program="dcmcjpls")
        yield PixelCase(f"JPEG-LS, RGB, interleaved {label}", image, source)


def _wavelet_colour() -> Iterator[PixelCase]:
    source = colour(COLOUR, 30)
    yield PixelCase("JPEG 2000 lossless, RGB", by_plugin(source, JPEG2000Lossless, "pylibjpeg", use_mct=False), source)
    source = colour(COLOUR, 31)
    rct = deepcopy(source)
    rct.PhotometricInterpretation = "YBR_RCT"
    yield PixelCase("JPEG 2000 lossless, YBR_RCT", by_plugin(rct, JPEG2000Lossless, "pylibjpeg"), source)
    source = colour(COLOUR, 32)
    ict = deepcopy(source)
    ict.PhotometricInterpretation = "YBR_ICT"
    yield PixelCase("JPEG 2000, YBR_ICT", by_plugin(ict, JPEG2000, "pylibjpeg", j2k_cr=[3]), source, 8.0)
    plain, rct, xl, planes = colour(COLOUR, 33), colour(COLOUR, 34), colour(COLOUR, 35), colour(COLOUR, 36, planar=True)
    by_colour = deepcopy(rct)
    by_colour.PhotometricInterpretation = "YBR_RCT"
    by_pixel = deepcopy(planes)
    set_native(by_pixel, in_blocks(colours()))
    jobs = [(plain, HTJ2K_LOSSLESS), (by_colour, HTJ2K_LOSSLESS), (xl, JPEG_XL_LOSSLESS), (by_pixel, HTJ2K_LOSSLESS)]
    names = ("HTJ2K lossless, RGB", "HTJ2K lossless, YBR_RCT", "JPEG XL lossless, RGB", "HTJ2K lossless, RGB by plane")
    for name, image, truth in zip(names, by_wasm(jobs), (plain, rct, xl, planes), strict=True):
        yield PixelCase(name, image, truth)


def palettes() -> Iterator[PixelCase]:
    """Yield palettes of 8 and 16 bits, from another first value, with signed indices, and in segments."""
    table = (colours().astype(np.uint16) * 257).T
    yield _palette("palette of 16 bits", 1, U8, 0, 16, table)
    yield _palette("palette of 8 bits", 2, U8, 0, 8, table >> 8)
    yield _palette("palette from 1000", 3, U16, 1000, 16, table)
    yield _palette("palette from -20", 4, S16, -20, 16, table)
    image = _palette("", 5, U8, 0, 16, table)
    yield PixelCase("RLE, palette", by_plugin(image.dataset, RLELossless, "pylibjpeg"), image.truth)
    image = _palette("", 6, U8, 0, 16, table)
    yield PixelCase("explicit big endian, palette", _big_endian(image.dataset), image.truth)
    yield _segmented_palette(7)


def _labelled(dataset: Dataset, syntax: UID) -> Dataset:
    copy = deepcopy(dataset)
    copy.file_meta.TransferSyntaxUID = syntax
    return copy


def _big_endian(dataset: Dataset) -> Dataset:
    """Return a copy in big endian: OW values have their words turned round, OB values do not (PS3.5 7.3)."""
    copy = _labelled(dataset, ExplicitVRBigEndian)
    for element in copy:
        if element.VR == "OW":
            element.value = np.frombuffer(element.value, "<u2").astype(">u2").tobytes()
    return copy


def _one_bit(number: int) -> PixelCase:
    """Return a bitmap."""
    bits = in_blocks(np.arange(BLOCKS) * 29 % BLOCKS % 2).astype(np.uint8)
    dataset = capture(LAYOUTS, number)
    describe(dataset, bits.shape, Sample(1, 1), "MONOCHROME2")
    data = np.packbits(bits.ravel(), bitorder="little").tobytes()
    dataset.PixelData = data + b"\0" * (len(data) % 2)
    dataset["PixelData"].VR = "OB"
    return PixelCase("1 bit", dataset, dataset)


def _floats(number: int, keyword: str, dtype: str) -> PixelCase:
    dataset = capture(LAYOUTS, number)
    pixels = in_blocks(spread(-0.75, 1.5)).astype(dtype)
    describe(dataset, pixels.shape, Sample(pixels.dtype.itemsize * 8, 1), "MONOCHROME2")
    del dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation
    dataset.WindowCenter, dataset.WindowWidth, dataset.VOILUTFunction = "0.4", "2", "LINEAR_EXACT"
    setattr(dataset, keyword, pixels.tobytes())
    return PixelCase(keyword, dataset, dataset)


def _ybr(number: int, *, planar: bool) -> PixelCase:
    truth = colour(COLOUR, number)
    dataset = colour(COLOUR, number, planar=planar, PhotometricInterpretation="YBR_FULL")
    pixels = convert_color_space(in_blocks(colours()), "RGB", "YBR_FULL")
    set_native(dataset, np.moveaxis(pixels, -1, 0) if planar else pixels)
    return PixelCase(f"YBR_FULL by {'plane' if planar else 'pixel'}", dataset, truth, 2.0)


def _ybr_422(number: int, photometric: str) -> PixelCase:
    truth = colour(COLOUR, number)
    dataset = colour(COLOUR, number, PhotometricInterpretation=photometric)
    ybr = convert_color_space(in_blocks(colours()), "RGB", "YBR_FULL").astype(np.float64)
    if photometric == "YBR_PARTIAL_422":
        ybr = np.rint((ybr - (0, 128, 128)) * FULL_TO_PARTIAL + (16, 128, 128))
    packed = np.empty((ROWS, COLUMNS // 2, 4), dtype=np.uint8)
    packed[..., 0], packed[..., 1] = ybr[:, 0::2, 0], ybr[:, 1::2, 0]
    packed[..., 2:] = ybr[:, 0::2, 1:]
    set_native(dataset, packed)
    return PixelCase(photometric, dataset, truth, 3.0)


def _deep_colour(number: int) -> PixelCase:
    truth = colour(COLOUR, number)
    dataset = capture(COLOUR, number)
    pixels = in_blocks(colours()).astype("<u2") * 257
    describe(dataset, pixels.shape, U16, "RGB")
    dataset.PlanarConfiguration = 0
    set_native(dataset, pixels)
    return PixelCase("RGB of 16 bits", dataset, truth)


def _palette(name: str, number: int, sample: Sample, first: int, bits: int, table: np.ndarray) -> PixelCase:
    order = np.arange(BLOCKS) * 29 % BLOCKS
    truth = colour(PALETTE, number)
    set_native(truth, in_blocks((table[:, order].T >> (8 if bits > 8 else 0)).astype(np.uint8)))
    dataset = capture(PALETTE, number)
    pixels = in_blocks(order + first).astype(sample.dtype)
    describe(dataset, pixels.shape, sample, "PALETTE COLOR")
    set_native(dataset, pixels)
    for name_of_colour, values in zip(("Red", "Green", "Blue"), table, strict=True):
        data = values.astype("<u2" if bits > 8 else "u1").tobytes()
        _set_table(dataset, name_of_colour, [len(values), first, bits], data)
    return PixelCase(name, dataset, truth)


def _set_table(dataset: Dataset, colour_name: str, descriptor: list[int], data: bytes) -> None:
    keyword = f"{colour_name}PaletteColorLookupTableDescriptor"
    setattr(dataset, keyword, descriptor)
    dataset[keyword].VR = "SS" if descriptor[1] < 0 else "US"
    setattr(dataset, f"{colour_name}PaletteColorLookupTableData", data)
    dataset[f"{colour_name}PaletteColorLookupTableData"].VR = "OW"


def _segmented_palette(number: int) -> PixelCase:
    """Return a palette of a discrete segment, a linear one, and a repetition of both (PS3.3 C.7.9.2)."""
    discrete, ramp_end = [0, 30000, 60000], 10000
    segments = [0, len(discrete), *discrete, 1, 21, ramp_end, 2, 2, 0, 0]
    ramp = np.rint(np.linspace(discrete[-1], ramp_end, 22))[1:]
    once = np.concatenate([discrete, ramp])
    again = np.concatenate([discrete, ramp])
    table = np.concatenate([once, again]).astype(np.uint16)
    assert len(table) == BLOCKS
    case = _palette("segmented palette", number, U8, 0, 16, np.stack([table, table[::-1], table]))
    for colour_name in ("Red", "Blue"):
        data = np.array(segments, dtype="<u2").tobytes()
        delattr(case.dataset, f"{colour_name}PaletteColorLookupTableData")
        setattr(case.dataset, f"Segmented{colour_name}PaletteColorLookupTableData", data)
        case.dataset[f"Segmented{colour_name}PaletteColorLookupTableData"].VR = "OW"
    return case
