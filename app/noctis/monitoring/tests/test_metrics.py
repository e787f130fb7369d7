"""The metrics: who gets them, what they hold, and that the processes of a program count together."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from noctis.data_directory import DataDirectory
from noctis.monitoring.metrics.folders import count_in
from noctis.monitoring.watch import look_at_everything
from noctis.network.models import RemoteApplicationEntity
from noctis.network.tests.conftest import NewService
from noctis.notifications.alerts import raise_alert
from noctis.reading_worklist.tests.factories import make_study
from tests.support.peers import echoscu, send_raw

pytestmark = pytest.mark.django_db
APP = Path(__file__).resolve().parents[3]
TOKEN = "a-token-of-the-monitoring"
Samples = dict[tuple[str, str], float]


def scraped(client: Client, **headers: str) -> Samples:
    """Return the figures by name and values of the labels."""
    answer = client.get("/metrics", headers=headers)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    names: set[str] = set()
    found: Samples = {}
    for family in text_string_to_metric_families(answer.content.decode()):
        assert family.name not in names, "a family stands twice"
        names.add(family.name)
        for sample in family.samples:
            found[sample.name, " ".join(value for _, value in sorted(sample.labels.items()))] = sample.value
    return found


@pytest.mark.parametrize(
    ("address", "token", "status"),
    [
        ("127.0.0.1", "", 200),
        ("::1", "", 200),
        ("10.1.2.3", "", 403),
        ("10.1.2.3", TOKEN, 200),
        ("10.1.2.3", "another", 403),
        ("10.9.2.3", "", 200),
    ],
)
def test_only_who_is_near_or_has_the_token_gets_them(
    client: Client, data_dir, settings, address: str, token: str, status: int
) -> None:
    settings.NOCTIS_METRICS_TOKEN = TOKEN
    settings.NOCTIS_METRICS_NETWORKS = [*settings.NOCTIS_METRICS_NETWORKS, *networks("10.9.0.0/16")]
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    assert client.get("/metrics", headers=headers, REMOTE_ADDR=address).status_code == status


def networks(text: str):
    from noctis.env import Environment

    return Environment({"NETWORKS": text}).networks("NETWORKS")


def test_without_a_token_in_the_settings_none_is_right(client: Client, data_dir) -> None:
    answer = client.get("/metrics", headers={"Authorization": "Bearer "}, REMOTE_ADDR="10.1.2.3")
    assert answer.status_code == 403


def test_behind_a_proxy_its_word_counts(client: Client, data_dir, settings) -> None:
    settings.NOCTIS_BEHIND_TLS = True
    assert client.get("/metrics", headers={"X-Real-IP": "10.1.2.3"}).status_code == 403


def test_they_tell_how_the_watch_and_the_appliance_stand(client: Client, data_dir: DataDirectory, people) -> None:
    make_study(people.north)
    (data_dir.ready / "waits.dcm").touch()
    look_at_everything()
    raise_alert("disk", "The disk is nearly full.")
    found = scraped(client)
    assert found["noctis_studies", ""] == 1
    assert found["noctis_spool_files", ""] == 1
    assert found["noctis_dicom_up", ""] == 0
    assert found["noctis_alert_firing", "disk"] == 1
    assert found["noctis_alert_firing", "clock"] == 0
    assert found["noctis_alert_threshold", "store duration"] == 500
    assert found["noctis_disk_free_bytes", ""] > 0
    assert found["noctis_watch_last_look_timestamp_seconds", ""] == pytest.approx(timezone.now().timestamp(), abs=60)


def test_nothing_of_a_patient_or_of_a_stranger_stands_in_them(
    client: Client, new_service: NewService, make_images, people, settings
) -> None:
    service = new_service()
    settings.NOCTIS_DATA = DataDirectory(service.data_dir)
    send_raw(service.port, make_images(3), calling="NORTH_CT")
    echoscu(service.port, calling="DOE^JANE", called="ANOTHER")
    RemoteApplicationEntity.objects.create(ae_title="NORTH_CT", facility=people.north)
    found = scraped(client)
    assert found["noctis_dicom_up", ""] == 1
    assert found["noctis_dicom_requests_total", "success c_store"] == 3
    assert found["noctis_dicom_request_duration_seconds_count", "c_store"] == 3
    assert found["noctis_dicom_request_duration_seconds_sum", "c_store"] > 0
    assert found["noctis_dicom_peer_instances_total", "NORTH_CT received"] == 3
    assert found["noctis_dicom_connections_total", "rejected"] == 1
    text = client.get("/metrics").content.decode()
    assert "DOE" not in text
    assert "Phantom" not in text


PROGRAM = """
import os, sys
from pathlib import Path
from noctis.data_directory import DataDirectory
from noctis.monitoring.metrics.folders import count_in
count_in(DataDirectory(Path(sys.argv[1])), "web")
from noctis.monitoring.metrics import requests
children = [os.fork() for _ in range(1)]
requests.count("GET", 200, 0.02)
requests.count("BREW", 404, 0.02)
if children[0]:
    os.waitpid(children[0], 0)
"""


def test_what_several_processes_counted_is_added_up_and_begins_anew_with_the_program(
    client: Client, data_dir: DataDirectory, monkeypatch
) -> None:
    for _ in range(2):
        command = [sys.executable, "-c", PROGRAM, str(data_dir.root)]
        subprocess.run(command, env={**os.environ, "PYTHONPATH": str(APP)}, check=True)
    found = scraped(client)
    assert found["noctis_http_requests_total", "GET 200"] == 2, "parent and child, of the second run"
    assert found["noctis_http_requests_total", "other 404"] == 2
    assert found["noctis_http_request_duration_seconds_count", ""] == 4
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", "")  # put back after the test
    count_in(data_dir, "web")
    assert ("noctis_http_requests_total", "other 404") not in scraped(client)
