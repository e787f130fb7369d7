"""What a rule asks of an instance."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from noctis.archive.models import Instance
from noctis.dicom.matching import wildcard_matches
from noctis.routing.models import ForwardingRule


@dataclass(frozen=True)
class Particulars:
    """What rules look at; ``ae_title`` is who sent the instance, empty where no application entity did."""

    facility_id: int
    ae_title: str
    modality: str
    study_description: str
    series_description: str


class Conditions:
    """The conditions of one rule, ready to be asked often."""

    def __init__(self, rule: ForwardingRule) -> None:
        """Read ``rule`` with its destination."""
        self._is_allowed = rule.is_confirmed
        self._facility_id = rule.source_facility.pk
        self._titles = frozenset(rule.calling_ae_title_list)
        self._modalities = frozenset(rule.modality_list)
        self._pattern = rule.description_pattern.strip().casefold()
        self._destination = rule.destination.ae_title

    def match(self, one: Particulars) -> bool:
        """Whether the rule forwards it; what came from the destination never goes back there."""
        return (
            self._is_allowed
            and one.facility_id == self._facility_id
            and one.ae_title != self._destination
            and (not self._titles or one.ae_title in self._titles)
            and (not self._modalities or one.modality in self._modalities)
            and self._describes(one)
        )

    def _describes(self, one: Particulars) -> bool:
        descriptions = (one.study_description, one.series_description)
        return not self._pattern or any(wildcard_matches(self._pattern, text.casefold()) for text in descriptions)


def matching_studies(rule: ForwardingRule, since: datetime) -> set[int]:
    """Return the primary keys of studies of which something that came since then meets the rule's conditions."""
    conditions = Conditions(rule)
    arrived = Instance.objects.visible_to_facility(rule.source_facility).filter(
        series__study__changed_at__gte=since, received_at__gte=since
    )
    rows: Iterable[tuple[int, str, str, str, str]] = arrived.values_list(
        "series__study_id",
        "reception__ae_title",
        "series__modality",
        "series__study__description",
        "series__description",
    ).distinct()
    facility_id = rule.source_facility.pk
    return {study for study, *rest in rows if conditions.match(Particulars(facility_id, *rest))}
