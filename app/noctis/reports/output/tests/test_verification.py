"""The public page that confirms a printed report: what it says, what it never says, and that guessing is slow."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from noctis.reading_worklist.tests.factories import make_study
from noctis.reports import actions
from noctis.reports.output.codes import ALPHABET, CODE_LENGTH, grouped, new_code, typed
from noctis.reports.output.editions import current_edition, file_of
from noctis.reports.output.models import Edition, VerificationAttempt
from noctis.reports.output.tests.papers import PASSWORD, doc, signed_report
from noctis.reports.output.verification import MOST_MISSES, WITHIN


def ask(code: str, address: str = "192.0.2.1") -> tuple[int, str]:
    answer = Client(REMOTE_ADDR=address).get("/verify", {"code": code})
    return answer.status_code, answer.content.decode()


@pytest.fixture
def edition(people, data_dir) -> Edition:
    study = make_study(people.north, "Secret^Name", accession_number="ACC-SECRET", description="CT of a secret")
    report = signed_report(study, people.radiologist)
    made = current_edition(report)
    assert made is not None
    file_of(made)
    return made


def test_a_genuine_report_is_confirmed_without_a_word_about_the_patient(edition):
    for written in (edition.code, edition.printed_code, edition.printed_code.lower(), f" {edition.code} "):
        status, page = ask(written)
        assert status == 200
        assert "genuine report" in page
        for said in ("Final", "radiologist", "North hospital", "UTC", edition.pdf_sha256[:16]):
            assert said in page
        study = edition.report.study
        for private in ("Secret", "SECRET", study.patient_identifier + "<", study.study_instance_uid, "secret"):
            assert private not in page
    assert edition.pdf_sha256 not in page


def test_a_later_addendum_is_told(edition, people):
    report = edition.report
    assert "newer edition" not in ask(edition.code)[1]
    actions.add(report.study, doc("Compared."), PASSWORD, acting_user=people.radiologist)
    later = current_edition(report)
    assert later is not None
    assert "newer edition" in ask(edition.code)[1]
    assert "with 1 addendum" in ask(later.code)[1]
    assert "newer edition" not in ask(later.code)[1]


def test_what_is_no_code_is_unknown_and_too_many_tries_have_to_wait(edition):
    assert "No report has this code" in ask("nonsense")[1]
    for _ in range(MOST_MISSES - 1):
        assert ask(new_code())[0] == 200
    assert ask(edition.code)[0] == 429
    assert ask(edition.code, "192.0.2.2")[0] == 200
    VerificationAttempt.objects.update(at=timezone.now() - WITHIN - timedelta(seconds=1))
    assert ask(edition.code)[0] == 200
    ask("nonsense")
    assert VerificationAttempt.objects.count() == 1, "addresses are not kept for longer than they count"


def test_all_addresses_of_one_network_count_together(edition):
    for number in range(MOST_MISSES):
        ask(new_code(), f"2001:db8::{number:x}")
    assert ask(edition.code, "2001:db8::ffff")[0] == 429
    assert ask(edition.code, "2001:db8:1::1")[0] == 200


def test_codes_are_long_and_read_as_they_are_meant():
    code = new_code()
    assert len(code) == CODE_LENGTH
    assert len(ALPHABET) ** CODE_LENGTH == 2**80
    assert typed(grouped(code)) == code
    assert typed("oil0-oil0-oil0-oil0") == "0110" * 4
    for wrong in ("", "0" * 15, "0" * 17, "U" * 16, "٠" * 16):
        assert typed(wrong) is None
