"""Calls through the double, as a client of its Event Socket sees them."""

import json
import socket
import time

import gevent
import pytest
from cdr_recorded import RECORD
from sandbox_peers import EventSocketClient, ToneSpeech

from topcalls.sandbox import faults
from topcalls.sandbox.freeswitch.server import SwitchServer
from topcalls.sandbox.freeswitch.switch import SwitchOptions
from topcalls.sandbox.magic_numbers import NumberPlan
from topcalls.sandbox.scenario import parse_scenario

SCENARIOS = {
    "+12025550150": "- answer\n- silence: 60",
    "+12025550151": "- ring: 0.05\n- early_media: 0.05\n- answer\n- say: x\n- hang_up",
    "+12025550152": "- ring: 0.05\n- busy",
    "+12025550153": "- no_answer",
    "+12025550154": "- reject",
    "+12025550155": "- fail: UNALLOCATED_NUMBER",
    "+12025550156": "- no_answer: 0.05",
    "+12025550157": '- answer\n- press: "1*"\n- silence: 60',
    "+12025550158": "- ring: 0.02\n- answer\n- hang_up",
    "+12025550159": "- ring: 60\n- answer",
    "+12025550160": "- early_media: 60\n- answer",
}
ANSWERS, TALKS, BUSY, NEVER, REJECTS, UNKNOWN, GIVES_UP, PRESSES, BRIEF, RINGS, EARLY = SCENARIOS


FAULTY = "+12025550161"
FAULTS = "\nfaults: [{lose_event: CHANNEL_PARK}, {cut_event_socket: 0.05}]"


def plan():
    scenarios = SCENARIOS | {FAULTY: "- answer\n- silence: 60" + FAULTS}
    return NumberPlan(
        parse_scenario(f'name: "{number}"\nnumber: "{number}"\ndescription: d\ncallee:\n{steps}')
        for number, steps in scenarios.items()
    )


@pytest.fixture
def server(tmp_path):
    options = SwitchOptions(temporary=tmp_path, heartbeat_seconds=0.1)
    server = SwitchServer(ToneSpeech(), plan(), options=options)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def connect(server):
    """Make clients; all are closed at the end."""
    clients = []

    def connect(**options):
        clients.append(EventSocketClient(server.port, **options))
        return clients[-1]

    yield connect
    for client in clients:
        client.close()


@pytest.fixture
def client(connect):
    return connect()


def answered(client, number=ANSWERS, uuid="u1", variables=""):
    client.originate(number, uuid, variables)
    client.event("BACKGROUND_JOB", Job_UUID=f"job-{uuid}")
    return uuid


def result_of(client, number, uuid="u1", variables=""):
    """(job result, CHANNEL_HANGUP_COMPLETE) of a call that fails."""
    client.originate(number, uuid, variables)
    job = client.event("BACKGROUND_JOB", Job_UUID=f"job-{uuid}")
    return job["_body"], client.event("CHANNEL_HANGUP_COMPLETE", Unique_ID=uuid)


# --- the socket


def test_a_client_is_let_in_with_the_password(connect):
    client = connect(password=None, events="")
    assert client.command("api status") == "-ERR command not found"
    assert client.command("auth wrong") == "-ERR invalid"
    assert client.closed.wait(5)
    assert b"See you at ClueCon" in client.notices[0].body
    assert connect().command("bogus") == "-ERR command not found"


def test_exit_says_goodbye(client):
    assert client.command("exit") == "+OK bye"
    assert client.closed.wait(5)
    assert client.notices[0].kind == "text/disconnect-notice"


def test_lingering_needs_a_session(client):
    assert client.command("linger") == "-ERR not controlling a session"


def test_unknown_api_commands_are_named(client):
    assert client.api("uuid_dance u1") == "-ERR uuid_dance Command not found!\n"


def test_heartbeats_come_by_themselves(client):
    beat = client.event("HEARTBEAT")
    assert beat["Event-Info"] == "System Ready"
    assert beat["Session-Count"] == "0"


