"""Forms of the administration pages. They check what was typed; actions do the writing."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError

from noctis.accounts.actions import UserParticulars
from noctis.accounts.models import ROLES_THAT_SEE_ALL_FACILITIES, Facility, Role, User
from noctis.audit.models import Action
from noctis.dicom.ae_titles import AeTitleError, normalise_ae_title
from noctis.network.dicom_services import DicomService
from noctis.network.models import (
    HIGHEST_PORT,
    RemoteApplicationEntity,
    RequiredIdentity,
    plain_fingerprint,
    validate_fingerprint,
    validate_host,
    validate_networks,
)

ROLES_BOUND_TO_A_FACILITY = tuple(role for role in Role if role not in ROLES_THAT_SEE_ALL_FACILITIES)


class UserForm(forms.Form):
    """What an administrator decides about a user."""

    full_name = forms.CharField(max_length=150, required=False, label="Full name")
    email = forms.EmailField(required=False, label="E-mail")
    role = forms.ChoiceField(
        required=False,
        choices=[("", "No role: sees nothing"), *Role.choices],
        help_text="Administrators and radiologists see all facilities, the other two only their own.",
    )
    facility = forms.ModelChoiceField(Facility.objects.all(), required=False, empty_label="No facility")

    def clean(self) -> dict[str, Any]:
        """Ask for a facility where the role means nothing without one."""
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("role") in ROLES_BOUND_TO_A_FACILITY and not cleaned.get("facility"):
            self.add_error("facility", "This role sees only its own facility: choose one.")
        return cleaned

    @property
    def particulars(self) -> UserParticulars:
        """The valid form's content."""
        return UserParticulars(**{name: self.cleaned_data[name] for name in ("full_name", "email", "role", "facility")})


class NewUserForm(UserForm):
    """The same and the user name, which never changes."""

    username = forms.CharField(
        max_length=150,
        label="User name",
        help_text="Letters, digits and @ . + - _. It cannot be changed later.",
        validators=User._meta.get_field("username").validators,  # noqa: SLF001  (Django's documented model API)
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )
    field_order = ["username"]

    def clean_username(self) -> str:
        """Refuse a name that differs from another's only by case."""
        username: str = self.cleaned_data["username"]
        if User.objects.filter(username__iexact=username).exists():
            raise ValidationError("There is already a user with this name.")
        return username


