"""Fixtures of every app's tests."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db.backends.postgresql.operations import DatabaseOperations
from django.test import override_settings
from django_vite.core.asset_loader import DjangoViteAssetLoader, DjangoViteConfig, ManifestClient
from pytest_django.fixtures import Settings

from noctis.accounts.models import Facility, Role, User
from noctis.data_directory import DataDirectory
from tests.support import narrow_flush
from tests.support.databases import migrated_template, own_file


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Let the tests' database be a copy of one that has every migration."""
    database: dict[str, Any] = django_settings.DATABASES["default"]
    wanted = database.setdefault("TEST", {})
    if url := os.environ.get("NOCTIS_DATABASE_URL"):
        wanted["TEMPLATE"] = migrated_template(url)
    else:
        wanted["NAME"] = str(own_file(tmp_path_factory.mktemp("database") / "noctis.sqlite3"))
        database["OPTIONS"]["init_command"] += "PRAGMA synchronous=OFF;"  # it goes with the tests


@pytest.fixture(scope="session")
def django_db_keepdb() -> bool:
    """Let Django take the copy as it is; one on a server is made by Django itself."""
    return "NOCTIS_DATABASE_URL" not in os.environ


@pytest.fixture(scope="session", autouse=True)
def quick_flush() -> Iterator[None]:
    """Empty only what was filled, after a test that commits."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DatabaseOperations, "sql_flush", narrow_flush.sql_flush)
        yield


@pytest.fixture(scope="session", autouse=True)
def quick_settings() -> Iterator[None]:
    """Hash passwords at the least cost, and look for no static files, which every client of a test would do anew."""
    with override_settings(
        PASSWORD_HASHERS=["tests.support.quick_hasher.QuickArgon2PasswordHasher"], WHITENOISE_USE_FINDERS=False
    ):
        yield


@pytest.fixture
def data_dir(settings: Settings, tmp_path: Path) -> DataDirectory:
    """Give the test a data directory of its own."""
    directory = DataDirectory(tmp_path / "data")
    directory.create()
    settings.NOCTIS_DATA = directory
    return directory


@pytest.fixture(scope="session", autouse=True)
def front_end_manifest(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Let templates name their bundles although the front end is not built."""
    path = tmp_path_factory.mktemp("vite") / "manifest.json"
    entries = ("src/pages/main.ts", "src/pages/dashboards/main.ts", "src/viewer/main.ts", "src/viewer/app.ts")
    path.write_text(json.dumps({entry: {"file": "assets/main.js", "src": entry, "isEntry": True} for entry in entries}))
    client = DjangoViteAssetLoader.instance()._apps["default"]  # noqa: SLF001  (it offers no other way)
    client.manifest = ManifestClient(DjangoViteConfig(manifest_path=path))


@dataclass(frozen=True)
class People:
    """Two facilities and a user of each kind; ``owner`` and ``technician`` belong to north, ``stranger`` to south."""

    north: Facility
    south: Facility
    administrator: User
    radiologist: User
    owner: User
    technician: User
    stranger: User
    roleless: User


@pytest.fixture
def people(db: None) -> People:
    """Make facilities and users who sign in with ``client.force_login``."""
    north = Facility.objects.create(code="NORTH", name="North hospital")
    south = Facility.objects.create(code="SOUTH", name="South clinic")

    def user(name: str, role: str, facility: Facility | None = None) -> User:
        return User.objects.create_user(name, role=role, facility=facility)

    return People(
        north=north,
        south=south,
        administrator=user("administrator", Role.ADMINISTRATOR),
        radiologist=user("radiologist", Role.RADIOLOGIST),
        owner=user("owner", Role.FACILITY_USER, north),
        technician=user("technician", Role.TECHNICIAN, north),
        stranger=user("stranger", Role.FACILITY_USER, south),
        roleless=user("roleless", "", north),
    )
