"""The arithmetic of the comparison; that it runs at all is shown by ``make bench``."""

from __future__ import annotations

from tests.bench.figures import NOCTIS, Figures, Measure, Promise, ratio_table, ratios, table


def figures(contender: str, times: list[float], seconds: float) -> Figures:
    made = Figures("C-STORE", contender)
    made.add(times, seconds)
    return made


def test_percentiles_are_times_that_were_measured():
    one = figures(NOCTIS, [0.001 * n for n in range(100, 0, -1)], 10.0)

    assert [one.percentile(percent) for percent in (50, 95, 99, 100)] == [0.05, 0.095, 0.099, 0.1]
    assert one.percentile(0) == 0.001
    assert round(one.average, 6) == 0.0505
    assert one.rate == 10.0


def test_rounds_are_added_up():
    one = figures(NOCTIS, [0.1], 0.1)
    one.add([0.3], 0.3)

    assert one.as_json() | {"operation": ""} == {
        "operation": "",
        "contender": NOCTIS,
        "requests": 2,
        "average_ms": 200.0,
        "p50_ms": 100.0,
        "p95_ms": 300.0,
        "p99_ms": 300.0,
        "per_second": 5.0,
    }


def test_ratios_say_how_often_noctis_is_as_fast():
    measured = [figures(NOCTIS, [0.1] * 10, 1.0), figures("Other", [0.2] * 10, 2.0)]

    assert ratios(measured) == [{"operation": "C-STORE", "against": "Other", "ratio": 2.0}]
    assert "2.00 ×" in ratio_table(measured)
    assert table(measured).count("C-STORE") == 2


def test_a_promise_is_held_below_its_bound_only():
    assert str(Promise("C-FIND", 0.05, 0.0499)).startswith("held")
    assert str(Promise("C-FIND", 0.05, 0.05)).startswith("MISSED")


def test_a_promise_says_what_it_is_about():
    one = figures(NOCTIS, [0.01, 0.02, 0.9], 1.0)
    assert (Measure.MEDIAN.of(one), round(Measure.AVERAGE.of(one), 2)) == (0.02, 0.31)
    promise = Promise("First page", 0.1, Measure.MEDIAN.of(one), Measure.MEDIAN)
    assert str(promise) == "held: First page takes 20.0 ms at the median, promised are less than 100 ms"
    assert promise.as_json() == {"operation": "First page", "most_ms": 100, "median_ms": 20.0, "is_held": True}
