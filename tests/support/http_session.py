"""Somebody who is signed in at an appliance, without a browser."""

from __future__ import annotations

import http.client
import re
from urllib.parse import urlencode

from tests.support.appliance import Account


class HttpSession:
    """One connection that is kept open, with the cookies of a person."""

    def __init__(self, port: int, *, patience: float = 300.0) -> None:
        """Connect when it is first needed."""
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=patience)
        self._cookies: dict[str, str] = {}

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def sign_in(self, account: Account) -> None:
        """Sign in with the form's own requests."""
        form = self.request("GET", "/sign-in").read().decode()
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form)
        assert token, "the sign-in page has no form"
        fields = {"csrfmiddlewaretoken": token[1], "username": account.username, "password": account.password}
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = self.request("POST", "/sign-in", urlencode(fields), headers)
        answer.read()
        assert answer.status == 302, f"{account.username} could not sign in: {answer.status}"

    def request(
        self, method: str, path: str, body: str | None = None, headers: dict[str, str] | None = None
    ) -> http.client.HTTPResponse:
        """Send a request; the response must be read to its end before the next one."""
        cookies = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        answer = self._exchange(method, path, body, {"Cookie": cookies, **(headers or {})})
        for line in answer.headers.get_all("Set-Cookie") or []:
            name, _, value = line.partition(";")[0].partition("=")
            self._cookies[name] = value
        return answer

    def _exchange(self, method: str, path: str, body: str | None, headers: dict[str, str]) -> http.client.HTTPResponse:
        try:
            self._connection.request(method, path, body, headers)
            return self._connection.getresponse()
        except ConnectionError:  # the server closes what was not used for a while
            self._connection.close()
            self._connection.request(method, path, body, headers)
            return self._connection.getresponse()

    def get(self, path: str, accept: str = "*/*") -> bytes:
        """Return what is at a path, and expect that it is there."""
        answer = self.request("GET", path, headers={"Accept": accept})
        content = answer.read()
        assert answer.status == 200, f"{path} was answered with {answer.status}: {content[:300]!r}"
        return content
