"""The database of a server, through PostgreSQL's own programs as the system user that administers it."""

from __future__ import annotations

import csv
import json
import os
import re
import secrets
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Final

from noctis.backup.engine.databases import Contents, Queries, contents_of
from noctis.backup.engine.plan import BackupError

ROWS: Final = (
    "SELECT coalesce(json_object_agg(c.relname, (xpath('/row/n/text()', query_to_xml("
    "format('SELECT count(*) AS n FROM %I.%I', s.nspname, c.relname), false, true, '')))[1]::text::bigint), '{}') "
    "FROM pg_class c JOIN pg_namespace s ON s.oid = c.relnamespace WHERE s.nspname = 'public' AND c.relkind = 'r'"
)
BEGIN: Final = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
EXPORT: Final = "SELECT pg_export_snapshot()"
FORMER: Final = "before_restore"
# The lines of a dump's schema that name accounts, and the names in one: owners, and who may do what.
OF_ACCOUNTS: Final = re.compile(r"^(?:GRANT|REVOKE|ALTER DEFAULT PRIVILEGES|ALTER .*(?= OWNER TO )).*$", re.MULTILINE)
ACCOUNT: Final = re.compile(r' (?:TO|FROM|FOR ROLE) ("(?:[^"]|"")+"|\w+)')


