"""PostgreSQL and Redis: who gets in, and how."""

from __future__ import annotations

from tests.appliance.deployment import Appliance

CONNECT = (
    "PGPASSWORD=$(cat /etc/noctis/secrets/database_password) psql --no-psqlrc --tuples-only --no-align "
    "'host=localhost user=noctis dbname=noctis sslrootcert=/etc/postgresql/tls/ca.crt {options}' "
    '--command "SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid()"'
)


def ask_postgresql(appliance: Appliance, query: str) -> str:
    """Ask as the database's administrator."""
    return appliance.run(f'runuser -u postgres -- psql --tuples-only --no-align --command "{query}"').strip()


def test_the_application_signs_in_to_a_verified_server(appliance: Appliance) -> None:
    version = appliance.run(CONNECT.format(options="sslmode=verify-full")).strip()
    assert version in {"TLSv1.2", "TLSv1.3"}


def test_the_application_is_told_to_verify(appliance: Appliance) -> None:
    assert "sslmode=verify-full" in appliance.run("grep ^NOCTIS_DATABASE_URL= /etc/noctis/noctis.env")


def test_a_connection_without_tls_is_rejected(appliance: Appliance) -> None:
    done = appliance.host.run(CONNECT.format(options="sslmode=disable"))
    assert done.rc != 0
    assert "rejects connection" in done.stderr


def test_another_authority_is_not_accepted(appliance: Appliance) -> None:
    options = "sslmode=verify-full sslrootcert=/etc/noctis/tls/ca.crt"
    done = appliance.host.run(CONNECT.format(options=options))
    assert done.rc != 0
    assert "certificate verify failed" in done.stderr


def test_another_database_is_closed_to_the_application(appliance: Appliance) -> None:
    done = appliance.host.run(CONNECT.format(options="sslmode=verify-full dbname=postgres"))
    assert done.rc != 0
    assert "rejects connection" in done.stderr


def test_passwords_are_kept_as_scram_and_pages_have_checksums(appliance: Appliance) -> None:
    stored = ask_postgresql(appliance, "SELECT left(rolpassword, 13) FROM pg_authid WHERE rolname = 'noctis'")
    assert stored == "SCRAM-SHA-256"
    assert ask_postgresql(appliance, "SHOW data_checksums") == "on"


def test_the_account_of_the_application_has_no_powers(appliance: Appliance) -> None:
    query = (
        "SELECT rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication OR rolbypassrls "
        "FROM pg_roles WHERE rolname = 'noctis'"
    )
    assert ask_postgresql(appliance, query) == "f"


def test_redis_asks_for_the_password(appliance: Appliance) -> None:
    assert "NOAUTH" in appliance.run("redis-cli ping")


def test_redis_answers_who_knows_the_password_and_writes_jobs_to_disk(appliance: Appliance) -> None:
    ask = "REDISCLI_AUTH=$(cat /etc/noctis/secrets/redis_password) redis-cli"
    assert appliance.run(f"{ask} ping").strip() == "PONG"
    assert appliance.run(f"{ask} config get appendonly").split() == ["appendonly", "yes"]
    assert appliance.run(f"{ask} config get maxmemory-policy").split() == ["maxmemory-policy", "noeviction"]
