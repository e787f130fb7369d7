"""The way to sharing for pages of other apps."""

from __future__ import annotations

import base64

from django import template
from django.urls import reverse

from noctis.accounts.models import Facility, User
from noctis.archive.models import Study
from noctis.reports.output.letterheads import letterhead_of, logo_of
from noctis.sharing.permissions import may_share

register = template.Library()


@register.simple_tag
def facility_logo(facility: Facility) -> str:
    """Return the logo of a facility's letterhead as an address that holds the picture, or nothing where there is none.

    A guest may call no address but those of the link, so the picture comes with the page.
    """
    try:
        logo = logo_of(letterhead_of(facility))
    except OSError:
        return ""
    return f"data:image/png;base64,{base64.b64encode(logo).decode('ascii')}" if logo else ""


@register.simple_tag
def share_address(study: Study, user: User) -> str:
    """Return where ``user`` makes a link to a study that the user sees, or nothing where the user may not."""
    return reverse("share_study", args=[study.study_instance_uid]) if may_share(user) else ""
