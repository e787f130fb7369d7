"""The keeper of a program: the next release takes over without a lost request, one that does not get ready does not."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from noctis_keeper.state import State, settings_digest
from tests.support.short_folder import short_folder
from tests.support.waiting import wait_for

CODE = Path(__file__).resolve().parents[2] / "roles" / "supervisor" / "files"

PAGES = """
import http.server, os, signal, socketserver, sys, threading, time

class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/slow":
            time.sleep(2)
        body = b"%(answer)s"
        self.send_response(%(status)d)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def address_string(self):
        return "-"

    def log_message(self, *args):
        pass

class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = False

server = Server(os.environ["BIND"].removeprefix("unix:"), Page)
signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
server.serve_forever(poll_interval=0.05)
server.server_close()
"""


class Kept:
    """A keeper with its own folders and a program that says which release it is."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.run = folder / "run"
        self.run.mkdir()
        self.settings = folder / "noctis.env"
        self.settings.write_text("NOCTIS_ALLOWED_HOSTS=pacs.example\n")
        self.process: subprocess.Popen[bytes] | None = None

    def release(self, name: str, program: str) -> None:
        """Make a release and link to it."""
        path = self.folder / name
        (path / "venv" / "bin").mkdir(parents=True)
        (path / "venv" / "bin" / "python").symlink_to(sys.executable)
        (path / "app").mkdir()
        (path / "app" / "program.py").write_text(program)
        self.use(name)

    def use(self, name: str) -> None:
        link = self.folder / "next"
        link.symlink_to(self.folder / name)
        link.replace(self.folder / "current")

    def start(self, *options: str) -> None:
        """Start the keeper."""
        code = f"import sys; sys.path.insert(0, {str(CODE)!r}); from noctis_keeper.keeper import main; sys.exit(main())"
        places = [f"--current={self.folder / 'current'}", f"--environment-file={self.settings}", f"--run={self.run}"]
        command = [sys.executable, "-Bc", code, *places, *options, "web", "--", "venv/bin/python", "program.py"]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL)

    def state(self) -> State | None:
        return State.read(self.run / "web.json")

    def runs(self, name: str) -> bool:
        """Whether the release is in charge."""
        state = self.state()
        return state is not None and state.running is not None and state.running.release == name

    def refusal(self) -> tuple[str, str] | None:
        """Return which release was refused and why."""
        state = self.state()
        return (state.refused.release, state.why) if state is not None and state.refused is not None else None

    def renew(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGUSR2)

    def ask(self, path: str = "/healthz") -> str:
        """Return what the program in charge answers."""
        connection = http.client.HTTPConnection("pacs.example", timeout=10)
        connection.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        with contextlib.closing(connection.sock):
            connection.sock.connect(str(self.run / "web.sock"))
            connection.request("GET", path)
            return connection.getresponse().read().decode()


@pytest.fixture
def kept() -> Iterator[Kept]:
    with short_folder() as folder:
        keeper = Kept(folder)
        yield keeper
        if keeper.process is not None:
            keeper.process.terminate()
            keeper.process.wait(timeout=20)


def pages(answer: str, status: int = 200) -> str:
    return PAGES % {"answer": answer, "status": status}


def test_the_next_release_takes_over_and_no_request_is_lost(kept: Kept) -> None:
    kept.release("one", pages("one"))
    kept.start("--bind=BIND")
    wait_for(lambda: kept.runs("one"), "the first release")
    answers: list[str] = []
    done = threading.Event()

    def keep_asking() -> None:
        while not done.is_set():
            answers.append(kept.ask())

    slow: list[str] = []
    threads = [threading.Thread(target=keep_asking), threading.Thread(target=lambda: slow.append(kept.ask("/slow")))]
    for thread in threads:
        thread.start()
    kept.release("two", pages("two"))
    kept.renew()
    wait_for(lambda: kept.runs("two"), "the second release")
    wait_for(lambda: len(list(kept.run.glob("web.*-*.sock"))) == 1, "the end of the first one")
    done.set()
    for thread in threads:
        thread.join(timeout=20)

    assert slow == ["one"], "a request that runs is finished"
    assert answers == ["one"] * answers.count("one") + ["two"] * answers.count("two")
    assert answers[0] == "one"
    assert answers[-1] == "two"


@pytest.mark.parametrize(
    ("program", "why"),
    [
        (pages("broken", status=503), "was not ready within 1 seconds"),
        ("raise SystemExit(3)", "ended with code 3 before it was ready"),
    ],
)
def test_a_release_that_does_not_get_ready_leaves_the_running_one(kept: Kept, program: str, why: str) -> None:
    kept.release("one", pages("one"))
    kept.start("--bind=BIND", "--start-seconds=1")
    wait_for(lambda: kept.runs("one"), "the first release")
    kept.release("two", program)
    kept.renew()
    wait_for(kept.refusal, "the refusal")

    assert kept.refusal() == ("two", why)
    assert kept.runs("one")
    assert kept.ask() == "one"


def test_other_settings_and_secrets_are_another_version(tmp_path: Path) -> None:
    secret, settings = tmp_path / "secret", tmp_path / "noctis.env"
    secret.write_text("first")
    settings.write_text(f"NOCTIS_SECRET_KEY_FILE={secret}\n")
    before = settings_digest(settings)
    assert settings_digest(settings) == before
    secret.write_text("second")
    other_secret = settings_digest(settings)
    settings.write_text(f"NOCTIS_SECRET_KEY_FILE={secret}\nNOCTIS_LOG_LEVEL=INFO\n")

    assert len({before, other_secret, settings_digest(settings)}) == 3
    without = settings_digest(settings, ["NOCTIS_SECRET_KEY_FILE"])
    secret.write_text("third")
    assert settings_digest(settings, ["NOCTIS_SECRET_KEY_FILE"]) == without, "the program reads it by itself"


def test_one_at_a_time_never_runs_twice(kept: Kept, tmp_path: Path) -> None:
    program = (
        f"import fcntl, time\nlock = open({str(tmp_path / 'lock')!r}, 'w')\n"
        "fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)\ntime.sleep(60)\n"
    )
    kept.release("one", program)
    kept.start("--at-a-time", "--steady-seconds=0.5")
    wait_for(lambda: kept.runs("one"), "the first release")
    kept.release("two", program)
    kept.renew()
    wait_for(lambda: kept.runs("two"), "the second release")


def test_the_program_ends_with_its_killed_keeper(kept: Kept) -> None:
    kept.release("one", pages("one"))
    kept.start("--bind=BIND")
    wait_for(lambda: kept.runs("one"), "the first release")
    assert kept.process is not None
    (child,) = Path(f"/proc/{kept.process.pid}/task/{kept.process.pid}/children").read_text(encoding="ascii").split()
    os.kill(kept.process.pid, signal.SIGKILL)
    kept.process.wait()

    wait_for(lambda: not Path(f"/proc/{child}").exists(), "the end of the program")
