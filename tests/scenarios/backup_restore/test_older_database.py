"""A database of an older appliance is restored, whose application owned all of it and whose accounts are others."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.appliance.deployment import Appliance, deployed_appliance
from tests.appliance.test_stores import APPLICATION, OWNER, ask_postgresql, sql
from tests.support.waiting import wait_for

WARD = "ward_reports"
# What such an appliance would have dumped, made from what there is.
DUMP = f"""
set -e
umask 077
cd /
as() {{ runuser -u postgres -- "$@"; }}
as pg_dump --format=custom noctis >/root/present.dump
as createdb --template=template0 --encoding=UTF8 --locale=C.UTF-8 --owner={APPLICATION} former
as pg_restore --no-owner --no-acl --role={APPLICATION} --dbname=former </root/present.dump
as psql --quiet --dbname=former --command="CREATE ROLE {WARD} LOGIN" \
    --command="GRANT SELECT ON archive_study TO {WARD}"
as pg_dump --format=custom former >/root/former.dump
as dropdb former
as psql --quiet --command="DROP ROLE {WARD}"
"""
RESTORE = """
from pathlib import Path
from noctis.backup.engine.postgresql import PostgreSQL
rights = "/usr/local/sbin/noctis-database-rights"
there = PostgreSQL("noctis", "noctis_owner", run_as="postgres", rights=rights)
print(there.replace(Path("/root/former.dump")))
"""
CLEAN = f"""
cd / && rm -f /root/present.dump /root/former.dump
runuser -u postgres -- dropdb --if-exists noctis_before_restore
runuser -u postgres -- psql --quiet --dbname=noctis --command="DROP OWNED BY {WARD}" --command="DROP ROLE {WARD}"
"""


@pytest.fixture(scope="module")
def appliance() -> Appliance:
    """Give the server that took the place of the lost one."""
    return deployed_appliance("spare")


@pytest.fixture(scope="module")
def told(appliance: Appliance) -> Iterator[str]:
    """Restore such a dump, as noctis-backup does it, and give what was printed."""
    appliance.run(DUMP)
    appliance.run("systemctl stop supervisor")
    python = "PYTHONPATH=/opt/noctis/current/app PYTHONDONTWRITEBYTECODE=1 /opt/noctis/current/venv/bin/python"
    yield appliance.run(f"{python} - <<'END' && noctis-manage migrate --noinput\n{RESTORE}END")
    appliance.run("systemctl start supervisor")
    appliance.run(CLEAN)
    wait_for(appliance.is_healthy, "a healthy application", seconds=60)


def test_it_belongs_to_the_owner_and_the_application_cannot_change_the_audit_trail(
    appliance: Appliance, told: str
) -> None:
    owners = "SELECT DISTINCT relowner::regrole FROM pg_class WHERE relnamespace = 'public'::regnamespace"
    assert ask_postgresql(appliance, owners, "noctis") == OWNER
    assert int(sql(appliance, APPLICATION, "SELECT count(*) FROM archive_study")) > 0
    refused = appliance.host.run(f"psql service={APPLICATION} --command 'DELETE FROM audit_auditentry'")  # noqa: S608
    assert "permission denied" in refused.stderr
    hashes = appliance.host.run("psql service=noctis_readonly --command 'SELECT password FROM accounts_user'")
    assert "permission denied" in hashes.stderr
    assert appliance.run("noctis-database-rights").strip() == "as it was"


def test_an_account_that_only_the_former_server_knew_is_named_and_cannot_sign_in(
    appliance: Appliance, told: str
) -> None:
    assert f"knew {WARD} too" in told
    rights = "rolcanlogin, has_table_privilege(rolname, 'archive_study', 'SELECT')"
    found = f"SELECT {rights} FROM pg_roles WHERE rolname = '{WARD}'"  # noqa: S608
    assert ask_postgresql(appliance, found, "noctis") == "f|t"
