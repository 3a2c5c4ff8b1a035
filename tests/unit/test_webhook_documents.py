"""docs/webhooks.md says what the code does."""

import dataclasses
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from standardwebhooks import Webhook

from topcalls.core.call_request import CALL_EVENTS
from topcalls.core.webhook_filters import UPDATED
from topcalls.core.webhook_retry import RETRY_DELAYS
from topcalls.net.http import ORIGIN_HEADER
from topcalls.services import webhook_headers
from topcalls.services.call_views import CallView, TranscriptItem
from topcalls.services.webhook_payload import call_payload
from topcalls.services.webhooks import LANE_WIDTH

pytestmark = pytest.mark.unit
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
PAGE = (Path(__file__).parents[2] / "docs" / "webhooks.md").read_text()


def code(language):
    return re.search(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)[1]


def blank(shape, **fields):
    """Something with every field of `shape`, None unless given."""
    return SimpleNamespace(**{field.name: None for field in dataclasses.fields(shape)} | fields)


def test_the_example_has_the_fields_of_a_message():
    view = blank(CallView, metadata={}, transcript=[blank(TranscriptItem)])
    payload = call_payload("call.completed", view, sequence=3)
    example = json.loads(code("json"))
    assert list(example) == list(payload)
    assert list(example["transcript"][0]) == list(payload["transcript"][0])


def test_every_event_is_listed():
    assert tuple(re.findall(r"^\| `(call\.\w+)`", PAGE, re.MULTILINE)) == (
        *CALL_EVENTS,
        UPDATED,
    )


def test_every_header_is_listed():
    listed = re.findall(r"^\| `([a-z-]+)` \|", PAGE, re.MULTILINE)
    signed = webhook_headers.signed_headers("id", "call.queued", [SECRET], b"{}", NOW, 1, 2, 1)
    assert set(listed) == (signed.keys() | {ORIGIN_HEADER}) - {"content-type", "user-agent"}


def test_the_times_of_the_attempts_are_told():
    *first, last = [str(int(delay.total_seconds() // 60)) for delay in RETRY_DELAYS]
    assert f"{', '.join(first)} and {last} minutes" in " ".join(PAGE.split())


def test_the_width_of_a_lane_is_told():
    assert LANE_WIDTH == 4
    assert "at most four deliveries under way" in " ".join(PAGE.split())


def test_the_example_of_a_receiver_accepts_and_refuses():
    kept = []
    names = {"SECRET": "whsec_" + "B" * 32, "seen_before": lambda _: False, "later": kept.append}
    exec(code("python"), names)
    signer = Webhook(names["SECRET"])
    now = datetime.now(UTC)
    headers = {
        "webhook-id": "message-1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": signer.sign("message-1", now, '{"event": "call.failed"}'),
    }
    assert names["receive"](headers, b'{"event": "call.failed"}') == (204, "")
    assert kept == [{"event": "call.failed"}]
    assert names["receive"](headers, b"{}")[0] == 401
