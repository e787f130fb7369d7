"""Compares Noctis with Orthanc, DCMTK and OHIF; they take turns, so that what else the machine does falls on all alike.

    make bench [BENCH=quick] [BENCH_PARTS="store find web viewer worklist"]
    python -m tests.bench [--quick] [--only PART] [--json FILE]

The exit code is 1 where a time that was promised is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from tests.bench import contenders, worklist
from tests.bench.contenders import Archive, Contender
from tests.bench.figures import DATABASE, NOCTIS, Figures, Measure, Promise, ratio_table, ratios, table
from tests.bench.viewer_figures import FIRST_IMAGE, ViewerRow, viewer_ratios, viewer_table
from tests.bench.viewers import measure
from tests.bench.workload import Image, Uids, at_once, find, store, study_query, timed
from tests.support.orthanc import PROGRAM as ORTHANC_PROGRAM
from tests.support.waiting import wait_for

PARTS = ("store", "find", "web", "viewer", "worklist")
PROMISES = {"C-STORE, 1 association": 0.100, "C-STORE, 4 associations": 0.100}
PROMISES |= {"C-FIND, 1 match": 0.050, "C-FIND, 100 matches": 0.050}
WORKLIST_PROMISE = 0.100
FIRST_IMAGE_PROMISE = 1.0
MANY = 100
FIRST_STUDY = 10**9
SHOWN_STUDY = 2 * 10**9
IMAGES_OF_A_SERIES = 100


@dataclass(frozen=True)
class Plan:
    """How much is done; images are sent in each round, ``studies`` are searched, ``listed`` stand on the worklist."""

    rounds: int
    images: int
    studies: int
    requests: int
    openings: int
    listed: int
    pages: int


FULL = Plan(rounds=3, images=200, studies=2000, requests=40, openings=3, listed=1_000_000, pages=9)
QUICK = Plan(rounds=1, images=60, studies=300, requests=10, openings=1, listed=50_000, pages=3)


@dataclass
class Bench:
    """The figures so far, and the numbers of which the next UIDs are made."""

    plan: Plan
    archives: Sequence[Archive]
    receivers: Sequence[Contender]
    figures: dict[tuple[str, str], Figures] = field(default_factory=dict)
    _next: int = 1

    def note(self, operation: str, contender: Contender, times: Sequence[float], seconds: float = 0.0) -> None:
        """Add the figures of a turn; without ``seconds`` the requests came one after the other."""
        key = (operation, contender.name)
        self.figures.setdefault(key, Figures(*key)).add(times, seconds or sum(times))

    def in_turns(self, what: Sequence[Contender], turn: Callable[[Any], None]) -> None:
        """Let each contender have its turn in every round, each round beginning with another one."""
        for number in range(self.plan.rounds):
            start = number % len(what)
            for contender in (*what[start:], *what[:start]):
                turn(contender)
                contender.settle()

    def fresh(self, count: int, *, studies: int = 1) -> list[tuple[Uids, str]]:
        """Return the UIDs and the patient of images that nobody has yet."""
        first, self._next = self._next, self._next + count
        return [(Uids.of(first + n * studies // count, first + n), f"BENCH{first:06}") for n in range(count)]

    def stores(self) -> None:
        """Send CT images over one association and over four."""
        image = Image(with_pixels=True)
        for associations in (1, 4):
            self.in_turns(self.receivers, partial(self._store, image, associations))

    def _store(self, image: Image, associations: int, contender: Contender) -> None:
        copies = self.fresh(self.plan.images, studies=associations)
        share = len(copies) // associations
        parts = [partial(store, contender, image, copies[n * share : (n + 1) * share]) for n in range(associations)]
        times, seconds = at_once(parts)
        plural = "" if associations == 1 else "s"
        self.note(f"C-STORE, {associations} association{plural}", contender, times, seconds)

    def finds(self) -> None:
        """Search the archives by C-FIND for one study, and for a hundred."""
        small = Image(with_pixels=False)
        numbers = range(FIRST_STUDY, FIRST_STUDY + self.plan.studies)
        filling = [(Uids.of(n, n), f"{'MANY' if n < FIRST_STUDY + MANY else 'FEW'}{n % 10**6:07}") for n in numbers]
        for archive in self.archives:
            store(archive, small, filling)
            archive.settle()
        one = [study_query(PatientID=patient) for _, patient in filling[-self.plan.requests :]]
        many = [study_query(PatientID="MANY*")] * max(3, self.plan.requests // 4)
        for operation, asked, matches in (("C-FIND, 1 match", one, 1), ("C-FIND, 100 matches", many, MANY)):
            self.in_turns(self.archives, partial(self._find, operation, asked, matches))

    def _find(self, operation: str, asked: Sequence[bytes], matches: int, archive: Archive) -> None:
        self.note(operation, archive, find(archive, asked, matches))

    def web(self) -> None:
        """Search and show over HTTP: QIDO-RS and WADO-RS, and what Orthanc has without its DICOMweb plugin."""
        copies = [(Uids.of(SHOWN_STUDY, SHOWN_STUDY + n), "SHOWN") for n in range(IMAGES_OF_A_SERIES)]
        shown = copies[0][0]
        frames: dict[str, str] = {}
        for archive in self.archives:
            store(archive, Image(with_pixels=True), copies)
            archive.settle()
            wait_for(lambda archive=archive: archive.search("SHOWN") == 1, "the series", seconds=60)  # type: ignore[misc]
            count, frames[archive.name] = archive.series(shown.study, shown.series)
            assert count == IMAGES_OF_A_SERIES
        requests = self.plan.requests

        def first_image(archive: Archive) -> None:
            archive.frame(archive.series(shown.study, shown.series)[1])

        operations: dict[str, Callable[[Archive], object]] = {
            "Study search over HTTP, 1 match": lambda archive: archive.search("SHOWN"),
            "Study search over HTTP, 100 matches": lambda archive: archive.search("MANY*"),
            "Frame of a CT over HTTP": lambda archive: archive.frame(frames[archive.name]),
            "Metadata of 100 images and the first frame": first_image,
        }
        for operation, work in operations.items():
            count = max(3, requests // 4) if "100" in operation else requests
            self.in_turns(
                self.archives,
                lambda archive, operation=operation, work=work, count=count: self.note(  # type: ignore[misc]
                    operation, archive, timed(partial(work, archive), count)
                ),
            )


def facts() -> dict[str, str]:
    """Return what the figures depend on; nothing that tells which machine this is."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "processor cores": str(os.cpu_count()),
        "memory": f"{memory:.0f} GB",
        "load when it began": f"{os.getloadavg()[0]:.1f}",
        "Python": platform.python_version(),
        "database of Noctis": "PostgreSQL" if "NOCTIS_DATABASE_URL" in os.environ else "SQLite",
        "Orthanc": _first_line(str(ORTHANC_PROGRAM), "--version"),
        "DCMTK": _first_line("/usr/bin/storescp", "--version"),
    }


