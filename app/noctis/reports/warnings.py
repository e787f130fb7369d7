"""What whoever signs should know first, and has to acknowledge."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass

from django.utils import timezone

from noctis.accounts.models import User
from noctis.archive.models import Study, StudyStatus
from noctis.archive.priors import priors_of
from noctis.network.missing_images import missing_by_study
from noctis.quality_control.models import Rejection
from noctis.reading_worklist.models import ReadingTask
from noctis.reports.assistance import named, opened_priors
from noctis.reports.content import fields_of
from noctis.reports.models import Report


@dataclass(frozen=True)
class Warning:  # noqa: A001  (the word that readers know)
    """A reason to wait; ``key`` says what was acknowledged, so that another number is another warning."""

    key: str
    text: str


def warnings_before_signing(study: Study, user: User, report: Report | None = None) -> list[Warning]:
    """Return the reasons to wait, those of the words of ``report`` last."""
    return [
        *_of_images(study, user),
        *_of_readers(study, user),
        *_of_priors(study, user),
        *(_of_words(report) if report else ()),
    ]


def as_values(warnings: list[Warning]) -> list[dict[str, str]]:
    """Return warnings as JSON values."""
    return [asdict(warning) for warning in warnings]


def _of_images(study: Study, user: User) -> Iterator[Warning]:
    if study.status == StudyStatus.ARRIVING:
        yield Warning("arriving", "Images of this study are still arriving.")
    missing = missing_by_study(user, [study]).get(study.study_instance_uid, 0)
    if missing:
        yield Warning(f"missing {missing}", f"The modality made {missing} images that have not arrived.")
    rejected = Rejection.objects.of_study(study).count()
    if rejected:
        images = "1 image of this study was" if rejected == 1 else f"{rejected} images of this study were"
        yield Warning(f"rejected {rejected}", f"{images} rejected by quality control.")


def _of_readers(study: Study, user: User) -> Iterator[Warning]:
    """Warn where somebody else holds the study."""
    held = ReadingTask.objects.filter(study=study, held_until__gt=timezone.now()).exclude(assigned_to=user)
    task = held.select_related("assigned_to").first()
    if task is not None and task.assigned_to is not None:
        yield Warning(f"held by {task.assigned_to_id}", f"{task.assigned_to} holds this study for reading.")


def _of_priors(study: Study, user: User) -> Iterator[Warning]:
    """Warn of the prior that readers most likely compare with, unless this reader opened it."""
    priors = priors_of(study, user=user)
    comparable = (prior for prior in priors if prior.is_earlier and prior.same_region and not prior.is_doubtful)
    prior = next(comparable, None)
    if prior is not None and prior.study.pk not in opened_priors(study, [prior], user):
        yield Warning(f"prior {prior.study.study_instance_uid}", f"You did not open the prior: {named(prior.study)}.")


def _of_words(report: Report) -> Iterator[Warning]:
    labels = list(fields_of(report.content.values()))
    if labels:
        shown = ", ".join(labels[:5]) + (" and more" if len(labels) > 5 else "")  # noqa: PLR2004
        yield Warning(f"fields {len(labels)}", f"Fields of the template are empty: {shown}.")
