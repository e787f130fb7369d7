"""What a check found, in sentences for an operator."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import IntEnum
from typing import Any, Final


class Level(IntEnum):
    """How a thing stands. The values are exit codes, which monitoring programs take for OK, WARNING and CRITICAL."""

    WELL = 0
    ATTENTION = 1
    PROBLEM = 2


MARKS: Final = {Level.WELL: "ok", Level.ATTENTION: "look", Level.PROBLEM: "WRONG"}


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: what it is, how it stands, and what to do where it does not stand well."""

    subject: str
    level: Level
    text: str
    advice: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return the form for programs."""
        return {**asdict(self), "level": self.level.name.lower()}


def well(subject: str, text: str) -> Finding:
    """Return that a thing is as it should be."""
    return Finding(subject, Level.WELL, text)


def attention(subject: str, text: str, advice: str) -> Finding:
    """Return that somebody should look at a thing soon."""
    return Finding(subject, Level.ATTENTION, text, advice)


def problem(subject: str, text: str, advice: str) -> Finding:
    """Return that a thing is broken."""
    return Finding(subject, Level.PROBLEM, text, advice)


def worst(findings: Iterable[Finding]) -> Level:
    """Return the worst level; nothing found is well."""
    return max((finding.level for finding in findings), default=Level.WELL)


def lines(findings: Iterable[Finding]) -> list[str]:
    """Return the findings as they are printed, with what to do below what is not well."""
    printed = []
    for finding in findings:
        printed.append(f"{MARKS[finding.level]:<5} {finding.subject}: {finding.text}")
        if finding.advice:
            printed.append(f"      → {finding.advice}")
    return printed
