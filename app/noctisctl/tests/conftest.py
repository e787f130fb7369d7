"""A server in a folder: files of its own, and programs that answer as those of a real one do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from noctisctl.server import Server

Program = Callable[[str, str], None]


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """Return a function that puts a program on the server: a name and the shell script that it is."""
    folder = tmp_path / "bin"
    folder.mkdir()

    def put(name: str, script: str) -> None:
        path = folder / name
        path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        path.chmod(0o755)

    return put


@pytest.fixture
def server(tmp_path: Path, program: Program) -> Server:
    """Give a server where everything is well."""
    for name in ("data", "logs", "etc/secrets", "etc/tls", "releases/1.0/app"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "current").symlink_to(tmp_path / "releases/1.0")
    program("supervisorctl", "echo 'noctis-web   RUNNING   pid 7, uptime 1:00:00'")
    program("systemctl", '[ "$1" != is-active ] || echo active')
    program("dicom-server", "echo 'NOCTIS_PACS answers'")
    program("noctis-manage", 'case "$1" in diagnose) echo "[]" ;; esac')
    return Server(
        data=tmp_path / "data",
        logs=tmp_path / "logs",
        configuration=tmp_path / "etc",
        current=tmp_path / "current",
        releases=tmp_path / "releases",
        certificate=tmp_path / "etc/tls/server.crt",
        path=f"{tmp_path}/bin:/usr/bin:/bin",
    )
