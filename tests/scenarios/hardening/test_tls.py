"""The floor of TLS, as a scanner on another machine finds it."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator

import pytest

from tests.appliance.deployment import Appliance, Machine

AUTHENTICATED = ("GCM", "CHACHA20")


@pytest.fixture(scope="module", params=[443, 2762], ids=["pages", "dicom"])
def scan(appliance: Appliance, modality: Machine, request: pytest.FixtureRequest) -> Iterator[ET.Element]:
    """Give what sslscan says of a port. Its many broken handshakes would have it banned from the second one."""
    appliance.run(f"fail2ban-client set noctis-dicom addignoreip {modality.address}")
    printed = modality.run(f"sslscan --xml=- --sni-name={appliance.web_name} {appliance.address}:{request.param}")
    found = ET.fromstring(printed).find("ssltest")  # noqa: S314  (our own tool's output)
    assert found is not None
    yield found
    appliance.run(f"fail2ban-client set noctis-dicom delignoreip {modality.address}")


def test_nothing_below_tls_1_2_is_spoken(scan: ET.Element) -> None:
    spoken = {f"{one.get('type')}{one.get('version')}" for one in scan.iter("protocol") if one.get("enabled") == "1"}
    assert spoken == {"tls1.2", "tls1.3"}


def test_every_cipher_keeps_forward_secrecy_and_authenticates(scan: ET.Element) -> None:
    ciphers = [str(one.get("cipher")) for one in scan.iter("cipher")]
    assert ciphers
    assert [name for name in ciphers if not name.startswith(("TLS_", "ECDHE-"))] == []
    assert [name for name in ciphers if not any(mode in name for mode in AUTHENTICATED)] == []
    assert {one.get("strength") for one in scan.iter("cipher")} <= {"strong", "acceptable"}


def test_old_weaknesses_are_not_there(scan: ET.Element) -> None:
    assert {one.get("vulnerable") for one in scan.iter("heartbleed")} == {"0"}
    assert {one.get("supported") for one in scan.iter("compression")} <= {"0"}
    renegotiation = scan.find("renegotiation")
    assert renegotiation is not None
    assert renegotiation.get("supported") == "0" or renegotiation.get("secure") == "1"


def test_the_certificate_is_signed_as_today(scan: ET.Element) -> None:
    assert {one.text for one in scan.iter("signature-algorithm")} <= {"ecdsa-with-SHA256", "ecdsa-with-SHA384"}
