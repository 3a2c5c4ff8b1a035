#!/usr/bin/env python3
"""Draw the call state machine: writes docs/call-states.md from the table in core/call_state.py.

`--check` writes nothing and fails when the page differs from the table.
"""

import sys
from pathlib import Path

from topcalls.core.call_events import EVENT_KINDS
from topcalls.core.call_state import BY_CAUSE, LIMITS, TABLE, State
from topcalls.core.call_status import PUBLIC, WEBHOOKS

PAGE = Path(__file__).parent.parent / "docs" / "call-states.md"

HEAD = """# The life of a call

Drawn by `scripts/draw_call_states.py` from the table in `topcalls/core/call_state.py`; a test
compares the two. *By cause* is decided in `core/hangup_causes.py` from the hang-up cause, the SIP
status, whether the call was answered and why it was ended.
"""


def _target(move):
    return "by_cause" if move.target is BY_CAUSE else move.target.value


def _diagram():
    lines = ["```mermaid", "stateDiagram-v2", "    [*] --> pending"]
    for state, row in TABLE.items():
        by_target = {}
        for kind, move in row.moves.items():
            by_target.setdefault(_target(move), []).append(kind.__name__)
        lines += [
            f"    {state} --> {target}: {', '.join(kinds)}" for target, kinds in by_target.items()
        ]
    by_cause = ("completed", "busy", "no_answer", "rejected", "failed", "cancelled")
    lines += ["    state by_cause <<choice>>"]
    lines += [f"    by_cause --> {state}" for state in by_cause]
    lines += [f"    {state} --> [*]" for state in State if state.is_final]
    return [*lines, "```"]


def _states():
    yield "| State | Time limit | `status` | `call_status` | Webhook on entering |"
    yield "| --- | --- | --- | --- | --- |"
    for state in State:
        public, limit = PUBLIC[state], LIMITS.get(state)
        cells = (limit, public.status, public.call_status, WEBHOOKS.get(state))
        yield f"| `{state}` | " + " | ".join(f"`{cell}`" if cell else "" for cell in cells) + " |"


def _cell(row, kind):
    if kind in row.moves:
        move = row.moves[kind]
        effects = ", ".join(effect.value.replace("_", " ") for effect in move.effects)
        return f"**{_target(move)}**" + (f" ({effects})" if effects else "")
    return "ignored" if kind in row.ignored else "impossible"


def _matrix():
    live = [state for state in State if not state.is_final]
    yield "| Event | " + " | ".join(f"`{state}`" for state in live) + " |"
    yield "| --- |" + " --- |" * len(live)
    for kind in EVENT_KINDS:
        cells = " | ".join(_cell(TABLE[state], kind) for state in live)
        yield f"| `{kind.__name__}` | {cells} |"


def page():
    """The whole page as text."""
    return "\n".join(
        [
            HEAD,
            *_diagram(),
            "\n## States\n",
            *_states(),
            "\n## Every event in every state\n",
            "In a final state every event is ignored. Effects are in brackets.\n",
            *_matrix(),
            "",
        ]
    )


def main():
    if "--check" in sys.argv:
        return 0 if PAGE.exists() and PAGE.read_text() == page() else "docs/call-states.md is stale"
    PAGE.write_text(page())
    return 0


if __name__ == "__main__":
    sys.exit(main())
