"""Where a study is now that was merged into another one, for addresses that people kept."""

from __future__ import annotations

from django.db.models import QuerySet

from noctis.accounts.models import User
from noctis.archive.models import Study


def studies_now(user: User, study_uid: str) -> QuerySet[Study]:
    """Return the one study that took in what had this UID, if there is one that ``user`` may see."""
    return Study.objects.visible_to(user).filter(placements__study_uid=study_uid, placements__series_uid="")
