"""Sends an e-mail by a mail server (RFC 5321), with time limits on every step."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import Final, Literal

from topcalls.errors import TopCallsError
from topcalls.net.tls import default_context

TIMEOUT_SECONDS: Final = 20.0
Security = Literal["starttls", "tls", "none"]


class MailError(TopCallsError):
    """The mail server did not take it."""

    code = "mail_failed"
    retryable = True


@dataclass(frozen=True)
class MailServer:
    """Where mail is handed over. `security`: encrypted from the first byte (`tls`, usually port
    465), after a greeting (`starttls`, 587), or not at all. `user` empty: nobody signs in."""

    host: str
    port: int
    sender: str
    security: Security = "starttls"
    user: str = ""
    password: str = ""
    timeout: float = TIMEOUT_SECONDS
    context: ssl.SSLContext | None = None

    def send(self, to: Sequence[str], subject: str, text: str, message_id: str) -> None:
        """Send a text. Raises MailError, with what the server said."""
        message = EmailMessage()
        message["From"], message["To"] = self.sender, ", ".join(to)
        message["Subject"] = " ".join(subject.split())
        message["Date"] = formatdate()
        domain = self.sender.rpartition("@")[2].strip("> ") or None
        message["Message-ID"] = make_msgid(message_id, domain)
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(text)
        try:
            with self._connected() as server:
                server.send_message(message)
        except smtplib.SMTPRecipientsRefused as error:
            refused = ", ".join(f"{who}: {_said(why[1])}" for who, why in error.recipients.items())
            raise MailError(f"The mail server refused a recipient. {refused}") from None
        except smtplib.SMTPResponseException as error:
            said = _said(error.smtp_error)
            raise MailError(f"The mail server answered {error.smtp_code}: {said}.") from None
        except (smtplib.SMTPException, OSError) as error:
            raise MailError(
                f"The mail server {self.host}:{self.port} cannot be used: {error}."
            ) from None

    def _connected(self) -> smtplib.SMTP:
        context = self.context or default_context()
        if self.security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                self.host, self.port, timeout=self.timeout, context=context
            )
        else:
            server = smtplib.SMTP(self.host, self.port, timeout=self.timeout)
        try:
            if self.security == "starttls":
                server.starttls(context=context)
            if self.user:
                server.login(self.user, self.password)
        except BaseException:
            server.close()
            raise
        return server


def _said(words: bytes | str) -> str:
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return " ".join(text.split())[:300]
