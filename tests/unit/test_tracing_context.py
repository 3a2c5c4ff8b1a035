"""Places in traces: what headers name, and what follows from what."""

import pytest

from topcalls import tracing

pytestmark = pytest.mark.unit
TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


@pytest.mark.parametrize(
    ("header", "sampled"),
    [
        (f"00-{TRACE}-{SPAN}-01", True),
        (f"00-{TRACE}-{SPAN}-00", False),
        (f" 00-{TRACE}-{SPAN}-03 ", True),
        (f"01-{TRACE}-{SPAN}-01-more", True),
    ],
)
def test_a_header_names_a_place(header, sampled):
    assert tracing.parsed(header) == tracing.Context(TRACE, SPAN, sampled)


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "00",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-01-more",
        f"00-{TRACE}-{SPAN}",
    ],
)
def test_what_names_none_is_left_alone(header):
    assert tracing.parsed(header) is None


def test_the_same_words_are_the_same_place_and_others_another():
    root = tracing.Context(TRACE, SPAN)
    assert root.child("tool", "a") == root.child("tool", "a")
    assert root.child("tool", "a") != root.child("tool", "b")
    assert root.child("tool", "a").trace_id == TRACE


def test_off_it_does_nothing():
    assert tracing.begin("x", f"00-{TRACE}-{SPAN}-01") is None
    assert tracing.for_new_call() is None
    assert tracing.headers_for(None, "tool", "a") == {}
    tracing.start("api", {})
    tracing.start("api", {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://a", "OTEL_SDK_DISABLED": "true"})
    assert not tracing.is_on()


def test_a_request_of_a_call_names_its_span_below_the_calls():
    stored = f"00-{TRACE}-{tracing.NO_PARENT}-01"
    call, parent = tracing.call_context(stored)
    assert parent is None
    assert tracing.headers_for(stored, "tool", "a") == {"traceparent": str(call.child("tool", "a"))}
