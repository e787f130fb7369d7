"""Echo now, and the sheet for the engineer."""

from __future__ import annotations

import hashlib
import ssl
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from noctis.network.models import RemoteApplicationEntity
from noctis.network.outgoing_transport import Address
from noctis.network.verification_scu import EchoResult
from noctis.operations.views import entity_tools
from tests.support.certificates import Authority

HTMX = {"HX-Request": "true"}


@pytest.fixture
def administrator(client: Client, people) -> Client:
    client.force_login(people.administrator)
    return client


@pytest.fixture
def reachable(entity: RemoteApplicationEntity) -> RemoteApplicationEntity:
    entity.host, entity.port = "ct.example", 104
    entity.save()
    return entity


def echo(client: Client, entity: RemoteApplicationEntity, **headers: str) -> str:
    address = reverse("operations:echo_application_entity", kwargs={"pk": entity.pk})
    return client.post(address, headers=headers, follow=True).content.decode()


@pytest.mark.parametrize(
    ("result", "words"),
    [
        (EchoResult(milliseconds=3.25), "answered"),
        (EchoResult(trouble="its host name is unknown"), "NORTH_CT: its host name is unknown."),
    ],
)
@pytest.mark.parametrize("headers", [HTMX, {}])
def test_the_result_of_an_echo_is_told(
    administrator: Client,
    reachable: RemoteApplicationEntity,
    monkeypatch: pytest.MonkeyPatch,
    result: EchoResult,
    words: str,
    headers: dict[str, str],
) -> None:
    asked: list[Address] = []

    def answer(address: Address) -> EchoResult:
        asked.append(address)
        return result

    monkeypatch.setattr(entity_tools, "echo_in_time", answer)
    text = echo(administrator, reachable, **headers)
    assert words in text
    assert ("3.3 ms" in text or "3.2 ms" in text) is result.is_success
    assert [(address.ae_title, address.host, address.port) for address in asked] == [("NORTH_CT", "ct.example", 104)]


@pytest.mark.parametrize("headers", [HTMX, {}])
def test_a_device_without_an_address_is_not_asked(administrator, entity, headers):
    assert "o host and port are known for it" in echo(administrator, entity, **headers)


def test_the_page_of_a_device_has_its_tools_and_attempts(administrator, reachable, attempt):
    attempt.calling_ae_title = "NORTH_CT"
    attempt.save()
    address = reverse("operations:edit_application_entity", kwargs={"pk": reachable.pk})
    text = administrator.get(address).content.decode()
    for part in ("Echo now", "Settings sheet", "ct.example:104", "was refused: unknown AE title"):
        assert part in text


def sheet(client: Client, entity: RemoteApplicationEntity | None = None) -> str:
    name = "application_entity_sheet" if entity else "settings_sheet"
    address = reverse(f"operations:{name}", kwargs={"pk": entity.pk} if entity else {})
    return client.get(address).content.decode()


def test_the_sheet_tells_both_sides(administrator, reachable, settings):
    settings.NOCTIS_DICOM_PORT = 11999
    text = sheet(administrator, reachable)
    for part in ("NOCTIS_PACS", "11999", "NORTH_CT", "ct.example", "North hospital", "C-ECHO", "MPPS"):
        assert part in text
    assert "TLS 1.2 or 1.3" not in text


def test_the_sheet_names_only_what_the_device_may_use(administrator, entity):
    entity.services = "verification storage"
    entity.save()
    text = sheet(administrator, entity)
    assert "Every storage SOP class" in text
    assert "MPPS N-CREATE" not in text
    assert "<dt>Retrieve</dt>" not in text


def test_the_sheet_shows_the_fingerprint_to_compare(administrator, entity, settings, tmp_path: Path):
    server = Authority.make(tmp_path / "hospital").sign("server")
    settings.NOCTIS_DICOM_TLS_CERTIFICATE, settings.NOCTIS_DICOM_TLS_PORT = str(server.certificate), 2763
    der = ssl.PEM_cert_to_DER_cert(server.certificate.read_text(encoding="ascii"))
    digest = hashlib.sha256(der).hexdigest().upper()
    pairs = [digest[at : at + 2] for at in range(0, 64, 2)]
    text = sheet(administrator, entity)
    assert "2763" in text
    assert ":".join(pairs[:8]) in text
    assert ":".join(pairs[24:]) in text


def test_a_certificate_that_cannot_be_read_is_no_error(administrator, entity, settings):
    settings.NOCTIS_DICOM_TLS_CERTIFICATE = "/nowhere/server.pem"
    assert "ask the administrator" in sheet(administrator, entity)


def test_a_device_that_must_use_tls_is_not_told_the_plain_port(administrator, entity, settings):
    settings.NOCTIS_DICOM_PORT, settings.NOCTIS_DICOM_TLS_CERTIFICATE = 11999, "/nowhere/server.pem"
    entity.requires_tls = True
    entity.save()
    assert "11999" not in sheet(administrator, entity)


def test_a_sheet_without_a_device_leaves_room(administrator):
    assert 'class="blank"' in sheet(administrator)
