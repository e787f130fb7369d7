"""Handing mail to the SMTP server of the settings (RFC 5321), with TLS at once or by STARTTLS (RFC 3207)."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from email.utils import parseaddr

from django.conf import settings

LONGEST_ANSWER = 280
_FAILURE = 400
_GOING_AWAY = 421
_PERMANENT = 500


class MailFailure(Exception):
    """The mail was not taken; the text is what the server said, or why it could not be asked."""


class ServerFailure(MailFailure):
    """No mail can be sent now: the server does not answer, its certificate is wrong, it refuses the sign-in."""


class Refused(MailFailure):
    """The server refuses this mail; ``is_permanent`` says that it will not take it later either."""

    def __init__(self, text: str, *, is_permanent: bool) -> None:
        """Keep what the server said."""
        super().__init__(text)
        self.is_permanent = is_permanent


class MailServer:
    """A session with the server: any number of mails, one after the other."""

    def __init__(self, session: smtplib.SMTP) -> None:
        """Send by ``session``, which is secured and signed in."""
        self._session = session

    def send(self, message: EmailMessage) -> str:
        """Hand over one mail; return the server's words once it is responsible for it. Raises a MailFailure."""
        try:
            self._session.rset()
            for answer in (
                self._session.mail(_address(message["From"])),
                self._session.rcpt(_address(message["To"])),
                self._session.data(message.as_bytes()),
            ):
                code, words = answer
                if code >= _FAILURE:
                    raise _refusal(code, words)
        except smtplib.SMTPResponseException as error:
            raise _refusal(error.smtp_code, error.smtp_error) from error
        except (smtplib.SMTPException, OSError) as error:
            raise ServerFailure(_in_words(error)) from error
        return said(code, words)


@contextmanager
def mail_server() -> Iterator[MailServer]:
    """Yield a session with the server of the settings. Raises ServerFailure."""
    try:
        session = _connect()
    except (smtplib.SMTPException, OSError) as error:
        raise ServerFailure(_in_words(error)) from error
    try:
        yield MailServer(session)
    finally:
        with suppress(smtplib.SMTPException, OSError):
            session.quit()
        session.close()


def said(code: int, words: bytes | str) -> str:
    """Return an answer of the server as people read it."""
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return f"{code} {' '.join(text.split())}"[:LONGEST_ANSWER]


def _refusal(code: int, words: bytes | str) -> MailFailure:
    if code == _GOING_AWAY:
        return ServerFailure(said(code, words))
    return Refused(said(code, words), is_permanent=code >= _PERMANENT)


def _connect() -> smtplib.SMTP:
    host, port = settings.NOCTIS_SMTP_HOST, settings.NOCTIS_SMTP_PORT
    context = ssl.create_default_context(cafile=settings.NOCTIS_SMTP_CA_FILE or None)
    session: smtplib.SMTP
    if settings.NOCTIS_SMTP_SECURITY == "tls":
        session = smtplib.SMTP_SSL(host, port, timeout=settings.NOCTIS_SMTP_SECONDS, context=context)
    else:
        session = smtplib.SMTP(host, port, timeout=settings.NOCTIS_SMTP_SECONDS)
    try:
        if settings.NOCTIS_SMTP_SECURITY == "starttls":
            session.starttls(context=context)  # raises where the server does not offer it: nothing goes in the clear
        if settings.NOCTIS_SMTP_USER:
            session.login(settings.NOCTIS_SMTP_USER, settings.NOCTIS_SMTP_PASSWORD)
        else:
            session.ehlo_or_helo_if_needed()
    except BaseException:
        session.close()
        raise
    return session


def _address(header: str) -> str:
    return parseaddr(str(header))[1]


def _in_words(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"The certificate of the mail server is not trusted: {error.verify_message}"[:LONGEST_ANSWER]
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return f"The mail server refuses the sign-in: {said(error.smtp_code, error.smtp_error)}"[:LONGEST_ANSWER]
    if isinstance(error, smtplib.SMTPResponseException):
        return said(error.smtp_code, error.smtp_error)
    if isinstance(error, TimeoutError):
        return "The mail server does not answer in time."
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return f"The mail server cannot be used: {reason}"[:LONGEST_ANSWER]
