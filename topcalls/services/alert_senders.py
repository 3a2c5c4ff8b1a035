"""The ways by which alerts are told: a signed webhook, and an e-mail."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import orjson

from topcalls.clock import Clock
from topcalls.core.webhook_retry import Outcome
from topcalls.net.http import HttpError
from topcalls.net.mail import MailError
from topcalls.services.webhook_delivery import HttpPoster, words_for_error, words_for_status
from topcalls.services.webhook_headers import signed_headers


class Mailer(Protocol):
    """What is needed of `net.mail.MailServer`."""

    def send(self, to: list[str], subject: str, text: str, message_id: str) -> None:
        """Raises `MailError`."""
        ...


class AlertWebhook:
    """Posts alerts, signed by Standard Webhooks with `secret` (`whsec_…`)."""

    def __init__(self, http: HttpPoster, secret: str, clock: Clock) -> None:
        self._http = http
        self._secret = secret
        self._clock = clock

    def __call__(
        self, message_id: str, target: str, payload: Mapping[str, Any], attempt: int
    ) -> Outcome:
        """One try."""
        body, now = orjson.dumps(payload), self._clock.now()
        headers = signed_headers(message_id, payload["event"], [self._secret], body, now, attempt)
        try:
            answer = self._http.post(target, body, headers)
        except HttpError as error:
            return Outcome(error=words_for_error(error))
        return Outcome(answer.status, words_for_status(answer.status), answer.elapsed_ms)


class AlertMail:
    """Writes alerts to people."""

    def __init__(self, server: Mailer) -> None:
        self._server = server

    def __call__(
        self, message_id: str, target: str, payload: Mapping[str, Any], attempt: int
    ) -> Outcome:
        """One try; a message that was taken counts as the status 250 of its server."""
        to = [one.strip() for one in target.split(",") if one.strip()]
        try:
            self._server.send(to, subject_of(payload), text_of(payload), message_id)
        except MailError as error:
            return Outcome(error=error.message)
        return Outcome(250)


def subject_of(payload: Mapping[str, Any]) -> str:
    """As in `[TopCalls page] TopCallsCallsWait`, with `over:` before it when it is."""
    news = payload["event"].rpartition(".")[2]
    told = {"over": "over: ", "test": "test: "}.get(news, "")
    return f"[TopCalls {payload['severity']}] {told}{payload['alert']}"


def text_of(payload: Mapping[str, Any]) -> str:
    """What a person reads."""
    lines = [payload["summary"], ""]
    lines += [f"What to do: {payload['remedy']}", ""] if payload["remedy"] else []
    lines += [f"Since {payload['since']}, told at {payload['at']}."]
    lines += [f"Installation: {payload['installation']}"]
    return "\n".join(lines) + "\n"
