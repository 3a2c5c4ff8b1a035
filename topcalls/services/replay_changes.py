"""What a replay changes of a call: its instructions, voice, model, anything of the body of a call.

A change is judged by the rules of calls that are made today; what was right when the call was made
and has not been changed is not held against it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from topcalls.clock import Clock
from topcalls.core import agents as agent_rules
from topcalls.core import call_rules, variables
from topcalls.core.call_request import DEFAULT_VOICE, OF_THE_INSTALLATION, CallRequest
from topcalls.errors import Conflict, FieldError, InvalidRequest
from topcalls.services.agents import Agents
from topcalls.services.catalogue import Catalogue
from topcalls.services.replay_calls import RecordedCall

NOT_CHANGED = frozenset(
    {
        *("phone_number", "from_number", "agent_id", "agent_version", "schedule_at", "priority"),
        *("carrier_id", "ring_timeout_seconds", "recording", "webhook_url", "webhook_events"),
        *("tool_cassette", "redaction", "metadata", "purpose", "answer_webhook_url"),
    }
)
"""Fields of a call that a replay has no use for, or that name who was called."""


@dataclass(frozen=True)
class Changes:
    """`fields` as in the body of a call, in the place of the call's own; those of an `agent` (its
    id, and a version; None: its draft, or else what is published) go before the call's, and
    `fields` before those."""

    fields: Mapping[str, Any] = field(default_factory=dict)
    agent: tuple[str, int | None] | None = None


class ReplayRequests:
    """Makes the request of a replay."""

    def __init__(self, agents: Agents, catalogue: Catalogue, clock: Clock) -> None:
        self._agents = agents
        self._catalogue = catalogue
        self._clock = clock

    def changed(self, recorded: RecordedCall, changes: Changes) -> RecordedCall:
        """The same caller, and the agent that the changes make.

        Raises:
            InvalidRequest: a change would be refused of a call.
            NotFound: the account has no such agent, or version.
        """
        for name in changes.fields.keys() & NOT_CHANGED:
            message = "Plays no part in a replay. Leave it out."
            raise InvalidRequest(message, field=name)
        account = recorded.call.account_id
        own = dict(recorded.request)
        if changes.agent is not None:
            own = self._by_agent(recorded, *changes.agent)
        elif changes.fields:
            own = _without_what_follows(own, changes.fields)
        body = agent_rules.call_body(own, changes.fields)
        self._judge(recorded, body)
        request = self._filled(recorded, body, changes)
        call = replace(recorded.call, request=self._catalogue.resolved(account, request))
        return replace(recorded, call=call)

    def _by_agent(
        self, recorded: RecordedCall, agent_id: str, number: int | None
    ) -> dict[str, Any]:
        account = recorded.call.account_id
        if number is None:
            number = self._newest(account, agent_id)
        version = self._agents.version(account, agent_id, number)
        kept = ("phone_number", "from_number", "request_data", "metadata")
        of_call = {name: recorded.request[name] for name in kept if name in recorded.request}
        used = {"agent_id": agent_id, "agent_version": number}
        body = agent_rules.call_body(version.configuration, {**of_call, **used})
        if body.get("mode") in (None, "realtime"):
            body.setdefault("voice", DEFAULT_VOICE)
        return body

    def _newest(self, account: str, agent_id: str) -> int:
        found = self._agents.get(account, agent_id)
        newest = found.draft or found.published
        if newest is None:
            raise Conflict("The agent has neither a draft nor a published version.")
        return newest.number

    def _judge(self, recorded: RecordedCall, body: Mapping[str, Any]) -> None:
        rules, now = self._catalogue.call_rules(recorded.call.account_id), self._clock.now()
        before = set(_faults(recorded.request, rules, now))
        wrong = [one for one in _faults(body, rules, now) if one not in before]
        if wrong:
            told = " ".join(f"{one.path}: {one.message}" for one in wrong)
            raise InvalidRequest(f"The replay cannot be made as asked. {told}", wrong)

    def _filled(
        self, recorded: RecordedCall, body: Mapping[str, Any], changes: Changes
    ) -> CallRequest:
        """Names are filled in only in what is new: the call's own texts were filled in before."""
        call = recorded.call
        caller, called = call.from_number, call.phone_number
        values = variables.of_call(caller, called)
        strict = not call.is_inbound
        request = CallRequest.from_mapping(body)
        if changes.agent is not None:
            return variables.filled(request, values, strict=strict)
        data = {"request_data": body.get("request_data", {}), "phone_number": called}
        new = CallRequest.from_mapping({**changes.fields, **data})
        filled = variables.filled(new, values, strict=strict)
        return replace(request, **{name: getattr(filled, name) for name in _texts(changes.fields)})


def _texts(fields: Mapping[str, Any]) -> list[str]:
    """Those of the changed fields that may have names to be filled in."""
    named = (*variables.TEMPLATES, "voicemail", "tools", "transfer")
    return [name for name in named if fields.get(name) is not None]


def _faults(body: Mapping[str, Any], rules: Any, now: Any) -> list[FieldError]:
    given = {key: value for key, value in body.items() if key not in OF_THE_INSTALLATION}
    return call_rules.violations(given, rules, now)


def _without_what_follows(own: Mapping[str, Any], fields: Mapping[str, Any]) -> dict[str, Any]:
    """The call without what was derived from what is changed: the voice found, and in another mode
    the model and the default voice of the old one."""
    kept = dict(own)
    if fields.keys() & {"voice", "mode"}:
        kept.pop("speaker", None)
    mode = own.get("mode", CallRequest.mode)
    if fields.get("mode", mode) != mode:
        kept.pop("model", None)
        if kept.get("voice") == DEFAULT_VOICE:
            kept.pop("voice")
        if fields["mode"] == "realtime":
            kept.setdefault("voice", DEFAULT_VOICE)
    return kept


def nested(pairs: Mapping[str, Any]) -> dict[str, Any]:
    """`{"interruption.sensitivity": "low"}` as fields of a call. Raises `InvalidRequest`."""
    found: dict[str, Any] = {}
    for path, value in pairs.items():
        *way, last = path.split(".")
        place = found
        for name in way:
            place = place.setdefault(name, {})
            if not isinstance(place, dict):
                raise InvalidRequest("Is given as a whole and in part.", field=path)
        if isinstance(place.get(last), dict) and isinstance(value, dict):
            value = {**place[last], **value}
        place[last] = value
    return found
