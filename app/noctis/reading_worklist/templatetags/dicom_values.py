"""How DICOM values are shown on pages."""

from __future__ import annotations

from datetime import date

from django import template

from noctis.dicom.attributes import person_name_display

register = template.Library()

SEXES = {"F": "female", "M": "male", "O": "other"}


@register.filter
def person_name(value: str) -> str:
    """Return 'Doe, Jane' for 'Doe^Jane'; see person_name_display."""
    return person_name_display(value)


@register.filter
def sex_in_words(value: str) -> str:
    """Return 'female' for 'F'; a value the standard does not know stays as it is."""
    return SEXES.get(value, value)


@register.filter
def age_at(birth_date: date | None, study_date: date | None) -> str:
    """Return the patient's age on the day of the study: years, below two years months, below two months days."""
    if birth_date is None or study_date is None or study_date < birth_date:
        return ""
    months = (study_date.year - birth_date.year) * 12 + study_date.month - birth_date.month
    months -= study_date.day < birth_date.day
    if months >= 24:  # noqa: PLR2004  (two years)
        return f"{months // 12} y"
    return f"{months} mo" if months >= 2 else f"{(study_date - birth_date).days} d"  # noqa: PLR2004
