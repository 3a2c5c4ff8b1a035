"""Appointments on a customer's server: what is free is asked there, and it books.

Both are signed POSTs as for tools (`services/customer_posts.py`). A wish for an appointment carries
an `Idempotency-Key` of its own: asked for twice, it is the same one. 409 says that the time is
taken.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from topcalls import tracing
from topcalls.clock import Clock
from topcalls.core import tool_answers
from topcalls.core.appointments import Kind, WebhookBook, Wish
from topcalls.core.local_times import moment
from topcalls.core.slots import Span
from topcalls.core.tools import ToolResult, ToolStatus, failed
from topcalls.ids import new_id
from topcalls.services.appointment_books import BookFault, Taken
from topcalls.services.call_views import ClaimedCall
from topcalls.services.customer_posts import Posting, ask
from topcalls.services.customer_requests import MakeClient, about

FREE = "appointment.availability"
BOOK = "appointment.book"
MOST_SLOTS = 500
LONGEST_REFERENCE = 100
_CONFLICT = 409
_NOT_KNOWN = "Whether it is booked is not known. The same time can be asked for once more."
_SHAPE = 'The booking server answered something else than {"slots": ["2026-11-24T15:30-05:00"]}.'


class BookingServer:
    """A server as an `AppointmentBook`, for one call. `secrets` sign."""

    def __init__(
        self,
        settings: WebhookBook,
        zone: ZoneInfo,
        call: ClaimedCall,
        secrets: Sequence[str],
        make_client: MakeClient,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._zone = zone
        self._call = call
        self._secrets = secrets
        self._make_client = make_client
        self._clock = clock

    def free(self, wanted: Span, kind: Kind) -> list[Span]:
        """See `AppointmentBook`."""
        content = {
            "from": self._local(wanted.begins),
            "to": self._local(wanted.ends),
            **self._kind(kind),
        }
        message_id = new_id()
        result = self._post(FREE, content, message_id, message_id)
        if result.status is not ToolStatus.SUCCEEDED:
            raise BookFault(result)
        try:
            starts = json.loads(result.output)["slots"]
            moments = sorted({moment(text, self._zone) for text in starts[:MOST_SLOTS]})
        except (ValueError, TypeError, KeyError, OverflowError):
            raise BookFault(failed("answer", _SHAPE)) from None
        spans = (Span(begins, begins + kind.length) for begins in moments)
        return [span for span in spans if span.within(wanted)]

    def book(self, wish: Wish, bookable: Span) -> str:
        """See `AppointmentBook`."""
        if not wish.span.within(bookable):
            raise Taken
        content = {
            "reference": wish.reference,
            "start": self._local(wish.span.begins),
            "end": self._local(wish.span.ends),
            **self._kind(wish.kind),
            "contact": asdict(wish.contact),
            "replaces": wish.replaces,
        }
        key = f"{wish.call_id}.{wish.reference}"
        result = self._post(BOOK, content, new_id(), key)
        if result.http_status == _CONFLICT:
            raise Taken
        if result.error in tool_answers.UNKNOWN:
            raise BookFault(failed(str(result.error), _NOT_KNOWN))
        if result.status is not ToolStatus.SUCCEEDED:
            raise BookFault(result)
        return _reference(result.output) or wish.reference

    def _post(self, event: str, content: dict[str, Any], message_id: str, key: str) -> ToolResult:
        body = {"event": event, **content, "call": about(self._call)}
        posting = Posting(
            self._settings.url,
            orjson.dumps(body, option=orjson.OPT_UTC_Z),
            event,
            message_id=message_id,
            idempotency_key=key,
            secrets=self._secrets,
            seconds=self._settings.timeout_seconds,
            headers=tracing.headers_for(self._call.trace_context, "booking", message_id),
        )
        return ask(self._make_client, self._clock, posting)

    def _kind(self, kind: Kind) -> dict[str, Any]:
        return {
            "kind": kind.name,
            "duration_minutes": kind.length.total_seconds() / 60,
            "time_zone": str(self._zone),
        }

    def _local(self, at: datetime) -> str:
        return at.astimezone(self._zone).isoformat(timespec="minutes")


def _reference(output: str) -> str | None:
    """The server's own, where it answers one."""
    try:
        found = json.loads(output)["reference"]
    except (ValueError, TypeError, KeyError):
        return None
    return found if isinstance(found, str) and 0 < len(found) <= LONGEST_REFERENCE else None
