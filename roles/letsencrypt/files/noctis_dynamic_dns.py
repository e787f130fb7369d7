#!/usr/bin/python3
"""Tell a dynamic DNS provider where this server is, and give it the answer to an authority's question (DNS-01).

    noctis-dynamic-dns update      the name leads to the address that this request comes from
    noctis-dynamic-dns set-txt     called by certbot: publish CERTBOT_VALIDATION (DuckDNS)
    noctis-dynamic-dns clear-txt   called by certbot: take it away

The token is read from a file; it goes into no message and onto no command line.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

CONFIGURATION = Path("/etc/noctis/dynamic-dns.json")
SECONDS = 30
# https://help.dyn.com/remote-access-api/return-codes/: what each word of the protocol asks of the operator.
WORDS = {
    "badauth": "user or password are wrong",
    "nohost": "the name does not belong to this account",
    "notfqdn": "the name is not complete",
    "numhost": "too many names were given",
    "abuse": "the provider has blocked the name",
    "badagent": "the provider does not like this client",
    "dnserr": "the provider's DNS has an error, try later",
    "911": "the provider has an error, try later",
}


class Trouble(Exception):
    """The provider was not told; the text says why."""


def configuration() -> dict[str, Any]:
    """Read the settings, which are root's alone."""
    read: dict[str, Any] = json.loads(CONFIGURATION.read_text(encoding="utf-8"))
    return read


def ask(url: str, query: dict[str, str], headers: dict[str, str]) -> str:
    """Return the provider's answer. Raises Trouble; the address of the request, which holds secrets, is never told."""
    if not url.startswith(("https://", "http://")):
        raise Trouble("the provider's address has to begin with https://")
    headers = {"User-Agent": "Noctis/1 dynamic-dns", **headers}
    request = urllib.request.Request(f"{url}?{urllib.parse.urlencode(query)}", headers=headers)  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:  # noqa: S310
            return str(answer.read(4096).decode("ascii", "replace")).strip()
    except urllib.error.HTTPError as error:
        raise Trouble(f"the provider answered with the status {error.code}") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", None)
        raise Trouble(f"the provider was not reached: {reason or type(error).__name__}") from error


def ask_duckdns(settings: dict[str, Any], **further: str) -> str:
    """Ask DuckDNS, which answers OK or KO first."""
    names = ",".join(name.removesuffix(".duckdns.org") for name in settings["names"])
    query = {"domains": names, "token": settings["password"], "verbose": "true", **further}
    answer = ask(settings["url"], query, {})
    if not answer.startswith("OK"):
        raise Trouble("DuckDNS refused: check the name and the token")
    return answer.split()[-1].lower()


def ask_dyndns2(settings: dict[str, Any]) -> str:
    """Ask a provider that speaks the protocol of dyndns.org (dyndns2)."""
    account = base64.b64encode(f"{settings['user']}:{settings['password']}".encode()).decode()
    query = {"hostname": ",".join(settings["names"])}
    if settings["address"]:
        query["myip"] = settings["address"]
    answer = ask(settings["url"], query, {"Authorization": f"Basic {account}"})
    words = [line.split()[0] for line in answer.splitlines() if line.strip()] or ["an empty answer"]
    for word in words:
        if word not in {"good", "nochg"}:
            raise Trouble(f"the provider refused: {WORDS.get(word, word[:40])}")
    return ", ".join(sorted(set(words)))


def update(settings: dict[str, Any]) -> None:
    """Tell the provider where this server is."""
    said = ask_duckdns(settings, ip=settings["address"]) if settings["kind"] == "duckdns" else ask_dyndns2(settings)
    sys.stdout.write(f"{', '.join(settings['names'])}: {said}\n")


def main() -> int:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["update", "set-txt", "clear-txt"])
    command = parser.parse_args().command
    try:
        settings = configuration()
        if command == "update":
            update(settings)
        elif command == "set-txt":
            ask_duckdns(settings, txt=os.environ["CERTBOT_VALIDATION"])
            time.sleep(settings["txt_seconds"])
        else:
            ask_duckdns(settings, txt=os.environ["CERTBOT_VALIDATION"], clear="true")
    except OSError as error:
        sys.stderr.write(f"noctis-dynamic-dns: {CONFIGURATION} cannot be read ({error.strerror}): use sudo.\n")
        return 1
    except Trouble as trouble:
        sys.stderr.write(f"noctis-dynamic-dns: {trouble}.\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
