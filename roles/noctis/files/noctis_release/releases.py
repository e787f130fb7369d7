"""The releases on the server and the link to the one in use."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from noctis_release.places import NotDone, Places

COMPLETE = ("venv/complete", "static.complete")
HASHED_FILES = "app/frontend/dist/assets"
SERVED_FILES = "static/bundle/assets"


@dataclass(frozen=True)
class Record:
    """The last change of the release in use.

    ``is_checked``: it was found healthy. ``is_compatible``: the former release works with the database as it is;
    ``dump`` holds the database as it was before the migrations, where there were any.
    """

    release: str
    former: str = ""
    is_checked: bool = False
    is_compatible: bool = True
    dump: str = ""

    @classmethod
    def read(cls, places: Places) -> Record | None:
        """Return the record of the last change; None where there was none."""
        try:
            return cls(**json.loads(places.record.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return None

    def write(self, places: Places) -> None:
        """Replace the record."""
        part = places.record.with_suffix(".part")
        part.write_text(f"{json.dumps(asdict(self))}\n", encoding="utf-8")
        part.replace(places.record)


def in_use(places: Places) -> str:
    """Return the name of the release in use, empty where none is."""
    try:
        return places.current.resolve(strict=True).name
    except FileNotFoundError:
        return ""


def known(places: Places) -> list[str]:
    """Return the names of the complete releases, the newest first."""
    folders = [path for path in places.releases.iterdir() if path.is_dir() and not path.name.startswith(".")]
    complete = [path for path in folders if all((path / name).exists() for name in COMPLETE)]
    return [path.name for path in sorted(complete, key=lambda path: path.stat().st_mtime, reverse=True)]


def require(places: Places, name: str) -> Path:
    """Return the folder of a release. Raises NotDone where it is not complete."""
    if name not in known(places):
        raise NotDone(f"There is no complete release {name!r} in {places.releases}; “noctis-release list” shows them.")
    return places.releases / name


def use(places: Places, name: str) -> None:
    """Link to a release, without a moment in which there is no link."""
    link = places.current.with_name(f".{places.current.name}.next")
    link.unlink(missing_ok=True)
    link.symlink_to(places.releases / name)
    link.replace(places.current)


def keep_files_of_open_pages(places: Places, former: str, name: str) -> None:
    """Let the files that pages of the former release still ask for be found beside those of the new one.

    Their names hold a digest of their content. They are hard links and take no space.
    """
    source, target = places.releases / former / HASHED_FILES, places.releases / name / SERVED_FILES
    if not source.is_dir() or not target.is_dir():
        return
    for path in source.iterdir():
        with suppress(FileExistsError):
            os.link(path, target / path.name)


def prune(places: Places, keep: int) -> Iterator[str]:
    """Remove all but the newest releases, never the one in use nor its former; yield what is gone."""
    record = Record.read(places)
    needed = {in_use(places), record.former if record else ""}
    names = known(places)
    kept = {*names[: max(1, keep)], *needed}
    for name in names:
        if name not in kept:
            shutil.rmtree(places.releases / name)
            yield name
    environments = {(places.releases / name / "venv").resolve() for name in kept if name}
    folders = [path for path in places.environments.iterdir() if path.is_dir()] if places.environments.is_dir() else []
    for path in folders:
        if path not in environments and not path.name.startswith("."):
            shutil.rmtree(path)
            yield f"environment {path.name}"
    for path in places.dumps.glob("*-*.dump"):
        if re.sub(r"^(?:before|of)-(.*)\.dump$", r"\1", path.name) not in kept:
            path.unlink()
            yield path.name
