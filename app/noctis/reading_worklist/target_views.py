"""The page on which administrators set within what time the studies of each facility should be reported."""

from __future__ import annotations

import re
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from noctis.accounts.models import Facility
from noctis.accounts.permissions import administrators_only, signed_in_user
from noctis.reading_worklist.actions import set_target
from noctis.reading_worklist.following import targets_of
from noctis.reading_worklist.models import Urgency

LONGEST_MINUTES: Final = 90 * 24 * 60
HOURS_AND_MINUTES: Final = re.compile(r"(\d{1,4})(?::([0-5]\d))?", re.ASCII)


class HoursField(forms.Field):
    """A time as '4' or '4:30' hours; its value is minutes."""

    widget = forms.TextInput(attrs={"maxlength": 8, "inputmode": "numeric"})

    def to_python(self, value: Any) -> Any:
        """Return minutes. Raises ValidationError."""
        parts = HOURS_AND_MINUTES.fullmatch(str(value or "").strip())
        if parts is None:
            raise ValidationError("Write hours and minutes, such as 4:30.")
        minutes = int(parts[1]) * 60 + int(parts[2] or 0)
        if not 1 <= minutes <= LONGEST_MINUTES:
            raise ValidationError("The time must lie between one minute and 90 days.")
        return minutes

    def prepare_value(self, value: Any) -> Any:
        """Return minutes as a page shows them; what somebody typed stays."""
        return f"{value // 60}:{value % 60:02}" if isinstance(value, int) else value


class TargetForm(forms.Form):
    """The targets of one facility."""

    stat = HoursField()
    urgent = HoursField()
    routine = HoursField()

    def clean(self) -> dict[str, Any]:
        """Refuse a target that gives the more urgent study more time."""
        cleaned = super().clean() or {}
        times = [cleaned[urgency.key] for urgency in Urgency if urgency.key in cleaned]
        if times != sorted(times):
            raise ValidationError("The more urgent a study is, the less time it may have.")
        return cleaned


@administrators_only
@require_http_methods(["GET", "HEAD", "POST"])
def turnaround_targets(request: HttpRequest) -> HttpResponse:
    """Show the targets of every facility, and set those of one."""
    facilities = list(Facility.objects.all())
    targets = targets_of({facility.pk for facility in facilities})
    initial = {pk: {urgency.key: getattr(target, urgency.key) for urgency in Urgency} for pk, target in targets.items()}
    posted = None
    if request.method == "POST":
        key = request.POST.get("facility", "")
        posted = get_object_or_404(Facility, pk=int(key) if key.isdecimal() else 0)
        form = TargetForm(request.POST, prefix=str(posted.pk))
        if form.is_valid():
            minutes = {urgency: form.cleaned_data[urgency.key] for urgency in Urgency}
            set_target(posted, minutes, acting_user=signed_in_user(request))
            messages.success(request, f"The targets of {posted.name} are saved.")
            return redirect("turnaround_targets")
    rows = [
        (
            facility,
            form if facility == posted else TargetForm(prefix=str(facility.pk), initial=initial[facility.pk]),
        )
        for facility in facilities
    ]
    return render(request, "reading_worklist/turnaround_targets.html", {"rows": rows, "urgencies": Urgency})
