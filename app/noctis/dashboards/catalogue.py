"""Which tables there are, and who gets which."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from noctis.dashboards.counts import backlog, volumes
from noctis.dashboards.grouping import BY_FACILITY, BY_MODALITY, BY_READER, OVER_TIME, Grouping
from noctis.dashboards.rejects import reject_rate, reject_reasons
from noctis.dashboards.scope import Scope
from noctis.dashboards.tables import Table
from noctis.dashboards.turnaround import turnaround


@dataclass(frozen=True)
class Entry:
    """A table of the catalogue: its key in addresses, and what makes it."""

    key: str
    title: str
    make: Callable[[str, str, Scope], Table]
    grouping: Grouping | None = None

    def is_for(self, scope: Scope) -> bool:
        """Whether the user of ``scope`` gets it: facilities see no names of readers, and have none to compare with."""
        if self.grouping is BY_READER:
            return scope.names_readers
        return scope.names_facilities if self.grouping is BY_FACILITY else True

    def table(self, scope: Scope) -> Table:
        """Make the table."""
        return self.make(self.key, self.title, scope)


def _grouped(key: str, title: str, make: Callable[[str, str, Scope, Grouping], Table], grouping: Grouping) -> Entry:
    return Entry(key, title, lambda key, title, scope: make(key, title, scope, grouping), grouping)


@dataclass(frozen=True)
class Section:
    """A part of the page."""

    title: str
    entries: tuple[Entry, ...]


SECTIONS: Final = (
    Section("Backlog", (Entry("backlog", "Waiting for a report", backlog),)),
    Section(
        "Turnaround time",
        (
            _grouped("turnaround-over-time", "Turnaround over time", turnaround, OVER_TIME),
            _grouped("turnaround-by-modality", "Turnaround by modality", turnaround, BY_MODALITY),
            _grouped("turnaround-by-facility", "Turnaround by facility", turnaround, BY_FACILITY),
            _grouped("turnaround-by-reader", "Turnaround by reader", turnaround, BY_READER),
        ),
    ),
    Section(
        "Volumes",
        (
            _grouped("studies-over-time", "Studies over time", volumes, OVER_TIME),
            _grouped("studies-by-modality", "Studies by modality", volumes, BY_MODALITY),
            _grouped("studies-by-facility", "Studies by facility", volumes, BY_FACILITY),
            _grouped("reports-by-reader", "Reports by reader", volumes, BY_READER),
        ),
    ),
    Section(
        "Rejected images",
        (
            _grouped("reject-rate-over-time", "Reject rate over time", reject_rate, OVER_TIME),
            _grouped("reject-rate-by-modality", "Reject rate by modality", reject_rate, BY_MODALITY),
            _grouped("reject-rate-by-facility", "Reject rate by facility", reject_rate, BY_FACILITY),
            Entry("reject-reasons", "Reasons for rejecting", reject_reasons),
        ),
    ),
)
ENTRIES: Final = {entry.key: entry for section in SECTIONS for entry in section.entries}


def sections_for(scope: Scope) -> Iterator[tuple[str, list[Table]]]:
    """Yield the title and the tables of each section that the user of ``scope`` gets."""
    for section in SECTIONS:
        if tables := [entry.table(scope) for entry in section.entries if entry.is_for(scope)]:
            yield section.title, tables
