#!/usr/bin/python3
"""Stand in for DuckDNS (/update) and for a provider with the protocol dyndns2 (/nic/update).

What it is told it keeps in /var/log/dns-provider.json, one object a line; DuckDNS's TXT entries it gives to the DNS of
the scenario.
"""

from __future__ import annotations

import base64
import json
import urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

TOKEN = "token-of-the-stand-in"  # noqa: S105
LOG = Path("/var/log/dns-provider.json")
DNS = "http://127.0.0.1:8055"


class Provider(BaseHTTPRequestHandler):
    """Answers as the documentation of both says."""

    def do_GET(self) -> None:
        """Take an update."""
        asked = urlsplit(self.path)
        query = dict(parse_qsl(asked.query, keep_blank_values=True))
        answer = self._duckdns(query) if asked.path == "/update" else self._dyndns2()
        told = {name: value for name, value in query.items() if name != "token"}
        with LOG.open("a", encoding="utf-8") as file:
            file.write(
                json.dumps({"path": asked.path, "from": self.client_address[0], "answer": answer, **told}) + "\n"
            )
        self.send_response(200)
        self.end_headers()
        self.wfile.write(answer.encode())

    def _duckdns(self, query: dict[str, str]) -> str:
        if query.get("token") != TOKEN:
            return "KO"
        if "txt" in query:
            host = f"_acme-challenge.{query['domains']}."
            _tell_dns("/clear-txt" if query.get("clear") == "true" else "/set-txt", host, query["txt"])
            return f"OK\n{query['txt']}\nUPDATED"
        return f"OK\n{self.client_address[0]}\n\nUPDATED"

    def _dyndns2(self) -> str:
        expected = base64.b64encode(f"noctis:{TOKEN}".encode()).decode()
        return "good 192.0.2.1" if self.headers.get("Authorization") == f"Basic {expected}" else "badauth"

    def log_message(self, *_: object) -> None:
        """Write nothing: the request line holds the token."""


def _tell_dns(path: str, host: str, value: str) -> None:
    body = json.dumps({"host": host, "value": value}).encode()
    urllib.request.urlopen(DNS + path, data=body, timeout=10).close()  # noqa: S310


if __name__ == "__main__":
    HTTPServer(("0.0.0.0", 8080), Provider).serve_forever()  # noqa: S104
