"""``dicom-server`` starts, answers, counts and stops."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pydicom import dcmread

from noctis.network.tests.dicom_server_command import Server
from tests.support.certificates import Authority
from tests.support.databases import own_file
from tests.support.peers import RawSender, SentObject, bit_preserving_storescp, dcmtk, echoscu, storescu
from tests.support.ports import free_ports
from tests.support.servers import new_database
from tests.support.waiting import wait_for, wait_until_said

pytestmark = pytest.mark.integration

NewServer = Callable[..., Server]
PRODUCTION = {
    "NOCTIS_EMBEDDED": "false",
    "NOCTIS_SECRET_KEY": "s" * 64,
    "NOCTIS_ALLOWED_HOSTS": "pacs.example",
    "NOCTIS_DATABASE_URL": "postgresql://noctis@/nothing?host=/nowhere",
    "NOCTIS_REDIS_URL": "redis://127.0.0.1:1/0",
    "NOCTIS_REDIS_PASSWORD": "unused",
    "NOCTIS_DICOM_HOST": "127.0.0.1",
}


@pytest.fixture
def new_server(tmp_path: Path) -> Iterator[NewServer]:
    """Give ``new_server(**environment)``, which ends with the test; its own database is up to date."""
    made: list[Server] = []

    def new(**environment: str) -> Server:
        made.append(Server(tmp_path / f"data{len(made)}", environment))
        own_file(made[-1].data_dir / "noctis.sqlite3")
        return made[-1]

    yield new
    for server in made:
        if server.process is not None:
            server.end()
            assert "Traceback" not in server.said()


def database_options() -> list[str]:
    """Return the options for a new database of the kind that the tests run with."""
    url = os.environ.get("NOCTIS_DATABASE_URL")
    return ["--database", "postgres", "--database-url", new_database(url)] if url else ["--database", "sqlite"]


def configuration(folder: Path, **content: object) -> list[str]:
    """Write a configuration file and return the option that names it."""
    path = folder / "config.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    path.chmod(0o600)
    return ["--config", str(path)]


def study_of(image: SentObject) -> str:
    """Return the Study Instance UID of an object."""
    return str(dcmread(image.path, stop_before_pixels=True).StudyInstanceUID)


def test_it_lies_in_the_virtual_environment() -> None:
    program = Path(sys.prefix) / "bin" / "dicom-server"
    done = subprocess.run([program, "--help"], capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert all(command in done.stdout for command in ("start", "status", "stop", "stats"))


@pytest.mark.sqlite
def test_it_starts_answers_counts_and_stops(new_server: NewServer, ct: SentObject) -> None:
    server = new_server()
    server.start("--aet", "MY_PACS", "--max-connections", "20", *database_options())
    assert "Associations:   at most 20 at one time" in server.output

    status = server.run("status")
    assert re.fullmatch(
        rf"MY_PACS answers at 127\.0\.0\.1 port {server.port}: C-ECHO took \d+\.\d ms,"
        r" the association before it \d+\.\d ms\.\n",
        status.stdout,
    )
    assert server.run("status", "--verbose", "--host", "127.0.0.1", "--port", str(server.port), "--aet", "MY_PACS")
    assert json.loads(server.run("status", "--json").stdout)["answers"] is True

    dcmtk("storescu", "-aet", "CT1", "-aec", "MY_PACS", "127.0.0.1", str(server.port), str(ct.path))
    found = server.stats()
    assert found["service"]["running"] is True
    assert found["services"]["c_echo"]["requests"] == 3
    assert found["instances"] == {"received": 1, "sent": 0}
    text = server.run("stats", "--verbose", "--port", str(server.port)).stdout
    assert re.search(rf"^MY_PACS on 127\.0\.0\.1 port {server.port}: running for \d+ s$", text, re.MULTILINE)
    assert re.search(r"^C-STORE +1 +1 +0 +1 ", text, re.MULTILINE)
    assert re.search(r"^CT1 ", text, re.MULTILINE)

    processes = server.processes()
    assert "has stopped" in server.run("stop").stdout
    assert server.end() == 0
    assert not any(Path(f"/proc/{process}").exists() for process in processes)
    assert server.run("status", check=False).returncode == 1
    assert "not running" in server.run("stats").stdout
    again = server.run("stop", check=False)
    assert (again.returncode, again.stderr) == (1, f"dicom-server: No DICOM service runs in {server.data_dir}.\n")


def test_a_configuration_file_is_all_it_needs(new_server: NewServer, tmp_path: Path) -> None:
    server = new_server()
    config = configuration(
        tmp_path,
        aeTitle="HOSPITAL_PACS",
        port=1,
        dataDirectory="/nowhere",
        databaseURL="",
        maxConcurrentConnections=50,
        maxPDUSize=32768,
        allowedCallingAETitles=["CT1"],
        blockedCallingAETitles=["OLD"],
        verbose=False,
        enableTLS=False,
    )
    server.start(*config)  # its port and its data directory come from options
    assert echoscu(server.port, calling="CT1", called="HOSPITAL_PACS").returncode == 0
    assert echoscu(server.port, calling="MR1", called="HOSPITAL_PACS").returncode != 0
    assert echoscu(server.port, calling="OLD", called="HOSPITAL_PACS").returncode != 0
    asked = dcmtk("echoscu", "-d", "-aet", "CT1", "-aec", "HOSPITAL_PACS", "127.0.0.1", str(server.port))
    assert re.search(r"Their Max PDU Receive Size: +32768", asked.stdout + asked.stderr)
    assert server.run("status", *config).returncode == 0, "this machine itself is not on the list, and need not be"


def test_a_known_destination_can_be_moved_to(new_server: NewServer, tmp_path: Path, ct: SentObject) -> None:
    server = new_server()
    received = tmp_path / "received"
    received.mkdir()
    with bit_preserving_storescp(received) as port:
        destinations = {"WORKSTATION": {"host": "127.0.0.1", "port": port, "aeTitle": "WS"}}
        server.start(*configuration(tmp_path, knownDestinations=destinations), *database_options())
        assert storescu(server.port, [ct.path]).returncode == 0
        study = ["-k", "QueryRetrieveLevel=STUDY", "-k", f"StudyInstanceUID={study_of(ct)}"]
        address = ["-aec", "NOCTIS_PACS", "127.0.0.1", str(server.port)]
        assert dcmtk("movescu", "-S", "-aem", "WORKSTATION", *study, *address).returncode == 0
        assert dcmtk("movescu", "-S", "-aem", "ELSEWHERE", *study, *address).returncode != 0
    assert len(list(received.glob("*CT*"))) == 1
    assert server.stats()["services"]["c_move"]["failure"] == 1


def test_a_stop_lets_a_running_association_finish(new_server: NewServer, ct: SentObject) -> None:
    server = new_server()
    server.start()
    with RawSender(server.port, [ct]) as sender:
        stop = server.run("stop", "--timeout", "1", check=False)
        assert "was told to stop and has not ended within 1 seconds" in stop.stderr
        assert sender.send(ct)[0] == 0
    assert server.end() == 0


def test_tls_is_spoken_on_a_port_of_its_own(new_server: NewServer, tmp_path: Path) -> None:
    server, authority = new_server(), Authority.make(tmp_path / "authority")
    own = authority.sign("pacs")
    (tls_port,) = free_ports(1)
    files = {"tlsCertificate": str(own.certificate), "tlsPrivateKey": str(own.key)}
    server.start(*configuration(tmp_path, enableTLS=True, **files), "--tls-port", str(tls_port))
    trusting = ["+tla", "+cf", str(authority.root.certificate)]
    done = dcmtk("echoscu", *trusting, "-aec", "NOCTIS_PACS", "127.0.0.1", str(tls_port))
    assert done.returncode == 0, done.stdout + done.stderr
    assert server.stats()["service"]["tls_port"] == tls_port


def test_tls_without_a_certificate_is_refused(new_server: NewServer) -> None:
    assert "TLS needs a certificate and its key" in new_server().run("start", "--tls", check=False).stderr


def test_what_cannot_start_says_why(new_server: NewServer, tmp_path: Path) -> None:
    server = new_server()
    server.start()
    taken = server.run("start", "--port", str(server.port), check=False)
    assert taken.returncode == 1
    assert f"dicom-server: Another DICOM service already works in {server.data_dir}." in taken.stderr
    other = new_server().run("start", "--port", str(server.port), check=False)
    assert "Address already in use" in other.stderr
    file = tmp_path / "file"
    file.touch()
    unusable = new_server().run_freely("start", "--data-dir", str(file / "data"))
    assert unusable.stderr == f"dicom-server: {file / 'data'} cannot be the data directory: Not a directory.\n"
    bad = new_server().run("start", *configuration(tmp_path, colour="red"), check=False)
    assert (bad.returncode, bad.stdout) == (1, "")
    assert "“colour” is not a key of this file" in bad.stderr


@pytest.mark.parametrize(
    ("environment", "advice"),
    [
        (
            {"SUPERVISOR_PROCESS_NAME": "noctis-dicom", "SUPERVISOR_GROUP_NAME": "noctis-dicom"},
            "supervisorctl stop noctis-dicom",
        ),
        ({"NOCTIS_KEPT_BY": "Ctrl-C where “make run” runs."}, "Ctrl-C where “make run” runs."),
    ],
)
def test_a_service_that_would_come_back_is_not_stopped(
    new_server: NewServer, environment: dict[str, str], advice: str
) -> None:
    server = new_server(**environment)
    server.start()
    refused = server.run("stop", check=False)
    assert refused.returncode == 1
    assert f"To stop it for good: {advice}" in refused.stderr
    assert server.run("status").returncode == 0


def test_a_dead_service_is_not_taken_for_a_running_one(new_server: NewServer) -> None:
    server = new_server()
    server.start()
    assert server.process is not None
    processes = server.processes()
    server.process.kill()
    server.process.wait()
    wait_for(lambda: not any(Path(f"/proc/{process}").exists() for process in processes), "the end of the children")
    assert server.stats()["service"] | {"started_at": "", "pid": 0} == {
        "running": False,
        "ae_title": "NOCTIS_PACS",
        "host": "127.0.0.1",
        "port": server.port,
        "tls_port": None,
        "started_at": "",
        "pid": 0,
        "uptime_seconds": None,
    }
    assert "No DICOM service runs" in server.run("stop", check=False).stderr


def test_the_port_must_be_that_of_the_service(new_server: NewServer) -> None:
    server = new_server()
    server.start()
    for command in ("stop", "stats"):
        done = server.run(command, "--port", "1", check=False)
        assert f"listens on port {server.port}, not 1" in done.stderr
    assert "nobody takes the connection" in server.run("status", "--port", "1", check=False).stderr
    assert "Called AE title not recognised" in server.run("status", "--aet", "OTHER", check=False).stderr


def test_verbose_shows_associations_but_no_identifier_and_no_passcode(
    new_server: NewServer, tmp_path: Path, ct: SentObject
) -> None:
    server = new_server()
    server.start("--verbose")
    assert "Verbose: this log may show patient data." in server.output
    address = ["-aec", "NOCTIS_PACS", "127.0.0.1", str(server.port)]
    dcmtk("findscu", "-S", "-k", "QueryRetrieveLevel=STUDY", "-k", "PatientName=HEIMLICH*", *address)
    dcmtk("storescu", "--user", "somebody", "--password", "geheim", *address, str(ct.path))
    server.end()
    wait_until_said(server, "INCOMING A-ASSOCIATE-RQ PDU")
    assert "HEIMLICH" not in server.said()
    assert "geheim" not in server.said()


def test_verbose_is_refused_on_a_server(new_server: NewServer, tmp_path: Path) -> None:
    for option in (["--verbose"], configuration(tmp_path, verbose=True)):
        refused = new_server(**PRODUCTION).run("start", *option, check=False)
        assert refused.returncode == 1
        assert (
            "verbose is refused on a server: details of associations in the log may show patient data" in refused.stderr
        )


def test_a_server_keeps_to_its_checks(new_server: NewServer) -> None:
    refused = new_server(**PRODUCTION).run("start", "--database", "sqlite", check=False)
    assert "A server keeps its index in PostgreSQL" in refused.stderr
    refused = new_server(**PRODUCTION).run("start", "--database", "none", check=False)
    assert "A server keeps its index in PostgreSQL" in refused.stderr


def test_a_database_that_is_away_is_named_without_its_password(new_server: NewServer, tmp_path: Path) -> None:
    config = configuration(tmp_path, databaseURL="postgresql://u:geheim@127.0.0.1:1/x?connect_timeout=1")
    refused = new_server().run("start", *config, check=False)
    assert refused.returncode == 1
    assert "The database does not answer" in refused.stderr
    assert "geheim" not in refused.stdout + refused.stderr


@pytest.mark.skipif("NOCTIS_DATABASE_URL" not in os.environ, reason="needs PostgreSQL")
def test_a_password_is_neither_printed_nor_shown_to_others(new_server: NewServer, tmp_path: Path) -> None:
    server = new_server()
    url = new_database(os.environ["NOCTIS_DATABASE_URL"]).replace("@", ":geheim@", 1)
    server.start(*configuration(tmp_path, databaseURL=url))
    for process in server.processes():
        for name in ("cmdline", "environ"):
            assert b"geheim" not in Path(f"/proc/{process}/{name}").read_bytes()
    wait_until_said(server, "Database:       PostgreSQL")
    server.end()
    assert "geheim" not in server.said()
    refused = new_server().run("start", "--database", "postgres", "--database-url", url, check=False)
    assert "NOCTIS_DATABASE_PASSWORD_FILE" in refused.stderr
    assert "geheim" not in refused.stdout + refused.stderr


@pytest.mark.skipif("NOCTIS_DATABASE_URL" not in os.environ, reason="needs PostgreSQL")
def test_a_server_is_migrated_by_its_deployment_and_answers_itself(new_server: NewServer) -> None:
    url = new_database(os.environ["NOCTIS_DATABASE_URL"])
    server = new_server(**PRODUCTION | {"NOCTIS_DATABASE_URL": url})
    assert "noctis-manage migrate" in server.run("start", check=False).stderr
    prepared = new_server(NOCTIS_DATABASE_URL=url)
    prepared.start()  # an embedded one migrates
    prepared.end()
    server.start("--force-verbose")
    assert "Verbose: this log may show patient data." in server.output
    assert server.run("status").returncode == 0
    assert echoscu(server.port).returncode != 0, "anybody else is unknown"
