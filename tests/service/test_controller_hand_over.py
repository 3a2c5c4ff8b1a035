"""Calls go on in another controller: after the death of theirs, and because it lets go of them."""

import factories
import gevent
import inbound_rig
import pytest
from controller_rig import ANSWERS, REFUSED, WAIT, Rig, killed

from topcalls.controller.hand_over import HandOverRules

pytestmark = pytest.mark.service
HELLO = "Hello there."
SIXTY_WORDS = " ".join(["la"] * 60)
SLOW_RING = "+12025550151"


@pytest.fixture
def rig(db, tmp_path):
    made = Rig(db, tmp_path)
    yield made
    made.close()


def originates(rig):
    return [item for item in rig.switch.received if item.line.startswith("bgapi originate")]


def received(rig, words):
    return [item.line for item in rig.switch.received if words in item.line]


def talking(rig, said=HELLO):
    """A controller whose caller has heard the first sentence; and the call."""
    controller = rig.controller()
    call_id = rig.place(ANSWERS, first_sentence=said)
    rig.wait_until(lambda: texts(rig, call_id) == [said], "the first sentence")
    return controller, call_id


def texts(rig, call_id):
    return [item.text for item in rig.view(call_id).transcript]


def channel_of(rig):
    (call,) = rig.switch.switch.calls.values()
    return call


def is_quiet(controller, call_id):
    return controller.sessions.of_call(call_id).effects.bridge.is_quiet


def heard_ms(controller, call_id):
    playback = controller.sessions.of_call(call_id).effects.leg.playback
    return max((playback.played_ms(name) for name in playback._utterances), default=0)


def adopted(rig, call_id):
    """What has happened to the call since another controller has it."""
    kinds = [
        event.kind for event in rig.services.call_trail.events(rig.account.account_id, call_id)
    ]
    return kinds.count("Adopted")


def heir(rig, **options):
    made = rig.controller(**options)
    made._reconcile()
    return made


# --- after a death


def test_a_talk_goes_on_with_what_was_said(rig):
    controller, call_id = talking(rig)
    rig.wait_until(lambda: is_quiet(controller, call_id), "the end of the sentence")
    channel = channel_of(rig)
    rig.model.opened.get()
    before = rig.view(call_id)
    killed(controller)
    second = heir(rig)
    session = rig.model.opened.get(timeout=WAIT)
    rig.wait_until(lambda: channel.audio.stream is not None, "the stream")
    assert channel.channel.variables["tc_owner"] == second.owner
    assert session.messages == [("assistant", HELLO)]
    assert session.asked == []  # the caller has the floor
    rig.wait_until(lambda: adopted(rig, call_id) == 1, "the adoption")
    assert rig.view(call_id).started_at == before.started_at
    rig.wait_until(lambda: session.heard, "the caller's audio")
    channel.put_down()
    call = rig.wait_over(call_id)
    assert (call.call_status, call.end_reason) == ("completed", "callee_hung_up")
    assert call.started_at == before.started_at
    assert [(item.text, item.interrupted) for item in call.transcript] == [(HELLO, False)]
    assert len(originates(rig)) == 1


def test_a_sentence_that_was_being_said_is_cut_where_it_stopped_and_taken_up(rig):
    rig.model.seconds = 30
    controller, call_id = talking(rig, SIXTY_WORDS)
    second = rig.controller()
    rig.wait_until(lambda: heard_ms(controller, call_id) > 4000, "some of the sentence")
    assert not is_quiet(controller, call_id)
    killed(controller)
    second._reconcile()
    rig.model.opened.get()
    session = rig.model.opened.get(timeout=WAIT)
    rig.wait_until(lambda: session.asked, "the agent")
    (said, *_) = rig.view(call_id).transcript
    assert said.interrupted
    assert SIXTY_WORDS.startswith(said.text)
    assert 7 <= len(said.text.split()) < 60
    assert session.messages == [("assistant", said.text)]
    assert "interrupted" in session.asked[0]
    assert SIXTY_WORDS not in session.asked


def test_one_recording_goes_on_in_the_same_file(rig):
    controller, call_id = talking(rig)
    channel = channel_of(rig)
    (path,) = channel.audio.recordings.active
    before = channel.audio.recordings.active[path]
    killed(controller)
    heir(rig)
    rig.wait_until(lambda: len(received(rig, f" start {path}")) == 2, "the successor")
    rig.wait_until(lambda: channel.audio.stream is not None, "the stream")
    assert channel.audio.recordings.active == {path: before}


