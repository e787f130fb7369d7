"""Percentiles of known durations, and figures that several processes and threads count."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from noctis.data_directory import DataDirectory
from noctis.network import statistics_layout as layout
from noctis.network.statistics import Meter, Recorder, begin_anew
from noctis.network.statistics_layout import BUCKETS, OTHERS, ROWS, Service, bucket_of, middle_of, percentile
from noctis.network.statistics_report import read_report

WIDTH = 1 / 32


def histogram_of(durations: Iterable[int]) -> list[int]:
    histogram = [0] * BUCKETS
    for duration in durations:
        histogram[bucket_of(duration)] += 1
    return histogram


@given(st.integers(min_value=0, max_value=2**40 - 1))
def test_a_class_is_no_wider_than_a_thirtysecond(microseconds: int) -> None:
    assert abs(middle_of(bucket_of(microseconds)) - microseconds) <= microseconds * WIDTH


@given(st.integers(min_value=0, max_value=2**40 - 2))
def test_a_longer_duration_is_never_in_an_earlier_class(microseconds: int) -> None:
    assert bucket_of(microseconds) <= bucket_of(microseconds + 1) <= bucket_of(microseconds) + 1


def test_the_longest_duration_has_a_class() -> None:
    assert bucket_of(2**63) == BUCKETS - 1


@pytest.mark.parametrize("share", [0.5, 0.95, 0.99])
def test_percentiles_are_those_of_the_durations(share: float) -> None:
    durations = [int(1.002**number) for number in range(9000)]  # from a microsecond to a minute
    exact = durations[int(share * len(durations))]
    found = percentile(histogram_of(durations), share)
    assert found is not None
    assert abs(found - exact) <= exact * WIDTH * 2


def test_percentiles_of_a_hundred_known_durations() -> None:
    histogram = histogram_of(range(1, 101))
    assert [round(percentile(histogram, share) or 0) for share in (0.5, 0.95, 0.99)] == [50, 94, 98]
    assert percentile(histogram, 0.01) == 1
    assert percentile(histogram_of([50]), 0.99) == 50
    assert percentile(histogram_of([]), 0.5) is None


@pytest.fixture
def data(tmp_path: Path) -> DataDirectory:
    directory = DataDirectory(tmp_path)
    directory.create()
    begin_anew(directory.statistics)
    return directory


def recorder(data: DataDirectory, name: str) -> Recorder:
    return Recorder.in_file(data.statistics / f"{name}.counters")


def test_the_figures_of_several_processes_are_added_up(data: DataDirectory) -> None:
    for name, count in (("acceptor-1", 3), ("acceptor-2", 5)):
        one = recorder(data, name)
        row = one.row_of("CT1", is_admitted=True)
        for number in range(count):
            one.done(row, Service.C_STORE, layout.AT_SUCCESS, 0.010 * (number + 1))
        one.done(row, Service.C_STORE, layout.AT_WARNING, 0.1)
        one.done(row, Service.C_STORE, layout.AT_FAILURE, 0.1)
        one.set_active(2)
    found = read_report(data).as_json(per_peer=True)
    stored = found["services"]["c_store"]
    assert (stored["requests"], stored["success"], stored["warning"], stored["failure"]) == (12, 10, 2, 2)
    assert stored["last_minute"] == 12
    assert stored["latency_ms"]["p50"] == pytest.approx(30, rel=WIDTH)
    assert stored["latency_ms"]["p99"] == pytest.approx(100, rel=WIDTH)
    assert stored["latency_ms"]["mean"] == pytest.approx((60 + 150 + 400) / 12, abs=0.001)
    assert found["connections"]["active"] == 4
    (peer,) = found["application_entities"]
    assert (peer["ae_title"], peer["services"]["c_store"]["requests"]) == ("CT1", 12)


def test_a_process_goes_on_where_the_one_before_it_ended(data: DataDirectory) -> None:
    first = recorder(data, "acceptor-1")
    first.done(first.row_of("CT1", is_admitted=True), Service.C_ECHO, layout.AT_SUCCESS, 0.001)
    first.release()
    second = recorder(data, "acceptor-1")
    second.done(second.row_of("MR1", is_admitted=True), Service.C_ECHO, layout.AT_SUCCESS, 0.001)
    report = read_report(data)
    assert sorted(report.peers) == ["CT1", "MR1"]
    assert report.services[Service.C_ECHO].requests == 2


def test_a_file_of_another_version_or_cut_off_is_not_read(data: DataDirectory) -> None:
    (data.statistics / "old.counters").write_bytes(bytes(layout.SLOTS * layout.SLOT_BYTES))
    (data.statistics / "short.counters").write_bytes(b"NOCTIS")
    assert read_report(data).peers == {}


def test_the_number_of_titles_is_bounded_and_the_rest_counts_together() -> None:
    one = Recorder.in_memory()
    for number in range(2 * ROWS):
        one.rejected(one.row_of(f"REFUSED{number}", is_admitted=False))
    rows = {one.row_of(f"AE{number}", is_admitted=True) for number in range(ROWS)}
    assert len(rows) == ROWS // 2 + 1, "titles that are always refused take no more than half of the rows"
    assert one.row_of("AE0", is_admitted=True) != 0
    assert one.row_of(f"AE{ROWS}", is_admitted=True) == 0, f"without a row of its own it counts for {OTHERS}"


def test_threads_lose_no_count() -> None:
    one = Recorder.in_memory()
    row = one.row_of("CT1", is_admitted=True)

    def work() -> None:
        for _ in range(2000):
            one.done(row, Service.C_ECHO, layout.AT_SUCCESS, 0.001)
            one.count(row, layout.AT_BYTES_IN, 10)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert one.value(layout.row_at(row) + layout.AT_BYTES_IN) == 160_000
    assert one.value(layout.service_in_row(row, Service.C_ECHO) + layout.AT_SUCCESS) == 16_000


def test_a_request_counts_with_its_last_response() -> None:
    one = Recorder.in_memory()
    meter = Meter(one)
    meter.admitted("CT1")
    success = layout.service_in_row(meter.row, Service.C_FIND) + layout.AT_SUCCESS
    meter.asked(1, "C_FIND", by_us=False)
    meter.answered(1, 0xFF00, by_us=True)
    assert one.value(success) == 0
    meter.answered(1, 0x0000, by_us=True)
    meter.answered(1, 0x0000, by_us=True)
    assert one.value(success) == 1


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (0x0000, layout.AT_SUCCESS),
        (0xFE00, layout.AT_SUCCESS),
        (0xB000, layout.AT_WARNING),
        (0x0107, layout.AT_WARNING),
        (0xA700, layout.AT_FAILURE),
        (0xC000, layout.AT_FAILURE),
        (0x0122, layout.AT_FAILURE),
        (None, layout.AT_FAILURE),
    ],
)
def test_the_status_says_how_a_request_ended(status: int | None, outcome: int) -> None:
    one = Recorder.in_memory()
    meter = Meter(one)
    meter.admitted("CT1")
    meter.asked(9, "C_MOVE", by_us=False)
    meter.answered(9, status, by_us=True)
    first = layout.service_in_row(meter.row, Service.C_MOVE)
    assert [one.value(first + position) for position in range(3)] == [int(position == outcome) for position in range(3)]


def test_what_is_never_answered_has_failed() -> None:
    one = Recorder.in_memory()
    meter = Meter(one)
    meter.admitted("CT1")
    meter.asked(1, "C_STORE", by_us=False)
    meter.ended(is_released=False)
    assert one.value(layout.service_in_row(meter.row, Service.C_STORE) + layout.AT_FAILURE) == 1
    assert one.value(layout.AT_ABORTED) == 1
