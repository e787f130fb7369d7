#!/usr/bin/python3
"""Put the certificate that the site chose in the one place that Nginx and the DICOM service read, and tell of it.

    noctis-certificate deploy           put it there, if it is not, and let the programs read it
    noctis-certificate issue            ask the public authority where its certificate is missing, then deploy
    noctis-certificate status [--json]  what is in use, for which names, until when
    noctis-certificate port open|close  let the public authority look at port 80 while it is asked

`deploy` and `issue` print what they did, and nothing when there was nothing to do. Until the public authority has given
a certificate, the present one stays while it can be used; where it cannot be, that of the local authority is taken.
"""

from __future__ import annotations

import argparse
import grp
import hashlib
import ipaddress
import json
import os
import re
import shutil
import ssl
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CONFIGURATION = Path("/etc/noctis/certificate.json")
LINEAGES = Path("/etc/letsencrypt/live")
SYSTEM_AUTHORITIES = Path("/etc/ssl/certs/ca-certificates.crt")
PEM_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----\n?", re.DOTALL)
DAY = 86400


class Trouble(Exception):
    """Something that the operator has to do something about; the text says what."""


@dataclass(frozen=True)
class Pair:
    """A certificate with its chain, its key, and the authorities that vouch for it, as files (PEM)."""

    source: str
    certificate: Path
    key: Path
    authorities: Path

    def exists(self) -> bool:
        """Whether both files are there."""
        return self.certificate.exists() and self.key.exists()


@dataclass(frozen=True)
class Site:
    """What the role wrote down of the site's choice."""

    source: str
    names: list[str]
    folder: Path
    key_group: str
    dicom_tls_port: int
    challenge_port: int
    lineage: str
    account: list[str]
    request: list[str]

    @classmethod
    def read(cls, path: Path = CONFIGURATION) -> Site:
        """Read the configuration of the role."""
        try:
            written: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise Trouble(f"{path} cannot be read ({error.strerror}): use sudo, or run site.yml.") from error
        return cls(**{**written, "folder": Path(written["folder"])})

    def pair(self, source: str) -> Pair:
        """Return where the files of a source are."""
        if source == "letsencrypt":
            lineage = LINEAGES / self.lineage
            return Pair(source, lineage / "fullchain.pem", lineage / "privkey.pem", SYSTEM_AUTHORITIES)
        if source == "own":
            own = self.folder / "own"
            given = own / "authorities.pem"
            return Pair(
                source, own / "fullchain.pem", own / "privkey.pem", given if given.exists() else SYSTEM_AUTHORITIES
            )
        return Pair(source, self.folder / "server.crt", self.folder / "server.key", self.folder / "ca.crt")

    @property
    def in_use(self) -> Path:
        """The link that the programs' settings name."""
        return self.folder / "current"

    def pair_in_use(self) -> Pair | None:
        """Return what the link leads to; None before anything was deployed."""
        place = self.in_use
        if not (place / "source").exists():
            return None
        source = (place / "source").read_text(encoding="ascii").strip()
        return Pair(source, place / "fullchain.pem", place / "privkey.pem", place / "authorities.pem")


