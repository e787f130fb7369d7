"""The certificate of a public authority comes, is renewed beside running work, and gives way to others and back."""

from __future__ import annotations

import json
import os
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from pynetdicom import AE
from pynetdicom.association import Association

from tests.appliance.deployment import Appliance, Machine, deployed_machine
from tests.support.certificates import Authority, Certificate
from tests.support.waiting import wait_for

HTTPS, DICOM_TLS = 443, 2762
VERIFICATION = "1.2.840.10008.1.1"
ROOT = Path(__file__).resolve().parents[3]
TOKEN = "token-of-the-stand-in"


@pytest.fixture(scope="module")
def internet() -> Machine:
    return deployed_machine("internet")


@pytest.fixture(scope="module")
def trusting(internet: Machine) -> ssl.SSLContext:
    """Give a client's settings that trust the public authority and nobody else."""
    return ssl.create_default_context(cadata=internet.run("curl -sk https://127.0.0.1:15000/roots/0"))


@pytest.fixture(scope="module")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.make(tmp_path_factory.mktemp("tls") / "hospital")


@pytest.fixture(scope="module")
def own(appliance: Appliance, hospital: Authority) -> Certificate:
    return hospital.sign("pacs", names=f"DNS:{appliance.web_name}")


@pytest.fixture
def association(appliance: Appliance, trusting: ssl.SSLContext) -> Iterator[Association]:
    """Give an association over TLS that was made with the present certificate."""
    appliance.run("noctis-manage add_facility MAIN 'Main hospital'")
    appliance.run("noctis-manage add_ae CT_TLS --facility MAIN --require-tls")
    entity = AE("CT_TLS")
    entity.add_requested_context(VERIFICATION)
    made = entity.associate(
        appliance.address, DICOM_TLS, ae_title="NOCTIS_PACS", tls_args=(trusting, appliance.web_name)
    )
    assert made.is_established
    yield made
    made.release()


def shown(appliance: Appliance, port: int) -> x509.Certificate:
    """Return the certificate that a port shows now."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with (
        socket.create_connection((appliance.address, port), timeout=10) as stream,
        context.wrap_socket(stream, server_hostname=appliance.web_name) as secured,
    ):
        return x509.load_der_x509_certificate(secured.getpeercert(binary_form=True) or b"")


def both_show(appliance: Appliance, certificate: x509.Certificate) -> bool:
    """Whether Nginx and the DICOM service show a certificate; each acceptor is asked often enough to be met."""
    return all(shown(appliance, port) == certificate for port in [HTTPS, HTTPS, *[DICOM_TLS] * 6])


def play(appliance: Appliance, **decisions: Any) -> None:
    """Let site.yml carry out what the site decided about its certificate."""
    inventory = Path(os.environ["MOLECULE_SCENARIO_DIRECTORY"]) / "inventory"
    program = Path(sys.executable).with_name("ansible-playbook")
    environment = {**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_HOST_KEY_CHECKING": "false"}
    done = subprocess.run(
        [program, "-i", inventory, "site.yml", "--tags", "letsencrypt", "--extra-vars", json.dumps(decisions)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert TOKEN not in done.stdout + done.stderr


def status(appliance: Appliance) -> dict[str, Any]:
    """Return what the server's command tells."""
    told: dict[str, Any] = json.loads(appliance.run("noctis-certificate status --json"))
    return told


def updates(internet: Machine) -> list[dict[str, str]]:
    """Return what the provider of dynamic DNS was told."""
    return [json.loads(line) for line in internet.run("cat /var/log/dns-provider.json").splitlines()]


def test_the_public_authority_gave_the_certificate(appliance: Appliance, trusting: ssl.SSLContext) -> None:
    assert appliance.get("/healthz", context=trusting).status == 200
    told = status(appliance)
    assert (told["chosen"], told["in_use"]) == ("letsencrypt", "letsencrypt")
    assert told["names"] == [appliance.web_name]
    assert "Pebble" in told["issuer"]
    assert 3 <= told["days_left"] <= 5
    assert int(told["serial"], 16) == shown(appliance, HTTPS).serial_number == shown(appliance, DICOM_TLS).serial_number


def test_the_port_of_the_challenge_was_open_for_it_only(appliance: Appliance, internet: Machine) -> None:
    assert "while a certificate is asked for" not in appliance.run("ufw show added")
    assert appliance.answers(80)
    assert internet.host.run(f"curl --max-time 2 http://{appliance.address}/").rc == 28


