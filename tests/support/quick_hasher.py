"""The appliance's password hasher, at a cost that tests can bear."""

from __future__ import annotations

from django.contrib.auth.hashers import Argon2PasswordHasher


class QuickArgon2PasswordHasher(Argon2PasswordHasher):
    """Argon2 with the least memory and time."""

    time_cost = 1
    memory_cost = 8
    parallelism = 1
