"""PostgreSQL itself guards the audit trail against the application, and sessions against readers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.management import call_command
from django.db import ProgrammingError, connection, transaction

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db]


@pytest.fixture
def _roles(db: None) -> Iterator[None]:
    """Make what a server's set-up makes: an application and a reader that own nothing; gone with the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE ROLE test_application")
        cursor.execute("CREATE ROLE test_reader")
        cursor.execute("GRANT USAGE ON SCHEMA public TO test_application, test_reader")
        cursor.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO test_application")
        cursor.execute("GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO test_application")
        cursor.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO test_reader")
    call_command("migrate", verbosity=0)
    yield
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")


def allowed(role: str, statement: str) -> bool:
    """Whether ``role`` may carry out ``statement``."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET ROLE {role}")
        try:
            with transaction.atomic():
                cursor.execute(statement)
        except ProgrammingError as error:
            assert "permission denied" in str(error)
            return False
        finally:
            cursor.execute("RESET ROLE")
    return True


@pytest.mark.usefixtures("_roles")
def test_the_application_adds_to_the_audit_trail_and_no_more() -> None:
    added = "INSERT INTO audit_auditentry (at, action, username, ae_title, study_instance_uid, detail) "
    assert allowed("test_application", f"{added} VALUES (now(), 'signed_in', 'somebody', '', '', '{{}}')")
    assert allowed("test_application", "SELECT * FROM audit_auditentry")
    assert not allowed("test_application", "UPDATE audit_auditentry SET username = 'nobody'")
    assert not allowed("test_application", "DELETE FROM audit_auditentry")
    assert allowed("test_application", "DELETE FROM django_session")


@pytest.mark.usefixtures("_roles")
def test_a_reader_sees_no_sessions_and_no_password_hashes() -> None:
    assert allowed("test_reader", "SELECT username, full_name FROM accounts_user")
    assert not allowed("test_reader", "SELECT password FROM accounts_user")
    assert not allowed("test_reader", "SELECT * FROM django_session")
    assert not allowed("test_reader", "DELETE FROM accounts_user")
    assert allowed("test_application", "SELECT password FROM accounts_user")
