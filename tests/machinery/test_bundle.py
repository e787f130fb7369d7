"""A bundle names every Debian package that the roles may install, and holds what playbooks call on the controller."""

from __future__ import annotations

import re
import subprocess
import sys

from tests.support.scripts import script


def test_the_packages_of_every_role_are_named_whatever_the_inventory_says():
    packages = set(script("build-bundle").debian_packages())
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9+.-]+", name) for name in packages)
    # A list in a variable, one of a condition, one of the other, a name with a version in it.
    assert {"acl", "nfs-common", "systemd-timesyncd", "certbot", "nginx"} <= packages
    assert any(re.fullmatch(r"postgresql-\d+", name) for name in packages)


def test_the_controller_can_look_at_a_server_from_outside(tmp_path):
    script("build-bundle").copy_tree(tmp_path)
    playbook = (tmp_path / "playbooks" / "verify.yml").read_text()
    assert "-m noctisctl.outside" in playbook
    subprocess.run([sys.executable, "-c", "import noctisctl.outside"], cwd=tmp_path / "app", check=True)
