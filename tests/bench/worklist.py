"""The worklist with a million studies: how long its pages take, through the web program and in the database alone."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

from tests.bench.figures import DATABASE, NOCTIS, Figures
from tests.bench.worklist_questions import Question
from tests.support.appliance import Account, Appliance, server_settings
from tests.support.http_session import HttpSession

ROLES, FACILITIES = ("administrator", "facility_user"), ("", "NORTH")
FORM: Final = {"Content-Type": "application/x-www-form-urlencoded", "HX-Request": "true"}


def measure(folder: Path, *, studies: int, rounds: int) -> list[Figures]:
    """Fill an appliance of its own, and ask it everything as an administrator and as a facility's user."""
    if "NOCTIS_DATABASE_URL" not in os.environ:
        raise SystemExit("The worklist is measured on PostgreSQL: use `make bench`.")
    appliance = Appliance(folder / "worklist", server_settings(folder / "worklist"))
    try:
        appliance.start()
        appliance.fill()
        _run(appliance, "tests.bench.fill_worklist", str(studies))
        accounts = {account.username: account for account in map(appliance.account, ROLES, FACILITIES)}
        asked = json.loads(_run(appliance, "tests.bench.worklist_questions", str(rounds), *accounts))
        figures: list[Figures] = []
        for name, questions in asked.items():
            figures += _of_user(appliance, accounts[name], [Question(**one) for one in questions], rounds)
        return figures
    finally:
        appliance.stop()


def _of_user(appliance: Appliance, account: Account, questions: Sequence[Question], rounds: int) -> Iterator[Figures]:
    with closing(HttpSession(appliance.http_port)) as web:
        web.sign_in(account)
        token = _token(web.get("/worklist").decode())
        for question in questions:
            operation = f"Worklist, {account.role}: {question.name}"
            of_database = Figures(operation, DATABASE)
            of_database.add(question.times, sum(question.times))
            of_pages = Figures(operation, NOCTIS)
            times = [_ask(web, token, question) for _ in range(rounds + 1)][1:]
            of_pages.add(times, sum(times))
            yield from (of_pages, of_database)


def _ask(web: HttpSession, token: str, question: Question) -> float:
    """Return how long the answer took, to its last byte, as the filter bar and the headings ask."""
    began = time.perf_counter()
    body = urlencode(question.fields | {"csrfmiddlewaretoken": token})
    answer = web.request("POST", f"/worklist/studies?{question.query}", body, FORM)
    content = answer.read()
    took = time.perf_counter() - began
    assert answer.status == 200, f"{question.name}: {answer.status} {content[:300]!r}"
    return took


def _token(page: str) -> str:
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert found, "the worklist has no form"
    return found[1]


def _run(appliance: Appliance, module: str, *arguments: str) -> str:
    command = [sys.executable, "-m", module, *arguments]
    done = subprocess.run(command, env=appliance.settings, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{module} failed:\n{done.stderr}"
    return done.stdout