def test_a_phone_that_rings_rings_on_and_is_talked_to(rig):
    controller = rig.controller()
    call_id = rig.place(SLOW_RING)
    rig.wait_status(call_id, "in_progress")
    killed(controller)
    second = heir(rig)
    rig.wait_until(lambda: adopted(rig, call_id) == 1, "the adoption")
    channel_of(rig).answer()
    rig.wait_status(call_id, "in-progress")
    rig.wait_until(lambda: texts(rig, call_id) == [HELLO], "the first sentence")
    assert second.sessions.of_call(call_id) is not None
    assert len(originates(rig)) == 1


def test_an_answer_that_nobody_heard_counts_from_when_it_was(rig):
    controller = rig.controller()
    call_id = rig.place(SLOW_RING)
    rig.wait_status(call_id, "in_progress")
    killed(controller)
    channel = channel_of(rig)
    channel.answer()
    channel.channel.times.answered -= 20_000_000
    heir(rig)
    rig.wait_status(call_id, "in-progress")
    channel.put_down()
    call = rig.wait_over(call_id)
    assert 20 <= (call.end_at - call.started_at).total_seconds() < 25


def test_a_second_death_is_survived_too(rig):
    controller, call_id = talking(rig)
    for number in (1, 2):
        rig.model.opened.get(timeout=WAIT)
        killed(controller)
        controller = heir(rig)
        rig.wait_until(lambda number=number: adopted(rig, call_id) == number, "the successor")
    rig.model.opened.get(timeout=WAIT)
    rig.wait_until(lambda: channel_of(rig).audio.stream is not None, "the stream")
    assert rig.view(call_id).call_status == "in-progress"


def test_without_an_ai_the_call_ends_as_it_is(rig):
    controller, call_id = talking(rig)
    rig.model.refusing = REFUSED
    killed(controller)
    heir(rig)
    call = rig.wait_over(call_id)
    assert (call.call_status, call.end_reason) == ("failed", "provider_failed")
    rig.wait_until(lambda: not rig.switch.switch.calls, "the hang-up")


def test_a_stream_that_the_dead_one_left_attached_is_in_nobodys_way(rig):
    """Its machine is gone: its end of the connection was never told."""
    controller, call_id = talking(rig)
    channel = channel_of(rig)
    left, channel.audio.stream = channel.audio.stream, None
    killed(controller)
    channel.audio.stream = left
    heir(rig)
    rig.wait_until(lambda: channel.audio.stream not in (None, left), "a stream of its own")
    rig.wait_until(lambda: channel.audio.stream.connected, "its connection")
    assert rig.view(call_id).call_status == "in-progress"


def test_a_controller_that_was_only_taken_for_dead_leaves_the_channel_alone(rig):
    controller, call_id = talking(rig)
    channel = channel_of(rig)
    live = controller.sessions.of_call(call_id)
    second = rig.controller()
    now = controller._clock.now()
    second._succession._settle_all(
        rig.services.dispatch.adopt(second.owner, "node-1", now, 20, [controller.owner])
    )
    rig.wait_until(lambda: controller.sessions.of_call(call_id) is None, "letting go")
    assert live.session.facts.state.value == "in_progress"
    rig.wait_until(lambda: channel.audio.stream and channel.audio.stream.connected, "the stream")
    assert rig.view(call_id).call_status == "in-progress"
    assert received(rig, "uuid_kill") == []


# --- because it lets go


def test_a_controller_that_stops_gives_its_call_to_another(rig):
    controller, call_id = talking(rig)
    channel = channel_of(rig)
    rig.model.opened.get()
    second = rig.controller()
    controller.stop(WAIT)
    session = rig.model.opened.get(timeout=WAIT)
    rig.wait_until(lambda: second.sessions.of_call(call_id), "the heir")
    rig.wait_until(lambda: session.heard, "the caller's audio")
    assert session.messages == [("assistant", HELLO)]
    assert session.asked == []
    channel.put_down()
    call = rig.wait_over(call_id)
    assert (call.call_status, call.end_reason) == ("completed", "callee_hung_up")
    assert [(item.text, item.interrupted) for item in call.transcript] == [(HELLO, False)]
    assert len(originates(rig)) == 1


