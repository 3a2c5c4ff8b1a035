"""The messages of a call that are kept: few, short, and runs of sound as one."""

import gevent
import pytest

from topcalls import call_trace
from topcalls.call_trace import MOST_CHARACTERS, MOST_ENTRIES, CallTrace, passed_on
from topcalls.core.hidden_numbers import NumberVeil
from topcalls.core.trace_shapes import stored

pytestmark = pytest.mark.unit
SOUND = '{"type":"input_audio_buffer.append","audio":"' + "A" * 400 + '"}'


@pytest.fixture
def trace():
    moments = iter(range(100_000))
    return CallTrace(lambda: next(moments))


def test_a_message_is_kept_as_it_is(trace):
    trace.add("provider.in", '{"type":"error"}')
    (entry,) = trace.entries()
    assert entry == {
        "at": 1,
        "until": 1,
        "way": "provider.in",
        "messages": 1,
        "bytes": 16,
        "text": '{"type":"error"}',
    }


def test_a_run_of_sound_is_one_entry_for_each_way(trace):
    for _ in range(50):
        trace.add("provider.out", SOUND)
        trace.add("provider.in", b"\xff" * 160)
    sent, heard = trace.entries()
    assert (sent["messages"], sent["bytes"]) == (50, 50 * len(SOUND))
    assert (heard["messages"], heard["bytes"], heard["text"]) == (50, 8000, None)
    assert sent["at"] < heard["at"] < sent["until"] < heard["until"]


def test_short_messages_that_begin_alike_are_told_apart(trace):
    for number in range(3):
        trace.add(
            "provider.in", f'{{"type":"response.output_audio_transcript.delta","delta":"{number}"}}'
        )
    assert [entry["messages"] for entry in trace.entries()] == [1, 1, 1]


def test_the_oldest_go_and_long_ones_are_cut(trace):
    for number in range(MOST_ENTRIES + 5):
        trace.add("switch.command", f"api number {number}")
    trace.add("provider.out", "x" * 10 * MOST_CHARACTERS)
    kept = list(trace.entries())
    assert len(kept) == MOST_ENTRIES
    assert kept[0]["text"] == "api number 6"
    assert (len(kept[-1]["text"]), kept[-1]["bytes"]) == (MOST_CHARACTERS, 10 * MOST_CHARACTERS)


def test_a_call_has_its_trace_until_it_is_over():
    made = call_trace.begin("call-1")
    assert call_trace.of("call-1") is made is call_trace.begin("call-1")
    assert call_trace.end("call-1") is made
    assert call_trace.of("call-1") is call_trace.end("call-1") is None


def test_greenlets_that_work_for_the_call_know_its_trace_and_no_others():
    trace = CallTrace()

    def call():
        call_trace.current.set(trace)
        works, other = passed_on(call_trace.current.get), call_trace.current.get
        return [gevent.spawn(one) for one in (works, other)]

    works, other = gevent.spawn(call).get()
    assert (works.get(), other.get()) == (trace, None)
    assert call_trace.current.get() is None


VEIL = NumberVeil(["+12025550100"])


@pytest.mark.parametrize(
    ("way", "text", "told"),
    [
        (
            "provider.in",
            '{"type":"response.output_audio_transcript.done","item_id":"item_12345678",'
            '"transcript":"My name is Ann."}',
            {
                "frame": {
                    "type": "response.output_audio_transcript.done",
                    "item_id": "item_12345678",
                    "transcript": "<15 characters>",
                }
            },
        ),
        (
            "provider.in",
            '{"type":"error","error":{"code":"bad","message":"No +12025550100 here"}}',
            {
                "frame": {
                    "type": "error",
                    "error": {"code": "bad", "message": "No **********00 here"},
                }
            },
        ),
        (
            "provider.out",
            '{"type":"session.update","session":{"instructions":"You are Ra',
            {"frame": {"type": "session.update"}},
        ),
        ("provider.in", "not JSON", {"frame": None}),
        ("provider.in", "[1]", {"frame": None}),
        (
            "switch.command",
            "api uuid_kill 2f6f9f8a-6a1e-4a8e-8a3a-5a8f2f1c7d42 NORMAL_CLEARING",
            {
                "command": "uuid_kill 2f6f9f8a-6a1e-4a8e-8a3a-5a8f2f1c7d42 NORMAL_CLEARING "
                "<66 characters>"
            },
        ),
        (
            "switch.command",
            "bgapi originate {origination_caller_id_name=Ann}sofia/gateway/x/+12025550100 &park",
            {"command": "originate <82 characters>"},
        ),
        (
            "switch.command",
            "sendmsg 2f6f9f8a-6a1e-4a8e-8a3a-5a8f2f1c7d42\ncall-command: execute\n"
            "execute-app-name: send_dtmf\nexecute-app-arg: 4111",
            {"command": "sendmsg send_dtmf 2f6f9f8a-6a1e-4a8e-8a3a-5a8f2f1c7d42 <116 characters>"},
        ),
    ],
)
def test_what_is_stored_is_the_shape(way, text, told):
    entry = {"at": 0, "way": way, "text": text}
    assert stored(entry, VEIL, whole=False) == {"at": 0, "way": way, **told}


def test_whole_keeps_words_and_never_sound():
    entry = {"way": "provider.out", "text": SOUND}
    assert stored(entry, VEIL, whole=True)["frame"]["audio"] == "<400 characters>"
    words = {"way": "provider.in", "text": '{"transcript":"My name is Ann."}'}
    assert stored(words, VEIL, whole=True)["frame"] == {"transcript": "My name is Ann."}
    assert stored({"way": "switch.event", "fields": {"Event-Name": "DTMF"}}, VEIL, whole=False) == {
        "way": "switch.event",
        "fields": {"Event-Name": "DTMF"},
    }
