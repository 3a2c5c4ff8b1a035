"""What is not spoken of a call that is redacted: its request, its tools, notes and transfers.

While a call lasts it is read as it is. Once it is over nobody is shown what is to be taken out, and
when that has been done, it is not stored any more; what comes later is stored without it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from topcalls.core.personal_data import Rules, redacted
from topcalls.core.redacted_data import redacted_json, redacted_request, shown_request
from topcalls.store import calls, tools, transfers
from topcalls.store.models import Call

_TEXT = "text"


def rules_for_readers(call: Call) -> Rules | None:
    """What is to be left out for whoever looks at a call: nothing while it lasts, and nothing once
    that is done."""
    is_due = call.ended_at is not None and call.redacted_at is None
    return Rules.of(call.request) if is_due else None


def rules_for_writers(call: Call) -> Rules | None:
    """What is to be left out of what is stored late: nothing until the call has been redacted."""
    return None if call.redacted_at is None else Rules.of(call.request)


def readable_request(call: Call) -> Mapping[str, Any]:
    """A call's request as its owner may read it."""
    rules = rules_for_readers(call)
    if rules is not None:
        return shown_request(redacted_request(call.request, rules))
    return call.request if rules_for_writers(call) is None else shown_request(call.request)


def readable_detail(detail: Mapping[str, Any], rules: Rules | None) -> Mapping[str, Any]:
    """What an entry of a call's trail tells: only texts for the model, and words, are anybody's."""
    if rules is None or not isinstance(detail.get(_TEXT), str):
        return detail
    return {**detail, _TEXT: redacted(detail[_TEXT], rules)}


def text_without(text: str | None, rules: Rules | None) -> str | None:
    """A text, where there is one, without what `rules` take out."""
    return text if text is None or rules is None else redacted(text, rules)


def json_without(text: str | None, rules: Rules | None) -> str | None:
    """The same of what a tool got or gave."""
    return text if text is None or rules is None else redacted_json(text, rules)


def redact_rest(call: Call, rules: Rules) -> None:
    """Store all that is not its transcript without it; part of a verb. May run twice."""
    for used in tools.of_calls([call.id]):
        clean = {
            "arguments": json_without(used.arguments, rules),
            "output": json_without(used.output, rules),
            "error": text_without(used.error, rules),
        }
        if any(getattr(used, name) != text for name, text in clean.items()):
            tools.change(call.id, used.id, **clean)
    for event in calls.events(call.id):
        detail = readable_detail(event.detail, rules)
        if detail != event.detail:
            calls.set_detail(event.id, dict(detail))
    for row in transfers.of_call(call.id):
        if (summary := text_without(row.summary, rules)) != row.summary:
            transfers.change(call.id, row.number, summary=summary)
    calls.set_columns(call.id, request=redacted_request(call.request, rules))
