"""What a study's row says of images that did not arrive."""

from __future__ import annotations

from collections.abc import Mapping

from django import template

from noctis.archive.models import Study

register = template.Library()


@register.filter
def of_study(missing: Mapping[str, int], study: Study) -> int:
    """Return how many images of ``study`` are missing."""
    return missing.get(study.study_instance_uid, 0)