class FacilityNameForm(forms.Form):
    """A facility's name."""

    name = forms.CharField(max_length=120)

    def __init__(self, *args: Any, facility: Facility | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._others = Facility.objects.exclude(pk=facility.pk) if facility else Facility.objects.all()

    def clean_name(self) -> str:
        """Refuse the name of another facility."""
        name: str = self.cleaned_data["name"]
        if self._others.filter(name__iexact=name).exists():
            raise ValidationError("Another facility has this name.")
        return name


class NewFacilityForm(FacilityNameForm):
    """The same and the code, which never changes."""

    code = forms.SlugField(max_length=32, help_text="A short name for commands, such as NORTH. It cannot be changed.")
    field_order = ["code", "name"]

    def clean_code(self) -> str:
        """Refuse the code of another facility."""
        code: str = self.cleaned_data["code"]
        if Facility.objects.filter(code__iexact=code).exists():
            raise ValidationError("Another facility has this code.")
        return code


class ApplicationEntityForm(forms.Form):
    """A modality or workstation."""

    ae_title = forms.CharField(
        label="AE title",
        strip=True,
        help_text="Exactly as the device is configured, at most 16 characters; upper and lower case differ.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )
    facility = forms.ModelChoiceField(
        Facility.objects.all(), empty_label="Choose", help_text="What the device sends is filed under this facility."
    )
    description = forms.CharField(max_length=120, required=False)
    networks = forms.CharField(
        max_length=400,
        required=False,
        label="May call from",
        validators=[validate_networks],
        help_text="Addresses or networks, such as 10.1.2.0/24, separated by spaces; empty for any address.",
    )
    host = forms.CharField(
        max_length=253,
        required=False,
        label="Takes images at",
        validators=[validate_host],
        help_text="Host name or address to which images go that are moved to this device. Empty if it takes none.",
    )
    port = forms.IntegerField(
        required=False, min_value=1, max_value=HIGHEST_PORT, label="Port there", help_text="Often 104 or 11112."
    )
    uses_tls = forms.BooleanField(
        required=False,
        label="Send over TLS",
        help_text="The device takes images over TLS only. Its certificate must be of a known authority and for the host"
        " name above, or be the one below. Nothing is ever sent in plain instead.",
    )
    server_certificate_sha256 = forms.CharField(
        max_length=120,
        required=False,
        label="Certificate there",
        help_text="SHA-256 fingerprint of the certificate that the device shows where it takes images. Then neither"
        " authority nor host name nor dates are checked.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )
    services = forms.MultipleChoiceField(
        choices=DicomService.choices,
        initial=DicomService.values,
        widget=forms.CheckboxSelectMultiple,
        label="Services",
        help_text="What the device may ask for. The rest is refused, the association goes on.",
        error_messages={"required": "Choose at least one service, or deactivate the device."},
    )
    requires_tls = forms.BooleanField(
        required=False, label="TLS required", help_text="Refuse the device where it does not use TLS."
    )
    certificate_sha256 = forms.CharField(
        max_length=120,
        required=False,
        label="Client certificate",
        help_text="SHA-256 fingerprint of the certificate that the device must show over TLS; empty for any that a"
        " trusted authority signed.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )
    required_identity = forms.ChoiceField(
        required=False,
        choices=RequiredIdentity.choices,
        label="Identity required",
        help_text="What the device must say of itself in each association, beside its AE title. Few devices can.",
    )
    identity_username = forms.CharField(
        max_length=120,
        required=False,
        label="User name",
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )
    identity_passcode = forms.CharField(
        max_length=200,
        required=False,
        strip=False,
        label="Passcode",
        help_text="Stored as a hash only. Left empty, the passcode stays as it is.",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    identity_over_plain = forms.BooleanField(
        required=False,
        label="Take the passcode without TLS too",
        help_text="Then everybody on the network can read it. Otherwise a device with a passcode must use TLS.",
    )

    SECTIONS: ClassVar = {
        "Device": ("ae_title", "facility", "description"),
        "How it calls us": (
            "networks",
            "services",
            "requires_tls",
            "certificate_sha256",
            "required_identity",
            "identity_username",
            "identity_passcode",
            "identity_over_plain",
        ),
        "How we call it": ("host", "port", "uses_tls", "server_certificate_sha256"),
    }

    @property
    def sections(self) -> dict[str, list[forms.BoundField]]:
        """The fields under their headings."""
        return {heading: [self[name] for name in names] for heading, names in self.SECTIONS.items()}

    def __init__(self, *args: Any, entity: RemoteApplicationEntity | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._has_passcode = bool(entity and entity.identity_passcode)
        others = RemoteApplicationEntity.objects.all()
        self._others = others.exclude(pk=entity.pk) if entity else others

    def clean(self) -> dict[str, Any]:
        """Refuse half an address."""
        cleaned = super().clean() or self.cleaned_data
        if "host" in cleaned and "port" in cleaned and bool(cleaned["host"]) != (cleaned["port"] is not None):
            self.add_error("port" if cleaned["host"] else "host", "To send images, both host and port are needed.")
        if cleaned.get("server_certificate_sha256") and not cleaned["uses_tls"]:
            self.add_error("server_certificate_sha256", "Without TLS the device shows no certificate.")
        self._require_identity(cleaned)
        return cleaned

    def _require_identity(self, cleaned: dict[str, Any]) -> None:
        required = cleaned.get("required_identity")
        if required and not cleaned.get("identity_username"):
            self.add_error("identity_username", "Give the user name that the device says.")
        if required == RequiredIdentity.PASSCODE and not (cleaned.get("identity_passcode") or self._has_passcode):
            self.add_error("identity_passcode", "Give the passcode that the device says.")

    def clean_certificate_sha256(self) -> str:
        """Bring a fingerprint into the form in which it is stored."""
        return _fingerprint(self.cleaned_data["certificate_sha256"])

    def clean_server_certificate_sha256(self) -> str:
        """Bring a fingerprint into the form in which it is stored."""
        return _fingerprint(self.cleaned_data["server_certificate_sha256"])

    def clean_ae_title(self) -> str:
        """Refuse what is no AE title, and the title of another device."""
        try:
            title = normalise_ae_title(self.cleaned_data["ae_title"])
        except AeTitleError as error:
            raise ValidationError(str(error)) from error
        if self._others.filter(ae_title=title).exists():
            raise ValidationError("Another application entity has this title.")
        return title


def _fingerprint(text: str) -> str:
    fingerprint = plain_fingerprint(text)
    if fingerprint:
        validate_fingerprint(fingerprint)
    return fingerprint


class DayInput(forms.DateInput):
    """The browser's own date control."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class AuditFilterForm(forms.Form):
    """What to look for in the audit log."""

    action = forms.ChoiceField(required=False, choices=[("", "All actions"), *Action.choices])
    user = forms.CharField(required=False, max_length=150, label="User name")
    from_date = forms.DateField(required=False, label="From", widget=DayInput)
    to_date = forms.DateField(required=False, label="To", widget=DayInput)
    study = forms.CharField(required=False, max_length=64, label="Study Instance UID")
