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

    def sign(self, name: str) -> Certificate:
        """Make a certificate for 127.0.0.1 under the common name ``name``."""
        made = Certificate(self.folder / f"{name}.pem", self.folder / f"{name}.key")
        signer = ("-CA", str(self.root.certificate), "-CAkey", str(self.root.key))
        options = ("-days", "30", "-addext", "subjectAltName=IP:127.0.0.1", "-addext", "basicConstraints=CA:FALSE")
        _openssl("req", "-x509", "-subj", f"/CN={name}", *signer, *_new_key(made), *options)
        return made


def _new_key(pair: Certificate) -> tuple[str, ...]:
    return ("-newkey", "rsa:2048", "-nodes", "-keyout", str(pair.key), "-out", str(pair.certificate))


def _openssl(*arguments: str) -> None:
    done = subprocess.run(["/usr/bin/openssl", *arguments], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
