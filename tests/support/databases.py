"""Databases with every migration applied: copies of one that is made once, because migrations take seconds."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import django

from tests.support.servers import new_database, rename_database, server_folder

ROOT = Path(__file__).resolve().parents[2]
APP = ROOT / "app"
KEPT = ROOT / ".pytest_cache" / "databases"
TEMPLATE = "noctis_migrated"


def own_database(data_dir: Path) -> dict[str, str]:
    """Make a database for one data directory, of the kind that this run has; return the settings that name it."""
    if url := os.environ.get("NOCTIS_DATABASE_URL"):
        return {"NOCTIS_DATABASE_URL": new_database(url, template=migrated_template(url))}
    own_file(data_dir / "noctis.sqlite3")
    return {}


def own_file(path: Path) -> Path:
    """Make a database of SQLite there."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    shutil.copyfile(migrated_file(), path)
    path.chmod(0o600)
    return path


def migrated_file() -> Path:
    """Return a database of SQLite to copy; it is kept from one run to the next while the migrations are the same."""
    path = KEPT / f"{_digest_of_migrations()}.sqlite3"
    KEPT.mkdir(parents=True, exist_ok=True)
    with _locked(KEPT / "lock"):
        if not path.exists():
            shutil.rmtree(KEPT / "new", ignore_errors=True)
            _migrate(NOCTIS_DATA_DIR=str(KEPT / "new"))
            for outdated in KEPT.glob("*.sqlite3"):
                outdated.unlink()
            (KEPT / "new" / "noctis.sqlite3").rename(path)
            shutil.rmtree(KEPT / "new")
    return path


def migrated_template(url: str) -> str:
    """Return the name of the database to copy on the server of ``url``."""
    with _locked(server_folder(url) / "migrated.lock"):
        made = server_folder(url) / "migrated"
        if not made.exists():
            database = new_database(url)
            _migrate(NOCTIS_DATABASE_URL=database)
            rename_database(database, TEMPLATE)
            made.touch()
    return TEMPLATE


def _migrate(**environment: str) -> None:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("NOCTIS_")}
    folder = {"NOCTIS_DATA_DIR": os.environ.get("NOCTIS_DATA_DIR", str(KEPT / "new"))}
    command = [sys.executable, str(APP / "manage.py"), "migrate", "--verbosity", "0", "--skip-checks"]
    done = subprocess.run(
        command, env={**inherited, **folder, **environment}, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, f"the migrations failed:\n{done.stdout}{done.stderr}"


def _digest_of_migrations() -> str:
    digest = hashlib.sha256(django.__version__.encode())
    for path in sorted((APP / "noctis").rglob("migrations/*.py")):
        digest.update(str(path.relative_to(APP)).encode() + path.read_bytes())
    return digest.hexdigest()[:16]


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
