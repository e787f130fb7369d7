"""What administrators type: a facility's letterhead, and who gets reports as HL7 messages."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Any, ClassVar, Final

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator

from noctis.network.models import validate_host
from noctis.reports.output.hl7_sender import trust_of
from noctis.reports.output.letterheads import LetterheadWords
from noctis.reports.output.logos import NoLogo, redrawn
from noctis.reports.output.models import DEFAULT_ACCENT, Hl7Receiver, Paper

if TYPE_CHECKING:
    ReceiverModelForm = forms.ModelForm[Hl7Receiver]
else:
    ReceiverModelForm = forms.ModelForm  # generic for the type checker alone

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


class Hl7ReceiverForm(ReceiverModelForm):
    """A system that gets reports as HL7 messages."""

    class Meta:
        model = Hl7Receiver
        fields = (
            *("name", "facility", "host", "port", "receiving_application", "receiving_facility"),
            *("sends_text", "sends_pdf", "sends_preliminary", "uses_tls", "certificate_authority", "is_active"),
        )
        labels: ClassVar = {
            "facility": "Reports of",
            "receiving_application": "Receiving application (MSH-5)",
            "receiving_facility": "Receiving facility (MSH-6)",
            "sends_text": "Send the text",
            "sends_pdf": "Send the PDF file",
            "sends_preliminary": "Send preliminary reports, too",
            "uses_tls": "TLS",
            "certificate_authority": "Certificate authority",
            "is_active": "Active",
        }
        help_texts: ClassVar = {
            "facility": "",
            "sends_text": "A line of text in each OBX segment.",
            "sends_pdf": "As encapsulated data (ED, Base64).",
            "certificate_authority": "In PEM form; where there is none, those that this machine trusts count.",
        }
        widgets: ClassVar = {"certificate_authority": forms.Textarea(attrs={"rows": 4, "spellcheck": "false"})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        facility = self.fields["facility"]
        if isinstance(facility, forms.ModelChoiceField):
            facility.empty_label = "All facilities"

    def clean_host(self) -> str:
        """Refuse what is no host name and no address."""
        host: str = self.cleaned_data["host"]
        validate_host(host)
        return host

    def clean(self) -> dict[str, Any]:
        """Refuse a receiver that gets nothing, and a certificate that is none."""
        cleaned = super().clean() or self.cleaned_data
        if not cleaned.get("sends_text") and not cleaned.get("sends_pdf"):
            self.add_error("sends_text", "Choose the text, the PDF file or both.")
        authority = cleaned.get("certificate_authority", "")
        try:
            trust_of(Hl7Receiver(uses_tls=True, certificate_authority=authority))
        except (ssl.SSLError, ValueError):
            self.add_error("certificate_authority", "This is no certificate in PEM form.")
        return cleaned
