"""A real SMTP server on a free port: it keeps what it takes, and refuses as it is told."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

from tests.support.certificates import Certificate


@dataclass
class MailBox:
    """What the server took: the bytes of each mail, and the session they came in."""

    raw: list[bytes] = field(default_factory=list)
    secured: list[bool] = field(default_factory=list)
    signed_in: list[bool] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)

    @property
    def messages(self) -> list[EmailMessage]:
        """What was taken, parsed."""
        parser = BytesParser(policy=default)
        return [parser.parsebytes(raw) for raw in self.raw]

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Any) -> str:  # noqa: N802  (aiosmtpd's name)
        """Take a mail, or answer as the next of ``answers`` says."""
        if self.answers:
            return self.answers.pop(0)
        self.raw.append(envelope.content)
        self.secured.append(bool(server.transport and server.transport.get_extra_info("ssl_object")))
        self.signed_in.append(bool(session.authenticated))
        self.recipients.append(list(envelope.rcpt_tos))
        return "250 2.0.0 Ok: queued as 4QXYZ"


@dataclass(frozen=True)
class Sign:
    """Who may sign in."""

    user: str
    password: str

    def __call__(self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        """Tell whether the name and password are right."""
        right = isinstance(data, LoginPassword) and (data.login, data.password) == (
            self.user.encode(),
            self.password.encode(),
        )
        return AuthResult(success=right, handled=False)


@contextmanager
def mail_server_at(
    port: int,
    box: MailBox,
    *,
    host: str = "127.0.0.1",
    tls: Certificate | None = None,
    implicit: bool = False,
    sign: Sign | None = None,
) -> Iterator[None]:
    """Run a server; with ``tls`` it wants STARTTLS, or ``implicit`` TLS, before it takes anything."""
    context = None
    if tls is not None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(tls.certificate, tls.key)
    controller = Controller(
        box,
        hostname=host,
        port=port,
        ssl_context=context if implicit else None,
        tls_context=None if implicit else context,
        require_starttls=context is not None and not implicit,
        authenticator=sign,
        auth_required=sign is not None,
        auth_require_tls=context is not None and not implicit,
    )
    controller.start()
    try:
        yield
    finally:
        controller.stop()
