"""What watches a deployed server: metrics and who gets them, and an alert that arrives by e-mail."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.appliance.deployment import Appliance, site_decisions
from tests.appliance.test_operator_tools import IDENTIFIER, MAKE_STUDY
from tests.support.certificates import Authority
from tests.support.mail_server import MailBox, Sign, mail_server_at
from tests.support.waiting import wait_for

MAIL_TO = "it@hospital.example"
# After an e-mail the next about the appliance waits, which an earlier run of the tests may have caused.
ADDRESS = (
    "from noctis.accounts.models import User; from noctis.notifications.models import Mail; "
    'Mail.objects.all().delete(); User.objects.filter(username="admin").update(email="{}")'
)
# As the worker looks every minute, and without the two minutes that a service is given to come back.
LOOK = (
    "from django.conf import settings; settings.NOCTIS_ALERT_ECHO_MINUTES = 0; "
    "from noctis.monitoring.watch import look_at_everything; look_at_everything()"
)
PATIENTS = (
    "SELECT patient_name FROM archive_study UNION SELECT patient_identifier FROM archive_study UNION "
    "SELECT accession_number FROM archive_study UNION SELECT study_instance_uid FROM archive_study"
)
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


@pytest.fixture
def letters(appliance: Appliance, tmp_path: Path) -> Iterator[MailBox]:
    """Give what a mail server on this controller takes: over TLS, from who signs in, for an administrator."""
    site = site_decisions()
    hospital, box = Authority.make(tmp_path / "hospital"), MailBox()
    pair = hospital.sign("mail", names=f"IP:{site['noctis_smtp_host']}")
    trusted = hospital.root.certificate.read_text(encoding="ascii")
    appliance.run(f"install -m 0644 /dev/stdin {site['noctis_smtp_ca_file']} <<'END'\n{trusted}END")
    manage(appliance, ADDRESS.format(MAIL_TO))
    sign = Sign(site["noctis_smtp_user"], site["noctis_smtp_password"])
    with mail_server_at(site["noctis_smtp_port"], box, host=site["noctis_smtp_host"], tls=pair, sign=sign):
        yield box
    manage(appliance, ADDRESS.format(""))


def manage(appliance: Appliance, statement: str) -> None:
    """Let the application carry out a line of Python."""
    appliance.run(f"noctis-manage shell --no-imports --command {shlex.quote(statement)}")


def test_a_dead_dicom_service_is_told_by_e_mail_without_a_word_of_patients(
    appliance: Appliance, letters: MailBox
) -> None:
    manage(appliance, MAKE_STUDY)
    appliance.run("supervisorctl stop noctis-dicom")
    try:
        manage(appliance, LOOK)
        assert metrics(appliance)['noctis_alert_firing{alert="echo"}'] == 1
        wait_for(lambda: letters.raw, "an e-mail", seconds=30)
    finally:
        appliance.run("supervisorctl start noctis-dicom")
    (letter,) = letters.messages
    assert (letters.secured, letters.signed_in, letters.recipients) == ([True], [True], [[MAIL_TO]])
    texts = [part.get_content() for part in letter.walk() if part.get_content_maintype() == "text"]
    assert "The DICOM service does not answer C-ECHO" in texts[0]
    assert f"https://{appliance.web_name}/" in texts[0]
    kept = appliance.run(f"psql service=noctis_readonly --tuples-only --no-align --command {shlex.quote(PATIENTS)}")
    named = [word for word in kept.splitlines() if word]
    assert IDENTIFIER in named
    assert not [word for word in named if any(word in text for text in (*texts, str(letter)))]
    wait_for(lambda: appliance.listens(11112), "the DICOM service", seconds=30)
    manage(appliance, LOOK)
    assert metrics(appliance)['noctis_alert_firing{alert="echo"}'] == 0
