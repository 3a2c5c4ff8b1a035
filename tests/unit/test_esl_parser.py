"""The Event Socket parser: framing by bytes, splitting before decoding, bounded memory."""

import json
from contextlib import suppress

import pytest
from esl_server import VICTIM, block, json_event, plain_event, reply
from hypothesis import given, settings
from hypothesis import strategies as st

from topcalls.esl.errors import ProtocolError
from topcalls.esl.parser import ESLEvent, EventDecoder, LenientUtf8, Message, MessageParser

pytestmark = pytest.mark.unit


def parse(*chunks: bytes, **limits: int) -> list[Message]:
    parser = MessageParser(**limits)
    found: list[Message] = []
    for chunk in chunks:
        parser.feed(chunk)
        found.extend(parser.messages())
    return found


def one_event(raw: bytes) -> ESLEvent:
    (message,) = parse(raw)
    event = EventDecoder().decode(message)
    assert event is not None
    return event


STREAM = (
    block("auth/request")
    + reply("+OK accepted")
    + block("api/response", "+OK żółć\n".encode())
    + json_event("CHANNEL_ANSWER", Unique__ID="u-1", variable_name="Zoë")
    + json_event("BACKGROUND_JOB", "+OK u-1\n", Job__UUID="j-1")
    + block("log/data", b"some: log\n\nlines\n", Log_Level="7")
    + plain_event("Event-Name: HEARTBEAT\nUp-Time: 0%20years\n\n")
    + block("text/disconnect-notice", b"Disconnected, goodbye.\n")
)


def test_a_stream_reads_as_its_messages() -> None:
    kinds = [message.content_type for message in parse(STREAM)]

    assert kinds == [
        "auth/request",
        "command/reply",
        "api/response",
        "text/event-json",
        "text/event-json",
        "log/data",
        "text/event-plain",
        "text/disconnect-notice",
    ]


def test_a_stream_may_be_cut_at_every_byte() -> None:
    whole = parse(STREAM)

    assert parse(*(STREAM[i : i + 1] for i in range(len(STREAM)))) == whole
    for cut in range(len(STREAM)):
        assert parse(STREAM[:cut], STREAM[cut:]) == whole


@given(cuts=st.lists(st.integers(0, len(STREAM)), max_size=20))
def test_a_stream_may_be_cut_anywhere(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(STREAM)]

    chunks = [STREAM[a:b] for a, b in zip(edges, edges[1:], strict=False)]

    assert parse(*chunks) == parse(STREAM)


def test_lengths_are_counted_in_bytes() -> None:
    (first, second) = parse(block("api/response", "żółć".encode()) + reply("+OK next"))

    assert first.body.decode() == "żółć"
    assert second.headers["Reply-Text"] == "+OK next"


def test_empty_lines_between_messages_are_skipped() -> None:
    assert len(parse(b"\n\n" + reply("+OK\n") + b"\n" + reply("+OK"))) == 2


def test_the_first_of_two_equal_headers_wins() -> None:
    (message,) = parse(b"Content-Type: command/reply\nReply-Text: a\nReply-Text: b\n\n")

    assert message.headers["Reply-Text"] == "a"


@pytest.mark.parametrize("length", ["-1", "1e3", "0x10", "²", "", "9" * 40, "12 34"])
def test_a_content_length_that_is_no_length_ends_the_stream(length: str) -> None:
    with pytest.raises(ProtocolError):
        parse(f"Content-Type: api/response\nContent-Length: {length}\n\n".encode())


def test_a_lying_content_length_is_refused_before_it_costs_memory() -> None:
    parser = MessageParser(max_body_bytes=1000)
    parser.feed(b"Content-Type: api/response\nContent-Length: 1001\n\n")

    with pytest.raises(ProtocolError) as caught:
        list(parser.messages())

    assert caught.value.extra == {"length": 1001}


def test_headers_without_end_are_refused() -> None:
    with pytest.raises(ProtocolError):
        parse(*[b"x" * 100] * 12, max_header_bytes=1000)


def test_what_came_before_the_nonsense_is_delivered() -> None:
    parser = MessageParser()
    parser.feed(reply("+OK") + b"Content-Length: no\n\n")
    messages = parser.messages()

    assert next(messages).headers["Reply-Text"] == "+OK"
    with pytest.raises(ProtocolError):
        next(messages)


def test_bytes_that_are_not_utf8_are_replaced_and_counted() -> None:
    text = LenientUtf8()
    parser = MessageParser(text)
    parser.feed(b"Content-Type: command/reply\nReply-Text: +OK \xff\xfe\n\n")

    (message,) = parser.messages()

    assert message.headers["Reply-Text"] == "+OK \ufffd\ufffd"
    assert text.replaced == 1