def test_without_another_one_it_drains(rig):
    controller, call_id = talking(rig)
    controller.stop(0)
    call = rig.wait_over(call_id)
    assert (call.call_status, call.end_reason) == ("failed", "shutdown")


def test_one_that_is_still_to_come_can_be_waited_for(rig):
    always = HandOverRules(mode="always")
    controller = rig.controller(hand_over=always)
    call_id = rig.place(ANSWERS)
    rig.wait_until(lambda: texts(rig, call_id) == [HELLO], "the first sentence")
    controller.stop(0)
    assert rig.view(call_id).call_status == "in-progress"
    second = rig.controller()
    rig.wait_until(lambda: second.sessions.of_call(call_id), "the heir")
    rig.wait_until(lambda: channel_of(rig).audio.stream is not None, "the stream")
    assert rig.view(call_id).call_status == "in-progress"


def test_a_phone_that_rings_is_given_too(rig):
    controller = rig.controller()
    call_id = rig.place(SLOW_RING)
    rig.wait_status(call_id, "in_progress")
    second = rig.controller()
    controller.stop(WAIT)
    rig.wait_until(lambda: second.sessions.of_call(call_id), "the heir")
    channel_of(rig).answer()
    rig.wait_status(call_id, "in-progress")
    assert len(originates(rig)) == 1


def test_an_operator_moves_the_calls_of_one_that_goes_on_running(rig):
    controller, call_id = talking(rig)
    now = controller._clock.now()
    rig.services.nodes.drain(now, node="node-1", owner=controller.owner, hand_over=True)
    controller._beat()
    controller._look_for_heirs_and_calls()
    assert controller.sessions.of_call(call_id) is not None  # nobody is there yet
    second = rig.controller()
    rig.wait_until(lambda: second.sessions.of_call(call_id), "the heir")
    rig.wait_until(lambda: not len(controller.sessions), "letting go")
    rig.wait_until(lambda: channel_of(rig).audio.stream is not None, "the stream")
    assert rig.view(call_id).call_status == "in-progress"


def test_twenty_calls_change_hands(rig):
    rig.account = factories.principal(rig.services, name="Load", max_concurrent_calls=20)
    controller = rig.controller()
    calls = [rig.place(ANSWERS) for _ in range(20)]
    for call_id in calls:
        rig.wait_status(call_id, "in-progress")
    second = rig.controller()
    controller.stop(WAIT)
    rig.wait_until(lambda: len(second.sessions) == 20, "the heir")
    channels = list(rig.switch.switch.calls.values())
    rig.wait_until(lambda: all(one.audio.stream for one in channels), "the streams")
    assert {rig.view(call_id).call_status for call_id in calls} == {"in-progress"}
    gevent.joinall([gevent.spawn(one.put_down) for one in channels])
    ends = {(rig.wait_over(call_id).end_reason, adopted(rig, call_id)) for call_id in calls}
    assert ends == {("callee_hung_up", 1)}
    assert len(originates(rig)) == 20
    assert received(rig, "uuid_kill") == []


# --- calls that came in


def test_a_caller_who_called_us_is_talked_to_by_another_controller(rig):
    agent = inbound_rig.agent(rig.services, rig.account.account_id)
    inbound_rig.number(rig.services, rig.account.account_id, agent)
    controller = rig.controller()
    caller = rig.switch.call_in(ANSWERS, inbound_rig.NUMBER)
    rig.wait_until(lambda: caller.audio.stream is not None, "the stream")
    rig.wait_until(lambda: len(controller.sessions), "the call")
    (call_id,) = [live.session.call_id for live in controller.sessions.all()]
    rig.wait_status(call_id, "in-progress")
    rig.wait_until(lambda: texts(rig, call_id), "the greeting")
    killed(controller)
    second = heir(rig)
    rig.wait_until(lambda: second.sessions.of_call(call_id), "the heir")
    rig.wait_until(lambda: caller.audio.stream is not None, "the stream")
    rig.wait_until(lambda: adopted(rig, call_id) == 1, "the adoption")
    caller.put_down()
    call = rig.wait_over(call_id)
    assert (call.call_status, call.end_reason) == ("completed", "caller_hung_up")
