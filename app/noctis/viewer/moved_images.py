"""Annotations that go along when a correction brings their images into another study."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from noctis.archive.models import Study
from noctis.viewer.models import Annotation


def follow_images(*, sop_instance_uids: Sequence[str], source: Study, target: Study, **_: Any) -> None:
    """Let the annotations of these images be of ``target``; receives instances_moved of the corrections."""
    moved = frozenset(sop_instance_uids)
    drawn = Annotation.objects.filter(study=source).only("content")
    keys = [one.pk for one in drawn if one.content.get("sopInstanceUid") in moved]
    Annotation.objects.filter(pk__in=keys).update(study=target)