def test_an_event_keeps_its_body_apart() -> None:
    event = one_event(
        json_event(
            "CUSTOM",
            '{"status":"connected"}\nUnique-ID: forged',
            Event__Subclass="mod_audio_stream::connect",
            Unique__ID=VICTIM,
        )
    )

    assert event.body == '{"status":"connected"}\nUnique-ID: forged'
    assert event.uuid == VICTIM
    assert event.subclass == "mod_audio_stream::connect"
    assert "_body" not in event.headers


def test_a_value_with_line_breaks_stays_a_value() -> None:
    name = "x\r\nUnique-ID: forged\nvariable_tc_owner: forged"

    event = one_event(json_event("CHANNEL_ANSWER", Caller__Name=name, Unique__ID=VICTIM))

    assert event.uuid == VICTIM
    assert event.get("Caller-Name") == name
    assert event.variable("tc_owner", "-") == "-"


def test_plain_events_are_split_before_they_are_decoded() -> None:
    event = one_event(
        plain_event(
            f"Event-Name: BACKGROUND_JOB\nUnique-ID: {VICTIM}\n"
            "variable_switch_r_sdp: v%3D0%0D%0AUnique-ID%3A%20forged%0Avariable_tenant%3A%20admin\n"
            "Content-Length: 12\n\n+OK: 100%25\n"
        )
    )

    assert event.uuid == VICTIM
    assert event.variable("tenant", "-") == "-"
    assert event.variable("switch_r_sdp") == "v=0\r\nUnique-ID: forged\nvariable_tenant: admin"
    assert event.body == "+OK: 100%25\n"


def test_a_header_with_several_values_reads_as_the_switch_writes_it() -> None:
    event = one_event(json_event("CHANNEL_ANSWER", variable_via=["a", "b"]))

    assert event.variable("via") == "ARRAY::a|:b"
    assert event.headers["variable_via"] == "ARRAY::a|:b"


def test_values_that_are_no_text_do_no_harm() -> None:
    event = one_event(block("text/event-json", b'{"Event-Name":"X","n":7,"none":null,"_body":1}'))

    assert (event.get("n"), event.get("none", "-"), event.body) == ("7", "-", "1")
    assert event.headers == {"Event-Name": "X", "n": "7", "none": ""}


@pytest.mark.parametrize(
    ("text", "number"),
    [("42", 42), ("-7", -7), ("", None), ("4.2", None), ("x", None), ("²", None), ("9" * 30, None)],
)
def test_whole_numbers(text: str, number: int | None) -> None:
    assert ESLEvent({"n": text}).integer("n") == number


def test_an_event_knows_when_it_was_made() -> None:
    assert ESLEvent({"Event-Date-Timestamp": "1700000000000001"}).timestamp_us == 1700000000000001
    assert ESLEvent({}).timestamp_us == 0


def test_json_that_is_not_utf8_is_replaced_and_counted() -> None:
    text = LenientUtf8()
    raw = b'{"Event-Name":"CHANNEL_ANSWER","Caller-Name":"Zo\xeb"}'

    event = EventDecoder(text).decode(Message("text/event-json", {}, raw))

    assert event is not None and event.get("Caller-Name") == "Zo\ufffd"
    assert text.replaced == 1


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b"null", b'{"a":"\xff', b"\x00"])
def test_a_body_that_is_no_event_is_no_event(body: bytes) -> None:
    assert EventDecoder().decode(Message("text/event-json", {}, body)) is None
    assert EventDecoder().decode(Message("text/event-plain", {}, body)) is None


def test_a_huge_event_is_one_event() -> None:
    text = "x" * 2_000_000

    event = one_event(json_event("CHANNEL_ANSWER", variable_big=text))

    assert event.variable("big") == text


json_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


@given(
    headers=st.dictionaries(json_text.filter(lambda name: name != "_body"), json_text, max_size=8),
    body=json_text,
)
def test_any_json_event_survives_the_wire(headers: dict[str, str], body: str) -> None:
    raw = json.dumps(headers | {"_body": body}, ensure_ascii=False).encode()

    event = one_event(block("text/event-json", raw))

    assert (event.headers, event.body) == (headers, body)


@settings(max_examples=300)
@given(data=st.binary(max_size=300), cut=st.integers(0, 300))
def test_no_bytes_do_worse_than_end_the_stream(data: bytes, cut: int) -> None:
    parser, decoder = MessageParser(), EventDecoder()
    with suppress(ProtocolError):
        for chunk in (data[:cut], data[cut:], b"\n\n"):
            parser.feed(chunk)
            for message in parser.messages():
                decoder.decode(Message("text/event-json", {}, message.body))
                decoder.decode(Message("text/event-plain", {}, message.body))


@given(names=st.lists(st.sampled_from(["Unique-ID", "variable_a", "Event-Name"]), max_size=3))
def test_no_plain_value_becomes_a_header(names: list[str]) -> None:
    hostile = "".join(f"%0A{name}%3A%20forged" for name in names)

    event = one_event(plain_event(f"Event-Name: DTMF\nCaller-Name: a{hostile}\n\n"))

    assert set(event.headers) == {"Event-Name", "Caller-Name"}
    assert event.name == "DTMF"
