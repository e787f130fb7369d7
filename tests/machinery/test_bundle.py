"""A bundle names every Debian package that the roles may install."""

from __future__ import annotations

import re

from tests.support.scripts import script


def test_the_packages_of_every_role_are_named_whatever_the_inventory_says():
    packages = set(script("build-bundle").debian_packages())
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9+.-]+", name) for name in packages)
    # A list in a variable, one of a condition, one of the other, a name with a version in it.
    assert {"acl", "nfs-common", "systemd-timesyncd", "certbot", "nginx"} <= packages
    assert any(re.fullmatch(r"postgresql-\d+", name) for name in packages)
