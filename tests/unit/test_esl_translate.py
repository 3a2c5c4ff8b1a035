"""What recorded events of a real switch mean."""

from datetime import UTC, datetime

import pytest
from esl_recorded import RECORDED

from topcalls.core.call_events import (
    Answered,
    Arrived,
    CallEvent,
    EarlyMedia,
    Hangup,
    HungUp,
    HungUpBy,
    Rang,
    StreamConnected,
    StreamLost,
)
from topcalls.esl.client import EVENT_NAMES, EVENT_SUBCLASSES, GATEWAY_STATE
from topcalls.esl.errors import CommandRefused
from topcalls.esl.parser import ESLEvent
from topcalls.esl.translate import (
    InboundCall,
    KeyPressed,
    LineHeld,
    PlaybackStarted,
    PlaybackStopped,
    RecordingStopped,
    SwitchHeartbeat,
    hangup_of,
    inbound_call,
    line_codec,
    notice,
    translate,
)

pytestmark = pytest.mark.unit
BYE_BY_US = {"variable_sip_hangup_disposition": "send_bye"}

CHANNEL = "7afa3f21-df42-4553-8687-795c66f1ff4f"


def recorded(name: str, **changes: str) -> ESLEvent:
    fields: dict[str, object] = {**RECORDED[name], **changes}
    body = str(fields.pop("_body", ""))
    return ESLEvent(fields, body)


CALL_EVENTS: dict[str, CallEvent | None] = {
    "progress": Rang(),
    "progress_media": EarlyMedia(),
    "answer": Answered(),
    "park_inbound": Arrived(),
    "park_outbound": None,
    "stream_connect": StreamConnected(),
    "stream_disconnect": StreamLost("1001"),
    "stream_error": StreamLost("6 Connection refused"),
    "hangup_by_us": HungUp(Hangup("NORMAL_CLEARING", None, 16, HungUpBy.US)),
    "hangup_by_callee": HungUp(Hangup("NORMAL_CLEARING", 200, 16, HungUpBy.CALLEE)),
    "hangup_busy": HungUp(Hangup("USER_BUSY", 486, 17, HungUpBy.CALLEE)),
    "hangup_reject": HungUp(Hangup("CALL_REJECTED", 603, 21, HungUpBy.CALLEE)),
    "hangup_nosuch": HungUp(Hangup("NO_ROUTE_DESTINATION", 404, 3, HungUpBy.NETWORK)),
    "hangup_no_answer": HungUp(Hangup("NO_ANSWER", 487, 19, HungUpBy.US)),
    "hangup_max_duration": HungUp(Hangup("ALLOTTED_TIMEOUT", None, 16, HungUpBy.US)),
    "hangup_media_timeout": HungUp(Hangup("MEDIA_TIMEOUT", None, 16, HungUpBy.NETWORK)),
    "hangup_inbound_abandoned": HungUp(
        Hangup("ORIGINATOR_CANCEL", 487, 16, HungUpBy.CALLEE),
    ),
    "playback_start": None,
    "playback_break": None,
    "dtmf": None,
    "hold": None,
    "unhold": None,
    "record_stop": None,
    "heartbeat": None,
}


@pytest.mark.parametrize("name", RECORDED)
def test_what_an_event_means_for_the_call(name: str) -> None:
    assert translate(recorded(name)) == CALL_EVENTS[name]


NOTICES = {
    "playback_start": PlaybackStarted("/dev/shm/a.PCMU", 1795447632924233),
    "playback_break": PlaybackStopped("/dev/shm/a.PCMU", 1795447644044221, "break", 8000),
    "dtmf": KeyPressed("5"),
    "hold": LineHeld(True, 520),
    "unhold": LineHeld(False, 1300),
    "record_stop": RecordingStopped("/recordings/x.wav", 0),
    "heartbeat": SwitchHeartbeat(4, 59.366667),
}


