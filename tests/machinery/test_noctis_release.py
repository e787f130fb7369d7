"""Changes of the release on a server whose programs are stand-ins: the order of the steps, and every way back."""

from __future__ import annotations

import http.server
import json
import socketserver
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from noctis_release import releases, switching
from noctis_release.places import NotDone, Places

STAND_IN = """#!/bin/sh
echo "{name} $*{release}" >>{folder}/steps
case "{name} $*" in
    *pending_migrations*) cat "$NOCTIS_RELEASE/pending" ;;
    *" avail"*) echo "noctis-web noctis-dicom" ;;
    *pg_dump*) echo "the former database" ;;
esac
if [ -e "{folder}/fails" ] && echo "{name} $*" | grep -qf "{folder}/fails"; then
    echo "{name} is broken" >&2
    exit 1
fi
"""


class Healthy(http.server.BaseHTTPRequestHandler):
    """Answers that everything is well."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def address_string(self) -> str:
        return "-"

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


@dataclass
class Server:
    """A server with stand-ins that write down what they are asked."""

    folder: Path
    places: Places

    def release(self, name: str, *pending: tuple[str, bool, bool]) -> None:
        """Lay out a complete release with its pending migrations: name, is additive, is reversible."""
        folder = self.places.releases / name
        for path in (*releases.COMPLETE, f"{releases.HASHED_FILES}/{name}.js", f"{releases.SERVED_FILES}/{name}.js"):
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).touch()
        rows = [dict(zip(("name", "is_additive", "is_reversible"), one, strict=True)) for one in pending]
        (folder / "pending").write_text(json.dumps(rows))

    def fail(self, *words: str) -> None:
        """Let the stand-ins fail whose call holds one of ``words``."""
        (self.folder / "fails").write_text("".join(f"{word}\n" for word in words))

    def steps(self) -> list[str]:
        """Return what was asked since the last call."""
        path = self.folder / "steps"
        found = path.read_text().splitlines() if path.exists() else []
        path.unlink(missing_ok=True)
        return found

    def switch(self, name: str, *, may_interrupt: bool = False) -> None:
        switching.switch(self.places, name, may_interrupt=may_interrupt)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    places = Places(
        releases=tmp_path / "releases",
        environments=tmp_path / "environments",
        current=tmp_path / "current",
        environment_file=tmp_path / "noctis.env",
        run=tmp_path,
        dumps=tmp_path / "dumps",
        record=tmp_path / "release.json",
        database="noctis",
        manage=tmp_path / "manage",
        apply=tmp_path / "apply",
        dicom_server=tmp_path / "dicom-server",
        supervisorctl=tmp_path / "supervisorctl",
        systemctl=tmp_path / "systemctl",
        database_administrator=(str(tmp_path / "postgres"),),
        check_seconds=0.1,
    )
    places.environment_file.write_text("NOCTIS_ALLOWED_HOSTS=pacs.example\n")
    for name in ("manage", "apply", "dicom-server", "supervisorctl", "systemctl", "postgres"):
        release = " $(basename $NOCTIS_RELEASE)" if name == "manage" else ""
        (tmp_path / name).write_text(STAND_IN.format(name=name, folder=tmp_path, release=release))
        (tmp_path / name).chmod(0o755)
    with (
        socketserver.UnixStreamServer(str(tmp_path / "web.sock"), Healthy) as web,
        socketserver.UnixStreamServer(str(tmp_path / "events.sock"), Healthy) as events,
    ):
        for one in (web, events):
            threading.Thread(target=one.serve_forever, args=(0.05,), daemon=True).start()
        made = Server(tmp_path, places)
        made.release("one")
        made.switch("one")
        made.steps()
        yield made
        web.shutdown()
        events.shutdown()


def test_additive_migrations_go_before_the_programs_and_a_dump_before_them(server, capsys):
    server.release("two", ("archive.0009", True, False))
    server.switch("two")

    assert server.steps() == [
        "manage pending_migrations two",
        "postgres pg_dump --format=custom noctis",
        "manage migrate --noinput two",
        "apply ",
        "dicom-server status",
    ]
    assert releases.in_use(server.places) == "two"
    assert "cannot be undone, except by the dump made before them: archive.0009" in capsys.readouterr().out
    dump = server.places.dumps / "before-two.dump"
    assert dump.read_text() == "the former database\n"
    assert dump.stat().st_mode & 0o777 == 0o600


def test_a_change_that_is_done_is_not_done_again(server, capsys):
    server.switch("one")

    assert server.steps() == ["manage pending_migrations one"]
    assert capsys.readouterr().out == ""


def test_pages_of_the_former_release_still_find_their_files(server):
    server.release("two")
    server.switch("two")

    assert (server.places.current / releases.SERVED_FILES / "one.js").exists()


@pytest.mark.parametrize("broken", ["^apply", "^dicom-server status"])
def test_a_release_that_does_not_work_gives_way_to_the_former_one(server, broken):
    server.release("two", ("archive.0009", True, True))
    # It is broken for as long as the new release is linked.
    test = f'[ "$(readlink {server.places.current})" = {server.places.releases}/one ] && exit 0\n'
    for name in ("apply", "dicom-server"):
        path = server.folder / name
        path.write_text(path.read_text().replace("if [ -e", f"{test}if [ -e", 1))
    server.fail(broken)

    with pytest.raises(NotDone, match=r"Release two does not work. Release one is in use again."):
        server.switch("two")
    assert releases.in_use(server.places) == "one"
    assert not any("restore" in step or "psql" in step for step in server.steps()), "the newer database fits"


def test_a_failing_migration_changes_nothing_else(server):
    server.release("two", ("archive.0009", True, True))
    server.fail("migrate --noinput")

    with pytest.raises(NotDone, match=r"cannot be migrated for release two. Release one stays in use."):
        server.switch("two")
    assert releases.in_use(server.places) == "one"
    assert not any(step.startswith("apply") for step in server.steps())


def test_a_release_that_cannot_be_started_is_found_before_anything_changes(server):
    server.release("two")
    server.fail("pending_migrations")

    with pytest.raises(NotDone, match="manage is broken"):
        server.switch("two")
    assert releases.in_use(server.places) == "one"


def test_migrations_that_the_running_release_cannot_bear_need_an_interruption(server):
    server.release("two", ("archive.0009", False, True), ("archive.0010", True, True))

    with pytest.raises(NotDone, match=r"cannot work with the database that two needs: archive.0009. Nothing"):
        server.switch("two")
    assert server.steps() == ["manage pending_migrations two"]
    server.switch("two", may_interrupt=True)
    steps = server.steps()
    stopped = steps.index("supervisorctl stop noctis-web noctis-dicom")
    migrated = steps.index("manage migrate --noinput two")
    assert stopped < migrated < steps.index("supervisorctl start noctis-web noctis-events")
    assert releases.in_use(server.places) == "two"
    server.places.record.write_text(json.dumps({**json.loads(server.places.record.read_text()), "dump": "/nowhere"}))
    with pytest.raises(NotDone, match="what was written since then is lost"):
        switching.roll_back(server.places, restore_database=False)
    assert releases.in_use(server.places) == "two"


def test_an_interruption_starts_supervisor_where_it_stands_still(server):
    server.release("two", ("archive.0009", False, True))
    asked = server.folder / "supervisorctl"
    asked.write_text(asked.read_text().replace("if [ -e", f"[ -e {server.folder}/started ] || exit 1\nif [ -e", 1))
    with pytest.raises(NotDone, match="supervisorctl pid failed"):
        server.switch("two", may_interrupt=True)
    assert not any("migrate --noinput" in step for step in server.steps())
    assert releases.in_use(server.places) == "one"

    starts = server.folder / "systemctl"
    starts.write_text(f'{starts.read_text()}[ "$*" != "start supervisor" ] || touch {server.folder}/started\n')
    server.switch("two", may_interrupt=True)
    assert releases.in_use(server.places) == "two"


def test_an_interrupted_change_goes_on(server):
    server.release("two")
    server.switch("two")
    record = releases.Record.read(server.places)
    assert record is not None
    replace(record, is_checked=False).write(server.places)
    server.steps()
    server.switch("two")

    assert server.steps() == ["manage pending_migrations two", "apply ", "dicom-server status"]
    assert releases.Record.read(server.places) == record


def test_the_way_back_and_forth(server):
    server.release("two", ("archive.0009", True, True))
    server.switch("two")
    switching.roll_back(server.places, restore_database=False)
    assert releases.in_use(server.places) == "one"
    switching.roll_back(server.places, restore_database=False)
    assert releases.in_use(server.places) == "two"


def test_the_release_in_use_and_its_former_one_are_never_removed(server):
    for name in ("two", "three", "four"):
        server.release(name)
        server.switch(name)
    switching.roll_back(server.places, restore_database=False)  # three is in use, four before it
    server.places.environments.mkdir()
    (server.places.environments / "unused").mkdir()
    (server.places.environments / "used").mkdir()
    for path in (server.places.releases / "three" / "venv").iterdir():
        path.rename(server.places.environments / "used" / path.name)
    (server.places.releases / "three" / "venv").rmdir()
    (server.places.releases / "three" / "venv").symlink_to(server.places.environments / "used")

    assert set(releases.prune(server.places, keep=1)) == {"one", "two", "environment unused"}
    assert set(releases.known(server.places)) == {"three", "four"}
