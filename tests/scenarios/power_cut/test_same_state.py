"""A run of site.yml that was killed, and another one to its end, leave the same server as one run does."""

from __future__ import annotations

import difflib

import pytest

from tests.appliance.deployment import Appliance, deployed_appliance

# What one server does not share with another: its keys, its name, when something happened.
OWN_CONTENTS = (
    *("/etc/noctis/secrets/", "/etc/noctis/tls/", "/etc/noctis/backup/", "/etc/postgresql/tls/", "/etc/noctis/pgpass"),
    *("/etc/ssh/ssh_host_", "/etc/machine-id", "/etc/hostname", "/etc/hosts", "/etc/resolv.conf", "/etc/ld.so.cache"),
    *("/etc/shadow", "/etc/gshadow", "/etc/redis/users.acl"),
)
PSQL = "runuser -u postgres -- psql --no-psqlrc --tuples-only --no-align --dbname noctis --command '{}'"
REDIS = (
    "REDISCLI_AUTH=$(cat /etc/noctis/secrets/redis_administrator_password) "
    "redis-cli --user administrator --no-auth-warning"
)
QUESTIONS = {
    "packages": "dpkg-query --show --showformat '${Package} ${Version} ${Status}\\n'; dpkg --audit",
    "files": "find /etc /opt/noctis /usr/local /root /var/lib/noctis* /var/backups/noctis-releases "
    "-not -path '/root/.cache/*' -printf '%p %M %u %g %l\\n' | LC_ALL=C sort",
    "contents": "find /etc /opt/noctis/current/ /usr/local -xdev -type f -not -name '*.pyc' -exec sha256sum {} + "
    "| LC_ALL=C sort -k 2",
    "units": "systemctl list-unit-files --no-legend --no-pager --state=enabled,masked",
    "services": "systemctl list-units --no-legend --no-pager --plain --type=service,timer,socket "
    "--state=running,waiting,listening | cut -d ' ' -f 1",
    "programs": "supervisorctl status | awk '{ print $1, $2 }'",
    "firewall": "ufw status verbose; iptables-save | grep -v '^[#:]'; ip6tables-save | grep -v '^[#:]'",
    "jails": "fail2ban-client status; fail2ban-client get dbpurgeage",
    "sshd": "sshd -T",
    "kernel": "sysctl net.ipv4.tcp_rmem net.core.somaxconn net.ipv4.conf.all.accept_redirects",
    "PostgreSQL's settings": PSQL.format("SELECT name, setting, pending_restart FROM pg_settings ORDER BY name"),
    "schema": "runuser -u postgres -- pg_dumpall --schema-only --no-role-passwords --database=postgres "
    "| grep -v -e '^-- Dumped' -e '^.restrict' -e '^.unrestrict'",
    "migrations": PSQL.format("SELECT app, name FROM django_migrations ORDER BY id"),
    "Redis's settings": f"{REDIS} config get '*'",
    "Redis's users": f"{REDIS} acl list | sed 's/#[0-9a-f]*//g'",
}


@pytest.fixture(scope="module")
def servers() -> tuple[Appliance, Appliance]:
    """Give the server that was installed in one go, and the one that was not."""
    return deployed_appliance("untouched"), deployed_appliance("interrupted")


@pytest.mark.parametrize("subject", QUESTIONS)
def test_nothing_tells_the_servers_apart(servers: tuple[Appliance, Appliance], subject: str) -> None:
    clean, interrupted = (told(server, subject) for server in servers)
    assert clean
    assert list(difflib.unified_diff(clean, interrupted, "one run", "several runs", lineterm="", n=0)) == []


def test_both_serve(servers: tuple[Appliance, Appliance]) -> None:
    assert [server.is_healthy() for server in servers] == [True, True]


def told(server: Appliance, subject: str) -> list[str]:
    """Return what a server answers, without what is its own."""
    printed = str(server.host.run(QUESTIONS[subject]).stdout).replace(server.name, "NAME")
    lines = printed.replace(server.address, "ADDRESS").splitlines()
    own = OWN_CONTENTS if subject == "contents" else ()
    return [line for line in lines if not any(path in line for path in own)]
