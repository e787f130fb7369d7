"""The metrics of a deployed server: what they say, and who gets them."""

from __future__ import annotations

import re

from tests.appliance.deployment import Appliance
from tests.support.waiting import wait_for

NODE_EXPORTER = 'import urllib.request as web; print(web.urlopen("http://127.0.0.1:9100/metrics").read().decode())'


def metrics(appliance: Appliance) -> dict[str, float]:
    """Return the figures, as Prometheus gets them with the token."""
    token = appliance.run("cat /etc/noctis/secrets/metrics_token").strip()
    text = appliance.get("/metrics", authorization=f"Bearer {token}").text
    lines = (line.rpartition(" ") for line in text.splitlines() if line[:1] != "#")
    return {name: float(value) for name, _, value in lines}


def test_the_metrics_of_all_programs_are_there(appliance: Appliance) -> None:
    watched = 'noctis_jobs_total{outcome="done",task="watch_the_appliance"}'
    wait_for(lambda: metrics(appliance).get(watched), "a look of the worker", seconds=90)
    found = metrics(appliance)
    assert found["noctis_dicom_up"] == 1
    assert found['noctis_http_requests_total{method="GET",status="200"}'] >= 1
    assert found['noctis_certificate_expiry_timestamp_seconds{path="/etc/noctis/tls/current/fullchain.pem"}'] > 0


def test_others_do_not_get_the_metrics_without_the_token(appliance: Appliance) -> None:
    assert appliance.get("/metrics").status == 403
    assert appliance.get("/metrics", authorization="Bearer another").status == 403


def test_the_node_exporter_answers_this_machine_alone(appliance: Appliance) -> None:
    assert "node_memory_MemAvailable_bytes" in appliance.run(f"python3 -c '{NODE_EXPORTER}'")
    listening = appliance.run("ss --no-header --listening --tcp --numeric sport = :9100")
    assert re.findall(r"\S+:9100", listening) == ["127.0.0.1:9100"]
