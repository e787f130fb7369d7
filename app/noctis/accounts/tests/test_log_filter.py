"""What a log line says of a set-up link."""

from __future__ import annotations

import logging

import pytest
from django.test import Client

from noctis.accounts.log_filter import NoSetUpLinks


def test_a_link_is_masked_wherever_it_stands():
    record = logging.LogRecord(
        "django.request", logging.WARNING, "", 0, "%s: %s", ("Forbidden", "/set-up/s3cret"), None
    )
    assert NoSetUpLinks().filter(record)
    assert record.getMessage() == "Forbidden: /set-up/…"


def test_other_lines_stay_as_they_are():
    record = logging.LogRecord("x", logging.INFO, "", 0, "opened %d studies", (3,), None)
    assert NoSetUpLinks().filter(record)
    assert record.getMessage() == "opened 3 studies"


@pytest.mark.django_db
def test_a_refused_request_does_not_write_the_link(capfd):
    assert any(isinstance(one, NoSetUpLinks) for handler in logging.getLogger().handlers for one in handler.filters)
    Client(enforce_csrf_checks=True).post("/set-up/s3cret-token")
    assert "s3cret-token" not in capfd.readouterr().err
