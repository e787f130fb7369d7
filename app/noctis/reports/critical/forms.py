"""What is asked about critical results."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from noctis.reports.models import CriticalCategory


class CallForm(forms.Form):
    """A call in which somebody was told."""

    name = forms.CharField(max_length=100, label="Who was told", widget=forms.TextInput({"autocomplete": "off"}))
    at = forms.DateTimeField(label="When", widget=forms.DateTimeInput({"type": "datetime-local"}, "%Y-%m-%dT%H:%M"))
    was_read_back = forms.BooleanField(
        required=False, label="They read it back", help_text="Then it counts as acknowledged."
    )

    def clean_at(self) -> Any:
        """Refuse a time that has not come."""
        at = self.cleaned_data["at"]
        if at > timezone.now():
            raise ValidationError("This time has not come yet.")
        return at


class WithdrawalForm(forms.Form):
    """Why a critical result is none."""

    reason = forms.CharField(max_length=400, label="Reason", widget=forms.TextInput({"autocomplete": "off"}))


class CategoryForm(forms.Form):
    """A category of critical results."""

    name = forms.CharField(max_length=40, widget=forms.TextInput({"autocomplete": "off"}))
    minutes = forms.IntegerField(
        min_value=1,
        max_value=30 * 24 * 60,
        label="Minutes to acknowledge",
        help_text="After these the next person is told, and at last the administrators.",
    )
    is_active = forms.BooleanField(required=False, initial=True, label="Offered to readers")

    def __init__(self, *args: Any, category: CriticalCategory | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._category = category or CriticalCategory()

    def clean_name(self) -> str:
        """Refuse one that is taken."""
        name: str = self.cleaned_data["name"]
        if CriticalCategory.objects.filter(name=name).exclude(pk=self._category.pk or 0).exists():
            raise ValidationError("There is a category with this name already.")
        return name

    @property
    def category(self) -> CriticalCategory:
        """The category as it was filled in."""
        for field, value in self.cleaned_data.items():
            setattr(self._category, field, value)
        return self._category
