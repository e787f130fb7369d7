"""A new appliance lets its first administrator in, once."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command

from noctis.accounts.actions import choose_password
from noctis.accounts.models import Facility, Role, SetUpLink, User
from noctis.audit.models import Action, AuditEntry
from noctis.operations.preparation import prepare_appliance, set_up_address

pytestmark = pytest.mark.django_db


def test_the_embedded_default_gets_a_facility_once(settings):
    assert prepare_appliance() == ["Made the default facility MAIN."]
    assert prepare_appliance() == []
    assert Facility.objects.get().is_default


def test_a_server_gets_no_facility(settings):
    settings.NOCTIS_EMBEDDED = False
    assert prepare_appliance() == []
    assert not Facility.objects.exists()


def test_the_set_up_link_works_until_a_password_is_chosen():
    token = (set_up_address() or "").rpartition("/")[2]
    link = SetUpLink.open_for(token)
    assert link is not None
    assert link.user.role == Role.ADMINISTRATOR
    choose_password(link, "correct-horse-battery")
    assert set_up_address() is None


def test_a_new_link_ends_the_one_before():
    first, second = set_up_address(), set_up_address()
    assert first != second
    assert SetUpLink.objects.count() == 1
    assert User.objects.count() == 1


def test_a_password_file_makes_the_first_administrator_and_is_audited(settings, tmp_path):
    settings.NOCTIS_ADMIN_PASSWORD_FILE = str(tmp_path / "password")
    (tmp_path / "password").write_text("correct-horse-battery\n")
    prepare_appliance()
    assert User.objects.get().check_password("correct-horse-battery")
    assert set_up_address() is None
    assert AuditEntry.objects.filter(action=Action.PASSWORD_SET, username="admin").count() == 1


def test_the_password_file_never_changes_a_password(settings, tmp_path):
    settings.NOCTIS_ADMIN_PASSWORD_FILE = str(tmp_path / "password")
    (tmp_path / "password").write_text("correct-horse-battery")
    prepare_appliance()
    (tmp_path / "password").write_text("another-password-now")
    prepare_appliance()
    assert User.objects.get().check_password("correct-horse-battery")


def test_a_weak_password_is_named(settings, tmp_path):
    settings.NOCTIS_ADMIN_PASSWORD_FILE = str(tmp_path / "password")
    (tmp_path / "password").write_text("short")
    assert any("too short" in line for line in prepare_appliance())


@pytest.mark.parametrize("content", [None, "\n"])
def test_an_unusable_password_file_is_named(settings, tmp_path, content):
    settings.NOCTIS_ADMIN_PASSWORD_FILE = str(tmp_path / "password")
    if content is not None:
        (tmp_path / "password").write_text(content)
    with pytest.raises(CommandError, match="NOCTIS_ADMIN_PASSWORD_FILE names"):
        call_command("prepare")
    assert not User.objects.exists()


def test_prepare_prints_the_link(capsys):
    call_command("prepare")
    assert "http://127.0.0.1:8000/set-up/" in capsys.readouterr().out


def test_clear_cache_removes_only_what_can_be_made_again(data_dir, capsys):
    (data_dir.derived / "ab").mkdir()
    (data_dir.derived / "ab" / "thumbnail.jpg").write_bytes(b"x")
    (data_dir.derived / "loose").write_bytes(b"x")
    (data_dir.storage / "kept.dcm").write_bytes(b"x")
    call_command("clear_cache")
    assert list(data_dir.derived.iterdir()) == []
    assert (data_dir.storage / "kept.dcm").exists()
    assert "2 derived files were removed" in capsys.readouterr().out
