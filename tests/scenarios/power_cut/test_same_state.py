"""Runs of site.yml that were killed, and another one to its end, leave the same server as one run does."""

from __future__ import annotations

import difflib
import re
from pathlib import Path

import pytest

from tests.appliance.deployment import Appliance, deployed_appliance
from tests.appliance.leftovers import a_day_passes

# Files whose contents may differ, and why; that they are there, whose they are and who may read them is compared.
OWN_CONTENTS = {
    r"/etc/noctis/secrets/.*|/etc/noctis/backup/password": "made at random; looked at below",
    r"/etc/noctis/pgpass|/etc/redis/users\.acl": "has passwords, or their digests; looked at below",
    r"/etc/(noctis|postgresql|redis)/tls/.*": "keys, and certificates of them",
    r"/etc/ssh/ssh_host_.*|/etc/ssl/(certs|private)/ssl-cert-snakeoil\..*": "keys that Debian makes",
    r"/etc/machine-id|/var/lib/noctis-backup/installation": "made at random, so that one server is told from another",
    r"/etc/resolv\.conf|/etc/hosts": "written by Podman",
    r"/etc/(passwd|group|g?shadow)-?": "in what order accounts were made, and on what day; looked at below",
    r"/etc/ld\.so\.cache": "a cache",
    r"/var/lib/noctis-backup/state\.json": "when something was done",
    r".*\.pyc": "byte code has the time at which its source was written",
}
# What is not looked at, and why.
OWN_FILES = {
    r"/var/lib/noctis/journal/.*|/var/lib/noctis-backup/(drills|work)/.*": "made by timers, in their own time",
    r"/var/lib/noctis-backup/[a-z]+\.lock .*": "made by a timer's first run",
    r"/etc/ssl/certs/[0-9a-f]{8}\.\d .* -> ssl-cert-snakeoil\.pem": "called by a digest of the server's name",
}
# Made of a key: what a pair of key and certificate is called.
DIGEST = re.compile(r"\b[0-9a-f]{16}\b")
HASH = re.compile(r" [0-9a-f]{64}$")

SURVEY = Path(__file__).with_name("survey.py").read_text(encoding="utf-8")
PSQL = "cd / && runuser -u postgres -- psql --no-psqlrc --tuples-only --no-align --dbname noctis --command '{}'"
REDIS = (
    "REDISCLI_AUTH=$(cat /etc/noctis/secrets/redis_administrator_password) "
    "redis-cli --user administrator --no-auth-warning"
)
# Rules in the order of their chain, chains in that of their names: which chain was made first changes nothing.
RULES = "{ iptables-save; ip6tables-save; } | grep -v '^[#:]' | sort --stable --key=2,2"
QUESTIONS = {
    "packages": "dpkg-query --show --showformat '${Package} ${Version} ${Status}\\n'; dpkg --audit",
    "packages that were asked for": "apt-mark showmanual",
    "files": f"python3 - OWN_NAME OWN_ADDRESS <<'END'\n{SURVEY}\nEND",
    "files with passwords": "sed 's/#[0-9a-f]*//' /etc/redis/users.acl; cut -d : -f 1-4 /etc/noctis/pgpass",
    "accounts": "getent passwd | sort; getent group | sort; cut -d : -f 1,2 /etc/shadow | sort",
    "units": "systemctl list-unit-files --no-legend --no-pager --state=enabled,masked",
    "services": "systemctl list-units --no-legend --no-pager --plain --type=service,timer,socket "
    "--state=running,waiting,listening,failed | awk '{ print $1, $4 }'",
    "programs": "supervisorctl status | awk '{ print $1, $2 }'",
    "firewall": f"ufw status verbose; {RULES}",
    "jails": "fail2ban-client status; fail2ban-client get dbpurgeage",
    "sshd": "sshd -T",
    "kernel": "grep -ho '^[a-z][^ =]*' /etc/sysctl.d/60-noctis.conf | xargs sysctl --ignore",
    "PostgreSQL's settings": PSQL.format("SELECT name, setting, pending_restart FROM pg_settings ORDER BY name"),
    "roles and schema": "cd / && runuser -u postgres -- pg_dumpall --schema-only --no-role-passwords "
    "--database=postgres | grep -v -e '^-- Dumped' -e '^.restrict' -e '^.unrestrict'",
    "migrations": PSQL.format("SELECT app, name FROM django_migrations ORDER BY app, name"),
    # Both in the order of Redis' tables, which is another after each start.
    "Redis's settings": f"{REDIS} config get '*' | paste - - | sort",
    "Redis's users": f"{REDIS} acl list | sed 's/#[0-9a-f]*//g' | "
    "while read -r user; do printf '%s\\n' \"$user\" | tr ' ' '\\n' | sort | paste -s -d ' '; done",
}
SHOWN = 60
ACCOUNTS = ("noctis", "noctis_owner", "noctis_readonly", "noctis_backup")


@pytest.fixture(scope="module")
def servers() -> tuple[Appliance, Appliance]:
    """Give the server that was installed in one go, and the one that was not."""
    clean, cut = deployed_appliance("pacs-clean"), deployed_appliance("pacs-cut")
    for server in (clean, cut):
        a_day_passes(server)
    return clean, cut


@pytest.mark.parametrize("subject", QUESTIONS)
def test_nothing_tells_the_servers_apart(servers: tuple[Appliance, Appliance], subject: str) -> None:
    clean, cut = (told(server, subject) for server in servers)
    assert clean
    differences = list(difflib.unified_diff(clean, cut, "one run", "several runs", lineterm="", n=0))
    assert not differences, "\n".join(differences[:SHOWN])


def test_each_has_secrets_of_its_own_that_its_services_know(servers: tuple[Appliance, Appliance]) -> None:
    clean, cut = (digests_of_secrets(server) for server in servers)
    assert clean.keys() == cut.keys()
    assert not set(clean.values()) & set(cut.values())
    for server in servers:
        whole = "grep --files-without-match --line-regexp '[0-9a-f]\\{64\\}' /etc/noctis/secrets/*; true"
        assert server.run(whole) == ""
        for account in ACCOUNTS:
            said = server.run(f"psql service={account} --tuples-only --command 'SELECT current_user'")
            assert said.strip() == account
        assert server.run(f"{REDIS} ping").strip() == "PONG"


def test_both_serve(servers: tuple[Appliance, Appliance]) -> None:
    assert [server.is_healthy() for server in servers] == [True, True]


def digests_of_secrets(server: Appliance) -> dict[str, str]:
    """Return the SHA-256 of every secret by its file."""
    lines = server.run("sha256sum /etc/noctis/secrets/* /etc/noctis/backup/password").splitlines()
    return {path: digest for digest, path in map(str.split, lines)}


def told(server: Appliance, subject: str) -> list[str]:
    """Return what a server answers, without what is its own."""
    printed = server.run(QUESTIONS[subject].replace("OWN_NAME", server.name).replace("OWN_ADDRESS", server.address))
    lines = printed.replace(server.name, "NAME").replace(server.address, "ADDRESS").splitlines()
    return [shared(line) for line in lines if not is_own(line)] if subject == "files" else lines


def is_own(line: str) -> bool:
    """Whether a file is not compared at all."""
    return any(re.fullmatch(pattern, line) for pattern in OWN_FILES)


def shared(line: str) -> str:
    """Return what is said of a file without what is its server's own."""
    if any(re.fullmatch(pattern, line.split(" ", 1)[0]) for pattern in OWN_CONTENTS):
        line = HASH.sub("", line)
    return DIGEST.sub("DIGEST", line)
