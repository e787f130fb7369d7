"""What is asked about a template and about a macro."""

from __future__ import annotations

import json
import re
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile

from noctis.accounts.models import User
from noctis.reports.content import InvalidContent, Node, is_blank, validated
from noctis.reports.models import Macro, ReportTemplate
from noctis.reports.texts.permissions import owner_for
from noctis.reports.texts.template_file import (
    LARGEST,
    LONGEST_BODY_PART,
    LONGEST_NAME,
    InvalidFile,
    TemplateValues,
    read_templates,
)

CODE_INPUT: Final = {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
_MODALITY: Final = re.compile(r"[A-Z0-9_]{1,16}")
_SHORTCUT: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,30}")


class TemplateForm(forms.Form):
    """A template; its words come as the editor of the page writes them."""

    name = forms.CharField(max_length=LONGEST_NAME, widget=forms.TextInput({"autocomplete": "off"}))
    modalities = forms.CharField(
        required=False,
        max_length=64,
        widget=forms.TextInput(CODE_INPUT),
        help_text="Such as CT, or CR, DX. Without any it is offered for every study.",
    )
    body_part = forms.CharField(
        required=False,
        max_length=LONGEST_BODY_PART,
        widget=forms.TextInput(CODE_INPUT),
        help_text="As modalities name it, such as HEAD, CHEST, ABDOMEN.",
    )
    content = forms.CharField(widget=forms.HiddenInput)

    def clean_modalities(self) -> tuple[str, ...]:
        """Take what commas or spaces separate."""
        named = tuple(dict.fromkeys(re.split(r"[\s,;\\]+", self.cleaned_data["modalities"].upper().strip()))) or ()
        modalities = tuple(modality for modality in named if modality)
        if not all(_MODALITY.fullmatch(modality) for modality in modalities):
            raise ValidationError("A modality is a short word such as CT or MR.")
        return modalities

    def clean_content(self) -> dict[str, Node]:
        """Check the words as those of a report are checked."""
        try:
            content = validated(json.loads(self.cleaned_data["content"]))
        except (ValueError, RecursionError) as error:
            raise ValidationError("The words did not arrive whole: save again.") from error
        except InvalidContent as error:
            raise ValidationError(str(error)) from error
        written = {key: document for key, document in content.items() if not is_blank(document)}
        if not written:
            raise ValidationError("Write something into at least one section.")
        return written

    @property
    def values(self) -> TemplateValues:
        """What was filled in."""
        cleaned = self.cleaned_data
        return TemplateValues(
            cleaned["name"], cleaned["modalities"], cleaned["body_part"].strip().upper(), cleaned["content"]
        )


class TemplateFileForm(forms.Form):
    """A file of templates to take over."""

    file = forms.FileField(label="File of templates", widget=forms.FileInput({"accept": ".json,application/json"}))

    def clean_file(self) -> list[TemplateValues]:
        """Read it."""
        sent: UploadedFile = self.cleaned_data["file"]
        if sent.size is None or sent.size > LARGEST:
            raise ValidationError("The file is larger than templates can be.")
        try:
            return read_templates(sent.read())
        except InvalidFile as error:
            raise ValidationError(str(error)) from error


class MacroForm(forms.Form):
    """A macro."""

    shortcut = forms.CharField(
        max_length=31,
        widget=forms.TextInput(CODE_INPUT),
        help_text="Typed after a dot: normalchest is expanded from “.normalchest” and a space.",
    )
    text = forms.CharField(
        max_length=4000,
        widget=forms.Textarea({"rows": 4}),
        help_text="A new line stays one. {age}, {sex}, {study date} and {comparison date} are filled in; what "
        "else stands in braces is a field to fill, such as {side|left|right}.",
    )

    def __init__(self, *args: Any, user: User, macro: Macro | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._owner = macro.owner if macro else owner_for(user)
        self._macro = macro

    def clean_shortcut(self) -> str:
        """Refuse one that is taken."""
        shortcut: str = self.cleaned_data["shortcut"].strip().lstrip(".").lower()
        if not _SHORTCUT.fullmatch(shortcut):
            raise ValidationError("A shortcut is made of letters a to z, digits, - and _.")
        taken = Macro.objects.filter(owner=self._owner, shortcut=shortcut)
        others = taken.exclude(pk=self._macro.pk) if self._macro else taken
        if others.exists():
            raise ValidationError("There is a macro with this shortcut already.")
        return shortcut


def initial_of(template: ReportTemplate | None) -> dict[str, Any]:
    """Return what the form of a template begins with."""
    if template is None:
        return {"content": "{}"}
    return {
        "name": template.name,
        "modalities": ", ".join(template.modality_list),
        "body_part": template.body_part,
        "content": json.dumps(template.content),
    }
