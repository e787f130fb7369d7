"""The one way from UIDs in an address to rows of the index: through what the user may see."""

from __future__ import annotations

from typing import TypeVar

from django.contrib.auth.models import AnonymousUser
from django.db.models import Model, QuerySet

from noctis.accounts.models import User
from noctis.archive.models import Instance, Series, Study
from noctis.dicomweb.errors import NoSuchResource

Row = TypeVar("Row", bound=Model)


def visible_study(user: User | AnonymousUser, study_uid: str) -> Study:
    """Return a study, or raise NoSuchResource."""
    return _one(Study.objects.visible_to(user), "study", study_instance_uid=study_uid)


def visible_series(user: User | AnonymousUser, study_uid: str, series_uid: str) -> Series:
    """Return a series of a study, or raise NoSuchResource."""
    return _one(
        Series.objects.visible_to(user).select_related("study"),
        "series",
        study__study_instance_uid=study_uid,
        series_instance_uid=series_uid,
    )


def visible_instance(
    user: User | AnonymousUser, study_uid: str, series_uid: str, instance_uid: str, *, with_parents: bool = False
) -> Instance:
    """Return an instance of a series of a study, or raise NoSuchResource; frames need nothing of its parents."""
    visible = Instance.objects.visible_to(user)
    return _one(
        visible.select_related("series__study") if with_parents else visible,
        "instance",
        series__study__study_instance_uid=study_uid,
        series__series_instance_uid=series_uid,
        sop_instance_uid=instance_uid,
    )


def _one(visible: QuerySet[Row], what: str, **uids: str) -> Row:
    row = visible.filter(**uids).first()
    if row is None:
        raise NoSuchResource(f"There is no such {what} here.")
    return row
