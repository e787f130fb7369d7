"""Passwords and the session secret change while programs run, and nobody notices."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.db.backends.postgresql import base
from psycopg2 import OperationalError

from noctis.changing_secret import ChangingSecret
from noctis.env import ConfigurationError, Environment, postgresql_database
from noctis.postgresql.base import DatabaseWrapper
from noctis.redis_connection import CACHE_PREFIX, RedisAddress


@pytest.fixture
def password_file(tmp_path: Path) -> Path:
    path = tmp_path / "database_password"
    path.write_text("present\n")
    return path


class Server:
    """A server that knows one password; the rest of PostgreSQL is left out."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, password: str) -> None:
        self.password = password
        self.asked: list[str] = []
        monkeypatch.setattr(base.DatabaseWrapper, "get_new_connection", lambda _, parameters: self.answer(parameters))

    def answer(self, parameters: dict[str, Any]) -> str:
        self.asked.append(parameters["password"])
        if parameters["password"] != self.password:
            raise OperationalError("refused")
        return "connected"


def connect(path: Path) -> str:
    settings = postgresql_database("postgresql://noctis@localhost/noctis", ChangingSecret(path=path))
    connection = DatabaseWrapper({**settings, "TIME_ZONE": None, "CONN_MAX_AGE": 0})
    return str(connection.get_new_connection({"password": settings["PASSWORD"]}))


def test_a_new_password_counts_without_a_restart(password_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server(monkeypatch, "present")
    assert connect(password_file) == "connected"
    password_file.write_text("other")
    server.password = "other"
    assert connect(password_file) == "connected"
    assert server.asked == ["present", "other"]


@pytest.mark.parametrize("known", ["present", "coming"])
def test_an_interrupted_change_keeps_nobody_out(
    password_file: Path, monkeypatch: pytest.MonkeyPatch, known: str
) -> None:
    password_file.with_name("database_password.next").write_text("coming")
    Server(monkeypatch, known)
    assert connect(password_file) == "connected"


def test_a_change_between_two_looks_keeps_nobody_out(password_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server(monkeypatch, "coming")

    def answer_while_it_changes(_: object, parameters: dict[str, Any]) -> str:
        password_file.write_text("coming")
        return server.answer(parameters)

    monkeypatch.setattr(base.DatabaseWrapper, "get_new_connection", answer_while_it_changes)
    assert connect(password_file) == "connected"
    assert server.asked == ["present", "coming"]


def test_a_wrong_password_is_refused_once(password_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server(monkeypatch, "unknown")
    with pytest.raises(OperationalError, match="refused"):
        connect(password_file)
    assert server.asked == ["present"]


def test_redis_is_asked_with_the_name_of_its_address_and_the_password_of_the_moment(password_file: Path) -> None:
    address = RedisAddress.of(
        "rediss://noctis@queue.example:6379/0?ssl_ca_certs=/ca.crt", ChangingSecret(password_file)
    )
    assert address.url == "rediss://queue.example:6379/0?ssl_ca_certs=/ca.crt"
    assert address.password.get_credentials() == ("noctis", "present")
    password_file.write_text("other")
    assert address.password.get_credentials() == ("noctis", "other")


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    env = Environment({"NOCTIS_DATABASE_PASSWORD_FILE": str(tmp_path / "missing")})
    with pytest.raises(ConfigurationError, match="missing, which cannot be read"):
        env.changing_secret("NOCTIS_DATABASE_PASSWORD")


def test_the_previous_session_secret_is_found_beside_the_present_one(tmp_path: Path) -> None:
    env = Environment({"NOCTIS_SECRET_KEY_FILE": str(tmp_path / "secret_key")})
    assert env.previous("NOCTIS_SECRET_KEY") == ""
    (tmp_path / "secret_key.previous").write_text("old\n")
    assert env.previous("NOCTIS_SECRET_KEY") == "old"


@pytest.mark.parametrize(("fallbacks", "status"), [(["p" * 64], 200), ([], 302)])
def test_who_is_signed_in_stays_so_when_the_session_secret_changes(
    client, people, settings, fallbacks: list[str], status: int
) -> None:
    settings.SECRET_KEY = "p" * 64
    client.force_login(people.radiologist)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "n" * 64, fallbacks
    assert client.get("/worklist").status_code == status


@pytest.mark.postgresql
def test_clearing_the_cache_leaves_the_job_queue_alone() -> None:
    client: Any = cache._cache.get_client(write=True)  # type: ignore[attr-defined]
    cache.set("thumbnail", "x")
    client.lpush("huey.test", "job")
    try:
        assert client.exists(f"{CACHE_PREFIX}:1:thumbnail")
        cache.clear()
        assert cache.get("thumbnail") is None
        assert client.llen("huey.test") == 1
    finally:
        client.delete("huey.test")
