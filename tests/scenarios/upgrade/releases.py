"""Make releases that differ from the working copy as later and broken releases do: archives for the role ``noctis``.

python -m tests.scenarios.upgrade.releases FOLDER
"""

from __future__ import annotations

import gzip
import io
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
SETTINGS = "app/noctis/settings.py"
HEALTH = "app/noctis/health.py"
MIGRATIONS = "app/noctis/preferences/migrations"
WORKING, NEXT, SICK, UNMIGRATABLE, BREAKING = "0.0.9", "0.1.1", "0.1.2", "0.1.3", "0.1.4"

MIGRATION = """
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("preferences", "{parent}")]
    operations = [{operation}]
    works_with_former_release = {works}
"""
NEW_TABLE = 'migrations.CreateModel("UpgradeNote", [("id", models.BigAutoField(primary_key=True))])'
IMPOSSIBLE = 'migrations.RunSQL("SELECT * FROM no_such_table", "SELECT 1")'
LOST_TABLE = 'migrations.RunSQL("DROP TABLE sharing_guestvisit CASCADE")'

Files = dict[str, bytes]


def main(folder: Path) -> None:
    """Write the archives."""
    folder.mkdir(parents=True, exist_ok=True)
    files = release_of_the_working_copy()
    changes: dict[str, list[Callable[[Files], None]]] = {
        WORKING: [],
        NEXT: [add_table],
        SICK: [add_table, fall_ill],
        UNMIGRATABLE: [add_table, lambda files: add_migration(files, "9002_impossible", IMPOSSIBLE)],
        BREAKING: [add_table, lambda files: add_migration(files, "9003_breaking", LOST_TABLE, works=False), fall_ill],
    }
    for version, steps in changes.items():
        release = {**files, SETTINGS: with_version(files[SETTINGS], version)}
        for step in steps:
            step(release)
        (folder / f"noctis-{version}.tar.gz").write_bytes(pack(release))


def release_of_the_working_copy() -> Files:
    """Return the files of a release."""
    packed = subprocess.run([ROOT / "scripts" / "build-release"], stdout=subprocess.PIPE, text=True, check=True)
    with tarfile.open(packed.stdout.splitlines()[-1]) as release:
        return {member.name: release.extractfile(member).read() for member in release if member.isfile()}  # type: ignore[union-attr]


def pack(files: Files) -> bytes:
    """Return an archive of ``files``."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content), 0o755 if content.startswith(b"#!") else 0o644
            tar.addfile(member, io.BytesIO(content))
    return gzip.compress(plain.getvalue(), compresslevel=1)


def with_version(settings: bytes, version: str) -> bytes:
    """Return the settings module of another version."""
    lines = settings.decode().splitlines()
    return "\n".join(f'VERSION = "{version}"' if line.startswith("VERSION = ") else line for line in lines).encode()


def add_table(files: Files) -> None:
    """Add a migration that the former release need not know."""
    add_migration(files, "9001_upgrade_note", NEW_TABLE)


def add_migration(files: Files, name: str, operation: str, *, works: bool = True) -> None:
    """Add a migration behind all others of its app; ``works``: it says that the former release goes on working."""
    known = [path.removeprefix(f"{MIGRATIONS}/") for path in files if path.startswith(f"{MIGRATIONS}/0")]
    known += [path.removeprefix(f"{MIGRATIONS}/") for path in files if path.startswith(f"{MIGRATIONS}/9")]
    parent = max(known).removesuffix(".py")
    files[f"{MIGRATIONS}/{name}.py"] = MIGRATION.format(parent=parent, operation=operation, works=works).encode()


def fall_ill(files: Files) -> None:
    """Let the release start, and answer that it is not well."""
    files[HEALTH] = files[HEALTH].replace(
        b'JsonResponse({"status": "ok"})', b'JsonResponse({"status": "ill"}, status=503)'
    )
    assert b"ill" in files[HEALTH]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
