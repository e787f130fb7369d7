"""A flood of refused associations does not fill the audit trail."""

from __future__ import annotations

import pytest

from noctis.audit.models import Action, AuditEntry
from noctis.dicom.association_rejection import Rejection
from noctis.network import refusals
from noctis.network.admission import AssociationRequest, Refusal
from noctis.network.models import RefusedAssociation
from noctis.network.refusals import (
    ENTRIES_PER_MINUTE,
    REMEMBERED_KINDS,
    RefusalThrottle,
    count_refusal,
    note_refusal,
)

KIND = ("10.1.2.3", "CT1", "NOCTIS_PACS", "CALLING_AE_TITLE_NOT_RECOGNISED")


class Clock:
    """A clock that is set by hand."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def throttle(clock: Clock) -> RefusalThrottle:
    return RefusalThrottle(clock)


def test_the_first_of_a_kind_is_noted_and_its_repetitions_are_counted(throttle: RefusalThrottle, clock: Clock) -> None:
    assert throttle.repetitions_to_note(KIND) == 0
    assert [throttle.repetitions_to_note(KIND) for _ in range(5)] == [None] * 5
    clock.now += 60
    assert throttle.repetitions_to_note(KIND) == 5
    clock.now += 600
    assert throttle.repetitions_to_note(KIND) == 0


def test_another_kind_is_noted_at_once(throttle: RefusalThrottle) -> None:
    assert throttle.repetitions_to_note(KIND) == 0
    assert throttle.repetitions_to_note(("10.1.2.4", *KIND[1:])) == 0


def test_a_flood_of_kinds_is_noted_only_in_part_and_does_not_take_memory(
    throttle: RefusalThrottle, clock: Clock
) -> None:
    noted = [throttle.repetitions_to_note((f"10.0.{n // 250}.{n % 250}", *KIND[1:])) for n in range(5000)]

    assert sum(one is not None for one in noted) == ENTRIES_PER_MINUTE
    assert len(throttle._seen) == REMEMBERED_KINDS
    clock.now += 60
    assert throttle.repetitions_to_note(KIND) == 0


@pytest.mark.django_db
def test_a_refusal_is_told_in_plain_words() -> None:
    request = AssociationRequest("CT1", "NOCTIS_PACS", "10.1.2.3")
    refusal = Refusal(Rejection.CALLING_AE_TITLE_NOT_RECOGNISED, "unknown AE title")
    throttle = RefusalThrottle()
    for _ in range(3):
        note_refusal(request, refusal, throttle)

    entry = AuditEntry.objects.get()
    assert (entry.action, entry.ae_title, entry.address) == (Action.ASSOCIATION_REFUSED, "CT1", "10.1.2.3")
    assert entry.detail == {"reason": "unknown AE title", "called_ae_title": "NOCTIS_PACS", "refused_before": 0}


@pytest.mark.django_db
def test_every_refusal_of_a_kind_is_counted_in_one_row(clock: Clock) -> None:
    request = AssociationRequest("CT2", "NOCTIS_PACS", "10.1.2.3")
    unknown = Refusal(Rejection.CALLING_AE_TITLE_NOT_RECOGNISED, "unknown AE title")
    throttle = RefusalThrottle(clock, holds_back_repetitions=False)
    for _ in range(3):
        count_refusal(request, unknown, throttle)
    count_refusal(request, Refusal(Rejection.NO_REASON_GIVEN, "this AE must use TLS"), throttle)

    assert [(str(row), row.count) for row in RefusedAssociation.objects.order_by("id")] == [
        ("CT2 from 10.1.2.3 was refused: unknown AE title", 3),
        ("CT2 from 10.1.2.3 was refused: this AE must use TLS", 1),
    ]


@pytest.mark.django_db
def test_a_flood_is_written_seldom_but_counted_in_full(clock: Clock, django_assert_num_queries) -> None:
    request = AssociationRequest("CT2", "NOCTIS_PACS", "10.1.2.3")
    unknown = Refusal(Rejection.CALLING_AE_TITLE_NOT_RECOGNISED, "unknown AE title")
    throttle = RefusalThrottle(clock, holds_back_repetitions=False)
    for _ in range(ENTRIES_PER_MINUTE):
        count_refusal(request, unknown, throttle)
    with django_assert_num_queries(0):
        for _ in range(100):
            count_refusal(request, unknown, throttle)
    clock.now += 60
    count_refusal(request, unknown, throttle)

    assert RefusedAssociation.objects.get().count == ENTRIES_PER_MINUTE + 101


@pytest.mark.django_db
def test_only_the_latest_kinds_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refusals, "COUNTED_KINDS", 5)
    unknown = Refusal(Rejection.CALLING_AE_TITLE_NOT_RECOGNISED, "unknown AE title")
    throttle = RefusalThrottle(holds_back_repetitions=False)
    for number in range(8):
        count_refusal(AssociationRequest(f"CT{number}", "NOCTIS_PACS", "10.1.2.3"), unknown, throttle)

    assert {row.ae_title for row in RefusedAssociation.objects.all()} == {"CT3", "CT4", "CT5", "CT6", "CT7"}
