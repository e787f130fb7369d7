"""What readers do not see unless they ask: the rejected images of a study, and the notes about them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from noctis.accounts.models import User
from noctis.accounts.permissions import may_annotate
from noctis.archive.ingest import AUTHORED
from noctis.archive.models import Instance, Study
from noctis.quality_control.models import Rejection
from noctis.quality_control.permissions import may_decide
from noctis.quality_control.rejection_note import SERIES_DESCRIPTION

SEVERAL = "several reasons"


@dataclass(frozen=True)
class Rejected:
    """Whole series by Series Instance UID, and single images of others by series and SOP Instance UID, with reasons."""

    count: int
    series: dict[str, str]
    images: dict[str, dict[str, str]]

    def as_json(self, study: Study, user: User | None, *, is_shown: bool = False) -> dict[str, Any]:
        """Return what the viewer needs; only who works with images may have them shown. None is a guest."""
        may_show = user is not None and may_annotate(user)
        return {
            "count": self.count,
            "series": self.series,
            "images": self.images,
            "mayShow": may_show,
            "isShown": may_show and is_shown,
            "decideUrl": _page_of(study) if user is not None and may_decide(user) else None,
        }


def rejected_of(study: Study) -> Rejected:
    """Return what is rejected of a study; a study without rejections costs one query, or none."""
    if not study.rejected_count:
        return Rejected(0, {}, {})
    reasons: dict[int, dict[str, str]] = defaultdict(dict)
    series_rows = {}
    for one in Rejection.objects.of_study(study):
        series_rows[one.instance.series_id] = one.instance.series
        reasons[one.instance.series_id][one.instance.sop_instance_uid] = one.reason.name
    whole, single = {}, {}
    for pk, images in reasons.items():
        series = series_rows[pk]
        if len(images) < series.instance_count:
            single[series.series_instance_uid] = images
        else:
            names = set(images.values())
            whole[series.series_instance_uid] = names.pop() if len(names) == 1 else SEVERAL
    return Rejected(sum(map(len, reasons.values())), whole | _notes(study), single)


def _page_of(study: Study) -> str:
    return reverse("quality_control:study", args=[study.study_instance_uid])


def _notes(study: Study) -> dict[str, str]:
    """Return the series of the rejection notes that were made here."""
    notes = Instance.objects.filter(
        series__study=study,
        series__modality="KO",
        series__description=SERIES_DESCRIPTION,
        reception__protocol=AUTHORED,
    )
    return dict.fromkeys(notes.values_list("series__series_instance_uid", flat=True), "note for other systems")