def test_background_jobs_have_the_given_or_a_new_name(client):
    reply = client.request("bgapi status\nJob-UUID: mine")
    assert reply.headers["Reply-Text"] == "+OK Job-UUID: mine"
    assert reply.headers["Job-UUID"] == "mine"
    job = client.event("BACKGROUND_JOB", Job_UUID="mine")
    assert job["Job-Command"] == "status"
    assert "is ready" in job["_body"]
    assert int(job["Content-Length"]) == len(job["_body"].encode())
    assert len(client.request("bgapi status").headers["Job-UUID"]) == 36


def test_an_api_command_that_blocks_holds_up_the_events_of_its_connection(connect, client):
    other = connect()
    client.send(f"api originate {{originate_timeout=1}}sofia/gateway/sandbox/{NEVER} &park()")
    other.event("HEARTBEAT")
    other.event("CHANNEL_PROGRESS")
    assert client.names() == []
    assert client.replies.get(timeout=5).body == b"-ERR NO_ANSWER\n"
    assert client.event("CHANNEL_PROGRESS")


def test_events_are_filtered_by_a_variable(connect):
    client = connect(events="CHANNEL_ANSWER CHANNEL_PARK")
    client.command("filter variable_tc_owner me")
    client.originate(ANSWERS, "u1", "tc_owner=you")
    client.originate(ANSWERS, "u2", "tc_owner=me")
    client.event("CHANNEL_PARK", Unique_ID="u2")
    assert {event["Unique-ID"] for event in client.events} == {"u2"}


def test_myevents_follow_one_call(connect):
    client = connect(events="")
    watcher = connect()
    watcher.originate(RINGS, "u1")
    watcher.event("CHANNEL_PROGRESS", Unique_ID="u1")
    assert client.command("myevents u1 json") == "+OK Events Enabled"
    answered(watcher, uuid="u2")
    watcher.api("uuid_kill u1")
    client.event("CHANNEL_HANGUP_COMPLETE")
    assert {event["Unique-ID"] for event in client.events} == {"u1"}


def test_plain_and_json_events_say_the_same(connect):
    plain, as_json = connect(form="plain"), connect()
    answered(as_json)
    names = ("CHANNEL_ANSWER", "BACKGROUND_JOB")
    for name in names:
        one, other = plain.event(name), as_json.event(name)
        one.pop("_at"), other.pop("_at")
        assert {k: v for k, v in one.items() if v != "_undef_"} == {
            k: v for k, v in other.items() if v
        }


# --- outbound calls


def test_the_events_of_a_call_in_their_order(server, client):
    answered(client, TALKS)
    done = client.event("CHANNEL_HANGUP_COMPLETE")
    client.event("CHANNEL_DESTROY")
    assert client.names() == [
        "CHANNEL_CREATE",
        "CHANNEL_PROGRESS",
        "CHANNEL_PROGRESS_MEDIA",
        "CHANNEL_ANSWER",
        "CHANNEL_PARK",
        "BACKGROUND_JOB",
        "CHANNEL_HANGUP",
        "CHANNEL_HANGUP_COMPLETE",
        "CHANNEL_DESTROY",
    ]
    job = client.event("BACKGROUND_JOB")
    assert job["_body"] == "+OK u1\n"
    assert done["variable_hangup_cause"] == done["Hangup-Cause"] == "NORMAL_CLEARING"
    assert done["variable_sip_hangup_disposition"] == "recv_bye"
    assert done["variable_sip_term_status"] == "200"
    assert 150 <= int(done["variable_billmsec"]) < 1000
    assert 50 <= int(done["variable_answermsec"]) < 1000
    sequence = [int(event["Event-Sequence"]) for event in client.events]
    assert sequence == sorted(sequence)
    stamps = [int(event["Event-Date-Timestamp"]) for event in client.events]
    assert stamps == sorted(stamps)
    assert abs(stamps[-1] / 1e6 - time.time()) < 10


