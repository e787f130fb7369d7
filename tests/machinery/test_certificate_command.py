"""What the server's command for its certificate takes, and what it says of what it does not take."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from roles.letsencrypt.files import noctis_certificate
from roles.letsencrypt.files.noctis_certificate import Pair, Site, Trouble, chosen, covers, problems
from tests.support.certificates import Authority, Certificate

NAME = "pacs.hospital.example"
NAMES = f"DNS:{NAME},IP:10.20.0.5"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.make(tmp_path_factory.mktemp("tls") / "hospital")


@pytest.fixture(scope="module")
def server(root: Authority) -> Certificate:
    return root.sign("server", names=NAMES)


def own(pair: Certificate, root: Authority) -> Pair:
    return Pair("own", pair.certificate, pair.key, root.root.certificate)


def openssl(*arguments: str | Path) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


def below_another(root: Authority, folder: Path) -> Authority:
    """Return an authority that the root vouches for."""
    between = Certificate(folder / "between.pem", folder / "between.key")
    extensions = folder / "between.ext"
    extensions.write_text("basicConstraints=critical,CA:TRUE\n", encoding="ascii")
    request = folder / "between.csr"
    openssl(
        "req", "-new", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=between", "-keyout", between.key, "-out", request
    )
    signer = ("-CA", root.root.certificate, "-CAkey", root.root.key, "-CAcreateserial", "-days", "30")
    openssl("x509", "-req", *signer, "-in", request, "-out", between.certificate, "-extfile", extensions)
    return Authority(folder, between)


def test_a_fitting_pair_is_taken(root: Authority, server: Certificate) -> None:
    assert problems(own(server, root), NAME) == []
    assert covers(server.certificate, "10.20.0.5")
    assert not covers(server.certificate, "10.20.0.6")


def test_the_key_of_another_certificate_is_refused(root: Authority, server: Certificate) -> None:
    other = root.sign("other", names=NAMES)
    (said,) = problems(own(Certificate(server.certificate, other.key), root), NAME)
    assert said.startswith("The key does not fit the certificate")


def test_a_key_with_a_passphrase_is_refused_without_asking_for_it(
    root: Authority, server: Certificate, tmp_path: Path
) -> None:
    locked = tmp_path / "locked.key"
    openssl("pkey", "-in", server.key, "-aes256", "-passout", "pass:secret", "-out", locked)
    (said,) = problems(own(Certificate(server.certificate, locked), root), NAME)
    assert "take the passphrase off" in said


def test_a_certificate_for_another_name_is_refused(root: Authority, server: Certificate) -> None:
    (said,) = problems(own(server, root), "elsewhere.hospital.example")
    assert said == "The certificate is not for the name elsewhere.hospital.example: have it issued with that name."


@pytest.mark.parametrize(
    ("first", "last", "what"),
    [("20200101000000Z", "20200201000000Z", "ended on"), ("20990101000000Z", "20990201000000Z", "begins on")],
)
def test_a_certificate_is_refused_before_and_after_its_time(root: Authority, first: str, last: str, what: str) -> None:
    timed = root.sign(f"timed-{first}", names=NAMES, first=first, last=last)
    said = problems(own(timed, root), NAME)
    assert any(what in sentence for sentence in said)


def test_a_chain_has_to_be_complete(root: Authority, tmp_path: Path) -> None:
    between = below_another(root, tmp_path)
    server = between.sign("below", names=NAMES)
    (said,) = problems(own(server, root), NAME)
    assert "append the certificates between it and the root" in said
    # Beside the root it would be on the server alone, and no client would have it.
    beside = tmp_path / "beside.pem"
    beside.write_text(root.root.certificate.read_text() + between.root.certificate.read_text(), encoding="ascii")
    assert problems(Pair("own", server.certificate, server.key, beside), NAME)
    whole = tmp_path / "whole.pem"
    whole.write_text(server.certificate.read_text() + between.root.certificate.read_text(), encoding="ascii")
    assert problems(Pair("own", whole, server.key, root.root.certificate), NAME) == []


def test_the_root_of_an_unknown_authority_has_to_be_given(root: Authority, server: Certificate) -> None:
    pair = Pair("own", server.certificate, server.key, noctis_certificate.SYSTEM_AUTHORITIES)
    (said,) = problems(pair, NAME)
    assert "name the root of an authority of your own" in said


def test_something_else_than_a_certificate_is_refused(root: Authority, server: Certificate) -> None:
    (said,) = problems(own(Certificate(server.key, server.key), root), NAME)
    assert "holds no certificate in PEM" in said


def site(folder: Path, source: str) -> Site:
    return Site(source, [NAME], folder, "root", 0, 80, "noctis-nowhere", [], [])


def lay(pair: Certificate, place: Path, *names: str) -> None:
    place.mkdir(parents=True, exist_ok=True)
    for file, name in zip((pair.certificate, pair.key), names, strict=True):
        (place / name).write_bytes(file.read_bytes())


def test_until_the_public_authority_answered_the_present_certificate_stays(
    root: Authority, server: Certificate, tmp_path: Path
) -> None:
    lay(server, tmp_path, "server.crt", "server.key")
    assert chosen(site(tmp_path, "letsencrypt")).source == "local"
    current = tmp_path / "current"
    lay(server, current, "fullchain.pem", "privkey.pem")
    (current / "source").write_text("own\n", encoding="ascii")
    (current / "authorities.pem").write_bytes(root.root.certificate.read_bytes())
    assert chosen(site(tmp_path, "letsencrypt")).source == "own"
    lay(root.sign("elsewhere", names="DNS:elsewhere"), current, "fullchain.pem", "privkey.pem")
    assert chosen(site(tmp_path, "letsencrypt")).source == "local"


def test_a_bad_certificate_of_the_site_is_not_replaced_silently(root: Authority, tmp_path: Path) -> None:
    lay(root.sign("wrong", names="DNS:wrong"), tmp_path / "own", "fullchain.pem", "privkey.pem")
    with pytest.raises(Trouble, match="The site's own certificate was not taken"):
        chosen(site(tmp_path, "own"))
