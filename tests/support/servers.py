"""Throw-away PostgreSQL and Redis servers from Debian's programs, each in a temporary folder.

``python -m tests.support.servers COMMAND …`` runs a command with ``NOCTIS_DATABASE_URL`` and ``NOCTIS_REDIS_URL`` set
to such servers, and stops them afterwards.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit, urlunsplit

from tests.support.ports import free_ports
from tests.support.waiting import wait_for

IS_ROOT = os.geteuid() == 0
SERVER_USER = "postgres"
DATABASE_USER = "noctis"


class ProgramMissingError(Exception):
    """A program that a test server needs is not installed."""


def postgresql_program(name: str) -> str:
    """Return the path of a PostgreSQL program; Debian keeps them per version, outside PATH."""
    found = sorted(
        Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[-3].split(".")[0])
    )
    program = str(found[-1]) if found else shutil.which(name)
    if not program:
        raise ProgramMissingError(f"PostgreSQL's {name} is missing: scripts/install-system-packages installs it.")
    return program


@contextlib.contextmanager
def _server_folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="noctis-server-", ignore_cleanup_errors=True) as name:
        if IS_ROOT:
            shutil.chown(name, SERVER_USER, SERVER_USER)
        yield Path(name)


def _as_server_user(*command: str) -> list[str]:
    """Return ``command`` run by an ordinary user (PostgreSQL refuses root) and ending with this process."""
    identity = [f"--reuid={SERVER_USER}", f"--regid={SERVER_USER}", "--clear-groups"] if IS_ROOT else []
    return ["setpriv", *identity, "--pdeathsig=TERM", *command]


def _start(folder: Path, *command: str) -> subprocess.Popen[bytes]:
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(
            _as_server_user(*command), cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
        )


@contextlib.contextmanager
def postgresql_server(**more_settings: str) -> Iterator[str]:
    """Run PostgreSQL on a Unix socket and give the ``NOCTIS_DATABASE_URL`` of an empty database.

    In a setting ``{folder}`` stands for the folder of the server.
    """
    with _server_folder() as folder:
        options = ["--username", DATABASE_USER, "--auth", "trust", "--encoding", "UTF8", "--locale", "C.UTF-8"]
        initdb = [postgresql_program("initdb"), "--pgdata", str(folder / "data"), *options, "--no-sync"]
        subprocess.run(_as_server_user(*initdb), cwd=folder, check=True, stdout=subprocess.DEVNULL)
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(folder),
            "fsync": "off",
            "synchronous_commit": "off",
            "full_page_writes": "off",
            **{name: value.format(folder=folder) for name, value in more_settings.items()},
        }
        arguments = [argument for item in settings.items() for argument in ("-c", "=".join(item))]
        server = _start(folder, postgresql_program("postgres"), "-D", str(folder / "data"), *arguments)
        try:
            url = f"postgresql://{DATABASE_USER}@/postgres?host={folder}"
            wait_for(lambda: _accepts(folder, server), "PostgreSQL")
            yield new_database(url)
        finally:
            _stop(server, signal.SIGINT)  # a fast shutdown, which does not wait for clients


def _accepts(folder: Path, server: subprocess.Popen[bytes]) -> bool:
    assert server.poll() is None, f"PostgreSQL ended:\n{(folder / 'log').read_text()}"
    check = [postgresql_program("pg_isready"), "--host", str(folder), "--quiet"]
    return subprocess.run(check, check=False).returncode == 0


def new_database(url: str, *, template: str = "template1") -> str:
    """Make a database on the server of ``url``, empty or like ``template``, and return the address of the new one."""
    name = f"noctis_{secrets.token_hex(6)}"
    _tell_server(url, f"CREATE DATABASE {name} TEMPLATE {template}")
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


def rename_database(url: str, name: str) -> None:
    """Give the database at ``url`` another name."""
    _tell_server(url, f"ALTER DATABASE {name_of(url)} RENAME TO {name}")


def name_of(url: str) -> str:
    """Return the name of the database at ``url``."""
    return urlsplit(url).path[1:]


def server_folder(url: str) -> Path:
    """Return the folder of the server that has the database at ``url``."""
    return Path(parse_qs(urlsplit(url).query)["host"][0])


def _tell_server(url: str, statement: str) -> str:
    command = [
        postgresql_program("psql"),
        "--host",
        str(server_folder(url)),
        "--username",
        DATABASE_USER,
        "--dbname",
        "postgres",
    ]
    options = ["--quiet", "--no-psqlrc", "--tuples-only", "--command", statement]
    environment = {"PATH": os.environ["PATH"]}
    return subprocess.run(
        [*command, *options], check=True, env=environment, stdout=subprocess.PIPE, text=True
    ).stdout.strip()


@contextlib.contextmanager
def redis_server(*more_settings: str) -> Iterator[tuple[str, str]]:
    """Run Redis on a free port and give its address and password; in a setting ``{port}`` stands for the port."""
    program = shutil.which("redis-server")
    if not program:
        raise ProgramMissingError("redis-server is missing: scripts/install-system-packages installs it.")
    port, password = free_ports(1)[0], secrets.token_urlsafe(24)
    with _server_folder() as folder:
        configuration = folder / "redis.conf"
        configuration.write_text(
            f'bind 127.0.0.1\nport {port}\nrequirepass {password}\nsave ""\nappendonly no\ndir {folder}\n'
            + "".join(f"{setting.format(port=port)}\n" for setting in more_settings)
        )
        configuration.chmod(0o600)
        if IS_ROOT:
            shutil.chown(configuration, SERVER_USER, SERVER_USER)
        server = _start(folder, program, str(configuration))
        try:
            wait_for(lambda: b"Ready to accept connections" in (folder / "log").read_bytes(), "Redis")
            yield f"redis://127.0.0.1:{port}/0", password
        finally:
            _stop(server, signal.SIGTERM)


def _stop(server: subprocess.Popen[bytes], number: int) -> None:
    server.send_signal(number)
    try:
        server.wait(timeout=20)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def main() -> int:
    """Run the command given on the command line with both servers; return its exit code."""
    try:
        with postgresql_server() as database_url, redis_server() as (redis_url, redis_password):
            servers = {
                "NOCTIS_DATABASE_URL": database_url,
                "NOCTIS_REDIS_URL": redis_url,
                "NOCTIS_REDIS_PASSWORD": redis_password,
            }
            return subprocess.run(sys.argv[1:], env={**os.environ, **servers}, check=False).returncode
    except ProgramMissingError as error:
        sys.stderr.write(f"{error}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main())