def test_an_event_describes_its_channel(client):
    variables = "tc_owner=me,origination_caller_id_number=+12025550000,note='a b'"
    answered(client, variables=variables)
    event = client.event("CHANNEL_ANSWER")
    expected = {
        "Unique-ID": "u1",
        "Channel-Call-UUID": "u1",
        "Call-Direction": "outbound",
        "Answer-State": "answered",
        "Channel-Read-Codec-Name": "PCMU",
        "Caller-Destination-Number": ANSWERS,
        "Caller-Caller-ID-Number": "+12025550000",
        "variable_tc_owner": "me",
        "variable_note": "a b",
        "variable_origination_uuid": "u1",
        "variable_sip_gateway_name": "sandbox",
    }
    assert expected.items() <= event.items()
    assert "\r\nm=audio" in event["variable_switch_r_sdp"]
    assert int(event["Caller-Channel-Answered-Time"]) > 0


@pytest.mark.parametrize(
    ("number", "cause", "q850", "status", "disposition"),
    [
        (BUSY, "USER_BUSY", "17", "486", "recv_refuse"),
        (REJECTS, "CALL_REJECTED", "21", "603", "recv_refuse"),
        (UNKNOWN, "UNALLOCATED_NUMBER", "1", "404", "recv_refuse"),
        (GIVES_UP, "NO_ANSWER", "19", "480", "recv_refuse"),
        (NEVER, "NO_ANSWER", "19", None, "send_cancel"),
    ],
)
def test_calls_that_nobody_answers(client, number, cause, q850, status, disposition):
    body, done = result_of(client, number, variables="originate_timeout=1")
    assert body == f"-ERR {cause}\n"
    assert done["variable_hangup_cause"] == cause
    assert done["variable_hangup_cause_q850"] == q850
    assert done.get("variable_sip_term_status") == status
    assert done["variable_sip_hangup_disposition"] == disposition
    assert done["variable_billsec"] == "0"
    assert "CHANNEL_ANSWER" not in client.names()


def test_the_timeout_is_the_callers(client):
    """It ends with the second tick of the clock."""
    begun = time.time()
    result_of(client, NEVER, variables="originate_timeout=2")
    assert int(begun) + 2 <= time.time() < int(begun) + 4


def test_a_ringing_call_can_be_killed(client):
    client.originate(RINGS, "u1")
    client.event("CHANNEL_PROGRESS")
    assert client.api("uuid_kill u1") == "+OK\n"
    assert client.event("BACKGROUND_JOB")["_body"] == "-ERR NORMAL_CLEARING\n"
    done = client.event("CHANNEL_HANGUP_COMPLETE")
    assert done["variable_sip_hangup_disposition"] == "send_cancel"


def test_an_answered_call_can_be_killed_with_a_cause(client):
    answered(client)
    assert client.api("uuid_kill u1 call_rejected") == "+OK\n"
    done = client.event("CHANNEL_HANGUP_COMPLETE")
    assert done["Hangup-Cause"] == "CALL_REJECTED"
    assert done["variable_sip_hangup_disposition"] == "send_bye"
    assert client.api("uuid_kill u1") == "-ERR No such channel!\n"


def test_an_answer_and_a_hang_up_may_come_together(client):
    client.originate(BRIEF, "u1")
    client.event("CHANNEL_HANGUP_COMPLETE")
    names = client.names("u1")
    assert names.index("CHANNEL_ANSWER") < names.index("CHANNEL_HANGUP_COMPLETE")


def test_without_ignore_early_media_a_call_is_parked_before_the_answer(client):
    line = f"{{origination_uuid=u1}}sofia/gateway/sandbox/{EARLY} &park()"
    assert client.api(f"originate {line}") == "+OK u1\n"
    assert client.event("CHANNEL_PARK")["Answer-State"] == "early"


def test_what_originate_refuses(client):
    answered(client)
    again = f"{{origination_uuid=u1}}sofia/gateway/sandbox/{ANSWERS} &park()"
    assert client.api(f"originate {again}") == "-ERR DESTINATION_OUT_OF_ORDER\n"
    assert client.api("originate sofia/gateway/other/1 &park()") == "-ERR INVALID_GATEWAY\n"
    assert client.api("originate nonsense").startswith("-USAGE: <call url>")


def test_the_null_endpoint_answers(client):
    assert client.api("originate {origination_uuid=u1}null/test &park()") == "+OK u1\n"
    assert client.event("CHANNEL_PARK")["Answer-State"] == "answered"