@pytest.mark.parametrize("name", RECORDED)
def test_what_an_event_means_for_the_media_side(name: str) -> None:
    assert notice(recorded(name)) == NOTICES.get(name)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("1795447632404236", datetime(2026, 11, 23, 15, 27, 12, 404236, tzinfo=UTC)),
        ("0", None),
        ("-1", None),
        ("9" * 17, None),
        ("soon", None),
    ],
)
def test_a_hang_up_says_when(text: str, moment: datetime | None) -> None:
    changes = {"variable_answer_uepoch": text, "variable_end_uepoch": text}
    event = translate(recorded("hangup_by_callee", **changes))
    assert isinstance(event, HungUp)
    assert (event.answered_at, event.ended_at) == (moment, moment)


def test_every_event_we_subscribe_to_was_recorded() -> None:
    """But results of jobs, and states of gateways: see test_esl_sofia.py."""
    kinds = {event.get("Event-Subclass", event["Event-Name"]) for event in RECORDED.values()}

    assert kinds == {*EVENT_NAMES, *EVENT_SUBCLASSES} - {"BACKGROUND_JOB", GATEWAY_STATE}


def test_an_inbound_call_says_who_calls_whom() -> None:
    call = inbound_call(recorded("park_inbound"))

    assert call == InboundCall(
        channel_uuid=CHANNEL,
        owner="unclaimed",
        node="n1",
        called_number="+12025550142",
        caller_number="+12025550199",
        caller_name="ACME",
        sip_call_id=RECORDED["park_inbound"]["variable_sip_call_id"],
        source_address="127.0.0.1",
    )
    assert inbound_call(recorded("park_outbound")) is None
    assert inbound_call(recorded("answer")) is None


def test_a_call_tells_its_headers_by_their_own_names() -> None:
    changes = {
        "variable_sip_h_X-Order": "7",
        "variable_sip_h_Diversion": "<sip:+12025550155@x>",
        "variable_sip_P-Asserted-Identity": "+12025550177;verstat=TN-Validation-Passed-A",
        "variable_sip_subject": "hello",
        "variable_sip_contact_user": "none of a caller's",
        "Caller-Privacy-Hide-Number": "true",
        "variable_sip_gateway": "tc_trunk",
    }
    call = inbound_call(recorded("park_inbound", **changes))

    assert call is not None
    assert (call.is_hidden, call.gateway) == (True, "tc_trunk")
    assert call.headers == {
        "X-Order": "7",
        "Diversion": "<sip:+12025550155@x>",
        "P-Asserted-Identity": "+12025550177;verstat=TN-Validation-Passed-A",
        "Subject": "hello",
        "Verstat": "TN-Validation-Passed-A",
    }


@pytest.mark.parametrize(
    ("name", "value", "verdict"),
    [
        ("variable_sip_name_params", "verstat=TN-Validation-Failed", "TN-Validation-Failed"),
        ("variable_sip_h_X-Twilio-VerStat", "TN-Validation-Passed-B", "TN-Validation-Passed-B"),
        ("variable_sip_full_from", "<sip:+1@x;verstat=No-TN-Validation>", "No-TN-Validation"),
        ("variable_sip_full_from", "<sip:+1@x>", None),
        ("variable_sip_name_params", "verstat=" + "y" * 500, "y" * 64),
    ],
)
def test_what_the_carrier_says_of_the_callers_number(name: str, value: str, verdict: str) -> None:
    call = inbound_call(recorded("park_inbound", **{name: value}))

    assert call is not None
    assert call.headers.get("Verstat") == verdict


BLOCKED = 'SIP;cause=603;text="v=analytics1;url=https://who.example/redress;tel=+12025550100"'


def refused(**variables: str) -> Hangup:
    fields = {f"variable_{name.replace('__', '-')}": value for name, value in variables.items()}
    return hangup_of(ESLEvent({"Hangup-Cause": "CALL_REJECTED", **fields}))


