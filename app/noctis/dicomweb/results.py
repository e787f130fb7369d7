"""Rows of the index as DICOM JSON: what QIDO-RS answers (PS3.18 10.6.3.3, annex F)."""

from __future__ import annotations

from datetime import date, time
from typing import Final, TypeAlias

from pydicom.datadict import dictionary_VR, tag_for_keyword

from noctis.archive.models import Instance, Series, Study
from noctis.dicom.json_model import Json, JsonObject

Value: TypeAlias = "str | int | date | time | None"

_NAME_GROUPS: Final = ("Alphabetic", "Ideographic", "Phonetic")


def study_result(study: Study, retrieve_url: str) -> JsonObject:
    """Return the attributes of a study (table 10.6.3-3)."""
    return _model(
        SpecificCharacterSet="ISO_IR 192",
        StudyDate=study.study_date,
        StudyTime=study.study_time,
        AccessionNumber=study.accession_number,
        InstanceAvailability="ONLINE",
        ModalitiesInStudy=study.modality_list,
        ReferringPhysicianName=study.referring_physician,
        StudyDescription=study.description,
        RetrieveURL=retrieve_url,
        PatientName=study.patient_name,
        PatientID=study.patient_identifier,
        PatientBirthDate=study.birth_date,
        PatientSex=study.sex,
        StudyInstanceUID=study.study_instance_uid,
        StudyID=study.study_id,
        NumberOfStudyRelatedSeries=study.series_count,
        NumberOfStudyRelatedInstances=study.instance_count,
    )


def series_result(study: Study, series: Series, retrieve_url: str) -> JsonObject:
    """Return the attributes of a series (table 10.6.3-4)."""
    return _model(
        SpecificCharacterSet="ISO_IR 192",
        SeriesDate=series.series_date,
        SeriesTime=series.series_time,
        InstanceAvailability="ONLINE",
        Modality=series.modality,
        SeriesDescription=series.description,
        RetrieveURL=retrieve_url,
        BodyPartExamined=series.body_part,
        StudyInstanceUID=study.study_instance_uid,
        SeriesInstanceUID=series.series_instance_uid,
        SeriesNumber=series.series_number,
        NumberOfSeriesRelatedInstances=series.instance_count,
    )


def instance_result(series: Series, instance: Instance, retrieve_url: str) -> JsonObject:
    """Return the attributes of an instance (table 10.6.3-5); what has no pixels has no rows and columns either."""
    pixels: dict[str, Value | list[str]] = {}
    if instance.number_of_frames:
        pixels = {
            "NumberOfFrames": instance.number_of_frames,
            "Rows": instance.rows,
            "Columns": instance.columns,
            "BitsAllocated": instance.bits_allocated,
        }
    return _model(
        SpecificCharacterSet="ISO_IR 192",
        SOPClassUID=instance.sop_class_uid,
        SOPInstanceUID=instance.sop_instance_uid,
        InstanceAvailability="ONLINE",
        RetrieveURL=retrieve_url,
        AvailableTransferSyntaxUID=instance.transfer_syntax_uid,
        StudyInstanceUID=series.study.study_instance_uid,
        SeriesInstanceUID=series.series_instance_uid,
        InstanceNumber=instance.instance_number,
        **pixels,
    )


def _model(**attributes: Value | list[str]) -> JsonObject:
    """Return a data set as DICOM JSON; an attribute without a value is there, empty."""
    model: JsonObject = {}
    for keyword, value in attributes.items():
        tag = tag_for_keyword(keyword)
        if tag is None:
            raise KeyError(keyword)
        vr = dictionary_VR(tag)
        items: list[Value] = list(value) if isinstance(value, list) else [value]
        values = [_json(item, vr) for item in items if item not in {None, ""}]
        model[f"{tag:08X}"] = {"vr": vr, "Value": values} if values else {"vr": vr}
    return dict(sorted(model.items()))


def _json(value: Value, vr: str) -> Json:
    if isinstance(value, date):
        return value.isoformat().replace("-", "")
    if isinstance(value, time):
        return value.isoformat().replace(":", "")
    if vr == "PN":
        groups = zip(_NAME_GROUPS, str(value).split("="), strict=False)
        return {group: part for group, part in groups if part}
    return value
