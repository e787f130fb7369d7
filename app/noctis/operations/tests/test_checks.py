"""A server with unsafe settings refuses to run, and says which setting it is."""

from __future__ import annotations

from typing import Any

import pytest

from noctis.checks import mail_settings_are_safe, server_settings_are_safe

SAFE: dict[str, Any] = {
    "NOCTIS_EMBEDDED": False,
    "DEBUG": False,
    "SECRET_KEY": "k" * 64,
    "ALLOWED_HOSTS": ["pacs.example"],
    "NOCTIS_BEHIND_TLS": True,
    "NOCTIS_UNKNOWN_CALLERS": "refuse",
    "NOCTIS_DICOM_VERBOSE": "off",
    "DATABASES": {
        "default": {
            "ENGINE": "noctis.postgresql",
            "HOST": "db.example",
            "OPTIONS": {"sslmode": "verify-full"},
        }
    },
    "CACHES": {"default": {"LOCATION": "redis://127.0.0.1:6379/0", "OPTIONS": {"credential_provider": object()}}},
}
PLAIN_DATABASE = {"default": {**SAFE["DATABASES"]["default"], "OPTIONS": {"sslmode": "require"}}}
LOCAL_DATABASE = {"default": {**SAFE["DATABASES"]["default"], "OPTIONS": {}, "HOST": "/run/postgresql"}}


class Settings:
    def __init__(self, **changes: object) -> None:
        self.__dict__.update(SAFE | changes)


def errors_with(monkeypatch: pytest.MonkeyPatch, **changes: object) -> list[str]:
    monkeypatch.setattr("noctis.checks.settings", Settings(**changes))
    return [message.id or "" for message in server_settings_are_safe(None)]


def test_safe_settings_pass(monkeypatch):
    assert errors_with(monkeypatch) == []


def test_a_local_socket_needs_no_certificate(monkeypatch):
    assert errors_with(monkeypatch, DATABASES=LOCAL_DATABASE) == []


def test_the_embedded_default_is_exempt(monkeypatch):
    assert errors_with(monkeypatch, NOCTIS_EMBEDDED=True, NOCTIS_BEHIND_TLS=False) == []


@pytest.mark.parametrize(
    ("error", "changes"),
    [
        ("noctis.E001", {"DEBUG": True}),
        ("noctis.E002", {"SECRET_KEY": "short"}),
        ("noctis.E003", {"ALLOWED_HOSTS": []}),
        ("noctis.E003", {"ALLOWED_HOSTS": ["*"]}),
        ("noctis.E004", {"NOCTIS_BEHIND_TLS": False}),
        ("noctis.E005", {"DATABASES": {"default": {"ENGINE": "django.db.backends.sqlite3"}}}),
        ("noctis.E006", {"DATABASES": PLAIN_DATABASE}),
        ("noctis.E007", {"CACHES": {"default": {"LOCATION": "redis://localhost/0", "OPTIONS": {}}}}),
        ("noctis.E012", {"CACHES": {"default": {**SAFE["CACHES"]["default"], "LOCATION": "redis://queue.example/0"}}}),
        ("noctis.E008", {"NOCTIS_UNKNOWN_CALLERS": "accept-loopback"}),
        ("noctis.E009", {"NOCTIS_DICOM_VERBOSE": "on"}),
    ],
)
def test_an_unsafe_setting_is_an_error(monkeypatch, error, changes):
    assert errors_with(monkeypatch, **changes) == [error]


MAIL: dict[str, str] = {
    "NOCTIS_SMTP_HOST": "mail.example",
    "NOCTIS_SMTP_FROM": "noctis@pacs.example",
    "NOCTIS_SMTP_USER": "noctis",
    "NOCTIS_SMTP_SECURITY": "starttls",
}


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({}, []),
        ({"NOCTIS_SMTP_FROM": ""}, ["noctis.E010"]),
        ({"NOCTIS_SMTP_FROM": "Noctis <noctis@pacs.example>"}, ["noctis.E010"]),
        ({"NOCTIS_SMTP_SECURITY": "none"}, ["noctis.E011"]),
        ({"NOCTIS_SMTP_SECURITY": "none", "NOCTIS_SMTP_USER": ""}, []),
        ({"NOCTIS_SMTP_HOST": "", "NOCTIS_SMTP_FROM": ""}, []),
    ],
)
def test_mail_settings_that_cannot_work_or_leak_are_errors(monkeypatch, changes, errors):
    monkeypatch.setattr("noctis.checks.settings", Settings(**MAIL | changes))
    assert [message.id for message in mail_settings_are_safe(None)] == errors
