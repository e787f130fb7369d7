"""The machines of a Molecule scenario: where they are, how to get in, how to ask them over HTTPS."""

from __future__ import annotations

import http.client
import os
import shlex
import socket
import ssl
import subprocess
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import testinfra
import yaml
from testinfra.host import Host

from tests.support.waiting import wait_for

HTTPS = 443
ACCOUNT = "itstaff"
SSH_OPTIONS = "-o UserKnownHostsFile=/dev/null -o StrictHostKeyChecking=no -o LogLevel=ERROR"


class Machine:
    """A container that is reached as an operator reaches a server: over SSH, with sudo."""

    def __init__(self, name: str, address: str, container: str, key: Path) -> None:
        self.name = name
        self.address = address
        self.container = container
        self._key = key

    @cached_property
    def host(self) -> Host:
        """Testinfra's view of the machine."""
        return testinfra.get_host(
            f"ssh://{ACCOUNT}@{self.address}",
            ssh_identity_file=str(self._key),
            # One connection for everything: the firewall limits how often new ones may come.
            ssh_extra_args=f"{SSH_OPTIONS} -o ControlPath={self._key.parent}/%C",
            sudo=True,
        )

    def run(self, command: str) -> str:
        """Run a shell command as root and return what it printed; it must succeed."""
        done = self.host.run(command)
        assert done.rc == 0, f"{command} ended with {done.rc}:\n{done.stdout}{done.stderr}"
        return str(done.stdout)

    def copy(self, source: Path, target: str) -> None:
        """Copy a folder to the machine."""
        options = shlex.split(SSH_OPTIONS)
        subprocess.run(
            ["scp", "-q", "-r", "-i", self._key, *options, source, f"{ACCOUNT}@{self.address}:{target}"], check=True
        )

    def restart(self) -> None:
        """Restart the machine as a reboot would."""
        subprocess.run(["podman", "restart", "--time", "60", self.container], check=True, capture_output=True)

    def answers(self, port: int) -> bool:
        """Whether this controller reaches a port of the machine."""
        try:
            socket.create_connection((self.address, port), timeout=1).close()
        except OSError:
            return False
        return True


@dataclass(frozen=True)
class Answer:
    """An answer of the web server."""

    status: int
    headers: dict[str, str]
    text: str


class Appliance(Machine):
    """The deployed server, with its name and the authority that its clients trust."""

    def __init__(self, name: str, address: str, container: str, key: Path, web_name: str) -> None:
        super().__init__(name, address, container, key)
        self.web_name = web_name

    @cached_property
    def authority(self) -> str:
        """The certificate of the local authority, as an operator hands it to browsers."""
        return self.run("cat /etc/noctis/tls/ca.crt")

    def trusting(self) -> ssl.SSLContext:
        """Return a client's settings that trust the local authority and nobody else."""
        return ssl.create_default_context(cadata=self.authority)

    def get(
        self,
        path: str,
        *,
        name: str | None = None,
        port: int = HTTPS,
        context: ssl.SSLContext | None = None,
        cookie: str = "",
        authorization: str = "",
    ) -> Answer:
        """Ask for a page under ``name``; certificates are verified unless ``context`` says otherwise."""
        name = name or self.web_name
        with self._unconnected(name, port, context) as stream:
            stream.settimeout(10)
            stream.connect((self.address, port))
            request = http.client.HTTPConnection(name, port)
            request.sock = stream
            sent = {"Host": name, "Cookie": cookie, "Authorization": authorization}
            request.request("GET", path, headers={key: value for key, value in sent.items() if value})
            with request.getresponse() as answer:
                headers = {key.lower(): value for key, value in answer.getheaders()}
                return Answer(answer.status, headers, answer.read().decode(errors="replace"))

    def _unconnected(self, name: str, port: int, context: ssl.SSLContext | None) -> socket.socket:
        """Return a socket to connect: around one that was connected, and reset meanwhile, Python leaks another."""
        if port != HTTPS:
            return socket.socket()
        context = context or self.trusting()
        return context.wrap_socket(socket.socket(), server_hostname=name)

    def is_healthy(self) -> bool:
        """Whether the application answers over HTTPS."""
        try:
            return self.get("/healthz").status == http.client.OK
        except (OSError, http.client.HTTPException):
            return False

    def listens(self, port: int) -> bool:
        """Whether a program on the machine listens on ``port``."""
        return f":{port} " in self.run("ss --no-header --listening --tcp --numeric")

    def restart(self) -> None:
        """Restart the machine and wait until everything is back by itself."""
        assert self.authority  # while it can be asked for
        super().restart()
        wait_for(self.is_healthy, "a healthy application after the restart", seconds=60)
        wait_for(lambda: self.listens(11112), "the DICOM service after the restart", seconds=30)


@dataclass(frozen=True)
class Deployment:
    """An appliance and a modality in the same network."""

    appliance: Appliance
    modality: Machine


def running_deployment() -> Deployment | None:
    """Return the machines of the scenario that Molecule is verifying; None outside Molecule."""
    if not is_deployed():
        return None
    return Deployment(deployed_appliance(), deployed_machine("modality"))


def is_deployed() -> bool:
    """Whether Molecule runs these tests, against the containers of a scenario."""
    return "MOLECULE_EPHEMERAL_DIRECTORY" in os.environ


def deployed_appliance(name: str = "noctis") -> Appliance:
    """Return an appliance of the scenario that Molecule is verifying."""
    return Appliance(name, _address(name), _container(name), _key(), site_decisions()["site_hostname"])


def deployed_machine(name: str) -> Machine:
    """Return a machine of the scenario that Molecule is verifying."""
    return Machine(name, _address(name), _container(name), _key())


def site_decisions() -> Any:
    """Return what the scenario's inventory decides for the appliance."""
    return _inventory("group_vars/appliances.yml")


def _inventory(path: str) -> Any:
    text = (Path(os.environ["MOLECULE_SCENARIO_DIRECTORY"]) / "inventory" / path).read_text(encoding="utf-8")
    return yaml.safe_load(text)


def _address(name: str) -> str:
    groups = _inventory("hosts.yml")["all"]["children"].values()
    return next(str(group["hosts"][name]["ansible_host"]) for group in groups if name in group["hosts"])


def _container(name: str) -> str:
    return f"{_inventory('hosts.yml')['all']['vars']['container_network']}-{name}"


def _key() -> Path:
    return Path(os.environ["MOLECULE_EPHEMERAL_DIRECTORY"]) / "ssh_key"
