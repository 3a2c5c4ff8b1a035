"""A customer's server decides about what answered a call, while the call goes on.

One signed POST for each verdict, with no second try: whoever answers late is not waited for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass

import orjson

from topcalls.clock import Clock
from topcalls.core.answer_verdict import Verdict
from topcalls.errors import ConfigError, ProviderError
from topcalls.ids import new_id
from topcalls.net.http import HttpError
from topcalls.services.call_views import ClaimedCall
from topcalls.services.customer_requests import MakeClient, about
from topcalls.services.webhook_headers import signed_headers
from topcalls.store import accounts
from topcalls.store.database import Database

EVENT = "call.answer_detected"
TIME_LIMIT = 2.0


@dataclass(frozen=True)
class AnswerWebhooks:
    """Makes the way to the customer's server that a call names."""

    db: Database
    clock: Clock
    make_client: MakeClient

    def of(self, call: ClaimedCall) -> Callable[[Verdict], bytes] | None:
        """Asks about a verdict, and returns the body of the answer; None if the call names no
        server. Blocks its greenlet; raises `ConfigError` or `ProviderError`."""
        url = call.request.answer_webhook_url
        if url is None:
            return None

        def ask(verdict: Verdict) -> bytes:
            return self._ask(call, url, verdict)

        return ask

    def _ask(self, call: ClaimedCall, url: str, verdict: Verdict) -> bytes:
        now = self.clock.now()
        secrets = self.db.read(accounts.signing_secrets, {call.account_id}, now)[call.account_id]
        if not secrets:
            raise ConfigError("The account has no signing secret.")
        body = orjson.dumps(_content(call, verdict), option=orjson.OPT_UTC_Z)
        headers = signed_headers(new_id(), EVENT, secrets, body, now)
        try:
            answer = self.make_client(TIME_LIMIT).post(url, body, headers)
        except HttpError as error:
            raise ProviderError(f"No answer: {error.kind}.", provider_code=error.kind) from None
        if not 200 <= answer.status < 300:
            raise ProviderError(f"The server answered {answer.status}.", provider_code="status")
        return answer.body


def _content(call: ClaimedCall, verdict: Verdict) -> dict[str, object]:
    return {
        "event": EVENT,
        "call": about(call),
        "answer": {
            "detected": verdict.answerer.value,
            "confidence": round(verdict.confidence, 2),
            "decided_after_ms": round(1000 * verdict.at),
            "evidence": [asdict(item) for item in verdict.evidence],
        },
    }
