"""Reject counts against figures that can be counted by hand."""

from __future__ import annotations

from datetime import date, datetime, timezone

import pytest

from noctis.quality_control.actions import Choice, Verdict, reject, restore
from noctis.quality_control.models import RejectReason
from noctis.quality_control.statistics import Dimension, RejectCount, Wanted, reject_counts
from noctis.quality_control.tests.factories import add_series, study_with_images

YEAR = Wanted(date(2026, 1, 1), date(2026, 12, 31))


@pytest.fixture
def rejected(people) -> None:
    """Reject 3 of 20 images in the north, of two months and stations, and 1 of 5 in the south."""
    positioning, motion = RejectReason.objects.order_by("position")[:2]
    january = datetime(2026, 1, 31, 23, 30, tzinfo=timezone.utc)
    february = datetime(2026, 2, 1, 0, 30, tzinfo=timezone.utc)
    first = study_with_images(people.north, 10, received_at=january)
    second = study_with_images(people.north, 6, modality="CR", received_at=february)
    add_series(second, 4, modality="DX", station="DX2")
    add_series(second, 9, modality="SR")
    south = study_with_images(people.south, 5, received_at=february)
    images = [one.sop_instance_uid for one in Choice(whole_study=True).among(first)]
    reject(first, Choice(images=images[:2]), Verdict(positioning), acting_user=people.technician)
    last = second.series.get(station="DX2")
    moved = Choice(images=[last.instances.earliest("pk").sop_instance_uid])
    reject(second, moved, Verdict(motion, is_repeat_requested=True), acting_user=people.administrator)
    south_images = [one.sop_instance_uid for one in Choice(whole_study=True).among(south)]
    reject(south, Choice(images=south_images[:2]), Verdict(motion), acting_user=people.administrator)
    restore(south, Choice(images=south_images[:1]), acting_user=people.administrator)


def test_counts_by_each_dimension(people, rejected):
    def found(*by: Dimension) -> dict[object, tuple[int, int]]:
        counts = reject_counts(people.administrator, YEAR, by)
        return {count.key[0] if len(by) == 1 else count.key: (count.images, count.rejected) for count in counts}

    assert found() == {(): (25, 4)}
    assert found(Dimension.FACILITY) == {"North hospital": (20, 3), "South clinic": (5, 1)}
    assert found(Dimension.MODALITY) == {"DX": (19, 4), "CR": (6, 0)}
    assert found(Dimension.STATION) == {"DX1": (21, 3), "DX2": (4, 1)}
    assert found(Dimension.MONTH) == {date(2026, 1, 1): (10, 2), date(2026, 2, 1): (15, 2)}
    assert found(Dimension.WEEK) == {date(2026, 1, 26): (25, 4)}
    assert found(Dimension.DAY) == {date(2026, 1, 31): (10, 2), date(2026, 2, 1): (15, 2)}
    assert found(Dimension.REASON) == {"Positioning": (25, 2), "Motion": (25, 2)}
    assert found(Dimension.REJECTED_BY) == {"technician": (25, 2), "administrator": (25, 2)}
    assert found(Dimension.MONTH, Dimension.REASON) == {
        (date(2026, 1, 1), "Positioning"): (10, 2),
        (date(2026, 2, 1), "Motion"): (15, 2),
    }


def test_a_rate_needs_images_and_repeats_are_counted(people, rejected):
    (whole,) = reject_counts(people.administrator, YEAR, [])
    assert whole.rate == pytest.approx(4 / 25)
    assert whole.repeats_requested == 1
    assert RejectCount((), 0, 0, 0).rate is None
    assert reject_counts(people.administrator, Wanted(date(2025, 1, 1), date(2025, 12, 31)), []) == [
        RejectCount((), 0, 0, 0)
    ]


def test_what_is_wanted_narrows_made_and_rejected_alike(people, rejected):
    def whole(**wanted: object) -> tuple[int, int]:
        question = Wanted(**{"first_day": YEAR.first_day, "last_day": YEAR.last_day, **wanted})  # type: ignore[arg-type]
        (count,) = reject_counts(people.administrator, question, [])
        return count.images, count.rejected

    assert whole(facility=people.south) == (5, 1)
    assert whole(modality="CR") == (6, 0)
    assert whole(station="DX2") == (4, 1)
    assert whole(last_day=date(2026, 1, 31)) == (10, 2)


def test_nobody_counts_what_another_facility_has(people, rejected):
    (own,) = reject_counts(people.technician, YEAR, [])
    assert (own.images, own.rejected) == (20, 3)
    assert [count.key for count in reject_counts(people.technician, YEAR, [Dimension.FACILITY])] == [
        ("North hospital",)
    ]
    (nothing,) = reject_counts(people.roleless, YEAR, [])
    assert (nothing.images, nothing.rejected) == (0, 0)
