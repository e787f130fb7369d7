"""A multipart/related answer whose length is known before its first byte is sent (PS3.18 8.6.1.2.1, RFC 2387)."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

Chunks = Callable[[], Iterator[bytes]]


@dataclass(frozen=True)
class Part:
    """One part: its Content-Type, its length in bytes and where its bytes come from."""

    content_type: str
    length: int
    chunks: Chunks


@dataclass(frozen=True)
class Multipart:
    """Parts of one media type."""

    media_type: str
    parts: list[Part]
    boundary: str = field(default_factory=lambda: secrets.token_hex(16))

    @property
    def content_type(self) -> str:
        """The Content-Type of the whole."""
        return f'multipart/related; type="{self.media_type}"; boundary={self.boundary}'

    @property
    def length(self) -> int:
        """The length of the whole in bytes."""
        return sum(len(self._head(part)) + part.length + 2 for part in self.parts) + len(self._tail)

    def chunks(self) -> Iterator[bytes]:
        """Yield the whole."""
        for part in self.parts:
            yield self._head(part)
            yield from part.chunks()
            yield b"\r\n"
        yield self._tail

    def _head(self, part: Part) -> bytes:
        head = f"--{self.boundary}\r\nContent-Type: {part.content_type}\r\nContent-Length: {part.length}\r\n\r\n"
        return head.encode("ascii")

    @property
    def _tail(self) -> bytes:
        return f"--{self.boundary}--\r\n".encode("ascii")