def test_what_a_network_blocked_nobody_declined() -> None:
    said = {"sip_term_status": "603", "sip_invite_failure_phrase": "Network Blocked"}
    by_phrase = refused(**said)
    assert by_phrase.is_network_block and by_phrase.by is HungUpBy.NETWORK
    by_header = refused(
        sip_term_status="603", sip_invite_failure_phrase="Decline", sip_603plus_reason=BLOCKED
    )
    assert (by_header.is_network_block, by_header.reason) == (True, BLOCKED)
    declined = refused(sip_term_status="603", sip_invite_failure_phrase="Decline")
    assert not declined.is_network_block and declined.by is HungUpBy.CALLEE
    assert refused(sip_term_status="608").is_network_block


def test_until_when_a_refusal_asks_to_be_left_alone() -> None:
    busy = refused(sip_term_status="503", sip_rh_X__Retry__After="120 (busy)")
    assert (busy.sip_status, busy.retry_after) == (503, 120.0)
    answered = refused(sip_term_status="200", sip_rh_X__Retry__After="120")
    assert answered.retry_after is None
    long = refused(sip_term_status="486", sip_invite_failure_phrase="x" * 5000)
    assert len(long.phrase) == 400


@pytest.mark.parametrize(
    ("variables", "status"),
    [
        ({"sip_term_status": "503", "sip_invite_failure_status": "486"}, 503),
        ({"proto_specific_hangup_cause": "sip:480"}, 480),
        ({"proto_specific_hangup_cause": "h323:17"}, None),
        ({"sip_invite_failure_status": "487"}, 487),
        ({"sip_term_status": "none"}, None),
        ({"sip_term_status": "9999"}, None),
        ({"sip_term_status": "904", "proto_specific_hangup_cause": "sip:904"}, 401),
        ({}, None),
    ],
)
def test_the_sip_status_is_taken_from_where_it_is(
    variables: dict[str, str], status: int | None
) -> None:
    fields = {f"variable_{name}": value for name, value in variables.items()}

    assert hangup_of(ESLEvent({"Hangup-Cause": "X", **fields})).sip_status == status


@pytest.mark.parametrize(
    ("disposition", "cause", "status", "by"),
    [
        ("recv_bye", "NORMAL_CLEARING", "", HungUpBy.CALLEE),
        ("recv_bye", "NETWORK_OUT_OF_ORDER", "", HungUpBy.NETWORK),
        ("send_bye", "NORMAL_CLEARING", "", HungUpBy.US),
        ("send_bye", "MEDIA_TIMEOUT", "", HungUpBy.NETWORK),
        ("send_cancel", "NO_ANSWER", "487", HungUpBy.US),
        ("send_refuse", "CALL_REJECTED", "", HungUpBy.US),
        ("recv_cancel", "ORIGINATOR_CANCEL", "487", HungUpBy.CALLEE),
        ("recv_refuse", "USER_BUSY", "486", HungUpBy.CALLEE),
        ("recv_refuse", "NORMAL_TEMPORARY_FAILURE", "503", HungUpBy.NETWORK),
        ("", "NORMAL_CLEARING", "", HungUpBy.NETWORK),
    ],
)
def test_who_hung_up(disposition: str, cause: str, status: str, by: HungUpBy) -> None:
    event = recorded(
        "hangup_by_us",
        **{
            "Hangup-Cause": cause,
            "variable_sip_hangup_disposition": disposition,
            "variable_sip_term_status": status,
        },
    )

    assert hangup_of(event).by is by


@pytest.mark.parametrize(
    ("changes", "picked_up"),
    [
        ({"Hangup-Cause": "INCOMPATIBLE_DESTINATION", **BYE_BY_US}, True),
        ({"variable_sip_term_status": "200"}, True),
        ({"Hangup-Cause": "INCOMPATIBLE_DESTINATION", "variable_sip_term_status": "488"}, False),
        ({"Hangup-Cause": "NO_ANSWER", **BYE_BY_US}, False),
        ({"variable_sip_term_status": "200", "variable_answer_uepoch": "1795447644000000"}, False),
        ({"variable_sip_term_status": "200", "variable_direction": "inbound"}, False),
        ({"variable_sip_term_status": "200", **BYE_BY_US}, False),
        ({"variable_sip_term_status": "503"}, False),
    ],
)
def test_a_dial_that_was_accepted_and_gave_no_audio(
    changes: dict[str, str], picked_up: bool
) -> None:
    unanswered = {"variable_direction": "outbound", "variable_answer_uepoch": "0"}
    event = ESLEvent({"Hangup-Cause": "NORMAL_CLEARING", **unanswered, **changes})

    hangup = hangup_of(event)

    assert hangup.picked_up is picked_up
    if picked_up:
        assert (hangup.sip_status, hangup.by) == (200, HungUpBy.US)


