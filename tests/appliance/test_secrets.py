"""Who can read what on the server."""

from __future__ import annotations

import pytest

from tests.appliance.deployment import Appliance

SHARED = ["secret_key", "database_password", "redis_password"]
ROOTS_OWN = [
    "database_readonly_password",
    "database_backup_password",
    "redis_administrator_password",
    "redis_monitoring_password",
]
SECRETS = [*SHARED, "database_owner_password", *ROOTS_OWN]


@pytest.mark.parametrize(
    ("path", "mode", "owner", "group"),
    [
        ("/etc/noctis", 0o750, "root", "noctis"),
        ("/etc/noctis/noctis.env", 0o640, "root", "noctis"),
        ("/etc/noctis/secrets", 0o750, "root", "noctis"),
        *((f"/etc/noctis/secrets/{name}", 0o640, "root", "noctis") for name in SHARED),
        ("/etc/noctis/secrets/database_owner_password", 0o640, "root", "noctis-owner"),
        *((f"/etc/noctis/secrets/{name}", 0o600, "root", "root") for name in ROOTS_OWN),
        ("/etc/noctis/pgpass", 0o600, "root", "root"),
        ("/etc/redis/users.acl", 0o640, "redis", "redis"),
        ("/etc/noctis/tls/ca.key", 0o600, "root", "root"),
        ("/etc/noctis/tls/server.key", 0o600, "root", "root"),
        ("/etc/noctis/tls/current/privkey.pem", 0o600, "root", "root"),
        ("/etc/postgresql/tls/ca.key", 0o600, "root", "root"),
        ("/etc/postgresql/tls/server.key", 0o600, "postgres", "root"),
        ("/etc/redis/redis.conf", 0o640, "redis", "redis"),
        ("/var/lib/noctis", 0o700, "noctis", "noctis"),
        ("/var/lib/noctis/storage", 0o700, "noctis", "noctis"),
        ("/var/log/noctis", 0o750, "root", "adm"),
        ("/run/noctis", 0o700, "noctis", "noctis"),
        ("/opt/noctis/releases", 0o755, "root", "root"),
    ],
)
def test_files_are_closed_to_others(appliance: Appliance, path: str, mode: int, owner: str, group: str) -> None:
    file = appliance.host.file(path)
    assert (file.mode, file.user, file.group) == (mode, owner, group)


def test_the_application_cannot_write_its_own_code(appliance: Appliance) -> None:
    found = appliance.run("find /opt/noctis -not -type l \\( -user noctis -o -group noctis -o -perm /o+w \\) | head")
    assert found == ""


def test_secrets_are_long_and_differ(appliance: Appliance) -> None:
    values = [appliance.run(f"cat /etc/noctis/secrets/{name}").strip() for name in SECRETS]
    assert all(len(value) >= 32 for value in values)
    assert len(set(values)) == len(values)


def test_no_secret_is_in_a_process_list_a_log_or_a_readable_file(appliance: Appliance) -> None:
    appliance.run("cat /etc/noctis/secrets/* > /root/patterns && chmod 600 /root/patterns")
    try:
        for where in (
            "cat /proc/[0-9]*/cmdline",
            "find /var/log -type f -exec cat {} +",
            "journalctl --no-pager",
            "find /etc /opt/noctis /run /tmp /home -xdev -type f -perm /o+r -exec cat {} +",
            "find /root -type f -name '.*history' -exec cat {} +",
        ):
            found = appliance.host.run(
                f"{where} 2>/dev/null | grep --text --count --fixed-strings --file=/root/patterns"
            )
            assert found.stdout.strip() == "0", where
    finally:
        appliance.run("rm -f /root/patterns")


def test_the_environment_of_the_programs_holds_no_secret(appliance: Appliance) -> None:
    command = "cat /proc/$(supervisorctl pid noctis-web)/environ | tr '\\0' '\\n'"
    environment = appliance.run(command)
    values = [appliance.run(f"cat /etc/noctis/secrets/{name}").strip() for name in SECRETS]
    assert "NOCTIS_ENV_FILE=/etc/noctis/noctis.env" in environment
    assert not [value for value in values if value in environment]


def test_nginx_reads_images_but_not_the_secrets(appliance: Appliance) -> None:
    workers = appliance.run("ps -o user=,group=,supgrp= -C nginx").splitlines()
    groups = {line.split()[0]: line for line in workers}
    assert set(groups) == {"root", "noctis"}
    assert groups["noctis"].split() == ["noctis", "www-data", "www-data"]


def test_nobody_can_sign_in_as_the_application(appliance: Appliance) -> None:
    assert appliance.host.user("noctis").shell == "/usr/sbin/nologin"
    assert appliance.run("passwd --status noctis").split()[1] == "L"
