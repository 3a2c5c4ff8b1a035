"""Requests to customers' servers in the middle of a call: who sends them, and what they tell of it.
They are signed as webhooks are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from topcalls.net.http import NOBODY, HttpClient, HttpResponse, Ourselves
from topcalls.services.call_views import ClaimedCall

MakeClient = Callable[[float], "Client"]


class Client(Protocol):
    """What is needed of `net.http.HttpClient`."""

    def post(self, url: str, body: bytes, headers: Mapping[str, str] | None = None) -> HttpResponse:
        """Raises `HttpError` when there is no answer."""
        ...


def http_clients(
    most_bytes: int,
    allow_private: bool | Callable[[str, int], bool],
    ourselves: Ourselves = NOBODY,
) -> MakeClient:
    """Clients, each with its time limit in seconds. The rest: see `HttpClient`."""
    return lambda seconds: HttpClient(seconds, most_bytes, allow_private, ourselves=ourselves)


def about(call: ClaimedCall) -> dict[str, Any]:
    """Which call it is."""
    return {
        "call_id": call.call_id,
        "direction": "inbound" if call.is_inbound else "outbound",
        "phone_number": call.phone_number,
        "from_phone_number": call.from_number,
        "agent_id": call.request.agent_id,
        "agent_version": call.request.agent_version,
        "campaign_id": call.campaign_id,
        "lead_id": call.lead_id,
        "language": call.request.language,
        "started_at": call.answered_at,
        "request_data": call.request.request_data,
        "metadata": call.request.metadata,
        "sandbox": call.sandbox,
    }
