"""What people type to correct something. A form checks its values; its plan says what they would change."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, time
from typing import Any, ClassVar, Final

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q

from noctis.archive.models import Series, Study
from noctis.corrections.attributes import (
    PATIENT,
    SERIES,
    SEXES,
    SIDES,
    STUDY,
    Correctable,
    InvalidValue,
    checked,
)
from noctis.corrections.plans import Plan
from noctis.corrections.plans.edits import EditPatient, EditStudy
from noctis.corrections.plans.moves import MergePatients, MoveStudy
from noctis.corrections.plans.plan import described, described_series
from noctis.corrections.plans.structure import MergeStudies, SplitStudy

LONGEST_REASON: Final = 400
MOST_STUDIES: Final = 50
NAME_HINT: Final = "Family^Given^Middle^Prefix^Suffix; an = begins the name in another script"
STUDY_SCOPE, PATIENT_SCOPE = "study", "patient"
EXISTING, NEW = "existing", "new"


@dataclass(frozen=True)
class Section:
    """Fields under a heading; those that are ``rare`` open on demand."""

    title: str
    fields: list[forms.BoundField]
    rare: bool = False


class ReasonForm(forms.Form):
    """Why something is corrected, or a correction undone."""

    reason = forms.CharField(
        label="Reason",
        max_length=LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Who looks at the history reads it. It stays with the correction.",
    )


class CorrectionForm(forms.Form):
    """A form about a study."""

    title: ClassVar[str]
    lead: ClassVar[str]

    def __init__(self, study: Study, data: Any = None) -> None:
        """Ask about ``study``."""
        self.study = study
        super().__init__(data)

    @abstractmethod
    def plan(self) -> Plan:
        """Return what the valid form would change. Raises Objection."""

    def sections(self) -> list[Section]:
        """Return the fields as they are shown."""
        return [Section("", self.visible_fields())]


class EditForm(CorrectionForm):
    """Attributes of a patient, a study and its series; whatever is left as it is stays as it is."""

    title = "Correct"
    lead = "Change what is wrong. The stored images are not touched: what you correct is said whenever they go out."

    def __init__(self, study: Study, data: Any = None) -> None:
        """Show what is said now."""
        super().__init__(study, data)
        self.series = list(study.series.order_by("series_number", "pk"))
        self.others = study.patient.studies.filter(instance_count__gt=0).exclude(pk=study.pk).count()
        for attribute in (*PATIENT, *STUDY):
            self.fields[attribute.keyword] = _field(attribute, attribute.current(study))
        if self.others:
            self.fields["scope"] = forms.ChoiceField(
                label="The patient's particulars",
                choices=[
                    (STUDY_SCOPE, "are wrong in this study alone"),
                    (PATIENT_SCOPE, f"are wrong in all {self.others + 1} studies of the patient"),
                ],
                initial=PATIENT_SCOPE,
                widget=forms.RadioSelect,
            )
        for series, attribute in self._of_series():
            self.fields[_name(series, attribute)] = _field(attribute, attribute.current(series))

    def sections(self) -> list[Section]:
        """Return patient, study and each series."""
        scope = [self["scope"]] if self.others else []
        return [
            Section("Patient", [*(self[one.keyword] for one in PATIENT), *scope]),
            Section("Study", [self[one.keyword] for one in STUDY]),
            *(
                Section(described_series(one), [self[_name(one, attribute)] for attribute in SERIES], rare=True)
                for one in self.series
            ),
        ]

    def plan(self) -> Plan:
        """Return the correction of the study, or of the patient with all studies."""
        values = {
            one.keyword: typed
            for one in (*PATIENT, *STUDY)
            if (typed := self.cleaned_data[one.keyword]) != one.current(self.study)
        }
        of_series: dict[int, dict[str, str]] = {}
        for series, attribute in self._of_series():
            typed = self.cleaned_data[_name(series, attribute)]
            if typed != attribute.current(series):
                of_series.setdefault(series.pk, {})[attribute.keyword] = typed
        of_patient = self.cleaned_data.get("scope") == PATIENT_SCOPE and any(one.keyword in values for one in PATIENT)
        return (EditPatient if of_patient else EditStudy)(self.study, values=values, series_values=of_series)

    def _of_series(self) -> Iterator[tuple[Series, Correctable]]:
        for series in self.series:
            for attribute in SERIES:
                yield series, attribute


class MoveForm(CorrectionForm):
    """The patient to whom a study belongs: one whom the facility knows, or a new one."""

    title = "Move to another patient"
    lead = "The study goes to another patient of the facility, with its reports, notes and attached files."

    choice = forms.ChoiceField(
        label="The right patient",
        choices=[(EXISTING, "has studies here already"), (NEW, "is new here")],
        initial=EXISTING,
        widget=forms.RadioSelect,
    )
    patient_id = forms.CharField(label="Patient ID", max_length=64)
    issuer = forms.CharField(label="Issuer of patient ID", max_length=64, required=False)

    def __init__(self, study: Study, data: Any = None) -> None:
        """Add what is asked about a new patient."""
        super().__init__(study, data)
        for attribute in self._particulars():
            self.fields[attribute.keyword] = _field(attribute, "")

    def sections(self) -> list[Section]:
        """Return the patient, and what is needed of a new one."""
        known = [self[name] for name in ("choice", "patient_id", "issuer")]
        new = [self[one.keyword] for one in self._particulars()]
        return [Section("Patient", known), Section("Only for a new patient", new)]

    def plan(self) -> Plan:
        """Return the move."""
        typed = self.cleaned_data
        values: dict[str, str] = {}
        if typed["choice"] == NEW:
            values = {one.keyword: typed[one.keyword] for one in self._particulars()}
            values |= {"PatientID": typed["patient_id"], "IssuerOfPatientID": typed["issuer"]}
        return MoveStudy(self.study, patient_id=typed["patient_id"], issuer=typed["issuer"], new_values=values)

    @staticmethod
    def _particulars() -> list[Correctable]:
        return [one for one in PATIENT if one.keyword not in {"PatientID", "IssuerOfPatientID"}]


class MergePatientsForm(CorrectionForm):
    """The patient with whom this one is the same person."""

    title = "Merge patients"
    lead = "All studies of this patient go to another patient of the facility who is the same person."

    patient_id = forms.CharField(label="ID of the patient who stays", max_length=64)
    issuer = forms.CharField(label="Issuer of patient ID", max_length=64, required=False)

    def plan(self) -> Plan:
        """Return the merge."""
        typed = self.cleaned_data
        return MergePatients(self.study, patient_id=typed["patient_id"], issuer=typed["issuer"])


class TargetForm(CorrectionForm):
    """Asks for another study: one of the patient's, or any of the facility by its accession number or UID."""

    nothing: ClassVar[str] = ""

    def __init__(self, study: Study, data: Any = None) -> None:
        """List the patient's other studies."""
        super().__init__(study, data)
        others = study.patient.studies.filter(instance_count__gt=0).exclude(pk=study.pk)
        choices = [(str(one.pk), described(one)) for one in others.order_by("-study_date", "-pk")[:MOST_STUDIES]]
        last = [("", "The study named below")]
        self.fields["target"] = forms.ChoiceField(
            label="Study",
            required=False,
            choices=[*([(NEW, self.nothing)] if self.nothing else []), *choices, *last],
            initial=NEW if self.nothing else (choices or last)[0][0],
            widget=forms.RadioSelect if choices or self.nothing else forms.HiddenInput,
        )
        self.fields["named"] = forms.CharField(
            label="Accession number or Study Instance UID", max_length=64, required=False
        )

    def found_study(self) -> Study | None:
        """Return the study that was chosen or named; None for a new one. Raises ValidationError."""
        chosen, named = self.cleaned_data["target"], self.cleaned_data["named"].strip()
        if chosen == NEW:
            return None
        studies = Study.objects.visible_to_facility(self.study.facility).exclude(pk=self.study.pk)
        studies = studies.select_related("patient", "facility")
        if chosen:
            wanted = studies.filter(pk=chosen)
        elif named:
            wanted = studies.filter(Q(accession_number=named) | Q(study_instance_uid=named))
        else:
            raise ValidationError({"named": "Choose a study, or name one."})
        found = list(wanted[:2])
        if len(found) != 1:
            several = "Several studies have this accession number: give the Study Instance UID."
            raise ValidationError({"named": several if found else "The facility has no such other study."})
        return found[0]

    def clean(self) -> dict[str, Any]:
        """Look for the study."""
        cleaned = super().clean() or self.cleaned_data
        if not self.errors:
            cleaned["study"] = self.found_study()
        return cleaned


