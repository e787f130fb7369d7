"""A password that may change while programs run: read anew for each connection, so that nothing is restarted for it.

``rotate_secrets.yml`` first writes the coming password beside the present one, as ``NAME.next``, then tells the server,
and at last renames the file. Whenever it is interrupted, one of the two files holds what the server knows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

COMING = ".next"
PREVIOUS = ".previous"


@dataclass(frozen=True)
class ChangingSecret:
    """A secret in a file, or a fixed one."""

    path: Path | None = None
    fixed: str = field(default="", repr=False)

    def __bool__(self) -> bool:
        """Whether there is a secret at all."""
        return self.path is not None or bool(self.fixed)

    def read(self) -> str:
        """Return the present value. Raises OSError."""
        return self.path.read_text(encoding="utf-8").strip() if self.path else self.fixed

    def candidates(self) -> Iterator[str]:
        """Yield what the server may know, the present value first and each once; read when it is asked for."""
        if self.path is None:
            yield self.fixed
            return
        seen: set[str] = set()
        # Once more the first: the second may have taken its place in between.
        for path in (self.path, self.path.with_name(self.path.name + COMING), self.path):
            try:
                value = path.read_text(encoding="utf-8").strip()
            except FileNotFoundError:
                continue
            if value not in seen:
                seen.add(value)
                yield value
