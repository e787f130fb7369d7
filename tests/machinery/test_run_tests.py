"""`make test` counts everything once, and a part that could not run never looks like a success."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from scripts import run_tests
from scripts.run_tests import NOT_POSSIBLE_HERE, Check, Runner

REPORT = """<testsuites><testsuite>
  <testcase name="a"/><testcase name="b"/>
  <testcase name="c"><skipped/></testcase>
  <testcase name="d"><failure/></testcase>
  <testcase name="e"><error/></testcase>
</testsuite></testsuites>"""


@pytest.fixture(autouse=True)
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(run_tests, "RESULTS", tmp_path)
    monkeypatch.setattr(run_tests, "IN_CI", False)
    return tmp_path


def python(script: str, **options: Any) -> Check:
    return Check("check", (sys.executable, "-c", script), **options)


def outcome_of(*checks: Check) -> str:
    return str(Runner("/nonexistent", stream=False).run_part("part", checks))


def writing(report: str, code: int, results: Path) -> Check:
    script = f"import sys; open({str(results / 'check.xml')!r}, 'w').write({report!r}); sys.exit({code})"
    return python(script, junit=True)


def test_the_tests_of_a_report_are_counted_one_by_one(results):
    assert outcome_of(writing(REPORT, 1, results)) == "2 passed, 2 failed, 1 skipped"


def test_a_tool_without_report_counts_as_one():
    assert outcome_of(python("pass"), python("raise SystemExit(2)")) == "1 passed, 1 failed, 0 skipped"


def test_a_run_that_fails_although_its_tests_passed_is_a_failure(results):
    passed = "<testsuite><testcase name='a'/></testsuite>"
    assert outcome_of(writing(passed, 1, results)) == "1 passed, 1 failed, 0 skipped"


def test_a_report_of_an_earlier_run_does_not_count(results):
    (results / "check.xml").write_text("<testsuite><testcase name='old'/></testsuite>")
    assert outcome_of(python("raise SystemExit(1)", junit=True)) == "0 passed, 1 failed, 0 skipped"


def test_what_is_not_possible_here_is_skipped_loudly(capsys):
    assert outcome_of(python(f"raise SystemExit({NOT_POSSIBLE_HERE})", may_be_impossible=True)) == (
        "0 passed, 0 failed, 1 skipped"
    )
    assert "!!! check IS NOT POSSIBLE ON THIS MACHINE" in capsys.readouterr().out


def test_what_is_not_possible_here_fails_in_ci(monkeypatch):
    monkeypatch.setattr(run_tests, "IN_CI", True)
    assert outcome_of(python(f"raise SystemExit({NOT_POSSIBLE_HERE})", may_be_impossible=True)) == (
        "0 passed, 1 failed, 0 skipped"
    )


def test_a_program_that_is_missing_is_a_failure(capsys):
    assert outcome_of(Check("check", ("/nonexistent/program",))) == "0 passed, 1 failed, 0 skipped"
    assert "/nonexistent/program: No such file or directory" in capsys.readouterr().out


def test_a_failed_check_is_shown_in_full_and_a_passed_one_in_brief(capsys):
    outcome_of(python("print('\\n'.join(f'line {n}' for n in range(50)))"))
    assert "line 49" in (passed := capsys.readouterr().out)
    assert "line 3\n" not in passed
    outcome_of(python("print('\\n'.join(f'line {n}' for n in range(50))); raise SystemExit(1)"))
    assert "line 3\n" in capsys.readouterr().out


def pytest_check(folder: Path, script: str, *options: str) -> Check:
    (folder / "test_sample.py").write_text(script)
    plain = ("-p", "no:django", "-c", "/dev/null", f"--rootdir={folder}")
    check = run_tests.pytest("sample", "not nothing", *plain, *options)
    return Check(check.name, check.command, folder, junit=True, runs_pytest=True, is_repeated=True)


def test_a_test_that_passes_alone_is_counted_and_told_as_unsteady(tmp_path, capsys):
    (tmp_path / "sample").mkdir()
    lines = "from pathlib import Path", "def test_a(): pass", "def test_b():", "    was_there = Path('seen').exists()"
    script = "\n".join((*lines, "    Path('seen').touch()", "    assert was_there", ""))
    assert outcome_of(pytest_check(tmp_path / "sample", script)) == "2 passed, 0 failed, 0 skipped, 1 unsteady"
    printed = capsys.readouterr().out
    assert "FAILED test_sample.py::test_b" in printed
    assert "!!! 1 of sample FAILED BESIDE THE OTHERS and passed alone" in printed


def test_a_scenario_that_passes_when_it_is_repeated_is_told_as_unsteady(tmp_path, capsys):
    script = (
        "from pathlib import Path; there = Path('seen').exists(); Path('seen').touch(); raise SystemExit(not there)"
    )
    check = python(script, folder=tmp_path, is_repeated=True)
    assert outcome_of(check) == "1 passed, 0 failed, 0 skipped, 1 unsteady"
    assert "FAILED BESIDE THE OTHERS" in capsys.readouterr().out


def test_a_test_that_failed_and_could_not_clean_up_counts_once(tmp_path):
    (tmp_path / "sample").mkdir()
    fixture = "import pytest", "from pathlib import Path", "seen = Path('seen').exists()", "@pytest.fixture"
    body = "def left():", "    yield", "    Path('seen').touch()", "    assert seen"
    script = "\n".join((*fixture, *body, "def test_a(): pass", "def test_b(left): assert seen", ""))
    assert outcome_of(pytest_check(tmp_path / "sample", script)) == "2 passed, 0 failed, 0 skipped, 1 unsteady"


def test_a_test_that_fails_alone_too_has_failed(tmp_path):
    (tmp_path / "sample").mkdir()
    script = "def test_a(): pass\ndef test_b(): assert False\n"
    assert outcome_of(pytest_check(tmp_path / "sample", script)) == "1 passed, 1 failed, 0 skipped"


def test_a_run_that_was_killed_is_not_repeated_from_the_beginning(tmp_path):
    (tmp_path / "sample").mkdir()
    lines = "import os, signal", "def test_a(): pass", "def test_b():", "    open('runs', 'a').write('x')"
    script = "\n".join((*lines, "    os.kill(os.getpid(), signal.SIGKILL)", ""))
    assert outcome_of(pytest_check(tmp_path / "sample", script)) == "0 passed, 1 failed, 0 skipped"
    assert (tmp_path / "sample" / "runs").read_text() == "x"


def test_a_test_that_hangs_is_ended_and_the_others_run(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(run_tests, "HANGING_SECONDS", 3)
    (tmp_path / "sample").mkdir()
    lines = "import threading", "from pathlib import Path", "seen = Path('seen').exists()", "Path('seen').touch()"
    hanging = "def test_a():", "    assert seen or threading.Event().wait()", "def test_b(): pass", ""
    check = pytest_check(tmp_path / "sample", "\n".join((*lines, *hanging)), "-n", "1")
    assert outcome_of(check) == "2 passed, 0 failed, 0 skipped, 1 unsteady"
    printed = capsys.readouterr().out
    assert "crashed while running 'test_sample.py::test_a'" in printed
    assert "in test_a" in printed, "the stack does not say where it hung"


def test_every_part_runs_and_the_last_line_counts_all(capsys):
    wanted = {"build": [python("raise SystemExit(1)")], "lint": [python("pass")], "types": [python("pass")]}
    outcomes = run_tests.run_parts(Runner("/nonexistent", stream=False), wanted, lanes=2)
    assert run_tests.report(outcomes) == 1
    assert capsys.readouterr().out.splitlines()[-1] == "2 passed, 1 failed, 0 skipped"


def test_every_part_of_the_makefile_exists():
    line = next(line for line in (run_tests.ROOT / "Makefile").read_text().splitlines() if line.startswith("PARTS := "))
    assert {"build", *line.removeprefix("PARTS := ").split()} == {name.partition("-")[0] for name in run_tests.parts()}
