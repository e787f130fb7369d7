"""The form of a scheduled step, and the filter of the list. Actions do the writing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.forms import BoundField
from django.utils import timezone

from noctis.accounts.models import Facility
from noctis.archive.models import Study
from noctis.modality_worklist.models import LONG_TEXT, SHORT_TEXT, Priority, ScheduledProcedureStep
from noctis.modality_worklist.particulars import NAME_GROUP_LENGTH, StepParticulars, particulars_of_step
from noctis.modality_worklist.people import version_of
from noctis.network.models import RemoteApplicationEntity
from noctis.scheduling.person_names import NAME_FIELDS, joined_name, name_as_typed, name_parts, typed_name

MODALITIES: Final = {
    "CT": "CT · computed tomography",
    "MR": "MR · magnetic resonance",
    "US": "US · ultrasound",
    "CR": "CR · computed radiography",
    "DX": "DX · digital radiography",
    "MG": "MG · mammography",
    "XA": "XA · angiography",
    "RF": "RF · fluoroscopy",
    "NM": "NM · nuclear medicine",
    "PT": "PT · positron emission tomography",
    "IO": "IO · intra-oral radiography",
    "PX": "PX · panoramic radiography",
    "ES": "ES · endoscopy",
    "OP": "OP · ophthalmic photography",
    "OPT": "OPT · ophthalmic tomography",
    "BMD": "BMD · bone density",
}
SEXES: Final = (("", "Not known"), ("F", "Female"), ("M", "Male"), ("O", "Other"))
PHYSICIANS: Final = ("referring_physician", "requesting_physician", "performing_physician")
TEXTS: Final = (
    "patient_identifier",
    "issuer_of_patient_id",
    "accession_number",
    "procedure_description",
    "procedure_code",
    "procedure_code_scheme",
    "procedure_code_meaning",
    "location",
    "step_description",
)
PLAIN: Final = (*TEXTS, "birth_date", "sex", "priority", "modality", "start_date", "start_time")


class DayInput(forms.DateInput):
    """The browser's own date control."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class ClockInput(forms.TimeInput):
    """The browser's own time control."""

    input_type = "time"

    def __init__(self) -> None:
        super().__init__(format="%H:%M")


def _text(label: str, length: int = LONG_TEXT, *, required: bool = False, **options: Any) -> forms.CharField:
    widget = forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"})
    return forms.CharField(label=label, max_length=length, required=required, widget=widget, **options)


def _physician(label: str) -> forms.CharField:
    return _text(label, NAME_GROUP_LENGTH, help_text="Family name, given name")


@dataclass(frozen=True)
class Section:
    """A part of the form: fields that are always shown, and rarer ones behind a heading."""

    title: str
    fields: list[BoundField]
    more_title: str
    more: list[BoundField]

    @property
    def more_is_open(self) -> bool:
        """Whether one of the rarer fields has a value or an error."""
        return any(field.value() or field.errors for field in self.more)


SECTIONS: Final = (
    (
        "Patient",
        ("patient_identifier", "family", "given", "birth_date", "sex"),
        "Further parts of the name, other scripts",
        (*(name for name in NAME_FIELDS if name not in {"family", "given"}), "issuer_of_patient_id"),
    ),
    (
        "Order",
        ("accession_number", "joins_order", "procedure_description", "priority", "referring_physician"),
        "Procedure code, requesting physician",
        ("procedure_code", "procedure_code_scheme", "procedure_code_meaning", "requesting_physician"),
    ),
    (
        "Appointment",
        ("start_date", "start_time", "modality", "stations"),
        "Room, physician, description of the step",
        ("location", "performing_physician", "step_description"),
    ),
)


