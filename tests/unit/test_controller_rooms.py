"""The rooms of the controller one by one: routing, claiming, commands, comparing, files."""

import json
import os
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from esl_controller import CHANNEL, running_controller
from esl_server import block, running_server

from topcalls.clock import ManualClock, SystemClock
from topcalls.controller.commands import CommandTaker
from topcalls.controller.dispatcher import Dispatcher
from topcalls.controller.headroom import Headroom
from topcalls.controller.playback_directory import PlaybackDirectory
from topcalls.controller.reconciler import GRACE_SECONDS, Reconciler
from topcalls.controller.rounds import LoopWatch
from topcalls.controller.sessions import LiveCall, Sessions
from topcalls.core.call_events import Answered, HungUp
from topcalls.core.call_state import CallFacts, State
from topcalls.errors import ConfigError, StoreUnavailable
from topcalls.esl.parser import ESLEvent
from topcalls.services.commands import CommandRow

pytestmark = pytest.mark.unit
AT = "1795447632404236"


class Notes:
    """Notes every call of every method."""

    def __init__(self):
        self.notes = []

    def __getattr__(self, name):
        return lambda *args, **named: self.notes.append((name, *args, *named.values()))


def live_call(call_id="call-1", state=State.RINGING, dialled=True, channel=CHANNEL):
    session = Notes()
    session.call_id, session.facts = call_id, CallFacts(state, dialled=dialled)
    session.is_open = True
    effects = Notes()
    effects.channel_uuid, effects.leg, effects.bridge = channel, Notes(), Notes()
    effects.leg.playback, effects.recording = Notes(), Notes()
    effects.recording.is_settled = True
    effects.background = None
    return LiveCall(session, effects)


def event(name, body="", **headers):
    fields = {"Event-Name": name, "Unique-ID": CHANNEL, "Event-Date-Timestamp": AT}
    return ESLEvent(fields | {key.replace("_", "-"): text for key, text in headers.items()}, body)


@pytest.fixture
def clock():
    return ManualClock(datetime(2030, 1, 1, tzinfo=UTC))


# --- routing


@pytest.fixture
def sessions():
    made = Sessions()
    made.add(live_call())
    return made


def test_events_reach_the_session_of_their_channel(sessions):
    session = sessions.of_call("call-1").session
    sessions.route(event("CHANNEL_ANSWER"))
    sessions.route(event("CHANNEL_HANGUP_COMPLETE", Hangup_Cause="USER_BUSY"))
    assert [type(note[1]) for note in session.notes] == [Answered, HungUp]


def test_an_answer_tells_codec_and_keys(sessions):
    leg = sessions.of_call("call-1").effects.leg
    answer = event("CHANNEL_ANSWER", Channel_Write_Codec_Name="PCMA")
    sessions.route(answer)
    named = {**answer.headers, "variable_rtp_2833_send_payload": "101"}
    sessions.route(ESLEvent(named, ""))
    assert leg.notes == [("answered", "PCMA", True, False), ("answered", "PCMA", False, False)]


def test_a_background_hears_when_the_agent_does(sessions):
    effects = sessions.of_call("call-1").effects
    effects.background = Notes()
    sessions.route(event("PLAYBACK_START", Playback_File_Path="/a.PCMU"))
    sessions.route(event("PLAYBACK_STOP", Playback_File_Path="/a.PCMU"))
    play = json.dumps({"file": "/b.r8", "chunk": "7"})
    sessions.route(event("CUSTOM", play, Event_Subclass="mod_audio_stream::play"))
    assert effects.background.notes == [
        ("playback_started",),
        ("playback_stopped",),
        ("file_ready", "/b.r8", "7"),
    ]


def test_events_of_other_channels_reach_nobody(sessions):
    sessions.route(event("CHANNEL_ANSWER", Unique_ID="another"))
    assert sessions.of_call("call-1").session.notes == []


def test_playback_keys_and_streams_reach_the_hands(sessions):
    effects = sessions.of_call("call-1").effects
    sessions.route(event("PLAYBACK_START", Playback_File_Path="/a.PCMU"))
    sessions.route(event("DTMF", DTMF_Digit="5"))
    sessions.route(event("CUSTOM", "refused", Event_Subclass="mod_audio_stream::error"))
    sessions.route(event("CUSTOM", Event_Subclass="mod_audio_stream::connect"))
    play = json.dumps({"file": "/b.r8", "chunk": "7"})
    sessions.route(event("CUSTOM", play, Event_Subclass="mod_audio_stream::play"))
    assert effects.leg.playback.notes == [
        ("playback_started", "/a.PCMU", int(AT)),
        ("stream_file_ready", "/b.r8", "7"),
    ]
    assert effects.notes == [("key_pressed", "5")]
    assert effects.leg.notes == [("switch_reported", "refused")]


