"""The network that browser tests run in."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may leave the machine's network")
def test_a_program_reaches_itself_and_nobody_else() -> None:
    script = (
        "import socket\n"
        "server = socket.create_server(('127.0.0.1', 0))\n"
        "socket.create_connection(server.getsockname()).close()\n"
        "try: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(('198.51.100.1', 9))\n"
        "except OSError as error: print(error.strerror)\n"
    )
    command = [sys.executable, "-m", "tests.support.own_network", sys.executable, "-c", script]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if "stays in the machine's network" in done.stderr:
        pytest.skip("this machine lets nobody leave its network")
    assert (done.returncode, done.stdout) == (0, "Network is unreachable\n"), done.stderr
