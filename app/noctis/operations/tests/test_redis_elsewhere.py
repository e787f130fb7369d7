"""Redis on another machine: reached over TLS by its name, with the rights that the README of its role asks for."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from huey import PriorityRedisHuey
from redis import ConnectionPool, Redis
from redis.exceptions import ConnectionError as NotConnected
from redis.exceptions import NoPermissionError

from noctis.changing_secret import ChangingSecret
from noctis.redis_connection import CACHE_PREFIX, RedisAddress, SharedRedisCache
from tests.support.certificates import Authority
from tests.support.servers import IS_ROOT, SERVER_USER, redis_server

pytestmark = [pytest.mark.integration, pytest.mark.sqlite]

README = Path(__file__).resolve().parents[4] / "roles" / "redis" / "README.md"
PASSWORD = "a password from the vault"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.make(tmp_path_factory.mktemp("tls") / "hospital")


@pytest.fixture(scope="module")
def address(authority: Authority) -> Iterator[str]:
    """Give the address of a Redis that speaks TLS only, for the name localhost, and knows one user."""
    pair = authority.sign("redis", names="DNS:localhost")
    rights = next(line for line in README.read_text(encoding="utf-8").splitlines() if line.startswith("ACL SETUSER"))
    user = rights.removeprefix("ACL SETUSER").replace(">…", f"'>{PASSWORD}'")
    for file in (pair.certificate, pair.key):
        if IS_ROOT:
            shutil.chown(file, SERVER_USER, SERVER_USER)
    _open(pair.key.parent)
    tls = f"tls-cert-file {pair.certificate}", f"tls-key-file {pair.key}", "tls-auth-clients no"
    with redis_server("port 0", "tls-port {port}", *tls, f"user {user}", "user default off") as (url, _):
        yield url.replace("redis://127.0.0.1", "rediss://noctis@localhost")


def _open(folder: Path) -> None:
    """Let another user reach a folder of pytest."""
    for one in (folder, *folder.parents):
        if not one.stat().st_mode & 0o001:
            one.chmod(one.stat().st_mode | 0o011)


def connected(url: str) -> RedisAddress:
    return RedisAddress.of(url, ChangingSecret(fixed=PASSWORD))


def test_the_cache_and_the_queue_work_with_the_rights_of_the_readme(address: str, authority: Authority) -> None:
    there = connected(f"{address}?ssl_ca_certs={authority.root.certificate}")
    kept = SharedRedisCache(there.url, {"OPTIONS": there.options, "KEY_PREFIX": CACHE_PREFIX})
    kept.set("study", "known", 60)
    assert kept.get("study") == "known"
    kept.clear()
    assert kept.get("study") is None

    pool = ConnectionPool.from_url(there.url, **there.options)
    queue = PriorityRedisHuey("noctis", connection_pool=pool, results=False)
    job = queue.task()(lambda: "done")
    job()
    assert queue.pending_count() == 1
    assert queue.execute(queue.dequeue()) == "done"
    with pytest.raises(NoPermissionError):
        Redis(connection_pool=pool).flushall()


def test_another_name_and_an_unknown_authority_are_not_believed(
    address: str, authority: Authority, tmp_path: Path
) -> None:
    other = Authority.make(tmp_path / "other")
    by_address = connected(f"{address.replace('localhost', '127.0.0.1')}?ssl_ca_certs={authority.root.certificate}")
    unknown = connected(f"{address}?ssl_ca_certs={other.root.certificate}")
    for there, why in ((by_address, "IP address mismatch"), (unknown, "unable to get local issuer certificate")):
        with pytest.raises(NotConnected, match=why):
            Redis(connection_pool=ConnectionPool.from_url(there.url, **there.options)).ping()
