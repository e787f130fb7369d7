"""Objects that people make here, such as presentation states and key object selections, and how they are stored.

They enter by the same door as everything else (``ingest.receive``); the indexer files them within moments.
"""

from __future__ import annotations

import secrets
from typing import Final

from django.conf import settings
from django.utils import timezone
from pydicom import dcmread
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian, generate_uid

from noctis.accounts.models import User
from noctis.archive.ingest import AUTHORED, Origin, Receipt, open_reception, receive
from noctis.archive.models import Instance, Series, Study
from noctis.archive.signals import object_begun
from noctis.archive.storage_area import study_folder
from noctis.dicom.attributes import person_name_text, texts
from noctis.implementation import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME

LONGEST_NAME: Final = 64  # of a component group of a person's name (PS3.5 6.2.1)
# Type 2 attributes of the Patient and General Study modules, which must be there even when empty, and what else they
# say that tells people and studies apart (PS3.3 C.7.1.1, C.7.2.1).
REQUIRED: Final = (
    *("PatientID", "PatientBirthDate", "PatientSex"),
    *("StudyInstanceUID", "StudyDate", "StudyTime", "StudyID", "AccessionNumber"),
)
FURTHER: Final = (
    *("IssuerOfPatientID", "OtherPatientIDs", "PatientAge", "PatientSize", "PatientWeight"),
    *("StudyDescription", "TimezoneOffsetFromUTC"),
)
NAMES: Final = ("PatientName", "ReferringPhysicianName")


def begin_object(beside: Instance, sop_class_uid: str, modality: str, series_description: str) -> Dataset:
    """Return an object of the study of ``beside``, made now: patient, study, series, equipment and its own UID.

    The patient's particulars and the study are as ``beside`` was received with them: what was corrected since is put
    right on both alike when they go out. A series that people made here before, of the same modality, goes on.
    """
    header = dcmread(settings.NOCTIS_DATA.storage / beside.path, stop_before_pixels=True)
    made = Dataset()
    made.SpecificCharacterSet = "ISO_IR 192"
    for keyword in NAMES:
        setattr(made, keyword, person_name_text(header, keyword))
    for keyword in REQUIRED:
        setattr(made, keyword, texts(header, keyword) or "")
    for keyword in FURTHER:
        if values := texts(header, keyword):
            setattr(made, keyword, values)
    study = beside.series.study
    made.SOPClassUID, made.SOPInstanceUID = UID(sop_class_uid), generate_uid(prefix=None)
    _join_series(made, study, modality, series_description)
    object_begun.send(sender=None, made=made, beside=beside)
    made.Manufacturer, made.ManufacturerModelName = "Noctis", "Noctis viewer"
    made.SoftwareVersions = settings.VERSION
    now = timezone.localtime()
    made.InstanceCreationDate, made.InstanceCreationTime = now.strftime("%Y%m%d"), now.strftime("%H%M%S")
    return made


def person_name_of(user: User) -> str:
    """Return a user's name as a person name: in one component, as nobody said which part is the family's."""
    name = (user.full_name or user.username).translate(str.maketrans("^=\\", "   "))
    return name[:LONGEST_NAME].strip()


def put_into_archive(dataset: Dataset, study: Study, *, acting_user: User, address: str | None) -> Receipt:
    """Hand an object to the archive's door for the study's facility. Raises OSError where the disk refuses.

    Never within a transaction: the indexer reads the object at once.
    """
    reception = open_reception(Origin(study.facility, AUTHORED, address=address, user=acting_user))
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = dataset.SOPClassUID, dataset.SOPInstanceUID
    meta.ImplementationClassUID = IMPLEMENTATION_CLASS_UID
    meta.ImplementationVersionName = IMPLEMENTATION_VERSION_NAME
    dataset.file_meta = meta
    part10 = settings.NOCTIS_DATA.incoming / f"{AUTHORED}-{secrets.token_hex(8)}.part"
    try:
        dataset.save_as(part10, enforce_file_format=True)
        part10.chmod(0o600)
        return receive(part10, reception)
    finally:
        part10.unlink(missing_ok=True)


def _join_series(made: Dataset, study: Study, modality: str, description: str) -> None:
    """Name the series that the object belongs to: one for each kind that is made here, and its number in it."""
    ours = study.series.filter(
        modality=modality,
        description=description,
        instances__reception__protocol=AUTHORED,
        instances__path__startswith=study_folder(made.StudyInstanceUID),
    )
    present: Series | None = ours.order_by("pk").first()
    made.Modality, made.SeriesDescription = modality, description
    made.SeriesInstanceUID = UID(present.series_instance_uid) if present else generate_uid(prefix=None)
    highest = study.series.order_by("-series_number").values_list("series_number", flat=True)
    numbers = [number for number in highest if number is not None]
    made.SeriesNumber = present.series_number if present else max([*numbers, 0]) + 1
    made.InstanceNumber = present.instance_count + 1 if present else 1
