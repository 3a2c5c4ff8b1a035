"""Results that customers' servers bring later, of tools that they took with 202."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from topcalls.api import examples
from topcalls.api.auth import or_token, principal, requires, token_of
from topcalls.api.blueprint import ApiBlueprint, fails_with
from topcalls.api.context import services
from topcalls.api.schemas.tools import ToolResultSchema, ToolResultTakenSchema
from topcalls.services.tool_results import SCHEME, Brought

tool_results = ApiBlueprint(
    "tool_results", __name__, description="Bring the results of your tools, where they take time."
)


@tool_results.route("/v1/calls/<uuid:call_id>/tool-results/<uuid:tool_call_id>", methods=["POST"])
@requires("calls:write")
@or_token(SCHEME)
@fails_with(409)
@tool_results.arguments(ToolResultSchema, examples=examples.TOOL_RESULTS)
@tool_results.response(202, ToolResultTakenSchema, example={"ok": True, "delivered": True})
def bring_tool_result(content: dict[str, Any], call_id: UUID, tool_call_id: UUID) -> dict[str, Any]:
    """Bring the result of a tool.

    For tools with `async`, within a day of the request. The address is its `result_url`; it takes a
    key, or `Authorization: ToolResult <result_token>`. The agent is told as soon as that fits into
    the conversation. After the call the result is kept with it. The same result again is no error.
    """
    which = (str(call_id), str(tool_call_id))
    taken = _bring(token_of(SCHEME), which, content)
    return {"ok": True, "delivered": taken.delivered}


def _bring(token: str | None, which: tuple[str, str], content: dict[str, Any]) -> Brought:
    now, verbs = services().clock.now(), services().tool_results
    if token is None:
        return verbs.bring(principal().account_id, *which, content, now)
    return verbs.bring_by_token(token, *which, content, now)
