"""Programs that call the management API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from noctis.accounts.actions import issue_api_token
from noctis.accounts.models import User

STEPS = "/api/v1/scheduled-procedure-steps"
PERFORMED = "/api/v1/performed-procedure-steps"
NEW = {
    "patient_identifier": "P7",
    "patient_name": "Phantom^Bea",
    "modality": "MR",
    "start_date": "2026-07-07",
    "start_time": "09:15",
    "station_ae_titles": ["NORTH_MR"],
    "accession_number": "A7",
}


class Program:
    """Calls as a user with a token and JSON."""

    def __init__(self, user: User) -> None:
        """Issue a token; CSRF is enforced, as for browsers."""
        self._client = Client(enforce_csrf_checks=True)
        self._headers = {"Authorization": f"Bearer {issue_api_token(user, 'test')[1]}"}

    def call(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        """Send a request."""
        if method == "get":
            return self._client.get(path, query, headers=self._headers)
        send = getattr(self._client, method)
        return send(path, body if body is not None else {}, content_type="application/json", headers=self._headers)

    def get(self, path: str, **query: Any) -> Any:
        """Ask for ``path``."""
        return self.call("get", path, **query)

    def post(self, path: str, body: Any) -> Any:
        """Send ``body`` to ``path``."""
        return self.call("post", path, body)

    def patch(self, path: str, body: Any) -> Any:
        """Change ``path``."""
        return self.call("patch", path, body)


@pytest.fixture
def program() -> Callable[[User], Program]:
    """Give ``program(user)``."""
    return Program
