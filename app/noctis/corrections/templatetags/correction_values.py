"""Studies as the pages of corrections name them, and the ways to those pages."""

from __future__ import annotations

from django import template
from django.urls import reverse

from noctis.accounts.models import User
from noctis.archive.models import Study
from noctis.corrections import actions
from noctis.corrections.actions import ROLES_THAT_SEE_CORRECTIONS
from noctis.corrections.models import Correction
from noctis.corrections.plans.plan import described

register = template.Library()


@register.simple_tag
def corrections_address(study: Study, user: User) -> str:
    """Return where ``user`` sees what was corrected about a study, or nothing where that is not for the user's role."""
    return reverse("corrections", args=[study.study_instance_uid]) if user.role in ROLES_THAT_SEE_CORRECTIONS else ""


@register.filter
def may_correct(user: User) -> bool:
    """Whether the user corrects studies."""
    return actions.may_correct(user)


@register.filter
def in_words(study: Study) -> str:
    """Return what tells a study from the patient's others."""
    return described(study)


@register.filter
def visible_study(correction: Correction) -> Study | None:
    """Return the first study of a correction that still has images."""
    return next((study for study in correction.studies.all() if study.instance_count), None)
