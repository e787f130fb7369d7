"""What is asked when somebody shares a study."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.conf import settings

from noctis.sharing.actions import Terms

VISITS: Final = 5
MOST_VISITS: Final = 50


class ShareForm(forms.Form):
    """What a link shows, to whom, why and for how long."""

    has_images = forms.BooleanField(required=False, initial=True, label="The images")
    has_report = forms.BooleanField(required=False, label="The signed report")
    recipient = forms.CharField(
        max_length=120, label="For", widget=forms.TextInput({"placeholder": "Dr. Example, cardiology practice"})
    )
    contact = forms.CharField(
        max_length=200,
        required=False,
        label="Telephone or e-mail",
        help_text="So that you find it again; nothing is sent from here.",
    )
    purpose = forms.CharField(
        max_length=200, label="Purpose", widget=forms.TextInput({"placeholder": "Second opinion, further treatment"})
    )
    days = forms.IntegerField(min_value=1, label="Days until it ends")
    most_visits = forms.IntegerField(
        min_value=1,
        max_value=MOST_VISITS,
        initial=VISITS,
        label="May be opened so many times",
        help_text="Each time needs a code of its own.",
    )

    def __init__(self, *args: Any, is_signed: bool, **kwargs: Any) -> None:
        """Offer the report where there is a signed one."""
        super().__init__(*args, **kwargs)
        longest = settings.NOCTIS_SHARE_MOST_DAYS
        self.fields["days"] = forms.IntegerField(
            min_value=1, max_value=longest, label="Days until it ends", help_text=f"At most {longest}."
        )
        self.initial.setdefault("days", min(settings.NOCTIS_SHARE_DAYS, longest))
        if is_signed:
            self.initial.setdefault("has_report", True)
        else:
            self.fields["has_report"].disabled = True
            self.fields["has_report"].help_text = "There is no signed report yet."
        self.order_fields(["has_images", "has_report", "recipient", "contact", "purpose", "days", "most_visits"])

    def clean(self) -> dict[str, Any]:
        """Ask for something to share."""
        cleaned = super().clean() or self.cleaned_data
        if not cleaned.get("has_images") and not cleaned.get("has_report"):
            self.add_error("has_images", "Share the images, the report or both.")
        return cleaned

    @property
    def terms(self) -> Terms:
        """The valid form's content."""
        return Terms(**self.cleaned_data)
