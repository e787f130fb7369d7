"""The database around a change of the release: what would be migrated, a dump before, the way back."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from noctis_release.places import NotDone, Places, run

# The owner is put back, because it differs between versions of PostgreSQL.
EMPTY_SCHEMA = """
DO $$
DECLARE schema_owner name := (SELECT nspowner::regrole::name FROM pg_namespace WHERE nspname = 'public');
BEGIN
    EXECUTE 'DROP SCHEMA IF EXISTS public CASCADE';
    EXECUTE format('CREATE SCHEMA public AUTHORIZATION %I', schema_owner);
    EXECUTE 'GRANT USAGE ON SCHEMA public TO PUBLIC';
END $$;
"""


@dataclass(frozen=True)
class Migration:
    """A migration that a release would apply; see the application's command ``pending_migrations``."""

    name: str
    is_additive: bool
    is_reversible: bool


def manage(places: Places, release: Path, *words: str) -> str:
    """Run a management command of a release, be it in use or not."""
    return run([places.manage, *words], environment={"NOCTIS_RELEASE": str(release)})


def pending(places: Places, release: Path) -> list[Migration]:
    """Return what the release would migrate. Raises NotDone, also where the release's own checks fail."""
    printed = manage(places, release, "pending_migrations")
    return [Migration(**found) for found in json.loads(printed.strip().splitlines()[-1])]


def migrate(places: Places, release: Path) -> None:
    """Bring the database to what the release needs."""
    manage(places, release, "migrate", "--noinput")


def dump(places: Places, name: str) -> Path:
    """Write the database to a file that root alone can read."""
    places.dumps.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = places.dumps / f"{name}.dump"
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        part.chmod(0o600)
        run([*places.database_administrator, "pg_dump", "--format=custom", places.database], into=file)
    part.replace(path)
    return path


def restore(places: Places, path: Path) -> None:
    """Put the dump in place of everything that the database holds, or leave that as it is."""
    if not path.is_file():
        raise NotDone(f"The dump {path} is not there; restore the database from a backup.")
    script = places.dumps / "restore.sql"
    try:
        with script.open("wb") as file:
            script.chmod(0o600)
            file.write(EMPTY_SCHEMA.encode())
            file.flush()
            run(["pg_restore", "--file=-", path], into=file)
        with script.open("rb") as file:
            psql = ["psql", "--quiet", "--no-psqlrc", "--single-transaction", "--set=ON_ERROR_STOP=1"]
            run([*places.database_administrator, *psql, f"--dbname={places.database}"], given=file)
    finally:
        script.unlink(missing_ok=True)