def test_a_hang_up_without_a_cause_still_is_one() -> None:
    assert hangup_of(ESLEvent({})).cause == "NORMAL_UNSPECIFIED"
    assert hangup_of(ESLEvent({"variable_hangup_cause": "USER_BUSY"})).cause == "USER_BUSY"


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ('{"status":"disconnected","message":{"code":1000,"reason":"bye"}}', "1000 bye"),
        ('{"status":"error","message":{"code":1,"error":""}}', "1"),
        ('{"message":"text"}', ""),
        ('{"status":"error"}', ""),
        ("[]", ""),
        ("null", ""),
        ("no json", ""),
        ("", ""),
    ],
)
def test_a_lost_stream_says_why_as_far_as_it_knows(body: str, detail: str) -> None:
    event = ESLEvent({"Event-Name": "CUSTOM", "Event-Subclass": "mod_audio_stream::error"}, body)

    assert translate(event) == StreamLost(detail)


@pytest.mark.parametrize("digit", ["", "12", "x", "\n"])
def test_what_is_no_key_is_no_key(digit: str) -> None:
    assert notice(recorded("dtmf", **{"DTMF-Digit": digit})) is None


def test_numbers_that_are_none_do_no_harm() -> None:
    assert notice(recorded("heartbeat", **{"Idle-CPU": "?", "Session-Count": "?"})) == (
        SwitchHeartbeat(0, 0.0)
    )
    assert notice(recorded("playback_break", variable_playback_samples="?")) == PlaybackStopped(
        "/dev/shm/a.PCMU", 1795447644044221, "break", 0
    )


@pytest.mark.parametrize("name", ["CHANNEL_CREATE", "", "BACKGROUND_JOB", "RELOADXML"])
def test_other_events_mean_nothing(name: str) -> None:
    event = ESLEvent({"Event-Name": name})

    assert translate(event) is None
    assert notice(event) is None


@pytest.mark.parametrize(
    ("reply", "cause"),
    [
        ("-ERR USER_BUSY", "USER_BUSY"),
        ("-ERR NO_ANSWER\n", "NO_ANSWER"),
        ("-ERR No such channel!", ""),
        ("-ERR", ""),
        ("-USAGE: <uuid>", ""),
    ],
)
def test_a_refused_dial_names_its_cause(reply: str, cause: str) -> None:
    assert CommandRefused("refused", reply=reply).cause == cause


def test_the_codec_of_the_line_is_what_the_switch_writes():
    for name, codec in (("PCMA", "PCMA"), ("PCMU", "PCMU"), ("", "PCMU")):
        event = ESLEvent({"Event-Name": "CHANNEL_ANSWER", "Channel-Write-Codec-Name": name})
        assert line_codec(event) == codec


@pytest.mark.parametrize(("port", "status"), [("5060", 408), ("0", None)])
def test_a_status_that_the_switch_made_up_is_none(port, status):
    event = ESLEvent(
        {
            "Event-Name": "CHANNEL_HANGUP_COMPLETE",
            "Hangup-Cause": "RECOVERY_ON_TIMER_EXPIRE",
            "variable_sip_term_status": "408",
            "variable_sip_invite_failure_status": "408",
            "variable_proto_specific_hangup_cause": "sip:408",
            "variable_sip_hangup_disposition": "recv_refuse",
            "variable_sip_reply_port": port,
        }
    )
    assert hangup_of(event).sip_status == status
