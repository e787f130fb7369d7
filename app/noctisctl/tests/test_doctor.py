"""What ``noctisctl status`` and ``doctor`` say of a server that something is wrong with."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from noctisctl import main as command_line
from noctisctl.checks import answers, application, machine, programs
from noctisctl.doctor import look
from noctisctl.findings import Finding, Level, worst
from noctisctl.server import Server
from noctisctl.tests.conftest import Program


def only(findings: object) -> Finding:
    (found,) = list(findings)  # type: ignore[call-overload]
    assert isinstance(found, Finding)
    return found


def test_programs_that_run_are_well(server: Server) -> None:
    assert worst(look(server, [programs.programs, programs.services, programs.release])) is Level.WELL


def test_a_program_that_does_not_run_is_named_with_what_to_do(server: Server, program: Program) -> None:
    program("supervisorctl", "echo 'noctis-dicom   FATAL     Exited too quickly'; exit 3")
    found = only(programs.programs(server))
    assert (found.level, found.text) == (Level.PROBLEM, "does not run (fatal)")
    assert "noctisctl logs dicom" in found.advice


def test_a_supervisor_that_is_silent_is_a_problem(server: Server, program: Program) -> None:
    program("supervisorctl", "exit 4")
    assert only(programs.programs(server)).level is Level.PROBLEM


def test_a_service_that_is_down_is_named(server: Server, program: Program) -> None:
    program("systemctl", '[ "$1" = is-active ] || exit 0; [ "$2" = postgresql ] && echo failed || echo active')
    wrong = [found for found in programs.services(server) if found.level is not Level.WELL]
    assert [(found.subject, found.text) for found in wrong] == [("postgresql", "is failed")]


def test_a_missing_release_is_a_problem(server: Server) -> None:
    server.current.unlink()
    assert only(programs.release(server)).level is Level.PROBLEM


@pytest.mark.parametrize(("days", "level"), [(300, Level.WELL), (10, Level.ATTENTION)])
def test_the_end_of_the_certificate_is_watched(server: Server, days: int, level: Level) -> None:
    new_key = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    files = ["-keyout", str(server.configuration / "tls/server.key"), "-out", str(server.certificate)]
    command = [*new_key, *files, "-subj", "/CN=pacs", "-days", str(days)]
    subprocess.run(command, check=True, capture_output=True)
    assert only(answers.certificate(server)).level is level


def test_a_missing_certificate_is_a_problem(server: Server) -> None:
    assert only(answers.certificate(server)).level is Level.PROBLEM


def test_a_dicom_service_that_does_not_answer_is_a_problem(server: Server, program: Program) -> None:
    program("dicom-server", "echo 'dicom-server: nobody takes the connection.' >&2; exit 1")
    found = only(answers.echo(server))
    assert (found.level, found.text) == (Level.PROBLEM, "dicom-server: nobody takes the connection.")


def test_a_refusal_is_an_answer(server: Server, program: Program) -> None:
    program("dicom-server", "echo 'PACS does not answer: it rejected the association (unknown).' >&2; exit 1")
    assert only(answers.echo(server)).level is Level.WELL


def test_the_dicom_port_is_tried(unused_port: int) -> None:
    assert only(answers.dicom(Server(dicom_port=unused_port))).level is Level.PROBLEM


def test_pages_that_do_not_answer_are_a_problem(server: Server, unused_port: int) -> None:
    nobody = Server(https_port=unused_port)
    assert "nothing answers" in only(answers.pages(nobody)).text


@pytest.fixture
def unused_port() -> int:
    import socket

    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def test_a_secret_that_everybody_may_read_is_a_problem(server: Server) -> None:
    secret = server.secrets / "secret_key"
    secret.write_text("x" * 50)
    secret.chmod(0o640)
    assert only(machine.secrets(server)).level is Level.WELL
    secret.chmod(0o644)
    assert str(secret) in only(machine.secrets(server)).text


def test_what_the_application_finds_is_passed_on(server: Server, program: Program) -> None:
    found = {"subject": "backup", "level": "problem", "text": "the last one is 5 days old", "advice": "Do it."}
    program("noctis-manage", f"cat <<'END'\n{json.dumps([found])}\nEND")
    assert only(application.application(server)) == Finding(
        "backup", Level.PROBLEM, "the last one is 5 days old", "Do it."
    )


def test_an_application_that_cannot_answer_is_a_problem(server: Server, program: Program) -> None:
    program("noctis-manage", "echo 'Traceback' >&2; echo 'OperationalError: no database' >&2; exit 1")
    assert "OperationalError: no database" in only(application.application(server)).text


def test_a_check_without_permission_does_not_end_the_others(server: Server) -> None:
    def refused(_: Server) -> list[Finding]:
        raise PermissionError(13, "Permission denied", "/etc/noctis/secrets")

    found = list(look(server, [refused, programs.release]))
    assert [one.level for one in found] == [Level.ATTENTION, Level.WELL]
    assert found[0].advice == "Use sudo."


@pytest.fixture
def ask(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str]]:
    """Return a function that runs noctisctl as root would and returns exit code and output."""
    facts = tmp_path / "facts.json"
    facts.write_text(json.dumps({"data": str(server.data), "logs": str(server.logs), "path": server.path}))
    monkeypatch.setenv("NOCTISCTL_FACTS", str(facts))
    monkeypatch.setattr("os.geteuid", lambda: 0)

    def run(*arguments: str) -> tuple[int, str]:
        try:
            code = command_line.main(arguments)
        except SystemExit as end:
            code = int(end.code or 0)
        printed = capsys.readouterr()
        return code, printed.out + printed.err

    return run


def test_status_prints_sentences_and_ends_with_the_code_of_the_worst(ask, program: Program) -> None:
    program("supervisorctl", "echo 'noctis-web   STOPPED   Not started'; exit 3")
    code, printed = ask("status")
    assert code == 2
    assert "WRONG noctis-web: does not run (stopped)\n      → Read why:" in printed
    assert printed.endswith("Something is broken: see what is marked.\n")


def test_status_is_printed_for_programs(ask) -> None:
    code, printed = ask("status", "--json")
    answer = json.loads(printed)
    assert answer["level"] == ("well", "attention", "problem")[code]
    assert {"subject", "level", "text", "advice"} == set(answer["findings"][0])


def test_wrong_usage_is_no_broken_server(ask) -> None:
    code, printed = ask("state")
    assert code == 64
    assert "invalid choice" in printed


def test_an_unknown_fact_is_named(ask, tmp_path: Path) -> None:
    (tmp_path / "facts.json").write_text('{"colour": "red"}')
    code, printed = ask("status")
    assert code == 1
    assert "unknown facts: colour" in printed


def test_who_is_not_root_is_told(ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert ask("status") == (1, "noctisctl: use sudo.\n")


def test_a_log_that_is_not_there_is_answered_with_those_that_are(ask, server: Server) -> None:
    (server.logs / "web.log").write_text("line\n")
    code, printed = ask("logs", "wed")
    assert code == 1
    assert "No log of 'wed'" in printed
    assert "web" in printed


@pytest.mark.parametrize(("command", "playbook"), [("restore", "restore.yml"), ("upgrade", "upgrade.yml")])
def test_what_the_controller_does_is_told(ask, program: Program, command: str, playbook: str) -> None:
    program("noctis-backup", "echo 'one snapshot'")
    program("noctis-release", "echo 'one release'")
    code, printed = ask(command)
    assert code == 0
    assert "one " in printed
    assert f"playbooks/{playbook}" in printed


def test_a_backup_program_that_is_missing_is_named(ask) -> None:
    assert ask("backup") == (
        1,
        "noctisctl: noctis-backup is not installed. Run site.yml again with --tags backup.\n",
    )