def test_execute_on_answer_limits_the_call(client):
    answered(client, variables="execute_on_answer='sched_hangup +1 allotted_timeout'")
    done = client.event("CHANNEL_HANGUP_COMPLETE")
    assert done["Hangup-Cause"] == "ALLOTTED_TIMEOUT"
    assert done["variable_hangup_cause_q850"] == "16"
    assert 900 <= int(done["variable_billmsec"]) < 1500


def test_a_second_schedule_does_not_replace_the_first(client):
    answered(client)
    assert client.api("sched_hangup +30 u1 user_busy") == "+OK\n"
    assert client.api("sched_hangup +40 u1") == "+OK\n"
    assert client.api("sched_del u1") == "+OK Deleted: 2\n"
    assert client.api("sched_del u1") == "+OK Deleted: 0\n"
    assert client.api("sched_hangup +0 u1") == "+OK\n"
    assert client.event("CHANNEL_HANGUP_COMPLETE")["Hangup-Cause"] == "ALLOTTED_TIMEOUT"


def test_variables_are_set_read_and_shown(client):
    answered(client)
    assert client.api("uuid_setvar u1 tc_owner 'a b'") == "+OK\n"
    assert client.api("uuid_getvar u1 tc_owner") == "a b"
    assert json.loads(client.api("uuid_dump u1 json"))["variable_tc_owner"] == "a b"
    assert "variable_tc_owner: a b\n" in client.api("uuid_dump u1")
    assert client.api("uuid_setvar u1 tc_owner") == "+OK\n"
    assert client.api("uuid_getvar u1 tc_owner") == "_undef_"
    assert client.api("uuid_setvar u9 a b") == "-ERR No such channel!\n"
    assert client.api("uuid_exists u1") == "true"
    assert client.api("uuid_exists u9") == "false"


def test_channels_are_shown_as_json(client):
    assert client.api("show channels as json") == '{"row_count": 0}\n'
    answered(client)
    shown = json.loads(client.api("show channels as json"))
    assert shown["row_count"] == 1
    row = shown["rows"][0]
    assert (row["uuid"], row["callstate"], row["dest"]) == ("u1", "ACTIVE", ANSWERS)
    assert client.api("show channels count") == "\n1 total.\n"
    assert client.api("show channels").endswith("\n\n1 total.\n")
    assert "1 session(s) - peak 1" in client.api("status")


def test_all_calls_of_a_node_are_hung_up(client):
    answered(client, uuid="u1", variables="tc_node=a")
    answered(client, uuid="u2", variables="tc_node=b")
    client.api("hupall normal_clearing tc_node a")
    client.event("CHANNEL_HANGUP_COMPLETE", Unique_ID="u1")
    assert client.api("uuid_exists u2") == "true"


def test_keys_travel_both_ways(server, client):
    answered(client, PRESSES)
    pressed = [client.event("DTMF", DTMF_Digit=digit) for digit in "1*"]
    assert not [name for name in pressed[0] if name.startswith("variable_")], "as the real one"
    assert client.api("uuid_recv_dtmf u1 7") == "+OK u1 received DTMF 7.\n"
    assert client.event("DTMF", DTMF_Digit="7")["Unique-ID"] == "u1"
    assert client.api("uuid_send_dtmf u1 1w2#@250") == "+OK u1 sent DTMF 1w2#@250.\n"
    assert server.call("u1").callee.digits_heard == ["1", "2", "#"]


def test_sendmsg_can_hang_up_and_set(client):
    answered(client)
    line = "sendmsg u1\ncall-command: execute\nexecute-app-name: set\nexecute-app-arg: a=1"
    assert client.command(line) == "+OK"
    client.event("CHANNEL_EXECUTE_COMPLETE")
    assert client.api("uuid_getvar u1 a") == "1"
    assert client.command("sendmsg u1\ncall-command: hangup\nhangup-cause: USER_BUSY") == "+OK"
    assert client.event("CHANNEL_HANGUP_COMPLETE")["Hangup-Cause"] == "USER_BUSY"
    assert client.command("sendmsg u9\ncall-command: hangup") == "-ERR invalid session id [u9]"


