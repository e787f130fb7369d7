"""All synthetic objects as a folder of files, as an export from many systems would look."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from tests.data.broken import broken_objects, sound_original
from tests.data.documents import documents
from tests.data.encodings import encodings
from tests.data.names import named_images
from tests.data.phantoms import (
    SPINE,
    THORAX,
    angiogram,
    chest_radiograph,
    colour_rendering,
    ct_series,
    mr_series,
    palette_map,
    save,
    ultrasound_loop,
)
from tests.data.specimen import Specimen


def mixed_objects(*, ct_slices: int = 12) -> Iterator[Specimen]:
    """Yield sound objects of every kind, about 40 MB with the default number of slices of each CT series."""
    for plan in (THORAX, SPINE):
        for dataset in ct_series(replace(plan, slices=ct_slices)):
            yield Specimen(f"ct-{dataset.SeriesNumber}-{dataset.InstanceNumber:04d}", dataset)
    for dataset in mr_series(slices=5):
        yield Specimen(f"mr-{dataset.InstanceNumber:04d}", dataset)
    yield Specimen("ultrasound", ultrasound_loop())
    yield Specimen("angiogram", angiogram())
    yield Specimen("radiograph", chest_radiograph())
    yield Specimen("colour", colour_rendering())
    yield Specimen("palette", palette_map())
    yield from encodings()
    yield from documents()
    yield from named_images()


def write_mixed_folder(folder: Path, *, ct_slices: int = 12) -> list[Path]:
    """Write the sound objects and return their paths."""
    return [save(specimen.dataset, folder / f"{specimen.name}.dcm") for specimen in mixed_objects(ct_slices=ct_slices)]


def write_broken_folder(folder: Path) -> list[Path]:
    """Write the broken objects, after the sound one that they contradict, and return their paths in that order."""
    paths = [save(sound_original(), folder / "00-sound.dcm")]
    for number, broken in enumerate(broken_objects(), start=1):
        path = folder / f"{number:02d}-{broken.name}.dcm"
        path.write_bytes(broken.content)
        paths.append(path)
    return paths
