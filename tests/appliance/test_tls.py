"""What Nginx answers, to whom, and how well it is encrypted."""

from __future__ import annotations

import re
import ssl

import pytest

from tests.appliance.deployment import Appliance
from tests.support.waiting import wait_for


def test_a_client_that_trusts_the_local_authority_is_served(appliance: Appliance) -> None:
    answer = appliance.get("/healthz")
    assert answer.status == 200
    assert '"ok"' in answer.text


def test_a_client_that_does_not_trust_it_is_warned(appliance: Appliance) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        appliance.get("/healthz", context=ssl.create_default_context())


def test_the_authority_vouches_for_the_appliance_only(appliance: Appliance) -> None:
    shown = appliance.run("openssl x509 -in /etc/noctis/tls/ca.crt -noout -text")
    assert "X509v3 Name Constraints: critical" in shown
    permitted = shown.split("Permitted:")[1].split("Excluded:")[0]
    assert permitted.split() == [f"DNS:{appliance.web_name}"]


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_old_tls_is_refused(appliance: Appliance, version: ssl.TLSVersion) -> None:
    context = appliance.trusting()
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = version
    with pytest.raises(ssl.SSLError, match="PROTOCOL_VERSION"):
        appliance.get("/healthz", context=context)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_current_tls_is_spoken(appliance: Appliance, version: ssl.TLSVersion) -> None:
    context = appliance.trusting()
    context.minimum_version = context.maximum_version = version
    assert appliance.get("/healthz", context=context).status == 200


def test_plain_http_leads_to_https(appliance: Appliance) -> None:
    answer = appliance.get("/worklist?search=x", port=80)
    assert answer.status == 301
    assert answer.headers["location"] == f"https://{appliance.web_name}/worklist?search=x"


@pytest.mark.parametrize("port", [80, 443])
def test_another_name_is_not_answered(appliance: Appliance, port: int) -> None:
    context = appliance.trusting()
    context.check_hostname = False
    with pytest.raises((ConnectionError, ssl.SSLError)):
        appliance.get("/", name="elsewhere.noctis.test", port=port, context=context)


@pytest.mark.parametrize("path", ["/sign-in", "/healthz", "/nothing-here", "/static/nothing-here.js"])
def test_every_answer_carries_the_security_headers_once(appliance: Appliance, path: str) -> None:
    headers = appliance.get(path).headers
    assert headers["strict-transport-security"] == "max-age=31536000"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "same-origin"
    assert "object-src 'none'" in headers["content-security-policy"]
    assert re.fullmatch("nginx", headers["server"])


@pytest.mark.parametrize("path", ["/internal-storage/", "/internal-storage/storage/x", "/var/lib/noctis/", "/media/"])
def test_the_store_of_images_cannot_be_asked_for(appliance: Appliance, path: str) -> None:
    assert appliance.get(path).status in {302, 404}


def test_cookies_are_for_https_only(appliance: Appliance) -> None:
    cookies = appliance.get("/sign-in").headers["set-cookie"]
    assert "Secure" in cookies
    assert "HttpOnly" in cookies


def test_nginx_accepts_its_configuration(appliance: Appliance) -> None:
    appliance.run("nginx -t")


def test_no_other_site_learns_of_a_shared_link(appliance: Appliance) -> None:
    assert appliance.get("/shared/unknown").headers["referrer-policy"] == "no-referrer"
    assert appliance.get("/sign-in").headers["referrer-policy"] == "same-origin"


def test_logs_hold_no_query_and_no_one_time_link(appliance: Appliance) -> None:
    appliance.get("/worklist?search=NAME-OF-A-PATIENT")
    appliance.get("/set-up/SECRET-OF-A-LINK")
    appliance.get("/shared/SECRET-OF-A-LINK")
    requests = appliance.run("cat /var/log/nginx/*.log")
    assert "GET /worklist 302" in requests
    assert "GET /set-up/- " in requests
    assert "GET /shared/- " in requests
    assert "SECRET-OF-A-LINK" not in requests
    assert "NAME-OF-A-PATIENT" not in requests + appliance.run("cat /var/log/noctis/*.log")


def test_no_query_is_logged_while_the_application_does_not_answer(appliance: Appliance) -> None:
    appliance.run("supervisorctl stop noctis-web")
    try:
        assert appliance.get("/worklist?search=NAME-OF-A-PATIENT").status == 502
    finally:
        appliance.run("noctis-apply")
    wait_for(appliance.is_healthy, "a healthy application")
    assert "NAME-OF-A-PATIENT" not in appliance.run("cat /var/log/nginx/*.log")
