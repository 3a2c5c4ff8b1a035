"""What an error of OpenAI's service means for the call: nothing, try again, or give up.

Messages are our own: a vendor's text may repeat part of the key or of what was said. Its stable
parts (`code`, `param`, `status`) travel in `extra`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from topcalls.errors import ProviderError

ALREADY_ACTIVE = "conversation_already_has_active_response"
HARMLESS = frozenset(
    {
        "response_cancel_not_active",
        "input_audio_buffer_commit_empty",
        "item_truncate_invalid_item_id",
        "item_delete_invalid_item_id",
        "item_retrieve_invalid_item_id",
    }
)
_NEVER_AGAIN = {
    "insufficient_quota": "The OpenAI account has no credit left.",
    "billing_hard_limit_reached": "The OpenAI account has reached its billing limit.",
    "invalid_api_key": "OpenAI does not accept the API key.",
    "account_deactivated": "The OpenAI account is deactivated.",
    "beta_api_shape_disabled": "The server only speaks the beta Realtime protocol.",
    "model_not_found": "OpenAI does not have this model.",
    "invalid_model": "OpenAI does not offer this model for calls.",
}
_SESSION_OVER = {"session_expired": "The OpenAI session has reached its maximum duration."}
_STATUS = {
    400: "OpenAI refused the connection.",
    401: "OpenAI does not accept the API key.",
    403: "The OpenAI key may not use this model.",
    404: "OpenAI does not have this model, or the base URL is wrong.",
    408: "OpenAI took too long to accept the connection.",
    429: "OpenAI limits the rate of new connections.",
}
_RETRYABLE_STATUS = (408, 409, 429)


def is_fatal(code: str) -> bool:
    """Whether an `error` event of this code means that the session cannot go on."""
    return code in _NEVER_AGAIN or code in _SESSION_OVER


def provider_error(error: Mapping[str, Any]) -> ProviderError:
    """The `error` object of an event, or of a failed response, as ours."""
    code = _text(error.get("code")) or _text(error.get("type")) or "unknown"
    message = _NEVER_AGAIN.get(code) or _SESSION_OVER.get(code) or "OpenAI reported an error."
    return ProviderError(message, retryable=code not in _NEVER_AGAIN, provider_code=code)


def config_error(error: Mapping[str, Any]) -> ProviderError:
    """The answer to our own `session.update`: retrying the same settings cannot help."""
    code = _text(error.get("code"))
    if code in _NEVER_AGAIN or code in _SESSION_OVER or error.get("type") == "server_error":
        return provider_error(error)
    param = _text(error.get("param")) or None
    return ProviderError(
        f"OpenAI refused the session setting {param}." if param else "OpenAI refused the session.",
        field=param,
        provider_code=code or "unknown",
    )


def handshake_error(status: int, body: bytes) -> ProviderError:
    """An HTTP answer other than the switch to the WebSocket protocol."""
    code = _error_code(body)
    message = _NEVER_AGAIN.get(code) or _STATUS.get(status)
    if message is None:
        message = "OpenAI is out of order." if status >= 500 else "OpenAI refused the connection."
    retryable = code not in _NEVER_AGAIN and (status >= 500 or status in _RETRYABLE_STATUS)
    return ProviderError(message, retryable=retryable, provider_code=code, status=status)


def unreachable(reason: str) -> ProviderError:
    """No answer at all; `reason` is the kind of failure."""
    return ProviderError(
        "OpenAI cannot be reached.", retryable=True, provider_code="unreachable", reason=reason
    )


def _error_code(body: bytes) -> str:
    try:
        error = orjson.loads(body)["error"]
        return _text(error.get("code")) or _text(error.get("type"))
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
        return ""


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
