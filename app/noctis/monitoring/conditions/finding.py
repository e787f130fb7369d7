"""What a condition is, and what looking at it finds.

Each has a bound where it begins to be wrong and another where it is well again. Between the two nothing changes, so
that a figure that swings around a bound rings once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.urls import reverse


@dataclass(frozen=True)
class Finding:
    """How something stands: wrong, well, or between the two (None). ``text`` says it to administrators, in lower case.

    It counts only once it has been wrong for ``patience``. What ``is_watched`` is not, because there is nothing of the
    kind here, is neither wrong nor well.
    """

    is_wrong: bool | None
    text: str
    value: float | None = None
    patience: timedelta = timedelta(0)
    is_watched: bool = True


def unwatched(why: str) -> Finding:
    """Return the finding of a condition that there is nothing to look at for."""
    return Finding(is_wrong=None, text=why, is_watched=False)


def too_much(value: float, limit: float, text: str, *, well_below: float | None = None) -> Finding:
    """Judge a figure that is wrong above ``limit``, and well again at ``well_below`` (by default 80 % of it)."""
    is_wrong = (
        True if value > limit else False if value <= (limit * 0.8 if well_below is None else well_below) else None
    )
    return Finding(is_wrong=is_wrong, text=text, value=value)


def too_little(value: float, limit: float, text: str, *, well_from: float) -> Finding:
    """Judge a figure that is wrong below ``limit``, and well again from ``well_from`` on."""
    is_wrong = True if value < limit else False if value >= well_from else None
    return Finding(is_wrong=is_wrong, text=text, value=value)


@dataclass(frozen=True)
class Condition:
    """Something that is watched: how to look at it, what the threshold is, and what to do when it is wrong.

    ``bound`` says the threshold in words, ``{}`` standing for the value of ``setting``, or for what ``kept_limit``
    returns where something else keeps it. ``page`` names the page that shows more of it.
    """

    key: str
    title: str
    look: Callable[[], Finding]
    bound: str
    advice: str
    setting: str = ""
    page: str = ""
    kept_limit: Callable[[], float | None] | None = None

    @property
    def limit(self) -> float | None:
        """Its threshold as a number; None where it has none."""
        if self.kept_limit is not None:
            return self.kept_limit()
        return float(getattr(settings, self.setting)) if self.setting else None

    @property
    def threshold(self) -> str:
        """When it is wrong, in words."""
        limit = self.limit
        return self.bound.format("–" if limit is None else f"{limit:g}")

    @property
    def path(self) -> str:
        """Where the alert leads to: its place on the page of alerts, which says what to do."""
        return f"{reverse('monitoring:alerts')}#{self.anchor}"

    @property
    def anchor(self) -> str:
        """The id of its row on that page."""
        return self.key.replace(" ", "-")

    @property
    def further(self) -> str:
        """The address of the page that shows more; empty where there is none."""
        return reverse(self.page) if self.page else ""
