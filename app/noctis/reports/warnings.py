"""What whoever signs should know first."""

from __future__ import annotations

from noctis.accounts.models import User
from noctis.archive.models import Study, StudyStatus
from noctis.network.missing_images import missing_by_study


def warnings_before_signing(study: Study, user: User) -> list[str]:
    """Return a sentence for each reason to wait."""
    warnings = []
    if study.status == StudyStatus.ARRIVING:
        warnings.append("Images of this study are still arriving.")
    missing = missing_by_study(user, [study]).get(study.study_instance_uid, 0)
    if missing:
        warnings.append(f"The modality made {missing} images that have not arrived.")
    return warnings
