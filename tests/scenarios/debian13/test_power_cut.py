"""A run of site.yml that was killed, and another one to its end, leave the same server as one run does."""

from __future__ import annotations

import difflib

import pytest

from tests.appliance.deployment import Appliance, deployed_appliance

# What one server does not share with another: its keys, its name, when something happened.
OWN = [
    *("/etc/noctis/secrets/", "/etc/noctis/tls/", "/etc/noctis/prepared", "/etc/postgresql/tls/", "/etc/redis/"),
    *("/etc/ssh/ssh_host_", "/etc/machine-id", "/etc/hostname", "/etc/hosts", "/etc/resolv.conf", "/etc/ld.so.cache"),
    *("/etc/shadow", "/etc/gshadow", "/etc/passwd-", "/etc/group-", "/etc/subuid-", "/etc/subgid-"),
]
QUESTIONS = {
    "packages": "dpkg-query --show --showformat '${Package} ${Version} ${Status}\\n'",
    "files": "find /etc /opt/noctis /usr/local /var/lib/noctis /root -xdev -not -name '*.pyc' -not -name __pycache__ "
    "-not -path '/root/.cache/*' -printf '%p %M %u %g %l\\n' | LC_ALL=C sort",
    "contents": "find /etc /opt/noctis/current/ /usr/local -xdev -type f -not -name '*.pyc' -exec sha256sum {} + "
    "| LC_ALL=C sort -k 2",
    "units": "systemctl list-unit-files --no-legend --no-pager --state=enabled,masked",
    "services": "systemctl list-units --no-legend --no-pager --plain --type=service,timer,socket "
    "--state=running,waiting,listening | cut -d ' ' -f 1",
    "programs": "supervisorctl status | awk '{ print $1, $2 }'",
    "firewall": "ufw show added; ufw status verbose | head -n 4",
    "jails": "fail2ban-client status; fail2ban-client get dbpurgeage",
    "sshd": "sshd -T",
    "sysctl": "sysctl net.ipv4.tcp_rmem net.core.somaxconn net.ipv4.conf.all.accept_redirects",
    "database": "runuser -u postgres -- pg_dumpall --schema-only --no-role-passwords --database=postgres "
    "| grep -v -e '^-- Dumped' -e '^.restrict' -e '^.unrestrict'",
    "migrations": "noctis-manage showmigrations --plan",
    "redis without a password": "redis-cli ping",
    "redis": "REDISCLI_AUTH=$(cat /etc/noctis/secrets/redis_password) redis-cli config get 'm*'",
}


@pytest.fixture(scope="module")
def servers() -> tuple[Appliance, Appliance]:
    """Give the server that was installed in one go, and the one that was not."""
    return deployed_appliance("noctis"), deployed_appliance("interrupted")


@pytest.mark.parametrize("subject", QUESTIONS)
def test_nothing_tells_the_servers_apart(servers: tuple[Appliance, Appliance], subject: str) -> None:
    clean, interrupted = (told(server, subject) for server in servers)
    assert clean
    assert list(difflib.unified_diff(clean, interrupted, "one run", "several runs", lineterm="", n=0)) == []


def test_the_database_waits_for_no_restart(servers: tuple[Appliance, Appliance]) -> None:
    query = "SELECT name FROM pg_settings WHERE pending_restart"
    command = f'runuser -u postgres -- psql --tuples-only --no-align --command "{query}"'
    assert [server.run(command).strip() for server in servers] == ["", ""]


def test_both_serve(servers: tuple[Appliance, Appliance]) -> None:
    assert [server.is_healthy() for server in servers] == [True, True]


def told(server: Appliance, subject: str) -> list[str]:
    """Return what a server answers, without what is its own."""
    printed = str(server.host.run(QUESTIONS[subject]).stdout).replace(server.name, "NAME")
    return [line for line in printed.splitlines() if not any(path in line for path in OWN)]
