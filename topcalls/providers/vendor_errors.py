"""What a vendor's refusal means for the call: try again, or never with these settings.

Messages are our own: a vendor's text may repeat part of the key or of what was said.
"""

from __future__ import annotations

from topcalls.errors import ProviderError
from topcalls.net.http import HttpError
from topcalls.net.websocket_client import WebSocketHandshakeError

_STATUS = {
    400: "{vendor} refused the request.",
    401: "{vendor} does not accept the API key.",
    402: "The {vendor} account has no credit left.",
    403: "The {vendor} key may not use this.",
    404: "{vendor} does not have this model or voice, or its address is wrong.",
    408: "{vendor} took too long.",
    422: "{vendor} refused the request.",
    429: "{vendor} limits the rate of requests.",
}
_RETRYABLE = (408, 409, 425, 429)


def refused(vendor: str, status: int, code: str = "") -> ProviderError:
    """An HTTP answer that is an error; `code` is the vendor's own word for it."""
    fallback = "{vendor} is out of order." if status >= 500 else "{vendor} refused the request."
    return ProviderError(
        _STATUS.get(status, fallback).format(vendor=vendor),
        retryable=status >= 500 or status in _RETRYABLE,
        provider_code=code or f"http_{status}",
        status=status,
    )


def unreachable(vendor: str, reason: str) -> ProviderError:
    """No answer, or one that broke off; `reason` is the kind of failure."""
    return ProviderError(
        f"{vendor} cannot be reached.", retryable=True, provider_code="unreachable", reason=reason
    )


def from_handshake(vendor: str, error: WebSocketHandshakeError) -> ProviderError:
    """A WebSocket that did not come about."""
    if error.status is None:
        return unreachable(vendor, "no WebSocket")
    return refused(vendor, error.status)


def from_http(vendor: str, error: HttpError) -> ProviderError:
    """An exchange that broke."""
    if error.kind == "timeout":
        return ProviderError(
            f"{vendor} does not answer.", retryable=True, provider_code="no_answer"
        )
    return unreachable(vendor, error.kind)


def closed(vendor: str, code: int) -> ProviderError:
    """The vendor ended a connection that was in use."""
    return ProviderError(
        f"{vendor} closed the connection.", retryable=True, provider_code=f"closed_{code}"
    )


def out_of_step(vendor: str) -> ProviderError:
    """The vendor said what it never may."""
    return ProviderError(f"{vendor} sent nonsense.", retryable=True, provider_code="nonsense")
