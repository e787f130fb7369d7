"""Studies as the pages of corrections name them."""

from __future__ import annotations

from django import template

from noctis.archive.models import Study
from noctis.corrections.models import Correction
from noctis.corrections.plans.plan import described

register = template.Library()


@register.filter
def in_words(study: Study) -> str:
    """Return what tells a study from the patient's others."""
    return described(study)


@register.filter
def visible_study(correction: Correction) -> Study | None:
    """Return the first study of a correction that still has images."""
    return next((study for study in correction.studies.all() if study.instance_count), None)