@dataclass(frozen=True)
class PostgreSQL:
    """One database; ``run_as`` is the system user that its programs run as, nobody else where it is empty.

    ``rights`` is the program that gives a database of any age to its owner and each account its rights.
    """

    name: str
    owner: str
    run_as: str = ""
    environment: dict[str, str] = field(default_factory=dict)
    rights: str = ""

    def rows(self) -> dict[str, int]:
        """Return the number of rows by table."""
        return _counts(next(self.select(ROWS))[0])

    def select(self, statement: str) -> Iterator[list[str]]:
        """Yield rows as texts."""
        command = self.program("psql", "--no-psqlrc", "--quiet", "--dbname", self.name)
        copy = f"COPY ({statement}) TO STDOUT WITH (FORMAT csv)"
        with subprocess.Popen(  # noqa: S603
            [*command, "--command", copy],
            env=self._environment(),
            cwd="/",
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdout is not None  # noqa: S101
            yield from _rows(process.stdout)
            complaint = process.stderr.read() if process.stderr else ""
        if process.returncode:
            raise BackupError(f"the database does not answer: {complaint.strip()}")

    def dump(self, target: Path) -> Contents:
        """Write the database as it stands at one moment; the counts are taken in the same moment.

        Uncompressed, so that restic finds what did not change since the last dump, and compresses it itself.
        """
        with self._moment() as one, _private(target) as file:
            contents = contents_of(one)
            command = self.program("pg_dump", "--format=custom", "--compress=0", f"--snapshot={one.snapshot}")
            self.checked([*command, self.name], stdout=file)
        return contents

    @contextmanager
    def scratch(self, dump: Path, folder: Path) -> Iterator[Queries]:
        """Give a database beside the application's."""
        copy = self._beside(f"drill_{secrets.token_hex(4)}")
        copy.fill(dump)
        try:
            yield copy
        finally:
            copy.drop()

    def replace(self, dump: Path) -> str:
        """Restore beside the database and then swap names, so that a failed restore leaves what was there."""
        new, former = self._beside("restoring"), self._beside(FORMER)
        new.drop()
        made = self._make_accounts_of(dump)
        new.fill(dump)
        former.drop()
        had_one = bool(self.tell(f"SELECT 1 FROM pg_database WHERE datname = '{self.name}'"))  # noqa: S608
        if had_one:
            self._end_sessions()
            self.tell(f'ALTER DATABASE "{self.name}" RENAME TO "{former.name}"')
        self.tell(f'ALTER DATABASE "{new.name}" RENAME TO "{self.name}"')
        if self.rights:
            self.checked([self.rights])
        sentences = [f"The former database is kept as {former.name} until the next restore."] if had_one else []
        if made:
            sentences.append(
                f"The former server's database knew {', '.join(made)} too: made, with their rights, but nobody can "
                "sign in as one of them before it gets a password and LOGIN."
            )
        return " ".join(sentences)

    def fill(self, dump: Path) -> None:
        """Make this database from a dump, with its owners and rights."""
        options = ["--encoding=UTF8", "--locale=C.UTF-8", "--template=template0", f"--owner={self.owner}"]
        self.checked([*self.program("createdb", *options), self.name])
        with dump.open("rb") as file:
            command = self.program("pg_restore", "--exit-on-error", "--dbname", self.name)
            try:
                self.checked(command, stdin=file)
            except BackupError:
                self.drop()
                raise

    def _make_accounts_of(self, dump: Path) -> list[str]:
        """Make the accounts that a dump names and this server lacks, such as an operator's own for reports.

        Without them it cannot be restored. Nobody can sign in as one of them yet.
        """
        with dump.open("rb") as file:
            schema = self.checked(self.program("pg_restore", "--schema-only", "--file=-"), stdin=file)
        known = set(json.loads(self.tell("SELECT json_agg(rolname) FROM pg_roles")))
        named = {word for line in OF_ACCOUNTS.findall(schema) for word in ACCOUNT.findall(line)}
        missing = sorted({word.strip('"').replace('""', '"') for word in named} - known - {"PUBLIC"})
        for name in missing:
            quoted = name.replace('"', '""')
            self.tell(f'CREATE ROLE "{quoted}" NOLOGIN')
        return missing

    def drop(self) -> None:
        """Remove this database."""
        self.checked([*self.program("dropdb", "--if-exists"), self.name])

    @contextmanager
    def _moment(self) -> Iterator[_Moment]:
        options = ("--no-psqlrc", "--quiet", "--tuples-only", "--csv", "--dbname")
        with subprocess.Popen(  # noqa: S603
            self.program("psql", *options, self.name),
            env=self._environment(),
            cwd="/",
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as psql:
            yield _Moment(psql)

    def _beside(self, suffix: str) -> PostgreSQL:
        return replace(self, name=f"{self.name}_{suffix}")

    def _end_sessions(self) -> None:
        self.tell(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{self.name}'")  # noqa: S608

    def tell(self, statement: str) -> str:
        """Carry out one statement about the server and return its answer."""
        options = ("--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--dbname=postgres")
        return self.checked(self.program("psql", *options, "--command", statement)).strip()

    def program(self, name: str, *options: str) -> list[str]:
        """Return a command that runs as the system user of the database."""
        user = self.run_as
        identity = ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups"] if user else []
        return [*identity, name, *options]

    def _environment(self) -> dict[str, str]:
        return {"PATH": os.environ.get("PATH", os.defpath), **self.environment}

    def checked(self, command: list[str], *, stdin: IO[bytes] | None = None, stdout: IO[bytes] | None = None) -> str:
        """Run a program of PostgreSQL and return what it printed. Raises BackupError with its complaint."""
        done = subprocess.run(  # noqa: S603
            command,
            env=self._environment(),
            cwd="/",
            stdin=stdin or subprocess.DEVNULL,
            stdout=stdout or subprocess.PIPE,
            stderr=subprocess.PIPE,
            check=False,
        )
        if done.returncode:
            program = next(word for word in command if not word.startswith("-") and word != "setpriv")
            raise BackupError(f"{program} failed: {done.stderr.decode(errors='replace').strip()[-500:]}")
        return "" if stdout else done.stdout.decode()


class _Moment:
    """A transaction that sees the database as it stood when it began; others may look through it by its name."""

    def __init__(self, psql: subprocess.Popen[str]) -> None:
        self._psql = psql
        self._say(BEGIN)
        self.snapshot = next(self.select(EXPORT))[0]

    def rows(self) -> dict[str, int]:
        """Return the number of rows by table."""
        return _counts(next(self.select(ROWS))[0])

    def select(self, statement: str) -> Iterator[list[str]]:
        """Yield the one row of a statement that finds one row."""
        self._say(statement)
        assert self._psql.stdout is not None  # noqa: S101
        line = self._psql.stdout.readline()
        if not line or line.startswith(("ERROR", "psql:", "FATAL")):
            raise BackupError(f"the database does not answer: {line.strip()}")
        yield from _rows([line])

    def _say(self, statement: str) -> None:
        assert self._psql.stdin is not None  # noqa: S101
        try:
            self._psql.stdin.write(f"{statement};\n")
            self._psql.stdin.flush()
        except BrokenPipeError:
            said = self._psql.stdout.read() if self._psql.stdout else ""
            raise BackupError(f"the database does not answer: {said.strip()}") from None


def _rows(lines: Iterable[str]) -> Iterator[list[str]]:
    """Read CSV, in which an empty line is a row of one NULL."""
    return (row or [""] for row in csv.reader(lines))


def _counts(text: str) -> dict[str, int]:
    return {str(table): int(count) for table, count in json.loads(text).items()}


@contextmanager
def _private(path: Path) -> Iterator[IO[bytes]]:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        yield file
