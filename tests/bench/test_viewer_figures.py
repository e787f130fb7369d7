"""How openings of the viewers become medians and ratios; that they run at all is shown by ``make bench``."""

from __future__ import annotations

from tests.bench.figures import NOCTIS
from tests.bench.viewer_figures import MEGABYTE, ViewerFigures, viewer_ratios, viewer_table
from tests.bench.viewers import Measured


def test_medians_of_the_same_situation_are_compared():
    figures = ViewerFigures()
    for seconds in (1.0, 9.0, 2.0):
        figures.add(NOCTIS, 128, Measured(seconds, 4.0, 10, 3 * MEGABYTE, MEGABYTE, MEGABYTE), is_cold=True)
    figures.add("Other", 128, Measured(4.0, 2.0, 20, 3 * MEGABYTE, MEGABYTE, MEGABYTE), is_cold=True)
    figures.add(NOCTIS, 128, Measured(0.5, 4.0, 10, MEGABYTE, MEGABYTE, MEGABYTE), is_cold=False)

    rows = figures.rows()
    ratios = {(one["situation"], one["quantity"]): one["ratio"] for one in viewer_ratios(rows)}
    assert ratios["128 slices, first visit", "First image"] == 0.5
    assert ratios["128 slices, first visit", "All images received"] == 2.0
    assert len(ratios) == 6
    assert rows[0].as_json() == {
        "situation": "128 slices, first visit",
        "quantity": "First image",
        "unit": "s",
        "contender": NOCTIS,
        "median": 2.0,
        "values": [1.0, 9.0, 2.0],
    }
    table = viewer_table(rows).splitlines()
    assert table[1].endswith("0.50 ×")
    assert "3.00 MB" in viewer_table(rows)
    assert next(line for line in table if "viewer in the cache" in line).rstrip().endswith("0.50 s")
