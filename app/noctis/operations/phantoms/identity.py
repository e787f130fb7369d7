"""Synthetic patients, studies and series, with UIDs that always come out the same."""

from __future__ import annotations

from dataclasses import dataclass

from noctis.dicom.uids import uid_from_name


@dataclass(frozen=True)
class SyntheticPatient:
    """Who is on the images; ``name`` is in DICOM's form 'Family^Given'."""

    name: str
    patient_id: str
    birth_date: str
    sex: str
    weight: str = "70"


@dataclass(frozen=True)
class SyntheticStudy:
    """One study of one patient; ``seed`` decides every UID in it; no ``character_set`` means ASCII."""

    seed: str
    patient: SyntheticPatient
    description: str
    accession_number: str
    date: str
    time: str
    character_set: str = "ISO_IR 192"

    @property
    def uid(self) -> str:
        """The Study Instance UID."""
        return uid_from_name("study", self.seed)

    @property
    def frame_of_reference_uid(self) -> str:
        """The Frame of Reference UID that the series of this study share: they were made without moving."""
        return uid_from_name("frame of reference", self.seed)

    @property
    def age(self) -> str:
        """The patient's age at the study, as Patient's Age wants it ('055Y')."""
        years = int(self.date[:4]) - int(self.patient.birth_date[:4])
        return f"{years - (self.date[4:] < self.patient.birth_date[4:]):03d}Y"


@dataclass(frozen=True)
class SyntheticSeries:
    """One series of ``study``; ``variant`` keeps series apart that differ in nothing else."""

    study: SyntheticStudy
    modality: str
    number: int
    description: str
    body_part: str = ""
    variant: str = ""

    @property
    def uid(self) -> str:
        """The Series Instance UID."""
        return uid_from_name("series", self.study.seed, self.number, self.variant)

    def instance_uid(self, number: int) -> str:
        """Return the SOP Instance UID of the instance with this Instance Number."""
        return uid_from_name("instance", self.study.seed, self.number, self.variant, number)


ADA = SyntheticPatient("Phantom^Ada", "SYN-0001", "19690412", "F", "68")
BORIS = SyntheticPatient("Phantom^Boris", "SYN-0002", "19540923", "M", "84")
CLARA = SyntheticPatient("Phantom^Clara", "SYN-0003", "19820617", "F", "61")
DAVID = SyntheticPatient("Phantom^David", "SYN-0004", "19470130", "M", "79")
ELENA = SyntheticPatient("Phantom^Elena", "SYN-0005", "19911108", "F", "57")
FELIX = SyntheticPatient("Phantom^Felix", "SYN-0006", "19750705", "M", "90")

CT_STUDY = SyntheticStudy("ct", ADA, "CT thorax with contrast", "SYN2025001", "20250310", "091530")
MR_STUDY = SyntheticStudy("mr", BORIS, "MR head", "SYN2025002", "20250311", "103245")
ULTRASOUND_STUDY = SyntheticStudy("us", CLARA, "Echocardiography", "SYN2025003", "20250312", "142010")
ANGIOGRAPHY_STUDY = SyntheticStudy("xa", DAVID, "Coronary angiography", "SYN2025004", "20250313", "080055")
CAPTURE_STUDY = SyntheticStudy("sc", ELENA, "3D reconstruction and perfusion", "SYN2025005", "20250313", "161200")
RADIOGRAPH_STUDY = SyntheticStudy("cr", FELIX, "Chest radiograph", "SYN2025006", "20250314", "073340")