def test_a_hang_up_at_a_time_of_day(client):
    answered(client)
    assert client.api(f"sched_hangup {int(time.time()) + 1} u1 user_busy") == "+OK\n"
    assert client.event("CHANNEL_HANGUP_COMPLETE")["Hangup-Cause"] == "USER_BUSY"


# --- inbound calls


def test_somebody_calls_us(server, client):
    call = server.call_in("+12025550177", "+12025559999", patience=60)
    park = client.event("CHANNEL_PARK")
    assert park["Call-Direction"] == "inbound"
    assert park["variable_tc_owner"] == "unclaimed"
    assert park["Caller-Caller-ID-Number"] == "+12025550177"
    assert park["Caller-Destination-Number"] == "+12025559999"
    assert client.api(f"uuid_answer {call.uuid}") == "+OK\n"
    assert client.event("CHANNEL_ANSWER")["Unique-ID"] == call.uuid
    assert client.api("uuid_answer nobody") == "-ERROR\n"


def test_a_caller_gives_up(server, client):
    server.call_in("+12025550177", "+12025559999", patience=0.05)
    done = client.event("CHANNEL_HANGUP_COMPLETE")
    assert done["Hangup-Cause"] == "ORIGINATOR_CANCEL"
    assert done["variable_sip_hangup_disposition"] == "recv_cancel"


# --- faults


def test_connections_are_cut_and_may_come_back(server, connect, client):
    server.inject(faults.CutConnections())
    assert client.closed.wait(5)
    assert client.notices == []
    assert "is ready" in connect().api("status")


def test_an_address_may_be_turned_away(server, connect):
    server.inject(faults.RefuseConnections())
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as refused:
        assert refused.recv(1000).startswith(b"Content-Type: text/rude-rejection\n")
    connect()


def test_a_frozen_switch_says_nothing_then_everything(server, client):
    answered(client)
    server.inject(faults.Freeze(0.3))
    begun = time.monotonic()
    server.switch.calls["u1"].hang_up("USER_BUSY")
    assert client.api("uuid_exists u1") == "false"
    assert time.monotonic() - begun > 0.25
    assert client.event("CHANNEL_HANGUP_COMPLETE")["_at"] - begun > 0.25


def test_bytes_may_arrive_one_by_one(server, client):
    server.inject(faults.SplitBytes())
    answered(client)
    assert client.api("uuid_exists u1") == "true"


def test_commands_may_be_refused(server, client):
    answered(client)
    server.inject(faults.RefuseCommand("uuid_break", "-ERR refused", "u1"))
    assert client.api("uuid_break u1 all") == "-ERR refused\n"
    assert client.api("uuid_break u1 all") == "+OK\n"
    server.inject(faults.RefuseCommand("originate", "-ERR GATEWAY_DOWN"))
    assert client.originate(ANSWERS, "u2") == "+OK Job-UUID: job-u2"
    assert client.event("BACKGROUND_JOB", Job_UUID="job-u2")["_body"] == "-ERR GATEWAY_DOWN\n"


def test_a_job_result_may_never_come(server, client):
    lost = server.inject(faults.LoseEvents("BACKGROUND_JOB", job_command="originate"))
    client.originate(ANSWERS, "u1")
    client.event("CHANNEL_PARK")
    client.request("bgapi status\nJob-UUID: later")
    client.event("BACKGROUND_JOB", Job_UUID="later")
    assert lost.fired == 1
    assert client.names().count("BACKGROUND_JOB") == 1


def test_answer_and_hang_up_may_share_a_packet(server, client):
    server.inject(faults.JoinEvents("CHANNEL_ANSWER", last="CHANNEL_HANGUP_COMPLETE"))
    client.originate(TALKS, "u1")
    done = client.event("CHANNEL_HANGUP_COMPLETE")
    answer = client.event("CHANNEL_ANSWER")
    assert int(done["Event-Date-Timestamp"]) - int(answer["Event-Date-Timestamp"]) > 150_000
    assert done["_at"] - answer["_at"] < 0.05


