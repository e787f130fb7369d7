"""PostgreSQL and Redis: who gets in, and how."""

from __future__ import annotations

import re

import pytest

from tests.appliance.deployment import Appliance
from tests.support.waiting import wait_for

OWNER, APPLICATION, READER, BACKUP = ROLES = ("noctis_owner", "noctis", "noctis_readonly", "noctis_backup")

CONNECT = (
    "PGPASSWORD=$(cat /etc/noctis/secrets/database_password) psql --no-psqlrc --tuples-only --no-align "
    "'host=localhost user=noctis dbname=noctis sslrootcert=/etc/postgresql/tls/ca.crt {options}' "
    '--command "SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid()"'
)


def ask_postgresql(appliance: Appliance, query: str, database: str = "postgres") -> str:
    """Ask as the database's administrator."""
    options = f"--tuples-only --no-align --dbname {database}"
    return appliance.run(f'cd / && runuser -u postgres -- psql {options} --command "{query}"').strip()


def sql(appliance: Appliance, role: str, statement: str) -> str:
    """Ask in the appliance's database as root does for a role."""
    options = "--quiet --tuples-only --no-align --set ON_ERROR_STOP=1"
    return appliance.run(f'psql service={role} {options} --command "{statement}"').strip()


def redis(appliance: Appliance, user: str, secret: str, command: str) -> str:
    """Ask Redis as one of its users."""
    password = f"REDISCLI_AUTH=$(cat /etc/noctis/secrets/{secret})"
    return appliance.run(f"{password} redis-cli --user {user} --no-auth-warning {command}").strip()


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


@pytest.mark.parametrize("role", ROLES)
def test_each_role_signs_in_to_a_verified_server(appliance: Appliance, role: str) -> None:
    assert sql(appliance, role, "SELECT current_user") == role
    refused = appliance.host.run(f"psql 'service={role} sslmode=disable' --command 'SELECT 1'")
    assert "rejects connection" in refused.stderr


def test_passwords_are_kept_as_scram_and_pages_have_checksums(appliance: Appliance) -> None:
    stored = "SELECT DISTINCT left(rolpassword, 13) FROM pg_authid WHERE rolpassword IS NOT NULL"
    assert ask_postgresql(appliance, stored) == "SCRAM-SHA-256"
    assert ask_postgresql(appliance, "SHOW data_checksums") == "on"


def test_no_role_has_powers_and_only_backups_copy_files(appliance: Appliance) -> None:
    query = (
        "SELECT rolname, rolsuper OR rolcreatedb OR rolcreaterole OR rolbypassrls, rolreplication "
        "FROM pg_roles WHERE rolname LIKE 'noctis%' ORDER BY rolname"
    )
    expected = [f"{role}|f|{'t' if role == BACKUP else 'f'}" for role in sorted(ROLES)]
    assert ask_postgresql(appliance, query).split() == expected


def test_everything_belongs_to_the_owner(appliance: Appliance) -> None:
    query = (
        "SELECT DISTINCT relowner::regrole FROM pg_class WHERE relnamespace = 'public'::regnamespace UNION "
        "SELECT datdba::regrole FROM pg_database WHERE datname = 'noctis'"
    )
    assert ask_postgresql(appliance, query, "noctis") == OWNER


def test_the_rights_are_as_they_should_be_and_the_command_for_them_says_so(appliance: Appliance) -> None:
    assert appliance.run("noctis-database-rights").strip() == "as it was"


@pytest.mark.parametrize(
    ("role", "statement"),
    [
        (APPLICATION, "CREATE TABLE t (i int)"),
        (APPLICATION, "CREATE TEMPORARY TABLE t (i int)"),
        (APPLICATION, "ALTER TABLE archive_study ADD i int"),
        (APPLICATION, "DROP TABLE archive_study"),
        (APPLICATION, "TRUNCATE archive_study"),
        (APPLICATION, "SELECT * FROM pg_authid"),
        (APPLICATION, "SET ROLE noctis_owner"),
        (APPLICATION, "COPY archive_study TO PROGRAM 'cat'"),
        (APPLICATION, "UPDATE audit_auditentry SET username = 'nobody'"),
        (APPLICATION, "DELETE FROM audit_auditentry"),
        (APPLICATION, "ALTER TABLE reports_report DISABLE TRIGGER ALL"),
        (READER, "BEGIN READ WRITE; DELETE FROM archive_study"),
        (READER, "SELECT * FROM django_session"),
        (READER, "SELECT password FROM accounts_user"),
        (BACKUP, "DELETE FROM archive_study"),
        (OWNER, "SELECT * FROM pg_authid"),
    ],
)
def test_what_a_role_may_not_do_is_refused(appliance: Appliance, role: str, statement: str) -> None:
    done = appliance.host.run(f'psql service={role} --set ON_ERROR_STOP=1 --command "{statement}"')
    assert done.rc != 0
    assert re.search("permission denied|must be owner|must be superuser", done.stderr), done.stderr


