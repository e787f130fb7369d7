"""Certificates for tests, made by openssl: an authority and what it signs."""

from __future__ import annotations

import hashlib
import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Certificate:
    """The PEM files of a certificate and its private key."""

    certificate: Path
    key: Path

    @property
    def sha256(self) -> str:
        """The fingerprint, as 64 lower case hexadecimal digits."""
        return hashlib.sha256(ssl.PEM_cert_to_DER_cert(self.certificate.read_text(encoding="ascii"))).hexdigest()


@dataclass(frozen=True)
class Authority:
    """An authority that signs certificates for this host, in a folder of its own."""

    folder: Path
    root: Certificate

    @classmethod
    def make(cls, folder: Path) -> Authority:
        """Make a new one."""
        folder.mkdir(parents=True, exist_ok=True)
        root = Certificate(folder / "ca.pem", folder / "ca.key")
        _openssl("req", "-x509", "-subj", f"/CN={folder.name}", *_new_key(root), "-days", "30")
        return cls(folder, root)

    def sign(self, name: str, *, names: str = "IP:127.0.0.1", first: str = "", last: str = "") -> Certificate:
        """Make a certificate for ``names`` under the common name ``name``; valid from ``first`` to ``last``, or now.

        The two dates are written as in a certificate: 20240131235959Z.
        """
        made = Certificate(self.folder / f"{name}.pem", self.folder / f"{name}.key")
        request = self.folder / f"{name}.csr"
        extensions = self.folder / f"{name}.ext"
        extensions.write_text(f"subjectAltName={names}\nbasicConstraints=CA:FALSE\n", encoding="ascii")
        _openssl("req", "-new", "-subj", f"/CN={name}", *_new_key(Certificate(request, made.key)))
        if not first:
            signer = ("-CA", str(self.root.certificate), "-CAkey", str(self.root.key), "-CAcreateserial")
            issued = ("-in", str(request), "-out", str(made.certificate), "-days", "30", "-extfile", str(extensions))
            _openssl("x509", "-req", *signer, *issued)
            return made
        self._sign_for(request, made, extensions, first, last)
        return made

    def _sign_for(self, request: Path, made: Certificate, extensions: Path, first: str, last: str) -> None:
        """Sign for other dates than from today on; only ``openssl ca`` can, and it keeps a register."""
        (self.folder / "register").write_text("", encoding="ascii")
        configuration = self.folder / "ca.cnf"
        configuration.write_text(
            f"[ca]\ndefault_ca=it\n[it]\ndatabase={self.folder}/register\nnew_certs_dir={self.folder}\n"
            "rand_serial=yes\ndefault_md=sha256\npolicy=any\n[any]\ncommonName=supplied\n",
            encoding="ascii",
        )
        signer = ("-cert", str(self.root.certificate), "-keyfile", str(self.root.key), "-config", str(configuration))
        dates = ("-startdate", first, "-enddate", last, "-extfile", str(extensions), "-notext")
        _openssl("ca", "-batch", *signer, *dates, "-in", str(request), "-out", str(made.certificate))


def _new_key(pair: Certificate) -> tuple[str, ...]:
    return ("-newkey", "rsa:2048", "-nodes", "-keyout", str(pair.key), "-out", str(pair.certificate))


def _openssl(*arguments: str) -> None:
    done = subprocess.run(["/usr/bin/openssl", *arguments], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
