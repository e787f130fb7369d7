"""How programs reach Redis: who they are there, and a cache that shares it with the job queue."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from redis import CredentialProvider

from noctis.changing_secret import ChangingSecret

CACHE_PREFIX = "noctis"


class RedisPassword(CredentialProvider):
    """Name and password, read anew for each connection."""

    def __init__(self, username: str, secret: ChangingSecret) -> None:
        """Sign in as ``username``, or as Redis' default user where it is empty."""
        self._username = username
        self._secret = secret

    def __bool__(self) -> bool:
        """Whether there is a password."""
        return bool(self._secret)

    def get_credentials(self) -> tuple[str] | tuple[str, str]:
        """Return what redis-py asks for."""
        password = self._secret.read()
        return (self._username, password) if self._username else (password,)


@dataclass(frozen=True)
class RedisAddress:
    """Where Redis is, without a name, and how to sign in there."""

    url: str
    password: RedisPassword

    @classmethod
    def of(cls, url: str, secret: ChangingSecret) -> RedisAddress:
        """Read ``redis://name@host:port/0``, or ``rediss://`` with ``?ssl_ca_certs=…``."""
        parts = urlsplit(url)
        place = parts.netloc.rpartition("@")[2]
        return cls(urlunsplit(parts._replace(netloc=place)), RedisPassword(unquote(parts.username or ""), secret))

    @property
    def options(self) -> dict[str, Any]:
        """What a connection pool needs beside the address."""
        return {"credential_provider": self.password} if self.password else {}


class _Client(RedisCacheClient):
    def clear(self) -> bool:
        """Remove what is in the cache, and nothing of the job queue, as FLUSHDB would."""
        client = self.get_client(None, write=True)
        for key in client.scan_iter(match=f"{CACHE_PREFIX}:*", count=1000):
            client.unlink(key)
        return True


class SharedRedisCache(RedisCache):
    """Django's cache in a Redis that others use too; its keys begin with ``CACHE_PREFIX``."""

    def __init__(self, server: str | list[str], params: dict[str, Any]) -> None:
        """Use the client that clears its own keys only."""
        super().__init__(server, params)
        self._class = _Client
