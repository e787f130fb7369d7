"""What administrators type: a facility's letterhead."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator

from noctis.reports.output.letterheads import LetterheadWords
from noctis.reports.output.logos import NoLogo, redrawn
from noctis.reports.output.models import DEFAULT_ACCENT, Paper

MOST_LINES: Final = 6
LONGEST_LINE: Final = 100


def require_few_lines(text: str) -> None:
    """Refuse what would leave no room for the report."""
    lines = text.splitlines()
    if len(lines) > MOST_LINES:
        raise ValidationError(f"Up to {MOST_LINES} lines, so that the report has room.")
    if any(len(line) > LONGEST_LINE for line in lines):
        raise ValidationError(f"A line may have up to {LONGEST_LINE} characters.")


def _lines(label: str, help_text: str, rows: int) -> forms.CharField:
    return forms.CharField(
        required=False,
        label=label,
        help_text=help_text,
        max_length=MOST_LINES * (LONGEST_LINE + 2),
        validators=[require_few_lines],
        widget=forms.Textarea(attrs={"rows": rows}),
    )


class LetterheadForm(forms.Form):
    """A facility's letterhead; the logo is redrawn while it is checked."""

    logo = forms.FileField(
        required=False,
        help_text="PNG or JPEG, up to 2 MB. It is printed 22 mm high at most.",
        widget=forms.FileInput(attrs={"accept": "image/png,image/jpeg"}),
    )
    removes_logo = forms.BooleanField(required=False, label="Print no logo")
    heading = _lines("Heading", "Beside the logo, such as the department. The facility's name stands above it.", 3)
    address = _lines("Address", "", 3)
    phone = forms.CharField(required=False, max_length=60)
    accent = forms.CharField(
        initial=DEFAULT_ACCENT,
        label="Colour",
        help_text="Of lines and headings.",
        validators=[RegexValidator(r"^#[0-9a-fA-F]{6}\Z", "A colour such as #1f5f8b.")],
        widget=forms.TextInput(attrs={"type": "color"}),
    )
    signature_line = forms.CharField(
        required=False,
        max_length=200,
        label="Line below the signature",
        help_text="Such as: Signed electronically; valid without a handwritten signature.",
    )
    footer = _lines("Footer", "At the foot of every page.", 2)
    paper = forms.ChoiceField(choices=Paper.choices, initial=Paper.A4)

    def __init__(self, *args: Any, has_logo: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not has_logo:
            del self.fields["removes_logo"]

    def clean_logo(self) -> bytes | None:
        """Return the picture drawn anew, None where none was sent."""
        upload = self.cleaned_data.get("logo")
        if not upload:
            return None
        try:
            return redrawn(upload.read())
        except NoLogo as error:
            raise ValidationError(str(error)) from error

    @property
    def words(self) -> LetterheadWords:
        """What the valid form says."""
        names = ("heading", "address", "phone", "footer", "signature_line", "accent", "paper")
        return LetterheadWords(**{name: self.cleaned_data[name] for name in names})