def openssl(*arguments: str | Path, given: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run openssl, which never asks for anything."""
    command = ["/usr/bin/openssl", *map(str, arguments)]
    return subprocess.run(command, input=given or "", capture_output=True, text=True, check=False)  # noqa: S603


def facts(certificate: Path) -> dict[str, str]:
    """Return serial, issuer, subject, notBefore and notAfter of the first certificate in a file; empty without one."""
    wanted = ("-serial", "-issuer", "-subject", "-startdate", "-enddate")
    done = openssl("x509", "-in", certificate, "-noout", *wanted)
    return dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)


def covers(certificate: Path, name: str) -> bool:
    """Whether the first certificate in a file is for a name or address."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        option = "-checkhost"
    else:
        option = "-checkip"
    return "does match" in openssl("x509", "-in", certificate, "-noout", option, name).stdout


def problems(pair: Pair, name: str) -> list[str]:
    """Return what is wrong with a pair, each in one sentence that says what to do; nothing for a usable one."""
    known = facts(pair.certificate)
    if not known:
        return [f"{pair.certificate} holds no certificate in PEM: give the server's own first, then its chain."]
    found = [*_key_problems(pair), *_time_problems(known)]
    if not covers(pair.certificate, name):
        found.append(f"The certificate is not for the name {name}: have it issued with that name.")
    if pair.source == "own":
        found += _chain_problems(pair)
    return found


def _key_problems(pair: Pair) -> list[str]:
    key = openssl("pkey", "-in", pair.key, "-passin", "pass:", "-pubout")
    if key.returncode:
        return [f"{pair.key} holds no private key without a passphrase: take the passphrase off (openssl pkey)."]
    if key.stdout != openssl("x509", "-in", pair.certificate, "-noout", "-pubkey").stdout:
        return ["The key does not fit the certificate, which has to be the first in its file."]
    return []


def _time_problems(known: dict[str, str]) -> list[str]:
    if ssl.cert_time_to_seconds(known["notAfter"]) <= time.time():
        return [f"The certificate ended on {known['notAfter']}: have it renewed."]
    if ssl.cert_time_to_seconds(known["notBefore"]) > time.time():
        return [f"The certificate begins on {known['notBefore']}: wait until then, or set the server's clock."]
    return []


def _chain_problems(pair: Pair) -> list[str]:
    """Return why a client that knows no more than the roots would not trust what the server sends."""
    sent = PEM_CERTIFICATE.findall(pair.certificate.read_text(encoding="ascii", errors="replace"))
    with tempfile.TemporaryDirectory() as folder:
        leaf, chain, roots = (Path(folder) / name for name in ("leaf", "chain", "roots"))
        leaf.write_text(sent[0], encoding="ascii")
        chain.write_text("".join(sent[1:]), encoding="ascii")
        roots.write_text("".join(_roots(pair)), encoding="ascii")
        between = ("-untrusted", chain) if sent[1:] else ()
        done = openssl("verify", "-no-CApath", "-CAfile", roots, *between, "-purpose", "sslserver", leaf)
    if done.returncode == 0:
        return []
    reason = next((line for line in done.stderr.splitlines() if line.startswith("error ")), "openssl did not say why")
    sentence = (
        f"No client can follow the certificate to a known authority ({reason}): append the certificates between it and"
        " the root to its file, and name the root of an authority of your own in letsencrypt_own_authority."
    )
    return [sentence]


def _roots(pair: Pair) -> list[str]:
    """Return the roots that clients know: the system's, and of the given ones those that vouch for themselves."""
    given = PEM_CERTIFICATE.findall(pair.authorities.read_text(encoding="ascii", errors="replace"))
    system = SYSTEM_AUTHORITIES.read_text(encoding="ascii", errors="replace") if SYSTEM_AUTHORITIES.exists() else ""
    if pair.authorities == SYSTEM_AUTHORITIES:
        return given
    own = []
    for one in given:
        named = openssl("x509", "-noout", "-subject_hash", "-issuer_hash", given=one).stdout.split()
        if len(set(named)) == 1:
            own.append(one if one.endswith("\n") else f"{one}\n")
    return [*own, system]


def chosen(site: Site) -> Pair:
    """Return the pair to use. Raises Trouble where the site's own cannot be."""
    if site.source == "own":
        pair = site.pair("own")
        if found := problems(pair, site.names[0]):
            raise Trouble("The site's own certificate was not taken. " + " ".join(found))
        return pair
    if site.source == "letsencrypt":
        pair = site.pair("letsencrypt")
        present = site.pair_in_use()
        for candidate in (pair, *([present] if present is not None else [])):
            if candidate.exists() and not problems(candidate, site.names[0]):
                return candidate
    return site.pair("local")


def deploy(site: Site) -> None:
    """Put the chosen pair where the programs read it, and let them. What an interrupted run left is made good."""
    pair = chosen(site)
    if not pair.exists():
        raise Trouble(f"There is no certificate at {pair.certificate} yet: run site.yml.")
    content = {
        "fullchain.pem": pair.certificate.read_bytes(),
        "privkey.pem": pair.key.read_bytes(),
        "authorities.pem": pair.authorities.read_bytes(),
        "source": f"{pair.source}\n".encode(),
    }
    digest = hashlib.sha256(b"\0".join([*content.values(), site.key_group.encode()])).hexdigest()[:16]
    places = site.folder / "deployed"
    place = places / digest
    taken = place / "taken"
    if _target(site.in_use) == place and taken.exists():
        return
    before = _target(site.in_use)
    if not place.exists():
        _lay_out(place, content, site.key_group)
    _point(site.in_use, place)
    try:
        let_programs_read(site)
    except Trouble:
        if before is not None and before.exists():
            _point(site.in_use, before)
        raise
    taken.touch()
    for other in places.iterdir():
        if other != place:
            shutil.rmtree(other)
    say(f"The certificate of the source {pair.source} is in use, until {facts(pair.certificate)['notAfter']}.")


def _lay_out(place: Path, content: dict[str, bytes], key_group: str) -> None:
    place.parent.mkdir(mode=0o755, exist_ok=True)
    making = Path(tempfile.mkdtemp(dir=place.parent))
    for name, data in content.items():
        path, is_key = making / name, name == "privkey.pem"
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file:
            file.write(data)
            os.fsync(file.fileno())
        if is_key:
            os.chown(path, 0, grp.getgrnam(key_group).gr_gid)
        path.chmod(0o644 if not is_key else 0o600 if key_group == "root" else 0o640)
    making.chmod(0o755)
    making.rename(place)


def _target(link: Path) -> Path | None:
    return link.parent / link.readlink() if link.is_symlink() else None


def _point(link: Path, place: Path) -> None:
    """Switch the link in one step, so that certificate and key are always read as a pair."""
    new = link.with_suffix(".new")
    new.unlink(missing_ok=True)
    new.symlink_to(place.relative_to(link.parent))
    new.replace(link)


def let_programs_read(site: Site) -> None:
    """Let Nginx and the DICOM service read the pair; requests and associations go on. Raises Trouble."""
    if run("systemctl", "is-active", "--quiet", "nginx").returncode == 0:
        tried = run("nginx", "-t")
        if tried.returncode:
            raise Trouble(f"Nginx does not accept its configuration, so the certificate stays: {tried.stderr.strip()}")
        must("systemctl", "reload", "nginx")
    # Without TLS the service does not know the signal.
    if site.dicom_tls_port and run("ss", "-Hltn", f"sport = :{site.dicom_tls_port}").stdout:
        must("supervisorctl", "signal", "HUP", "noctis-dicom")


def issue(site: Site) -> None:
    """Ask the public authority, unless it has answered this very request; deploy what there is. Raises Trouble."""
    pair = site.pair("letsencrypt")
    answered = site.folder / f"{site.lineage}.request"
    wanted = hashlib.sha256("\0".join(site.request).encode()).hexdigest()
    is_known = answered.exists() and answered.read_text(encoding="ascii").strip() == wanted
    if not (is_known and pair.exists() and not problems(pair, site.names[0])):
        again = ["--force-renewal"] if pair.exists() and not is_known else ["--keep-until-expiring"]
        done = run(
            *("certbot", "certonly", "--non-interactive", "--agree-tos", "--cert-name", site.lineage),
            *("--renew-with-new-domains", *again, *site.account, *site.request),
        )
        if done.returncode:
            deploy(site)
            raise Trouble(f"The public authority gave no certificate; the present one stays.\n{last_words(done)}")
        answered.write_text(f"{wanted}\n", encoding="ascii")
        say(f"The public authority gave the certificate {site.lineage}.")
        forget_trials(site)
    deploy(site)


def forget_trials(site: Site) -> None:
    """Let nobody go on renewing what the trial service gave, once another authority has answered."""
    for trial in LINEAGES.glob("noctis-*staging*"):
        if trial.name != site.lineage:
            must("certbot", "delete", "--non-interactive", "--cert-name", trial.name)
            (site.folder / f"{trial.name}.request").unlink(missing_ok=True)


def last_words(done: subprocess.CompletedProcess[str]) -> str:
    """Return what a program that failed said, without the blank lines."""
    return "\n".join(line for line in f"{done.stdout}\n{done.stderr}".splitlines() if line.strip())


def status(site: Site, *, as_json: bool) -> int:
    """Tell what is in use; 1 where it has ended or does not cover the main name."""
    place = _target(site.in_use)
    if place is None or not place.exists():
        raise Trouble("No certificate is in use yet: run site.yml.")
    certificate = place / "fullchain.pem"
    known = facts(certificate)
    seconds = ssl.cert_time_to_seconds(known["notAfter"]) - time.time()
    told: dict[str, Any] = {
        "chosen": site.source,
        "in_use": (place / "source").read_text(encoding="ascii").strip(),
        "subject": known["subject"].strip(),
        "issuer": known["issuer"].strip(),
        "serial": known["serial"],
        "not_after": known["notAfter"],
        "days_left": int(seconds // DAY),
        "names": [name for name in site.names if covers(certificate, name)],
        "names_not_covered": [name for name in site.names if not covers(certificate, name)],
    }
    shown = {name: ", ".join(value) if isinstance(value, list) else value for name, value in told.items()}
    lines = [f"{name.replace('_', ' '):18} {value}" for name, value in shown.items()]
    say(json.dumps(told, indent=2) if as_json else "\n".join(lines))
    return 0 if seconds > 0 and site.names[0] in told["names"] else 1


def switch_port(site: Site, word: str) -> None:
    """Let everybody reach the port of the challenge, or close it again."""
    rule = ("allow", "proto", "tcp", "to", "any", "port", str(site.challenge_port))
    if word == "open":
        must("ufw", *rule, "comment", f"noctis letsencrypt: {site.challenge_port} while a certificate is asked for")
    else:
        must("ufw", "delete", *rule)


def run(*command: str) -> subprocess.CompletedProcess[str]:
    """Run a program of the system and keep what it says."""
    environment = {**os.environ, "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)  # noqa: S603


def must(*command: str) -> None:
    """Run a program that has to succeed. Raises Trouble."""
    done = run(*command)
    if done.returncode:
        raise Trouble(f"{' '.join(command)} ended with {done.returncode}: {last_words(done)}")


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> int:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("deploy")
    commands.add_parser("issue")
    commands.add_parser("status").add_argument("--json", action="store_true")
    commands.add_parser("port").add_argument("word", choices=["open", "close"])
    chosen_command = parser.parse_args()
    try:
        site = Site.read()
        if chosen_command.command == "status":
            return status(site, as_json=chosen_command.json)
        if chosen_command.command == "port":
            switch_port(site, chosen_command.word)
        elif chosen_command.command == "issue" and site.source == "letsencrypt":
            issue(site)
        else:
            deploy(site)
    except Trouble as trouble:
        sys.stderr.write(f"noctis-certificate: {trouble}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