class MergeStudiesForm(TargetForm):
    """The study in which this one's series shall appear."""

    title = "Merge into another study"
    lead = "The series of this study appear in another one, with its notes, files and report."

    def plan(self) -> Plan:
        """Return the merge."""
        return MergeStudies(self.study, target=self.cleaned_data["study"])


class SplitForm(TargetForm):
    """The series that belong elsewhere."""

    title = "Split"
    lead = "The chosen series go to a study of their own or to another one; the rest stays."
    nothing = "A new study of the same patient"

    def __init__(self, study: Study, data: Any = None) -> None:
        """List the series."""
        super().__init__(study, data)
        series = study.series.order_by("series_number", "pk")
        self.fields["series"] = forms.MultipleChoiceField(
            label="Series that go",
            choices=[(str(one.pk), f"{described_series(one)} · {one.instance_count} objects") for one in series],
            widget=forms.CheckboxSelectMultiple,
        )
        self.order_fields(["series", "target", "named"])

    def plan(self) -> Plan:
        """Return the split."""
        chosen = [int(pk) for pk in self.cleaned_data["series"]]
        return SplitStudy(self.study, chosen=chosen, target=self.cleaned_data["study"])


def _name(series: Series, attribute: Correctable) -> str:
    return f"series-{series.pk}-{attribute.keyword}"


