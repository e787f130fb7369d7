"""Patients whose names need the character sets of PS3.3 C.12.1.1.2, the Asian ones from PS3.5 annexes H to K."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from pydicom.charset import convert_encodings
from pydicom.dataset import Dataset
from pydicom.uid import SecondaryCaptureImageStorage
from pydicom.valuerep import PersonName

from tests.data.phantoms import SyntheticPatient, SyntheticSeries, SyntheticStudy, new_instance, set_grey_pixels, stamp
from tests.data.specimen import Specimen


@dataclass(frozen=True)
class NamedPatient:
    """A name in DICOM's form, the Specific Character Set it is sent in, and how people should read it.

    ``encoded`` gives the bytes where pydicom's own encoder leaves out the escape sequences.
    """

    key: str
    character_set: str
    name: str
    display: str
    encoded: bytes = b""


NAMED_PATIENTS = (
    NamedPatient("ascii", "", "Phantom^Ida", "Phantom, Ida"),
    NamedPatient("latin-1", "ISO_IR 100", "Übungsfall^Jörg", "Übungsfall, Jörg"),
    NamedPatient("latin-2", "ISO_IR 101", "Wzór^Łucja", "Wzór, Łucja"),
    NamedPatient("cyrillic", "ISO_IR 144", "Фантом^Анна", "Фантом, Анна"),
    NamedPatient("arabic", "ISO_IR 127", "قباني^لنزار", "قباني, لنزار"),
    NamedPatient("greek", "ISO_IR 126", "Διονυσιος", "Διονυσιος"),
    NamedPatient("hebrew", "ISO_IR 138", "שרון^דבורה", "שרון, דבורה"),
    NamedPatient("thai", "ISO_IR 166", "ตัวอย่าง^สมชาย", "ตัวอย่าง, สมชาย"),
    NamedPatient("utf-8", "ISO_IR 192", "Wang^XiaoDong=王^小東=", "Wang, XiaoDong (王 小東)"),
    NamedPatient("gb18030", "GB18030", "Wang^XiaoDong=王^小东=", "Wang, XiaoDong (王 小东)"),
    NamedPatient("gbk", "GBK", "Zhang^XiaoDong=张^小东=", "Zhang, XiaoDong (张 小东)"),
    NamedPatient(
        "chinese",
        "\\ISO 2022 IR 58",
        "Zhang^XiaoDong=张^小东=",
        "Zhang, XiaoDong (张 小东)",
        b"Zhang^XiaoDong=\x1b$)A\xd5\xc5^\x1b$)A\xd0\xa1\xb6\xab=",
    ),
    NamedPatient("japanese", "\\ISO 2022 IR 87", "Yamada^Tarou=山田^太郎=やまだ^たろう", "Yamada, Tarou (山田 太郎)"),
    NamedPatient(
        "japanese-katakana",
        "ISO 2022 IR 13\\ISO 2022 IR 87",
        "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう",
        "ﾔﾏﾀﾞ, ﾀﾛｳ (山田 太郎)",
    ),
    NamedPatient("korean", "\\ISO 2022 IR 149", "Hong^Gildong=洪^吉洞=홍^길동", "Hong, Gildong (洪 吉洞)"),
)


def named_images() -> Iterator[Specimen]:
    """Yield a small image for each of ``NAMED_PATIENTS``, in the same order."""
    for number, patient in enumerate(NAMED_PATIENTS, start=1):
        yield Specimen(f"name-{patient.key}", named_image(patient, number))


def named_image(named: NamedPatient, number: int) -> Dataset:
    """Return an image of 64 x 64 pixels that carries the patient's name in its character set."""
    patient = SyntheticPatient(named.name, f"SYN-N{number:03d}", "19700101", "O")
    seed, accession_number = f"name-{named.key}", f"SYNN{number:03d}"
    study = SyntheticStudy(seed, patient, "Name", accession_number, "20250316", "120000", named.character_set)
    dataset = new_instance(SecondaryCaptureImageStorage, SyntheticSeries(study, "OT", 1, "Name"), 1)
    if named.encoded:
        dataset.PatientName = PersonName(named.encoded, convert_encodings(named.character_set.split("\\")))
    dataset.StudyID = f"N{number}"
    dataset.ConversionType = "WSD"
    dataset.PatientOrientation = ""
    pixels = np.tile(np.arange(0, 256, 4, dtype=np.uint8), (64, 1))
    stamp(pixels, number, 255)
    set_grey_pixels(dataset, pixels, bits_stored=8)
    return dataset