def test_hold_reaches_the_hands(sessions):
    sessions.route(event("CHANNEL_HOLD"))
    sessions.route(event("CHANNEL_UNHOLD"))
    assert sessions.of_call("call-1").effects.notes == [("held", True, 0), ("held", False, 0)]


def test_a_call_that_was_given_back_and_is_here_again_is_not_forgotten(sessions):
    first, second = sessions.of_call("call-1"), live_call()
    sessions.add(second)
    sessions.remove(first)
    assert sessions.of_call("call-1") is second
    sessions.remove(second)
    sessions.remove(second)
    assert (len(sessions), sessions.of_call("call-1")) == (0, None)


# --- commands


class CommandRows:
    """Takes the place of the command verbs; storing the end of `stuck` fails."""

    def __init__(self, *rows):
        self.rows = list(rows)
        self.stuck = None
        self.away = False
        self.finished = {}
        self.put_back = []

    def put_off(self, command_id, owner):
        self.put_back.append((command_id, owner))

    def claim(self, owner, now):
        if self.away:
            raise StoreUnavailable("gone")
        rows, self.rows = self.rows, []
        return rows

    def finish(self, command_id, result, now):
        if command_id == self.stuck:
            raise StoreUnavailable("gone")
        self.finished[command_id] = result


def test_commands_are_carried_out_and_finished(sessions, clock):
    rows = CommandRows(
        CommandRow("1", "call-1", "dtmf", {"digits": "5"}),
        CommandRow("2", "call-1", "pause_recording", {}),
        CommandRow("3", "call-1", "dance", {}),
    )
    assert CommandTaker(rows, "me", sessions, clock).tick() == 3
    live = sessions.of_call("call-1")
    assert live.effects.bridge.notes == [("press", "5")]
    assert live.effects.recording.notes == [("pause", "api")]
    assert rows.finished == {"1": "done", "2": "done", "3": "unknown command"}
    assert rows.put_back == []


def test_a_stop_is_passed_on_until_its_transition_is_stored(sessions, clock):
    """Whatever becomes of the session meanwhile: the row's transition finishes the command."""
    row = CommandRow("1", "call-1", "stop", {"by": "api"})
    rows = CommandRows(row)
    taker = CommandTaker(rows, "me", sessions, clock)
    taker.tick()
    rows.rows = [row]
    taker.tick()
    assert sessions.of_call("call-1").session.notes == [("stop", "api")] * 2
    assert (rows.finished, rows.put_back) == ({}, [("1", "me")] * 2)


KINDS = {
    "stop": {},
    "dtmf": {"digits": "5"},
    "transfer": {},
    "pause_recording": {},
    "resume_recording": {},
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_command_waits_where_nobody_carries_the_call(sessions, clock, kind):
    """It is being taken over, turned away, or let go of."""
    sessions.add(live_call("left", channel="channel-2"))
    sessions.of_call("left").session.is_open = False
    rows = CommandRows(
        CommandRow("1", "unknown", kind, KINDS[kind]), CommandRow("2", "left", kind, KINDS[kind])
    )
    assert CommandTaker(rows, "me", sessions, clock).tick() == 2
    assert (rows.finished, rows.put_back) == ({}, [("1", "me"), ("2", "me")])
    assert sessions.of_call("left").session.notes == []


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "stop"])
def test_a_command_waits_until_the_conversation_is_taken_up(sessions, clock, kind):
    taken_up = live_call("taken", State.IN_PROGRESS, channel="channel-2")
    sessions.add(taken_up)
    bridge, taken_up.effects.bridge = taken_up.effects.bridge, None
    taken_up.effects.recording.is_settled = False
    rows = CommandRows(CommandRow("1", "taken", kind, KINDS[kind]))
    taker = CommandTaker(rows, "me", sessions, clock)
    taker.tick()
    assert (rows.finished, rows.put_back) == ({}, [("1", "me")])
    taken_up.effects.bridge, taken_up.effects.transfers = bridge, Notes()
    taken_up.effects.recording.is_settled = True
    rows.rows = [CommandRow("1", "taken", kind, KINDS[kind])]
    taker.tick()
    assert rows.finished == {"1": "done"}