class _Day(forms.DateField):
    """A date that becomes DICOM's text."""

    def clean(self, value: Any) -> str:
        day: date | None = super().clean(value)
        return f"{day:%Y%m%d}" if day else ""


class _Clock(forms.TimeField):
    """A time that becomes DICOM's text."""

    def clean(self, value: Any) -> str:
        clock: time | None = super().clean(value)
        if clock is None:
            return ""
        return f"{clock:%H%M%S.%f}" if clock.microsecond else f"{clock:%H%M%S}"


class _Value(forms.CharField):
    """A text that may stand in its attribute."""

    def __init__(self, attribute: Correctable, **options: Any) -> None:
        self.attribute = attribute
        super().__init__(**options)

    def clean(self, value: Any) -> str:
        try:
            return checked(self.attribute, super().clean(value))
        except InvalidValue as error:
            raise ValidationError(str(error)) from error


def _field(attribute: Correctable, current: str) -> forms.Field:
    """Return the field for an attribute, with what it says now."""
    options: dict[str, Any] = {"label": attribute.label, "required": False}
    if attribute.vr == "DA":
        shown = f"{current[:4]}-{current[4:6]}-{current[6:]}" if current else ""
        return _Day(initial=shown, widget=forms.DateInput(attrs={"type": "date"}), **options)
    if attribute.vr == "TM":
        shown = f"{current[:2]}:{current[2:4]}:{current[4:]}" if current else ""
        return _Clock(
            initial=shown,
            input_formats=["%H:%M:%S", "%H:%M:%S.%f", "%H:%M"],
            widget=forms.TextInput(attrs={"placeholder": "hh:mm:ss", "inputmode": "numeric"}),
            **options,
        )
    choices = {"PatientSex": SEXES, "Laterality": SIDES}.get(attribute.keyword)
    if choices is not None:
        known = choices if current in dict(choices) else (*choices, (current, current))
        return forms.ChoiceField(choices=known, initial=current, **options)
    widget = forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"})
    hint = NAME_HINT if attribute.vr == "PN" else ""
    return _Value(attribute, initial=current, widget=widget, help_text=hint, **options)