def test_a_header_may_hold_what_it_should_not(server, connect):
    plain = connect(form="plain", events="CHANNEL_CREATE")
    value = "x\nUnique-ID: victim\udcff"
    server.inject(faults.ChangeHeader("CHANNEL_CREATE", header="variable_evil", value=value))
    plain.originate(ANSWERS, "u1")
    event = plain.event("CHANNEL_CREATE")
    assert event["Unique-ID"] == "u1"
    assert event["variable_evil"].startswith("x\nUnique-ID: victim")


def test_a_scenario_brings_its_own_faults(server, client):
    client.originate(FAULTY, "u1")
    assert client.closed.wait(5)
    assert "CHANNEL_ANSWER" in client.names()
    assert "CHANNEL_PARK" not in client.names()


# --- the handle


def test_the_handle_waits_for_commands_and_events(server, client):
    waiting = gevent.spawn(server.wait_for, lambda item: item.line.startswith("api uuid_kill"), 5)
    answered(client)
    client.api("uuid_kill u1")
    assert waiting.get(timeout=5).line == "api uuid_kill u1"
    assert server.wait_for_event("CHANNEL_PARK", "u1").uuid == "u1"
    assert [item.line for item in server.received[:2]] == ["auth sandbox", "event json ALL"]
    with pytest.raises(TimeoutError, match="no such event NEVER within"):
        server.wait_for_event("NEVER", timeout=0.01)
    assert server.connection_count == 1


def test_a_stopped_switch_can_be_started_again_on_its_port(server, connect, client):
    port = server.port
    server.stop()
    assert client.closed.wait(5)
    server.start()
    assert server.port == port
    connect()


# --- the record of a channel


@pytest.mark.parametrize(
    ("number", "cause", "disposition"),
    [(BRIEF, "NORMAL_CLEARING", "recv_bye"), (BUSY, "USER_BUSY", "recv_refuse")],
)
def test_every_channel_leaves_a_record_before_its_end_is_told(
    server, connect, tmp_path, number, cause, disposition
):
    folder = server.switch.options.cdr_dir = tmp_path / "cdr"
    client = connect()
    seen = []
    told = server.switch._hooks.event

    def note(event):
        if event.headers["Event-Name"] == "CHANNEL_HANGUP_COMPLETE":
            seen.extend(path.name for path in folder.iterdir())
        told(event)

    server.switch._hooks.event = note
    client.originate(number, "u1", "tc_call_id=c:1")
    end = client.event("CHANNEL_HANGUP_COMPLETE")
    assert seen == ["u1.cdr.json"]
    record = json.loads((folder / "u1.cdr.json").read_text())
    shape = [name for name in RECORD if name != "app_log" or number == BRIEF]
    assert list(record) == shape
    (told,), (recorded,) = record["callflow"], RECORD["callflow"]
    for part in ("caller_profile", "times"):
        assert list(told[part]) == list(recorded[part])
    assert list(told) == list(recorded)
    variables = record["variables"]
    assert (variables["uuid"], variables["tc_call_id"]) == ("u1", "c%3A1")
    assert (variables["hangup_cause"], variables["sip_hangup_disposition"]) == (cause, disposition)
    for name in ("answer_uepoch", "end_uepoch", "hangup_cause_q850"):
        assert variables[name] == end[f"variable_{name}"]
    assert record["callflow"][0]["times"]["hangup_time"] == variables["end_uepoch"]


def test_a_switch_that_crashes_leaves_no_record_and_no_open_file(server, connect, tmp_path):
    folder = server.switch.options.cdr_dir = tmp_path / "cdr"
    client = connect()
    client.originate(ANSWERS, "u1")
    client.event("CHANNEL_ANSWER")
    speech = tmp_path / "speech.PCMU"
    speech.write_bytes(b"\xff" * 80_000)
    client.play("u1", speech)
    client.event("PLAYBACK_START")
    player = server.switch.calls["u1"].audio.player
    (playing,) = player._stack
    server.switch.crash("told to")
    assert playing._source.closed
    assert not player.is_playing
    assert not folder.exists()
