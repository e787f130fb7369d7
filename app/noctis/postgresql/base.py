"""The module in which Django looks for a backend."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db.backends.postgresql import base
from psycopg2 import OperationalError

from noctis.changing_secret import ChangingSecret


class DatabaseWrapper(base.DatabaseWrapper):
    """Signs in with what stands in the password's file at that moment."""

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Connect; where the present password is refused, with the coming one."""
        secret: ChangingSecret = self.settings_dict["PASSWORD_SOURCE"]
        refusal: OperationalError | None = None
        for password in secret.candidates():
            given = {"password": password} if password else {}
            try:
                return super().get_new_connection({**conn_params, **given})
            except OperationalError as error:
                refusal = error
        raise refusal or ImproperlyConfigured(f"{secret.path} is gone; it holds the password of the database.")
