"""The way to sharing for pages of other apps."""

from __future__ import annotations

from django import template
from django.urls import reverse

from noctis.accounts.models import User
from noctis.archive.models import Study
from noctis.sharing.permissions import may_share

register = template.Library()


@register.simple_tag
def share_address(study: Study, user: User) -> str:
    """Return where ``user`` makes a link to a study that the user sees, or nothing where the user may not."""
    return reverse("share_study", args=[study.study_instance_uid]) if may_share(user) else ""
