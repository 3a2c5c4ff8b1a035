"""An account's own server is asked whether a call may be made: one signed POST, no second try.

It is signed as webhooks are. Nothing is asked inside a transaction: whoever creates a call gets
`AnswerNeeded` out of its transaction, asks, and creates the call again with the answer.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import orjson

from topcalls import metrics
from topcalls.clock import Clock
from topcalls.core import pre_dial
from topcalls.core.eligibility_facts import Verdict
from topcalls.core.pre_dial import RULE, Answer, Server
from topcalls.core.refusal_words import words_of
from topcalls.ids import new_id
from topcalls.log import get_logger
from topcalls.net.http import HttpError
from topcalls.services.customer_requests import MakeClient
from topcalls.services.judgements import Judgement, Meant
from topcalls.services.webhook_headers import signed_headers
from topcalls.store import accounts
from topcalls.store.database import Database

EVENT = "call.pre_dial"
log = get_logger("compliance")


@dataclass(frozen=True, slots=True)
class Question:
    """What a server is asked. `content`: the body of the request, but for its event."""

    account_id: str
    server: Server
    content: Mapping[str, Any]


class AnswerNeeded(Exception):
    """A call is allowed by all rules, and its account has a server that is asked about it. Nothing
    was written."""

    def __init__(self, question: Question) -> None:
        super().__init__(EVENT)
        self.question = question


class PreDial:
    """Asks; blocks its greenlet for as long as the server may take. `make_client` refuses private
    addresses as the installation says."""

    def __init__(self, db: Database, clock: Clock, make_client: MakeClient) -> None:
        self._db = db
        self._clock = clock
        self.make_client = make_client

    def ask(self, question: Question) -> Answer:
        """What the server says; what went wrong is an answer too."""
        server, asked_at = question.server, self._clock.now()
        content = {"event": EVENT, **question.content}
        body = orjson.dumps(content, option=orjson.OPT_UTC_Z)
        began = self._clock.monotonic()
        answer = Answer(server, asked_at, hashlib.sha256(body).hexdigest(), 0)
        found = self._said(question, body, answer)
        latency = round(1000 * (self._clock.monotonic() - began))
        outcome = "failed" if found.failure is not None else found.verdict.value
        metrics.pre_dial_answers.labels(outcome).inc()
        if found.failure is not None:
            told = {"why": found.failure, "status": found.status}
            log.warning("A pre-dial server gave no answer", account_id=question.account_id, **told)
        return replace(found, latency_ms=latency)

    def _said(self, question: Question, body: bytes, answer: Answer) -> Answer:
        now, account_id = answer.asked_at, question.account_id
        secrets = self._db.read(accounts.signing_secrets, {account_id}, now)[account_id]
        if not secrets:
            return replace(answer, failure="no_signing_secret")
        headers = signed_headers(new_id(), EVENT, secrets, body, now)
        headers["accept"] = "application/json"
        try:
            client = self.make_client(question.server.timeout_seconds)
            got = client.post(question.server.url, body, headers)
        except HttpError as error:
            return replace(answer, failure=error.kind)
        if not 200 <= got.status < 300:
            return replace(answer, status=got.status, failure="status")
        try:
            reply = pre_dial.read(got.body, now)
        except ValueError as error:
            return replace(answer, status=got.status, failure="answer", reason=str(error))
        return replace(
            answer,
            status=got.status,
            verdict=reply.verdict,
            until=reply.until,
            reason=reply.reason,
            evidence=reply.evidence,
        )


def weighed(
    judged: Judgement, meant: Meant, lead_id: str | None, answer: Answer | None
) -> Judgement:
    """Part of a verb: a judgement with what the account's server said. One that forbids the call
    stays as it is, and so does that of an account without a server.

    Raises:
        AnswerNeeded: the server has to be asked first.
    """
    server = judged.server
    if server is None or judged.refused_by is not None:
        return judged
    if answer is None or answer.server != server:
        content = _content(judged, meant, lead_id)
        raise AnswerNeeded(Question(meant.account_id, server, content))
    category = judged.plan.category
    decision = pre_dial.judged(judged.decision, answer, category)
    said = decision.checks[-1]
    found = replace(judged, decision=decision)
    if said.verdict is Verdict.ALLOW:
        return found
    words = words_of(RULE, said.reason)
    return replace(found, refused_by=RULE, words=words, waits_until=said.until)


def _content(judged: Judgement, meant: Meant, lead_id: str | None) -> dict[str, Any]:
    decision, request = judged.decision, meant.request
    return {
        "account_id": meant.account_id,
        "campaign_id": meant.campaign_id,
        "lead_id": lead_id,
        "phone_number": request.phone_number,
        "from_phone_number": request.from_number,
        "purpose": judged.plan.purpose,
        "category": judged.plan.category,
        "planned_at": meant.planned_at,
        "metadata": request.metadata,
        "decision": {
            "verdict": decision.verdict,
            "rule_id": decision.rule_id,
            "reason": decision.reason,
            "until": decision.until,
            "jurisdictions": decision.jurisdictions,
            "zones": decision.zones,
        },
    }
