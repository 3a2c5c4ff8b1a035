"""The bytes of the Event Socket's double, its splitting of arguments, its subscriptions."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topcalls.sandbox.freeswitch import wire
from topcalls.sandbox.freeswitch.arguments import (
    OriginateSyntax,
    parse_originate,
    patience,
    separate,
    split_variables,
)
from topcalls.sandbox.freeswitch.subscription import Subscription
from topcalls.sandbox.freeswitch.wire import Command, CommandParser, Event

SDP = "v=0\r\nm=audio 1 RTP/AVP 0\r\n"


def event(name="CHANNEL_ANSWER", body="", **headers):
    named = {key.replace("_", "-"): value for key, value in headers.items()}
    return Event({"Event-Name": name, **named}, body)


# --- bytes


def test_a_command_arrives_in_any_pieces():
    data = (
        b"\n\nauth x\n\napi status\r\n\r\n"
        b"sendmsg u1\ncall-command: execute\nExecute-App-Arg:  a b\n"
        b"content-length: 4\n\n\xc3\xa9\n\n"
        b"exit\n\n"
    )
    expected = [
        Command("auth x"),
        Command("api status"),
        Command(
            "sendmsg u1",
            {"call-command": "execute", "execute-app-arg": "a b", "content-length": "4"},
            "é\n\n",
        ),
        Command("exit"),
    ]
    assert CommandParser().feed(data) == expected
    parser = CommandParser()
    one_by_one = [command for byte in data for command in parser.feed(bytes([byte]))]
    assert one_by_one == expected


def test_an_endless_command_is_refused():
    parser = CommandParser()
    with pytest.raises(wire.CommandTooLong):
        parser.feed(b"x" * (wire.MAX_COMMAND_BYTES + 1))


def test_lengths_are_bytes():
    assert (
        wire.api_response("été") == "Content-Type: api/response\nContent-Length: 5\n\nété".encode()
    )
    assert wire.api_response("").endswith(b"Content-Length: 14\n\n-ERR no reply\n")


def test_replies_and_notices():
    assert wire.command_reply("+OK Job-UUID: j", [("Job-UUID", "j")]) == (
        b"Content-Type: command/reply\nReply-Text: +OK Job-UUID: j\nJob-UUID: j\n\n"
    )
    assert wire.disconnect_notice().startswith(
        b"Content-Type: text/disconnect-notice\nContent-Length: 67\n\nDisconnected, goodbye.\n"
    )
    assert wire.rude_rejection().endswith(b"Content-Length: 24\n\nAccess Denied, go away.\n")


def test_a_plain_event_encodes_what_could_break_a_line():
    fired = event(Unique_ID="u1", variable_switch_r_sdp=SDP, empty="", body="{}")
    fired.headers["variable_note"] = "100% né"
    framed = wire.event_bytes(fired, "plain")
    head, payload = framed.split(b"\n\n", 1)
    assert head == b"Content-Length: %d\nContent-Type: text/event-plain" % len(payload)
    assert payload.decode().split("\n") == [
        "Event-Name: CHANNEL_ANSWER",
        "Unique-ID: u1",
        "variable-switch-r-sdp: v%3D0%0D%0Am%3Daudio%201%20RTP/AVP%200%0D%0A",
        "empty: _undef_",
        "variable_note: 100%25%20n%C3%A9",
        "Content-Length: 2",
        "",
        "{}",
    ]


def test_a_plain_event_without_body_ends_with_an_empty_line():
    assert wire.plain_event(event("HEARTBEAT")) == b"Event-Name: HEARTBEAT\n\n"


def test_a_json_event_carries_its_body_and_its_length_in_bytes():
    framed = wire.event_bytes(event("BACKGROUND_JOB", body="+OK é\n"), "json")
    head, payload = framed.split(b"\n\n", 1)
    assert head == b"Content-Length: %d\nContent-Type: text/event-json" % len(payload)
    assert json.loads(payload) == {
        "Event-Name": "BACKGROUND_JOB",
        "Content-Length": "7",
        "_body": "+OK é\n",
    }


def test_bytes_that_are_no_utf8_leave_as_they_are():
    assert b'"Caller-Name":"a\xffb"' in wire.json_event(event(Caller_Name="a\udcffb"))
    assert b"Caller-Name: a%FFb" in wire.plain_event(event(Caller_Name="a\udcffb"))


# --- arguments


@pytest.mark.parametrize(
    ("text", "delimiter", "pieces"),
    [
        ("a  b c", " ", ["a", "b", "c"]),
        ("a 'b c' d", " ", ["a", "b c", "d"]),
        (r"a b\sc", " ", ["a", "b c"]),
        (r"say \'hi\'", " ", ["say", "'hi'"]),
        ("a=1,b='x,y',c", ",", ["a=1", "b=x,y", "c"]),
        (r"a=x\,y,b", ",", ["a=x,y", "b"]),
        ("it's,b", ",", ["it's", "b"]),
        ("^^:a,1:b", ",", ["a,1", "b"]),
        (" a , b ", ",", ["a", "b"]),
        ("a,", ",", ["a"]),
        ("", " ", []),
    ],
)
def test_separation(text, delimiter, pieces):
    assert separate(text, delimiter) == pieces


def test_the_last_piece_takes_the_rest():
    assert separate("u start ws://h/ mono 8k {a b} c", " ", 6) == [
        *("u", "start", "ws://h/", "mono", "8k"),
        "{a b} c",
    ]


@given(st.text(alphabet="ab ',\\{}=^", max_size=30), st.sampled_from(" ,="))
def test_separation_takes_any_text(text, delimiter):
    assert len(separate(text, delimiter, 5)) <= 5


def test_originate_is_taken_apart():
    request = parse_originate(
        "{origination_uuid=U,originate_timeout=7,execute_on_answer='sched_hangup +60 x',"
        r"codecs=PCMU\,PCMA}sofia/gateway/sandbox/+12025550100 &park()"
    )
    assert request.variables == {
        "origination_uuid": "U",
        "originate_timeout": "7",
        "execute_on_answer": "sched_hangup +60 x",
        "codecs": "PCMU,PCMA",
    }
    assert (request.gateway, request.number) == ("sandbox", "+12025550100")
    assert (request.application, request.argument, request.timeout) == ("park", "", 7.0)


@pytest.mark.parametrize(("told", "seconds"), [("7", 7.0), ("0", 60.0), ("soon", 60.0)])
def test_how_long_a_dial_may_ring(told, seconds):
    text = f"{{originate_timeout={told}}}sofia/gateway/g/1 &park()"
    assert parse_originate(text).timeout == seconds


@pytest.mark.parametrize(
    ("microsecond", "seconds"), [(0, 7.0), (250_000, 6.75), (999_999, 6.000001)]
)
def test_a_dial_is_given_up_at_a_tick_of_the_clock(microsecond, seconds):
    """The first tick counts for a whole second, however soon it comes: measured, as real."""
    begun = datetime(2026, 11, 30, 12, 0, 0, microsecond, UTC)
    assert patience(7.0, begun) == pytest.approx(seconds)


def test_quotes_protect_a_space_but_no_comma():
    """The split at spaces takes the quotes away before the split at commas: measured, as real."""
    variables = parse_originate("{a='x,y',b='x y'}sofia/gateway/g/1 &park").variables
    assert variables == {"a": "x", "b": "x y"}
    escaped = parse_originate(r"{a=\'x,y\'}sofia/gateway/g/1 &park").variables
    assert escaped == {"a": "x,y"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "sofia/gateway/g/1",
        "sofia/gateway/g/1 park",
        "sofia/gateway/g &park()",
        "loopback/100 &park()",
        "{a=1 sofia/gateway/g/1 &park()",
        "a b c d e f g h",
    ],
)
def test_a_wrong_originate_is_refused(text):
    with pytest.raises(OriginateSyntax):
        parse_originate(text)


def test_several_variable_blocks_and_own_delimiters():
    assert split_variables("{a=1}{^^;b=1,2;c=3}rest") == ({"a": "1", "b": "1,2", "c": "3"}, "rest")


# --- subscriptions


def test_only_what_was_asked_for_is_wanted():
    subscription = Subscription()
    assert not subscription.wants(event())
    reply = subscription.event(
        ["json", "CHANNEL_ANSWER", "BOGUS", "CUSTOM", "mod_audio_stream::connect"]
    )
    assert reply == "+OK event listener enabled json"
    assert subscription.wants(event())
    assert not subscription.wants(event("CHANNEL_PARK"))
    assert subscription.wants(event("CUSTOM", Event_Subclass="mod_audio_stream::connect"))
    assert not subscription.wants(event("CUSTOM", Event_Subclass="mod_audio_stream::connected"))
    assert Subscription().event(["json", "BOGUS"]) == "-ERR no keywords supplied"


def test_nixevent_and_noevents():
    subscription = Subscription()
    subscription.event(["plain", "ALL"])
    assert subscription.nixevent(["CHANNEL_PARK"]) == "+OK events nixed"
    assert subscription.wants(event())
    assert not subscription.wants(event("CHANNEL_PARK"))
    assert subscription.noevents() == "+OK no longer listening for events"
    assert not subscription.wants(event())
    assert subscription.noevents() == "-ERR not listening for events"


def test_myevents_are_those_of_one_channel():
    subscription = Subscription()
    assert subscription.myevents("u1", "json") == "+OK Events Enabled"
    assert subscription.wants(event(Unique_ID="u1"))
    assert not subscription.wants(event(Unique_ID="u2"))
    assert not subscription.wants(event("BACKGROUND_JOB"))


def filtered(*filters):
    subscription = Subscription()
    subscription.event(["json", "ALL"])
    for item in filters:
        subscription.filter(item)
    return subscription


def test_filters_are_ored_and_drop_what_lacks_the_header():
    subscription = filtered("variable_tc_owner me", "Event-Name HEARTBEAT")
    assert subscription.wants(Event({"Event-Name": "X", "variable_tc_owner": "ME"}))
    assert not subscription.wants(Event({"Event-Name": "X", "variable_tc_owner": "you"}))
    assert not subscription.wants(Event({"Event-Name": "X"}))
    assert subscription.wants(Event({"Event-Name": "HEARTBEAT"}))


def test_a_filter_may_exclude_or_be_a_pattern():
    subscription = filtered("Unique-ID /^a/", "Event-Name -CHANNEL_PARK")
    assert subscription.wants(event(Unique_ID="abc"))
    assert not subscription.wants(event("CHANNEL_PARK", Unique_ID="abc"))
    assert not subscription.wants(event(Unique_ID="bac"))


def test_filters_are_added_and_deleted_with_the_real_words():
    subscription = filtered()
    assert subscription.filter("a 1") == "+OK filter added. [a]=[1]"
    assert subscription.filter("add b 2") == "+OK filter added. [b]=[2]"
    assert subscription.filter("a") == "-ERR invalid syntax"
    assert subscription.filter("delete a 1") == "+OK filter deleted. [a][1]"
    assert not subscription.wants(event(a="1"))
    assert subscription.filter("delete all") == "+OK filter deleted. [all][]"
    assert subscription.wants(event())
