"""The tools that a call can have without defining them: this is the whole list.

An entry of `BUILT_IN` says what the model is told of a tool, which calls have it without asking for
it, and what a call must hold for it. What a tool does is elsewhere: those that act on the
conversation in `bridge/tool_use.py`, the others in `services/builtin_tools.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from topcalls.core import appointments, callbacks, do_not_call, keys, knowledge_use
from topcalls.core.knowledge_use import TOOL as SEARCH_KNOWLEDGE
from topcalls.core.knowledge_use import BaseOutline
from topcalls.core.suggestions import did_you_mean
from topcalls.core.tools import ToolSpec
from topcalls.errors import FieldError

Body = Mapping[str, Any]


@dataclass(frozen=True)
class Situation:
    """What is known as a call begins. `now`: the time where the other person is; `knowledge`: the
    knowledge bases of the call."""

    now: datetime | None = None
    knowledge: tuple[BaseOutline, ...] = ()


@dataclass(frozen=True)
class BuiltinTool:
    """`specs` are what the model is told, for the body of a call; `lacks` says what that body would
    have to hold for it ("": nothing), `by_default` whether the call has it where it lists none."""

    name: str
    specs: Callable[[Body, Situation], Sequence[ToolSpec]]
    by_default: Callable[[Body], bool] = lambda _: True
    lacks: Callable[[Body], str] = lambda _: ""


def faults(names: object, body: Body, path: str = "built_in_tools") -> list[FieldError]:
    """What is wrong with the list of built-in tools in the body of a call."""
    if not isinstance(names, list | tuple):
        return [FieldError(path, "Must be a list of names.", "invalid_type")]
    found: list[FieldError] = []
    for index, name in enumerate(names):
        here, tool = f"{path}.{index}", BUILT_IN.get(name) if isinstance(name, str) else None
        if tool is None:
            hint = did_you_mean(str(name), BUILT_IN)
            message = f"Is not a built-in tool.{hint} There are: {', '.join(BUILT_IN)}."
            found.append(FieldError(here, message, "unknown"))
        elif names.index(name) != index:
            found.append(FieldError(here, f"'{name}' is listed twice.", "duplicate"))
        elif missing := tool.lacks(body):
            found.append(FieldError(here, f"'{name}' needs {missing}.", "needs_more"))
    return found


def names_of(body: Body) -> tuple[str, ...]:
    """The built-in tools of a call: those that it lists, or else those that every such call has;
    without any that it holds nothing for."""
    listed = body.get("built_in_tools")
    if listed is None:
        listed = [tool.name for tool in BUILT_IN.values() if tool.by_default(body)]
    return tuple(name for name in listed if not BUILT_IN[name].lacks(body))


def specs_of(
    names: Iterable[str], body: Body, situation: Situation | None = None
) -> tuple[ToolSpec, ...]:
    """What the model is told of these. Raises KeyError for a name that is none of ours."""
    known = situation or Situation()
    return tuple(spec for name in names for spec in BUILT_IN[name].specs(body, known))


# --- those that act on the conversation

END_CALL: Final = ToolSpec(
    "end_call",
    "End the telephone call. Say goodbye first, in the same answer, then call this. Use it when "
    "the other person says goodbye, asks to end the call, or when everything is settled.",
)
LONGEST_SUMMARY: Final = 1000
SEND_DTMF: Final = ToolSpec(
    "send_dtmf",
    "Press keys on the telephone, to answer an automatic menu or to enter a number that a "
    "recording asks for. Say nothing in the same answer: the keys are heard at once, and what "
    "follows is the menu's next announcement. Never use it with a person.",
    {
        "type": "object",
        "properties": {
            "digits": {
                "type": "string",
                "pattern": keys.PATTERN,
                "description": "The keys in order: 0-9, *, #, A-D; w waits half a second, W one.",
            },
            "pause_ms": {
                "type": "integer",
                "minimum": 0,
                "maximum": keys.LONGEST_PAUSE_MS,
                "description": "Pause between two keys in milliseconds, for slow menus.",
            },
        },
        "required": ["digits"],
        "additionalProperties": False,
    },
)
PAUSE_RECORDING: Final = ToolSpec(
    "pause_recording",
    "Pause the recording of this call, before you ask for something that must not be recorded, "
    "such as a card number. Wait for the answer before you ask. Say nothing about it in the same "
    "answer.",
)
RESUME_RECORDING: Final = ToolSpec(
    "resume_recording",
    "Let the recording go on, as soon as you have heard what must not be recorded.",
)
TRANSFER_CALL: Final = "transfer_call"


def _transfer_call(body: Body, _: Situation) -> Sequence[ToolSpec]:
    parameters = {
        "type": "object",
        "properties": {
            "destination": {"type": "string", "enum": _destinations(body)},
            "summary": {
                "type": "string",
                "maxLength": LONGEST_SUMMARY,
                "description": "Who calls and what about, in one or two sentences, for the "
                "person who takes over.",
            },
        },
        "required": ["destination"],
        "additionalProperties": False,
    }
    description = (
        "Hand the caller over to a person. Say in the same answer, before you call this, whom you "
        "connect them with and that it may take a moment. The caller then hears it ring. If it "
        "succeeds you are not needed any more; if it fails you are told why, and go on talking."
    )
    return (ToolSpec(TRANSFER_CALL, description, parameters),)


def _find_appointment(body: Body, situation: Situation) -> Sequence[ToolSpec]:
    settings = appointments.appointments_of(body["appointments"])
    return (appointments.find_spec(settings, situation.now),)


def _book_appointment(body: Body, _: Situation) -> Sequence[ToolSpec]:
    return (appointments.book_spec(appointments.appointments_of(body["appointments"])),)


def _without_appointments(body: Body) -> str:
    return "" if isinstance(body.get("appointments"), Mapping) else "'appointments'"


def _destinations(body: Body) -> list[str]:
    transfer = body.get("transfer")
    listed = transfer.get("destinations") if isinstance(transfer, Mapping) else None
    given = listed if isinstance(listed, list | tuple) else ()
    return [str(item.get("name")) for item in given if isinstance(item, Mapping)]


def _recording(body: Body, name: str, otherwise: Any) -> Any:
    section = body.get("recording")
    found = section.get(name) if isinstance(section, Mapping) else getattr(section, name, None)
    return otherwise if found is None else found


def _just(spec: ToolSpec) -> Callable[[Body, Situation], Sequence[ToolSpec]]:
    return lambda *_: (spec,)


def _masking(spec: ToolSpec) -> BuiltinTool:
    return BuiltinTool(
        spec.name,
        _just(spec),
        by_default=lambda body: bool(_recording(body, "agent_may_pause", False)),
        lacks=lambda body: "" if _recording(body, "enabled", True) else "'recording' to be enabled",
    )


BUILT_IN: Final[Mapping[str, BuiltinTool]] = {
    tool.name: tool
    for tool in (
        BuiltinTool(END_CALL.name, _just(END_CALL)),
        BuiltinTool(SEND_DTMF.name, _just(SEND_DTMF)),
        _masking(PAUSE_RECORDING),
        _masking(RESUME_RECORDING),
        BuiltinTool(
            TRANSFER_CALL,
            _transfer_call,
            lacks=lambda body: "" if _destinations(body) else "'transfer.destinations'",
        ),
        BuiltinTool(appointments.FIND, _find_appointment, lacks=_without_appointments),
        BuiltinTool(appointments.BOOK, _book_appointment, lacks=_without_appointments),
        BuiltinTool(
            SEARCH_KNOWLEDGE,
            lambda _, situation: (knowledge_use.tool_spec(situation.knowledge),),
            lacks=lambda body: "" if body.get("knowledge_base_ids") else "'knowledge_base_ids'",
        ),
        BuiltinTool(do_not_call.ADD.name, _just(do_not_call.ADD)),
        BuiltinTool(
            callbacks.NAME,
            lambda _, situation: (callbacks.spec(situation.now),),
            by_default=lambda _: False,
        ),
    )
}
ON_CONVERSATION: Final = frozenset(
    {END_CALL.name, SEND_DTMF.name, PAUSE_RECORDING.name, RESUME_RECORDING.name, TRANSFER_CALL}
)
"""Those whose results mean nothing later."""

RESERVED: Final = frozenset(BUILT_IN)
"""Names that a customer's tool cannot have."""