def test_a_renewal_is_taken_by_nginx_and_dicom_while_an_association_goes_on(
    appliance: Appliance, association: Association, trusting: ssl.SSLContext
) -> None:
    before = shown(appliance, HTTPS)
    assert appliance.host.service("certbot.timer").is_enabled
    appliance.run("systemctl start certbot.service")
    renewed = x509.load_pem_x509_certificate(appliance.run("cat /etc/noctis/tls/current/fullchain.pem").encode())
    assert renewed.serial_number != before.serial_number
    wait_for(lambda: both_show(appliance, renewed), "the renewed certificate on both ports")
    assert association.send_c_echo().Status == 0x0000
    assert appliance.get("/healthz", context=trusting).status == 200


def test_the_provider_of_the_changing_address_was_told(appliance: Appliance, internet: Machine) -> None:
    told = updates(internet)[0]
    assert told["domains"] == appliance.web_name
    assert (told["from"], told["answer"].split()[0]) == (appliance.address, "OK")
    assert appliance.host.service("noctis-dynamic-dns.timer").is_enabled
    written = appliance.run("journalctl --no-pager")
    assert f"{appliance.web_name}: updated" in written
    assert TOKEN not in written


def test_a_certificate_of_the_site_takes_over(
    appliance: Appliance, internet: Machine, hospital: Authority, own: Certificate
) -> None:
    play(
        appliance,
        site_certificate="own",
        letsencrypt_own_certificate=str(own.certificate),
        letsencrypt_own_key=str(own.key),
        letsencrypt_own_authority=str(hospital.root.certificate),
        letsencrypt_dynamic_dns="dyndns2",
        letsencrypt_dynamic_dns_url="http://dns.noctis.test:8080/nic/update",
        letsencrypt_dynamic_dns_user="noctis",
    )
    given = x509.load_pem_x509_certificate(own.certificate.read_bytes())
    wait_for(lambda: both_show(appliance, given), "the site's certificate on both ports")
    context = ssl.create_default_context(cafile=str(hospital.root.certificate))
    assert appliance.get("/healthz", context=context).status == 200
    assert status(appliance)["in_use"] == "own"
    assert not appliance.host.service("certbot.timer").is_enabled
    assert updates(internet)[-1] == {
        "path": "/nic/update",
        "from": appliance.address,
        "answer": "good 192.0.2.1",
        "hostname": appliance.web_name,
    }


def test_one_that_cannot_be_used_is_refused_and_the_one_before_stays(
    appliance: Appliance, hospital: Authority, own: Certificate
) -> None:
    other = hospital.sign("other", names="DNS:other.noctis.test").certificate.read_text(encoding="ascii")
    appliance.run(f"cat >/etc/noctis/tls/own/fullchain.pem <<'END'\n{other}END")
    done = appliance.host.run("noctis-certificate deploy")
    assert done.rc == 1
    assert "The key does not fit the certificate" in done.stderr
    assert f"The certificate is not for the name {appliance.web_name}" in done.stderr
    assert shown(appliance, HTTPS) == x509.load_pem_x509_certificate(own.certificate.read_bytes())
    appliance.run("nginx -t")


def test_the_local_authority_takes_over_and_gives_way(appliance: Appliance, own: Certificate) -> None:
    appliance.run(f"cat >/etc/noctis/tls/own/fullchain.pem <<'END'\n{own.certificate.read_text(encoding='ascii')}END")
    for source in ("local", "own"):
        appliance.run(f"""sed -i 's/"source": ".*"/"source": "{source}"/' /etc/noctis/certificate.json""")
        assert f"The certificate of the source {source} is in use" in appliance.run("noctis-certificate deploy")
        assert appliance.run("noctis-certificate deploy") == ""
        if source == "local":
            wait_for(lambda: appliance.get("/healthz").status == 200, "the local authority's certificate")
    given = x509.load_pem_x509_certificate(own.certificate.read_bytes())
    wait_for(lambda: both_show(appliance, given), "the site's certificate on both ports")


def test_the_public_authority_is_answered_in_the_dns_too(
    appliance: Appliance, internet: Machine, trusting: ssl.SSLContext
) -> None:
    before = shown(appliance, HTTPS)
    play(appliance, letsencrypt_challenge="dns-01", letsencrypt_dns="duckdns", letsencrypt_dns_seconds=0)
    entries = [told for told in updates(internet) if "txt" in told]
    assert [told.get("clear", "false") for told in entries] == ["false", "true"]
    assert appliance.get("/healthz", context=trusting).status == 200
    assert status(appliance)["in_use"] == "letsencrypt"
    assert shown(appliance, HTTPS).serial_number != before.serial_number
    assert appliance.host.service("certbot.timer").is_enabled