def _first_line(*command: str) -> str:
    said = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    return next(iter(said.splitlines()), "not installed").strip("$ ")


def run(plan: Plan, parts: Sequence[str]) -> tuple[list[Figures], list[ViewerRow]]:
    """Start the contenders, let them do everything, and return the figures."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="noctis-bench-")))
        listed: list[Figures] = []
        if "worklist" in parts:
            _announce(f"the worklist with {plan.listed:,} studies")
            listed = worklist.measure(folder, studies=plan.listed, rounds=plan.pages)
        if not set(parts) - {"worklist"}:
            return listed, []
        noctis = stack.enter_context(contenders.noctis(folder))
        bench = Bench(plan, [noctis], [noctis])
        if set(parts) - {"viewer", "worklist"}:
            orthanc = stack.enter_context(contenders.orthanc(folder))
            storescp = stack.enter_context(contenders.storescp(folder))
            bench = Bench(plan, [noctis, orthanc], [noctis, orthanc, storescp])
        for part, name, work in (
            ("store", "C-STORE", bench.stores),
            ("find", "C-FIND", bench.finds),
            ("web", "HTTP", bench.web),
        ):
            if part in parts:
                _announce(name)
                work()
        viewers: list[ViewerRow] = []
        if "viewer" in parts:
            _announce("the viewers")
            viewers = measure(noctis.appliance, folder / "viewer", rounds=plan.openings)
        return [*bench.figures.values(), *listed], viewers


def _announce(name: str) -> None:
    print(f"Measuring {name} …", file=sys.stderr, flush=True)


def promises(figures: Sequence[Figures], viewers: Sequence[ViewerRow]) -> Iterator[Promise]:
    """Yield what was promised."""
    for one in figures:
        if one.operation.startswith("Worklist"):
            name = one.operation + (f", {DATABASE}" if one.contender == DATABASE else "")
            yield Promise(name, WORKLIST_PROMISE, Measure.MEDIAN.of(one), Measure.MEDIAN)
        elif one.contender == NOCTIS and one.operation in PROMISES:
            yield Promise(one.operation, PROMISES[one.operation], Measure.AVERAGE.of(one))
    for row in viewers:
        if row.contender == NOCTIS and row.quantity is FIRST_IMAGE:
            yield Promise(f"First image, {row.situation},", FIRST_IMAGE_PROMISE, row.median, Measure.MEDIAN)


def main() -> int:
    """Measure, print, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="less of everything: a first impression")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures to a file too")
    options = parser.parse_args()
    machine = facts()
    figures, viewers = run(QUICK if options.quick else FULL, options.only)
    kept = list(promises(figures, viewers))
    print("\n".join(f"{name}: {value}" for name, value in machine.items()))
    if figures:
        print(f"\n{table(figures)}\n\n{ratio_table(figures)}")
    if viewers:
        print(f"\n{viewer_table(viewers)}")
    print("", *kept, sep="\n")
    if options.json is not None:
        report = {
            "machine": machine,
            "figures": [one.as_json() for one in figures],
            "ratios": ratios(figures),
            "viewers": [one.as_json() for one in viewers],
            "viewer_ratios": viewer_ratios(viewers),
            "promises": [one.as_json() for one in kept],
        }
        options.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    return 0 if all(one.is_held for one in kept) else 1


if __name__ == "__main__":
    sys.exit(main())
