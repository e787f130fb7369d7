"""Move destinations that stand in the configuration and not in the database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, unquote

from noctis.dicom.ae_titles import AeTitleError, normalise_ae_title
from noctis.env import ConfigurationError

HIGHEST_PORT: Final = 65535


@dataclass(frozen=True)
class KnownDestination:
    """Where images for a destination go: the AE title that is called there, its host and its port."""

    ae_title: str
    host: str
    port: int


def read_destinations(setting: str, words: Iterable[str]) -> dict[str, KnownDestination]:
    """Return the destinations of ``TITLE=host:port`` or ``TITLE=CALLED@host:port`` by title. Raises ConfigurationError.

    What a title may hold beside letters and digits can be written as in addresses of the web, such as ``%3D``.
    """
    return dict(_read(setting, word) for word in words)


def write_destinations(destinations: Mapping[str, KnownDestination]) -> str:
    """Return the text that ``read_destinations`` reads, with commas between the words."""
    return ",".join(
        f"{quote(title, safe='')}={quote(one.ae_title, safe='')}@{one.host}:{one.port}"
        for title, one in destinations.items()
    )


def _read(setting: str, word: str) -> tuple[str, KnownDestination]:
    title, equals, address = word.partition("=")
    called, at, place = address.rpartition("@")
    host, colon, port = place.rpartition(":")
    if not (equals and colon and host and port.isdigit() and 1 <= int(port) <= HIGHEST_PORT):
        raise ConfigurationError(f"{setting}: {word!r} does not look like TITLE=host:port.")
    try:
        moved_to = normalise_ae_title(unquote(title))
        return moved_to, KnownDestination(
            normalise_ae_title(unquote(called)) if at else moved_to, host.strip("[]"), int(port)
        )
    except AeTitleError as error:
        raise ConfigurationError(f"{setting}: {word!r}: {error}") from error