def test_a_table_of_a_later_migration_is_within_reach(appliance: Appliance) -> None:
    sql(appliance, OWNER, "CREATE TABLE later (id int GENERATED BY DEFAULT AS IDENTITY, word text)")
    try:
        sql(appliance, APPLICATION, "INSERT INTO later (word) VALUES ('a'); UPDATE later SET word = 'b'")
        assert sql(appliance, READER, "SELECT id, word FROM later") == "1|b"
        assert sql(appliance, APPLICATION, "DELETE FROM later RETURNING word").splitlines()[0] == "b"
    finally:
        sql(appliance, OWNER, "DROP TABLE later")


def test_backups_dump_everything_and_copy_the_files(appliance: Appliance) -> None:
    dumped = appliance.run(f"pg_dump service={BACKUP} | grep -c '^COPY public.'")
    tables = sql(appliance, READER, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
    assert dumped.strip() == tables
    copied = appliance.run(
        f"pg_basebackup --dbname service={BACKUP} --pgdata - --format tar --wal-method fetch --checkpoint fast | wc -c"
    )
    assert int(copied) > 10_000_000


def test_postgresql_is_sized_by_the_machine_and_listens_on_loopback_only(appliance: Appliance) -> None:
    memory = int(appliance.run("awk '/^MemTotal/ { print int($2 / 1024) }' /proc/meminfo"))
    buffers = int(
        ask_postgresql(appliance, "SELECT setting::bigint * 8 / 1024 FROM pg_settings WHERE name = 'shared_buffers'")
    )
    assert min(memory // 5, 8192) - 8 <= buffers <= max(memory // 5, 128)
    listening = appliance.run("ss --no-header --listening --tcp --numeric '( sport = :5432 or sport = :6379 )'")
    assert {line.split()[3] for line in listening.splitlines()} <= {"127.0.0.1:5432", "[::1]:5432", "127.0.0.1:6379"}


def test_redis_lets_in_nobody_without_a_name(appliance: Appliance) -> None:
    assert "NOAUTH" in appliance.run("redis-cli ping")
    assert "NOAUTH" in appliance.run("REDISCLI_AUTH=$(cat /etc/noctis/secrets/redis_password) redis-cli ping")
    assert redis(appliance, "noctis", "redis_password", "ping") == "PONG"


@pytest.mark.parametrize(
    ("user", "secret", "command"),
    [
        *(
            ("noctis", "redis_password", command)
            for command in (
                "flushall", "flushdb", "keys *", "config get *", "acl list", "shutdown nosave",
                "get elsewhere", "script flush", "swapdb 0 1", "client kill type normal", "replicaof no one",
            )
        ),
        ("monitoring", "redis_monitoring_password", "get noctis:1:x"),
        ("monitoring", "redis_monitoring_password", "zcard huey.redis.noctis"),
        ("administrator", "redis_administrator_password", "flushall"),
        ("administrator", "redis_administrator_password", "set huey.x 1"),
    ],
)  # fmt: skip
def test_what_a_user_of_redis_may_not_do_is_refused(appliance: Appliance, user: str, secret: str, command: str) -> None:
    assert redis(appliance, user, secret, command).startswith("NOPERM")


def test_redis_is_watched_and_never_drops_a_job(appliance: Appliance) -> None:
    assert "aof_enabled:1" in redis(appliance, "monitoring", "redis_monitoring_password", "info persistence")
    asked = redis(appliance, "administrator", "redis_administrator_password", "config get maxmemory-policy")
    assert asked.split() == ["maxmemory-policy", "noeviction"]


def test_a_queued_job_survives_a_restart_of_redis_and_is_carried_out(appliance: Appliance) -> None:
    appliance.run("supervisorctl stop noctis-worker")
    try:
        queue_job = "from noctis.dicomweb.tasks import prepare_series; prepare_series(0)"
        appliance.run(f"noctis-manage shell --command '{queue_job}'")
        before = queued(appliance)
        # What is on disk counts, so that it is no last word of Redis that saves it.
        wait_for(
            lambda: appliance.host.run("grep -q prepare_series /var/lib/redis/appendonlydir/*.aof").rc == 0,
            "the job on disk",
        )
        appliance.run("systemctl kill --signal KILL redis-server; systemctl restart redis-server")
        assert queued(appliance) == before > 0
    finally:
        appliance.run("supervisorctl start noctis-worker")
    wait_for(lambda: queued(appliance) == 0, "an empty queue")


def queued(appliance: Appliance) -> int:
    """Return how many jobs wait."""
    return int(redis(appliance, "noctis", "redis_password", "zcard huey.redis.noctis"))