def test_commands_behind_one_that_waits_keep_their_place(sessions, clock):
    taken_up = live_call("taken", State.IN_PROGRESS, channel="channel-2")
    sessions.add(taken_up)
    taken_up.effects.recording.is_settled = False
    rows = CommandRows(
        CommandRow("1", "taken", "pause_recording", {}),
        CommandRow("2", "taken", "dtmf", {"digits": "5"}),
        CommandRow("3", "call-1", "dtmf", {"digits": "6"}),
    )
    CommandTaker(rows, "me", sessions, clock).tick()
    assert taken_up.effects.bridge.notes == []
    assert (rows.finished, rows.put_back) == ({"3": "done"}, [("1", "me"), ("2", "me")])


def test_keys_are_pressed_once_however_often_the_command_comes(sessions, clock):
    row = CommandRow("1", "call-1", "dtmf", {"digits": "12#"})
    rows = CommandRows(row)
    rows.stuck = "1"
    taker = CommandTaker(rows, "me", sessions, clock)
    taker.tick()
    rows.rows, rows.stuck = [row], None
    taker.tick()
    assert sessions.of_call("call-1").effects.bridge.notes == [("press", "12#")]
    assert rows.finished == {"1": "done"}


def test_a_command_whose_end_cannot_be_stored_holds_up_no_other(sessions, clock):
    sessions.add(live_call("call-2", channel="channel-2"))
    rows = CommandRows(
        CommandRow("1", "call-1", "dtmf", {"digits": "1"}),
        CommandRow("2", "call-2", "dtmf", {"digits": "2"}),
    )
    rows.stuck = "1"
    CommandTaker(rows, "me", sessions, clock).tick()
    assert sessions.of_call("call-2").effects.bridge.notes == [("press", "2")]
    assert rows.finished == {"2": "done"}


def test_commands_that_cannot_be_read_are_read_later(sessions, clock):
    rows = CommandRows(CommandRow("1", "call-1", "stop", {}))
    rows.away = True
    taker = CommandTaker(rows, "me", sessions, clock)
    assert taker.tick() == 0
    rows.away = False
    assert taker.tick() == 1


# --- claiming


class Queued:
    """Takes the place of the claim: an endless queue."""

    def __init__(self):
        self.asked = []
        self.away = False

    def claim(self, owner, node, free_slots, now):
        self.asked.append(free_slots)
        if self.away:
            raise StoreUnavailable("gone")
        return [SimpleNamespace(call_id="call")] * free_slots


@pytest.fixture
def dispatcher(clock):
    made = SimpleNamespace(
        queue=Queued(), opened=[], may_dial=True, clock=clock, undialled=0, loop=LoopWatch(clock)
    )
    made.room = Dispatcher(
        made.queue,
        "me",
        "node-1",
        5,
        2.0,
        clock,
        live_calls=lambda: len(made.opened),
        undialled=lambda: made.undialled,
        headroom=Headroom(made.loop, lambda call_id: True),
        may_dial=lambda: made.may_dial,
        open_session=made.opened.append,
    )
    return made


def test_no_more_is_claimed_than_the_second_and_the_places_allow(dispatcher):
    opened = []
    for _ in range(6):
        dispatcher.room.tick()
        opened.append(len(dispatcher.opened))
        dispatcher.clock.advance(0.5)
    assert opened == [1, 2, 3, 4, 5, 5]
    assert len(dispatcher.queue.asked) == 5


def test_nothing_is_claimed_that_could_not_be_dialled(dispatcher):
    dispatcher.may_dial = False
    assert dispatcher.room.tick() == 0
    assert dispatcher.queue.asked == []


def test_calls_wait_while_those_before_them_are_not_dialled(dispatcher):
    dispatcher.undialled = 1
    assert dispatcher.room.tick() == 0
    assert dispatcher.queue.asked == []
    dispatcher.undialled = 0
    assert dispatcher.room.tick() == 1


def test_calls_wait_while_the_core_has_no_more_to_give(dispatcher):
    dispatcher.loop.busy = 0.95
    assert dispatcher.room.tick() == 1  # there are none to come first
    dispatcher.clock.advance(1.0)
    assert dispatcher.room.tick() == 0
    dispatcher.loop.busy = 0.5
    assert dispatcher.room.tick() == 1


def test_the_loop_is_watched(clock):
    """Half a second passes at once, and is late by what the clock then says."""

    class Until:
        def __init__(self):
            self.left = 2

        def wait(self, seconds):
            clock.advance(seconds + 0.25)
            self.left -= 1
            return self.left < 0

    watch, waiting = LoopWatch(clock), []
    watch.run(Until(), lambda: waiting.append(1) or 7)
    assert watch.lag_seconds == pytest.approx(0.25)
    assert 0 <= watch.busy < 10
    assert len(waiting) == 2


def test_a_queue_that_cannot_be_read_costs_no_call(dispatcher):
    dispatcher.queue.away = True
    assert dispatcher.room.tick() == 0
    dispatcher.queue.away = False
    assert dispatcher.room.tick() == 1


