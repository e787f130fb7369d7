"""Forms of quality control and the inbox. They check what was typed; actions do the writing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, Final, cast

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from noctis.accounts.models import Facility, User
from noctis.archive.models import QuarantineDecision, QuarantinedObject, QuarantineReason
from noctis.archive.quarantine_actions import POSSIBLE
from noctis.quality_control.inbox import REASONS, Kind, State, Wanted
from noctis.quality_control.models import LONGEST_COMMENT, RejectReason

LONGEST_EXPLANATION: Final = 400
USUAL_DAYS: Final = 30
LONGEST_DAYS: Final = 3660
WORDS: Final = {
    QuarantineDecision.ACCEPTED: "File in the stored study: it is the same patient",
    QuarantineDecision.SEPARATED: "File a copy with a new UID beside it",
    QuarantineDecision.RETRIED: "Try again to file it",
    QuarantineDecision.DISCARDED: "Discard it, and keep what is stored",
}
SEPARATE_STUDY: Final = "File copies with new UIDs, as a study of their own"


class InboxForm(forms.Form):
    """Which entries to show; those that are open where nothing else is asked for."""

    kind = forms.ChoiceField(required=False, choices=[("", "Everything"), *Kind.choices], widget=forms.HiddenInput())
    state = forms.ChoiceField(required=False, choices=State.choices)
    reason = forms.ChoiceField(required=False, choices=[("", "All reasons"), *REASONS], label="Why")
    facility = forms.ModelChoiceField(Facility.objects.all(), required=False, empty_label="All facilities")
    study = forms.CharField(required=False, max_length=64, label="Study Instance UID")

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not user.sees_all_facilities:
            del self.fields["facility"]

    @property
    def wanted(self) -> Wanted:
        """What was asked for; a value that is not valid does not narrow. All of a study, unless a state is named."""
        self.is_valid()
        asked = self.cleaned_data
        study = (asked.get("study") or "").strip()
        state = asked.get("state") or (State.ALL if study else State.OPEN)
        return Wanted(asked.get("kind") or "", state, asked.get("reason") or "", asked.get("facility"), study)


class ResolutionForm(forms.Form):
    """What somebody found out about a flag."""

    resolution = forms.CharField(
        max_length=400,
        label="What you found out",
        help_text="Such as: same person, name corrected after marriage; or: asked the CT to send the study again.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class DecisionForm(forms.Form):
    """What to do with a quarantined object, and perhaps with all that wait with it."""

    decision = forms.ChoiceField(widget=forms.RadioSelect, label="What to do")
    is_confirmed = forms.BooleanField(
        required=False,
        label="I made sure that both are the same person",
        help_text="Needed to file it in the stored study: ask who made the images, or look into the patient's record.",
    )
    explanation = forms.CharField(
        max_length=LONGEST_EXPLANATION,
        label="What you found out",
        help_text="Such as: asked the department, the patient was admitted twice.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    all_alike = forms.BooleanField(required=False)

    def __init__(self, *args: Any, kept: QuarantinedObject, alike: Sequence[QuarantinedObject], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        reason = QuarantineReason(kept.reason)
        possible = POSSIBLE[reason]
        cast("forms.ChoiceField", self.fields["decision"]).choices = [
            (decision.value, _words(decision, reason)) for decision in possible
        ]
        if QuarantineDecision.ACCEPTED not in possible:
            del self.fields["is_confirmed"]
        if len(alike) > 1:
            self.fields["all_alike"].label = f"Do so with all {len(alike)} objects that wait with this one"
            self.fields["all_alike"].initial = True
        else:
            del self.fields["all_alike"]

    def clean(self) -> dict[str, Any]:
        """Ask for the confirmation where it is needed."""
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("decision") == QuarantineDecision.ACCEPTED and not cleaned.get("is_confirmed"):
            self.add_error("is_confirmed", "Confirm that both are the same person, or choose something else.")
        return cleaned


def _words(decision: QuarantineDecision, reason: QuarantineReason) -> str:
    if decision == QuarantineDecision.SEPARATED and reason != QuarantineReason.SAME_UID_OTHER_BYTES:
        return SEPARATE_STUDY
    return WORDS[decision]


class RejectForm(forms.Form):
    """Why images are rejected."""

    reason = forms.ModelChoiceField(RejectReason.objects.filter(is_active=True), empty_label="Choose a reason")
    comment = forms.CharField(max_length=LONGEST_COMMENT, required=False)
    is_repeat_requested = forms.BooleanField(required=False, label="To be made again")


class ReasonForm(forms.Form):
    """A reason of the list."""

    name = forms.CharField(max_length=80)
    position = forms.IntegerField(min_value=0, max_value=10_000, help_text="Reasons are offered in this order.")
    is_active = forms.BooleanField(
        required=False,
        initial=True,
        label="Is offered",
        help_text="One that is not offered stays with the images that it was given to.",
    )

    def __init__(self, *args: Any, reason: RejectReason, **kwargs: Any) -> None:
        kwargs["initial"] = {name: getattr(reason, name) for name in ("name", "position", "is_active")}
        super().__init__(*args, **kwargs)
        self._reason = reason

    def clean_name(self) -> str:
        """Refuse a name that another reason has."""
        name: str = self.cleaned_data["name"]
        if RejectReason.objects.filter(name__iexact=name).exclude(pk=self._reason.pk).exists():
            raise ValidationError("There is already a reason with this name.")
        return name

    @property
    def reason(self) -> RejectReason:
        """The reason with the valid form's content, not yet saved."""
        for name, value in self.cleaned_data.items():
            setattr(self._reason, name, value)
        return self._reason


class DayInput(forms.DateInput):
    """The browser's own date control."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class PeriodForm(forms.Form):
    """Which images to count: the last thirty days where nothing is asked for."""

    first_day = forms.DateField(required=False, label="From", widget=DayInput())
    last_day = forms.DateField(required=False, label="To", widget=DayInput())
    facility = forms.ModelChoiceField(Facility.objects.all(), required=False, empty_label="All facilities")

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not user.sees_all_facilities:
            del self.fields["facility"]

    @property
    def days(self) -> tuple[date, date]:
        """The first and the last day, the other way round where they were typed so, and not centuries apart."""
        self.is_valid()
        last = self.cleaned_data.get("last_day") or timezone.localdate()
        first = self.cleaned_data.get("first_day") or last - timedelta(days=USUAL_DAYS - 1)
        first, last = min(first, last), max(first, last)
        return max(first, last - timedelta(days=LONGEST_DAYS)), last
