"""What is asked when somebody sends a study, and when an administrator makes a rule."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from noctis.accounts.models import Facility, User
from noctis.archive.models import Series, Study
from noctis.dicom.ae_titles import AeTitleError, normalise_ae_title
from noctis.network.models import RemoteApplicationEntity
from noctis.routing.models import SEPARATOR, ForwardingRule
from noctis.routing.permissions import destinations_for
from noctis.routing.rule_actions import RuleValues

Choice = tuple[str, str]
CODE_INPUT = {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}


class SendForm(forms.Form):
    """What of a study to send, and where to."""

    series = forms.ChoiceField(required=False, label="What")
    destination = forms.ChoiceField(label="To", error_messages={"required": "Choose where to send it."})
    may_leave_facility = forms.BooleanField(required=False)

    def __init__(self, *args: Any, study: Study, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._study = study
        self._series = {series.series_instance_uid: series for series in study.series.order_by("series_number", "pk")}
        self._destinations = {str(entity.pk): entity for entity in destinations_for(user, study)}
        self._offer("series", [("", f"The whole study, {_objects(study.instance_count)}"), *self._series_choices()])
        self._offer("destination", self._destination_choices())
        confirmation = self.fields["may_leave_facility"]
        confirmation.label = f"These images may leave {study.facility}"
        if not self._foreign:
            del self.fields["may_leave_facility"]

    @property
    def has_destinations(self) -> bool:
        """Whether there is anywhere to send to."""
        return bool(self._destinations)

    @property
    def chosen_series(self) -> Series | None:
        """The series to send, None for the whole study."""
        return self._series.get(self.cleaned_data["series"])

    @property
    def chosen_destination(self) -> RemoteApplicationEntity:
        """Where to."""
        return self._destinations[self.cleaned_data["destination"]]

    def clean(self) -> dict[str, Any]:
        """Ask for a confirmation where images would leave their facility."""
        cleaned = super().clean() or self.cleaned_data
        entity = self._destinations.get(cleaned.get("destination", ""))
        if entity is not None and entity in self._foreign and not cleaned.get("may_leave_facility"):
            reason = f"{entity.ae_title} belongs to {entity.facility}: the images would leave {self._study.facility}."
            self.add_error("may_leave_facility", f"{reason} Tick this if they may.")
        return cleaned

    @property
    def _foreign(self) -> list[RemoteApplicationEntity]:
        return [one for one in self._destinations.values() if one.facility_id != self._study.facility_id]

    def _offer(self, name: str, choices: Any) -> None:
        field = self.fields[name]
        if isinstance(field, forms.ChoiceField):
            field.choices = choices

    def _series_choices(self) -> list[Choice]:
        return [
            (
                uid,
                " ".join(filter(None, (series.modality, str(series.series_number or ""), series.description)))
                + f", {_objects(series.instance_count)}",
            )
            for uid, series in self._series.items()
        ]

    def _destination_choices(self) -> list[Choice | tuple[str, list[Choice]]]:
        own = [(pk, _option(one)) for pk, one in self._destinations.items() if one not in self._foreign]
        foreign = [(str(one.pk), f"{one.facility}: {_option(one)}") for one in self._foreign]
        first: list[Choice] = [] if len(own) == 1 and not foreign else [("", "Choose")]
        if not foreign:
            return [*first, *own]
        groups = [(str(self._study.facility), own)] if own else []
        return [*first, *groups, (f"Other facilities: images leave {self._study.facility}", foreign)]


class RuleForm(forms.Form):
    """What a forwarding rule says."""

    name = forms.CharField(max_length=80)
    destination = forms.ModelChoiceField(
        RemoteApplicationEntity.objects.filter(port__isnull=False).exclude(host=""),
        label="Forward to",
        empty_label="Choose",
        help_text="Devices with an address to send to, as their entry under application entities says.",
    )
    facility = forms.ModelChoiceField(
        Facility.objects.all(),
        required=False,
        label="Images of",
        empty_label="The destination's own facility",
        help_text="Another facility than the destination's must be confirmed below.",
    )
    calling_ae_titles = forms.CharField(
        max_length=400,
        required=False,
        label="Sent by",
        help_text="AE titles, separated by commas; empty for any. What the destination itself sent never goes back.",
        widget=forms.TextInput(attrs=CODE_INPUT),
    )
    modalities = forms.CharField(
        max_length=200,
        required=False,
        help_text="Such as CT, MR; empty for any.",
        widget=forms.TextInput(attrs=CODE_INPUT),
    )
    description_pattern = forms.CharField(
        max_length=120,
        required=False,
        label="Description",
        help_text="Of the study or the series, such as *head*: * is any text, ? any character, case does not count.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    may_leave_facility = forms.BooleanField(
        required=False,
        label="Images may leave their facility",
        help_text="Needed only where the destination belongs to another facility than the images.",
    )

    def __init__(self, *args: Any, rule: ForwardingRule | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        others = ForwardingRule.objects.all()
        self._others = others.exclude(pk=rule.pk) if rule else others
        field = self.fields["destination"]
        if isinstance(field, forms.ModelChoiceField):
            entities = RemoteApplicationEntity.objects.filter(port__isnull=False).exclude(host="")
            named = [(one.pk, f"{_title(one)}, {one.facility}") for one in entities.select_related("facility")]
            field.choices = [("", "Choose"), *named]

    def clean_name(self) -> str:
        """Refuse the name of another rule."""
        name: str = self.cleaned_data["name"]
        if self._others.filter(name__iexact=name).exists():
            raise ValidationError("Another rule has this name.")
        return name

    def clean_calling_ae_titles(self) -> list[str]:
        """Return the titles. Raises ValidationError where one cannot be a title."""
        words = [word for word in self.cleaned_data["calling_ae_titles"].split(",") if word.strip()]
        try:
            return list(dict.fromkeys(normalise_ae_title(word) for word in words))
        except AeTitleError as error:
            raise ValidationError(str(error)) from error

    def clean_modalities(self) -> list[str]:
        """Return the modalities in capitals."""
        words = self.cleaned_data["modalities"].upper().replace(",", " ").split()
        if any(SEPARATOR in word or len(word) > 16 for word in words):  # noqa: PLR2004  (PS3.5 6.2, CS)
            raise ValidationError("A modality has at most 16 letters and digits.")
        return list(dict.fromkeys(words))

    def clean(self) -> dict[str, Any]:
        """Ask for a confirmation where images would leave their facility."""
        cleaned = super().clean() or self.cleaned_data
        facility, destination = cleaned.get("facility"), cleaned.get("destination")
        if facility and destination and facility != destination.facility and not cleaned.get("may_leave_facility"):
            to = f"{destination.ae_title} belongs to {destination.facility}"
            self.add_error("may_leave_facility", f"{to}: images would leave {facility}. Tick this if they may.")
        return cleaned

    @property
    def values(self) -> RuleValues:
        """The valid form's content."""
        return RuleValues(**self.cleaned_data)


class ApplyForm(forms.Form):
    """To which of the stored studies a rule is to be applied."""

    days = forms.TypedChoiceField(
        label="Received within",
        coerce=int,
        choices=[("7", "the last 7 days"), ("30", "the last 30 days"), ("0", "all the time")],
    )
    confirmed = forms.BooleanField(
        label="Send them all", error_messages={"required": "Tick this to have the studies sent."}
    )


def _title(entity: RemoteApplicationEntity) -> str:
    return f"{entity.ae_title} ({entity.description})" if entity.description else entity.ae_title


def _option(entity: RemoteApplicationEntity) -> str:
    """Say, too, where a device could not be reached: what is sent there will have to wait."""
    return f"{_title(entity)}, not reached last time" if entity.send_error else _title(entity)


def _objects(count: int) -> str:
    return "1 object" if count == 1 else f"{count} objects"
