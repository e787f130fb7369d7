"""Keep every command line that runs on this machine in /root/command_lines, for a test to search."""

from __future__ import annotations

import time
from pathlib import Path

PAUSE_SECONDS = 0.1


def main() -> None:
    """Look again and again, until killed; a process that ends between two looks is not seen."""
    seen: set[str] = set()
    with Path("/root/command_lines").open("a", encoding="utf-8", buffering=1) as found:
        while True:
            for process in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    words = process.read_text(encoding="utf-8", errors="replace").replace("\0", " ")
                except OSError:
                    continue
                if words not in seen:
                    seen.add(words)
                    found.write(f"{words}\n")
            time.sleep(PAUSE_SECONDS)


if __name__ == "__main__":
    main()