class StepForm(forms.Form):
    """A step to schedule or to change."""

    patient_identifier = _text("Patient ID", required=True)
    family = _text("Family name", required=True)
    given = _text("Given name")
    middle = _text("Middle name")
    name_prefix = _text("Prefix", help_text="Such as Dr")
    name_suffix = _text("Suffix", help_text="Such as Jr")
    ideographic_family = _text("Family name, ideographic", help_text="As in 山田")
    ideographic_given = _text("Given name, ideographic")
    phonetic_family = _text("Family name, phonetic", help_text="As in やまだ")
    phonetic_given = _text("Given name, phonetic")
    issuer_of_patient_id = _text("Issuer of the patient ID")
    birth_date = forms.DateField(label="Birth date", required=False, widget=DayInput())
    sex = forms.ChoiceField(choices=SEXES, required=False)
    accession_number = _text(
        "Accession number", SHORT_TEXT, help_text="By it the images find their order. One order has one."
    )
    joins_order = forms.BooleanField(required=False, label="This is a further step of the order that exists already")
    procedure_description = _text("Requested procedure", help_text="Such as CT thorax")
    procedure_code = _text("Code", SHORT_TEXT)
    procedure_code_scheme = _text("Coding scheme", SHORT_TEXT, help_text="Such as LN for LOINC")
    procedure_code_meaning = _text("Meaning of the code")
    priority = forms.ChoiceField(choices=[("", "Not given"), *Priority.choices], required=False)
    referring_physician = _physician("Referring physician")
    requesting_physician = _physician("Requesting physician")
    start_date = forms.DateField(label="Date", widget=DayInput())
    start_time = forms.TimeField(label="Time", widget=ClockInput())
    modality = forms.ChoiceField(choices=[("", "Choose"), *MODALITIES.items()])
    stations = forms.MultipleChoiceField(
        label="Stations", required=False, widget=forms.CheckboxSelectMultiple, help_text="None: any of the facility."
    )
    location = _text("Room", SHORT_TEXT)
    performing_physician = _physician("Performing physician")
    step_description = _text("Description of the step")
    version = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput())

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        facility: Facility,
        step: ScheduledProcedureStep | None = None,
        like: ScheduledProcedureStep | None = None,
        study: Study | None = None,
    ) -> None:
        """Show ``step`` to change it, or a new one: for the order of ``like``, or for the patient of ``study``."""
        self.step, self.like = step, like
        shown = step or like
        patient = values_of_patient(study) if study else {}
        super().__init__(data, initial=values_of(shown) if shown else new_values() | patient)
        if like is not None and step is None:
            self.initial = {**self.initial, "joins_order": True, "start_date": None, "start_time": None, "version": ""}
        self._offer_stations(facility, self.initial.get("stations", []))
        self._offer_modality(str(self.initial.get("modality", "")))
        if step is not None or (like is None and not self.data.get("joins_order")):
            del self.fields["joins_order"]

    def _offer_stations(self, facility: Facility, kept: Iterable[str]) -> None:
        entities = RemoteApplicationEntity.objects.filter(facility=facility, is_active=True)
        choices = {entity.ae_title: _station(entity) for entity in entities}
        choices |= {title: f"{title} · not registered" for title in kept if title not in choices}
        field = self.fields["stations"]
        assert isinstance(field, forms.MultipleChoiceField)  # noqa: S101  (for the type checker)
        field.choices = list(choices.items())
        if not choices:
            field.help_text = "This facility has no application entities: any device of it finds the step."

    def _offer_modality(self, kept: str) -> None:
        if kept and kept not in MODALITIES:
            field = self.fields["modality"]
            assert isinstance(field, forms.ChoiceField)  # noqa: S101  (for the type checker)
            field.choices = [(kept, kept), *MODALITIES.items()]

    def offer_to_join(self) -> None:
        """Ask whether the step is a further one of the order whose accession number was typed."""
        self.fields["joins_order"] = StepForm.base_fields["joins_order"]

    @property
    def sections(self) -> Iterator[Section]:
        """Yield the form's parts."""
        for title, names, more_title, more in SECTIONS:
            yield Section(title, self._bound(names), more_title, self._bound(more))

    def _bound(self, names: Iterable[str]) -> list[BoundField]:
        return [self[name] for name in names if name in self.fields]

    def clean(self) -> dict[str, Any]:
        """Refuse characters that separate the parts of a name, and a name that is too long for DICOM."""
        cleaned = super().clean() or self.cleaned_data
        for name in (*NAME_FIELDS, *PHYSICIANS):
            if set(cleaned.get(name, "")) & set("^=\\"):
                self.add_error(name, "A name cannot hold the characters ^ = and \\.")
        if any(len(group) > NAME_GROUP_LENGTH for group in joined_name(cleaned).split("=")):
            self.add_error("family", f"The name is longer than {NAME_GROUP_LENGTH} characters altogether.")
        return cleaned

    def clean_birth_date(self) -> date | None:
        """Refuse a birth date that is yet to come."""
        given: date | None = self.cleaned_data["birth_date"]
        if given is not None and given > timezone.localdate():
            raise ValidationError("This day is yet to come.")
        return given

    @property
    def particulars(self) -> StepParticulars:
        """What the valid form says; of a step that is changed, what the form does not show stays."""
        given = self.cleaned_data
        former = particulars_of_step(self.step) if self.step else None
        values = {name: given[name] for name in PLAIN}
        values["patient_name"] = joined_name(given, former.patient_name if former else "")
        for name in PHYSICIANS:
            values[name] = typed_name(given[name], getattr(former, name) if former else "")
        values["station_ae_titles"] = tuple(given["stations"])
        if former is None and self._joins_the_shown_order:
            assert self.like is not None  # noqa: S101  (for the type checker)
            values["study_instance_uid"] = self.like.study_instance_uid
            values["requested_procedure_id"] = self.like.requested_procedure_id
        return replace(former, **values) if former else StepParticulars(**values)

    @property
    def _joins_the_shown_order(self) -> bool:
        """Whether patient and order are still those of the step that the form began with."""
        given = self.cleaned_data
        return (
            self.like is not None
            and bool(given.get("joins_order"))
            and given["patient_identifier"] == self.like.patient_identifier
            and given["accession_number"] == self.like.accession_number
        )

    def differences_from(self, current: ScheduledProcedureStep) -> list[tuple[str, str]]:
        """Return label and stored value of each field whose value is not the one that was typed."""
        stored = values_of(current)
        found = []
        for bound in self:
            if bound.name in {"version", "joins_order"}:
                continue
            kept, typed = stored[bound.name], self.cleaned_data.get(bound.name)
            if (kept or "") != (typed or "") and (kept or typed):
                found.append((str(bound.label), ", ".join(kept) if isinstance(kept, list) else str(kept or "empty")))
        return found


def values_of(step: ScheduledProcedureStep) -> dict[str, Any]:
    """Return what the form shows of a step."""
    return {
        **{name: getattr(step, name) for name in PLAIN},
        **name_parts(step.patient_name),
        **{name: name_as_typed(getattr(step, name)) for name in PHYSICIANS},
        "stations": step.station_ae_titles,
        "version": version_of(step),
    }


def values_of_patient(study: Study) -> dict[str, Any]:
    """Return what the form of a new step takes from a study that the archive has: the patient, and what was made."""
    return {
        **name_parts(study.patient_name),
        "patient_identifier": study.patient_identifier,
        "issuer_of_patient_id": study.patient.issuer_of_patient_id,
        "birth_date": study.birth_date,
        "sex": study.sex,
        "procedure_description": study.description[:LONG_TEXT],
        "modality": next(iter(study.modality_list), ""),
    }


def new_values() -> dict[str, Any]:
    """Return what the form of a new step begins with."""
    return {"start_date": timezone.localdate(), "priority": Priority.ROUTINE}


def _station(entity: RemoteApplicationEntity) -> str:
    return f"{entity.ae_title} · {entity.description}" if entity.description else entity.ae_title