# --- comparing


@pytest.fixture
def switch():
    """The switch's channels, and a client of it."""
    with running_server() as server, running_controller(server) as controller:
        made = SimpleNamespace(channels=[], client=controller.client)

        def show(side, _):
            rows = [{"uuid": channel} for channel in made.channels]
            answer = {"row_count": len(rows), **({"rows": rows} if rows else {})}
            side.send(block("api/response", json.dumps(answer).encode()))

        server.on("api show channels", show)
        server.on("api uuid_exists", lambda side, _: side.send(block("api/response", b"false")))
        yield made


def comparing(switch, sessions, clock):
    return Reconciler(switch.client, sessions, clock, owner="me", are_live=lambda _: {})


def test_a_channel_counts_as_lost_after_its_grace_only(switch, sessions, clock):
    effects = sessions.of_call("call-1").effects
    reconciler = comparing(switch, sessions, clock)
    assert reconciler.compare() == 0
    clock.advance(GRACE_SECONDS)
    assert reconciler.compare() == 1
    assert effects.notes == [("channel_gone",)]


def test_a_channel_that_was_missing_for_a_moment_is_not_lost(switch, sessions, clock):
    reconciler = comparing(switch, sessions, clock)
    reconciler.compare()
    clock.advance(GRACE_SECONDS)
    switch.channels = [CHANNEL]
    assert reconciler.compare() == 0
    switch.channels = []
    assert reconciler.compare() == 0


@pytest.mark.parametrize("facts", [{"dialled": False}, {"state": State.COMPLETED}])
def test_calls_without_a_channel_to_miss_are_left_alone(switch, clock, facts):
    sessions = Sessions()
    sessions.add(live_call(**facts))
    reconciler = comparing(switch, sessions, clock)
    reconciler.compare()
    clock.advance(GRACE_SECONDS)
    assert reconciler.compare() == 0


def test_a_switch_that_cannot_be_asked_has_lost_nothing(switch, sessions, clock):
    reconciler = comparing(switch, sessions, clock)
    reconciler.compare()
    clock.advance(GRACE_SECONDS)
    switch.client.stop()
    assert reconciler.compare() == 0


# --- files of speech


def left_behind(base, name, age=3600.0, files=("a.PCMU",)):
    directory = base / name
    directory.mkdir(parents=True)
    for file in files:
        (directory / file).write_bytes(b"\xff" * 160)
    moment = SystemClock().now().timestamp() - age
    os.utime(directory, (moment, moment))
    return directory


def opened(base, owner="node-1.7.00000001"):
    directory = PlaybackDirectory(base, owner, SystemClock())
    directory.open()
    return directory


def test_what_a_dead_controller_left_is_deleted_at_the_next_start(tmp_path):
    dead = left_behind(tmp_path, "node-1.4711.0badcafe")
    own = opened(tmp_path)
    assert not dead.exists()
    own.close()
    assert list(tmp_path.iterdir()) == []


def test_speech_of_a_controller_that_is_known_to_be_dead_goes_at_once(tmp_path):
    own = opened(tmp_path)
    alive = opened(tmp_path, "node-1.8.00000002")
    dead = left_behind(tmp_path, "node-1.4711.0badcafe", age=0)
    for name in (dead.name, alive.path.name, "node-1.9.00000003"):
        own.forget(name)
    assert [path.name for path in sorted(tmp_path.iterdir())] == [own.path.name, alive.path.name]
    for each in (own, alive):
        each.close()


def test_a_living_controllers_files_are_left_alone(tmp_path):
    other = opened(tmp_path, "node-1.8.00000002")
    (other.path / "a.PCMU").write_bytes(b"\xff")
    os.utime(other.path, (0, 0))
    own = opened(tmp_path)
    assert (other.path / "a.PCMU").exists()
    own.close()
    other.close()
    assert not other.path.exists()


@pytest.mark.parametrize(
    ("name", "age", "files"),
    [
        ("node-1.4711.0badcafe", 0.0, ("a.PCMU",)),
        ("somebody", 3600.0, ("a.PCMU",)),
        ("node-1.4711.0badcafe", 3600.0, ("thesis.txt",)),
    ],
    ids=["young", "foreign name", "foreign file"],
)
def test_what_may_be_somebody_elses_is_kept(tmp_path, name, age, files):
    kept = left_behind(tmp_path, name, age, files)
    opened(tmp_path).close()
    assert [path.name for path in kept.iterdir()] == list(files)


def test_a_directory_the_switch_could_not_play_from_is_refused(tmp_path):
    with pytest.raises(ConfigError):
        opened(tmp_path / "with a space")
