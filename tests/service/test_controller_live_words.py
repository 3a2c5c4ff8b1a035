"""Words from outside on a whole controller: said, known to the model, and written down."""

import pytest
from controller_rig import ANSWERS, Rig, killed

from topcalls.core.call_state import State
from topcalls.services.live_words import INJECTED, SAID
from topcalls.store.models import Call

pytestmark = pytest.mark.service
HOW = {"interrupt": False, "interruptible": True, "end_call": False}
WORDS = "The doctor is on the way."
KNOWN = "The order was sent."


@pytest.fixture
def rig(db, tmp_path):
    made = Rig(db, tmp_path)
    yield made
    made.close()


def talking(rig):
    call_id = rig.place(ANSWERS, silence_timeout_seconds=60)
    rig.wait_until(lambda: state(rig, call_id) is State.IN_PROGRESS, "the conversation")
    return call_id


def state(rig, call_id):
    return State(rig.services.db.read(lambda: Call.get_by_id(call_id)).state)


def ask(rig, call_id, verb, text, **how):
    wanted = {"text": text, **how}
    asked = getattr(rig.services.calls.live_words, verb)
    return asked(rig.account, call_id, wanted, rig.services.clock.now())


def say(rig, call_id, text=WORDS, **how):
    return ask(rig, call_id, "say", text, **(HOW | how))


def noted(rig, call_id, kind):
    events = rig.services.call_trail.events(rig.account.account_id, call_id)
    return [event.detail for event in events if event.kind == kind]


def fate(rig, call_id, command):
    def told():
        return [one for one in noted(rig, call_id, SAID) if one["command_id"] == command]

    return rig.wait_until(told, "the words' end")[0]


def words(rig, call_id):
    return [(turn.user, turn.text) for turn in rig.view(call_id).transcript]


def test_words_are_said_and_stand_in_the_transcript(rig):
    rig.controller()
    call_id = talking(rig)
    command = say(rig, call_id)
    told = fate(rig, call_id, command)
    assert (told["outcome"], told["key_id"]) == ("heard", rig.account.key_id)
    rig.wait_until(lambda: ("assistant", WORDS) in words(rig, call_id), "its turn")
    assert rig.services.commands.get(command).result == "done"


def test_a_goodbye_ends_the_call(rig):
    rig.controller()
    call_id = talking(rig)
    command = say(rig, call_id, interrupt=True, end_call=True)
    over = rig.wait_over(call_id)
    assert (over.end_reason, over.transcript[-1].text) == ("agent_ended", WORDS)
    assert fate(rig, call_id, command)["outcome"] == "heard"


def test_words_that_are_left_when_the_call_ends_were_not_said(rig):
    rig.controller()
    call_id = talking(rig)
    first = say(rig, call_id, "One moment.")
    second = say(rig, call_id)
    rig.wait_until(lambda: rig.services.commands.get(second).finished_at, "the hand-over")
    rig.services.calls.stop(rig.account.account_id, call_id)
    rig.wait_over(call_id)
    assert fate(rig, call_id, second)["outcome"] == "not_said"
    assert fate(rig, call_id, first)["outcome"] in ("interrupted", "not_said")


def test_the_model_that_carries_on_after_a_death_knows_the_note(rig):
    first = rig.controller()
    call_id = talking(rig)
    session = rig.model.opened.get()
    ask(rig, call_id, "inject", KNOWN, respond=False)
    (told,) = rig.wait_until(lambda: noted(rig, call_id, INJECTED), "the note")
    assert (told["text"], told["key_id"]) == (KNOWN, rig.account.key_id)
    assert [role for role, text in session.messages if KNOWN in text] == ["system"]
    killed(first)
    rig.controller()
    heir = rig.model.opened.get(timeout=15)
    rig.wait_until(lambda: [text for _, text in heir.messages if KNOWN in text], "the memory")
    assert not [turn for turn in words(rig, call_id) if KNOWN in turn[1]]
