"""What followers of calls are told, read from rows."""

from dataclasses import replace

import factories
import pytest

from topcalls.core.call_events import PutOnHold
from topcalls.core.latency import TurnTiming
from topcalls.core.live_events import Position
from topcalls.core.tools import ToolRecord, ToolStatus
from topcalls.core.transcript import Turn
from topcalls.errors import NotFound
from topcalls.services.live_events import LAST_WORDS, Follower, LiveEvents
from topcalls.store import partial_words
from topcalls.store.models import Command

pytestmark = pytest.mark.service
HELLO = Turn(1, "user", "Hello?", 500, 1500)
GREETING = Turn(2, "assistant", "Good day.", 2000, 3000)
TOOL = ToolRecord("use-1", "look_up", False, '{"order": 7}', 1_500)


@pytest.fixture
def who(services):
    return factories.principal(services)


@pytest.fixture
def life(services, who):
    return factories.Life(services, factories.claimed_call(services, who)).talk(10)


@pytest.fixture
def verbs(services):
    return LiveEvents(services.db, services.clock)


class Reader:
    """Follows a call."""

    def __init__(self, verbs, life, position=Position()):  # noqa: B008 - it is frozen
        self.verbs = verbs
        self.call_id = life.call_id
        self.position = position

    def news(self):
        found = self.verbs.news([Follower(7, self.call_id, self.position)])[7]
        if found:
            self.position = found[-1].position
        return found

    def names(self):
        return [event.name for event in self.news()]


def say(services, life, *turns):
    for turn in turns:
        services.calls.append_turn(life.call_id, turn)


def tool(services, life, **changes):
    services.calls.tools.note(life.call_id, replace(TOOL, **changes), services.clock.now())


def test_everything_is_told_once_and_in_order(services, life, verbs):
    reader = Reader(verbs, life)
    states = [(event.view.kind, event.view.to_state) for event in reader.news()]
    assert states[0] == ("Claimed", "dispatching")
    assert states[-1] == ("BridgeReady", "in_progress")
    say(services, life, HELLO)
    timing = TurnTiming(2, 100, 200, 30)
    services.calls.append_timing(life.call_id, timing)
    tool(services, life)
    assert sorted(reader.names()) == ["latency", "tool", "turn"]
    life.take(PutOnHold())
    tool(services, life, status=ToolStatus.SUCCEEDED, output="1", duration_ms=5)
    told = {event.name: event.view for event in reader.news()}
    assert told["hold"].kind == "PutOnHold"
    assert told["tool"].status is ToolStatus.SUCCEEDED
    assert reader.names() == []


def test_a_corrected_turn_is_told_again_and_one_nobody_heard_is_taken_back(
    services, who, life, verbs
):
    reader = Reader(verbs, life)
    reader.news()
    say(services, life, replace(GREETING, ended_ms=2000))
    (begun,) = reader.news()
    assert (begun.name, begun.view.id, begun.view.ended_ms) == ("turn", 2, 2000)
    say(services, life, GREETING, HELLO)
    assert [(event.view.id, event.view.text) for event in reader.news()] == [
        (2, "Good day."),
        (1, "Hello?"),
    ]
    say(services, life, replace(GREETING, text=""), Turn(3, "user", "Yes.", 4000, 4500))
    assert [(event.name, event.view.id) for event in reader.news()] == [
        ("turn_removed", 2),
        ("turn", 3),
    ]
    turns = services.calls.get(who.account_id, life.call_id).transcript
    assert [turn.text for turn in turns] == ["Hello?", "Yes."]


def test_pressed_keys_have_a_name_of_their_own(services, life, verbs):
    reader = Reader(verbs, life)
    reader.news()
    say(services, life, Turn(1, "user", "[pressed ***]", 100, 100))
    assert reader.names() == ["dtmf"]


def test_whoever_was_cut_off_anywhere_misses_nothing(services, life, verbs):
    say(services, life, HELLO, GREETING, replace(HELLO, text="Hello there?"))
    tool(services, life)
    services.calls.append_timing(life.call_id, TurnTiming(2, 100, 200, 30))
    life.hang_up()
    whole = Reader(verbs, life).news()
    for number, event in enumerate(whole):
        rest = Reader(verbs, life, event.position).news()
        assert [(one.name, one.view) for one in rest] == [
            (one.name, one.view) for one in whole[number + 1 :]
        ]


def test_the_end_comes_when_the_last_words_are_written(services, who, life, verbs):
    reader = Reader(verbs, life)
    reader.news()
    services.calls.stop(who.account_id, life.call_id)
    assert reader.names() == []
    say(services, life, HELLO)
    life.hang_up()
    news = reader.news()
    assert [event.name for event in news] == ["turn", "state", "end"]
    assert (news[-1].view.id, news[-1].view.end_reason) == (life.call_id, "callee_hung_up")
    assert news[-1].position.over
    assert reader.names() == []


def test_the_end_comes_though_nobody_says_that_the_words_are_written(services, life, verbs):
    life.all_told = lambda: life
    life.hang_up()
    reader = Reader(verbs, life)
    assert "end" not in reader.names()
    services.clock.advance(LAST_WORDS.total_seconds() + 1)
    assert reader.names() == ["end"]


def test_what_identifies_people_is_told_live_and_not_afterwards(services, who, verbs):
    life = factories.Life(services, factories.claimed_call(services, who, redaction={})).talk(10)
    pieces = [("five five five", 0), ("one two three", 2000), ("four five six seven", 4000)]
    for number, (text, at) in enumerate(pieces):
        say(services, life, Turn(number + 1, "user", text, at, at + 1000))

    def told():
        return [event.view.text for event in Reader(verbs, life).news() if event.name == "turn"]

    assert told() == [text for text, _ in pieces]
    life.hang_up()
    assert told() == ["[phone]"] * 3


def test_a_call_that_nobody_answered_ends(services, who, verbs):
    call = factories.claimed_call(services, who)
    life = factories.Life(services, call).dial().fail("USER_BUSY")
    assert Reader(verbs, life).names()[-1] == "end"


def test_several_followers_are_each_told_their_own(services, who, life, verbs):
    other = factories.Life(services, factories.claimed_call(services, who))
    say(services, life, HELLO)
    far = Reader(verbs, life)
    far.news()
    say(services, life, GREETING)
    told = verbs.news(
        [
            Follower(1, life.call_id, far.position),
            Follower(2, life.call_id, Position()),
            Follower(3, other.call_id, Position()),
        ]
    )
    assert [event.view.text for event in told[1]] == ["Good day."]
    texts = [event.view.text for event in told[2] if event.name == "turn"]
    assert texts == ["Hello?", "Good day."]
    assert {event.view.to_state for event in told[3]} == {"dispatching"}


def test_another_accounts_call_is_not_there(services, life, verbs):
    other = factories.principal(services, name="Other")
    with pytest.raises(NotFound):
        verbs.check(other.account_id, life.call_id)


# --- words that are being said


def growing(services, life, text, seq=5):
    turn = Turn(seq, "user", text, 4_000, 4_000, final=False)
    services.calls.partial_words.put(life.call_id, turn, services.clock.now())
    services.clock.advance(0.1)


def test_what_the_caller_is_saying_is_told_until_the_turn_is_written(services, life, verbs):
    reader = Reader(verbs, life)
    reader.news()
    before = str(reader.position)
    growing(services, life, "Can I")
    growing(services, life, "Can I come")
    (told,) = reader.news()
    assert (told.name, told.view.id, told.view.text) == ("partial", 5, "Can I come")
    assert str(told.position) == before  # whoever comes again goes on behind what lasts
    assert reader.names() == []
    growing(services, life, "Can I come at ten?")
    say(services, life, Turn(5, "user", "Can I come at ten?", 4_000, 6_000))
    assert reader.names() == ["partial", "turn"]
    services.calls.partial_words.clear(life.call_id)
    assert Reader(verbs, life).names().count("partial") == 0


def test_nothing_of_it_is_left_or_told_once_the_call_is_over(services, life, verbs):
    growing(services, life, "Good")
    life.hang_up()
    assert "partial" not in Reader(verbs, life).names()
    services.calls.close_transcript(life.call_id, services.clock.now())
    assert services.db.read(partial_words.of_calls, [life.call_id]) == {}


def test_controllers_of_talked_calls_are_asked_again_and_again(services, who, life, verbs):
    waiting = factories.claimed_call(services, who)
    ids = {life.call_id, waiting.call_id}
    for seconds, asked in ((0, 1), (29, 0), (2, 1)):
        services.clock.advance(seconds)
        before = follows(services)
        verbs.ask(ids)
        assert len(follows(services)) - len(before) == asked
    assert {row.call_id for row in follows(services)} == {life.call_id}
    life.hang_up()
    services.clock.advance(60)
    verbs.ask(ids)
    assert len(follows(services)) == 2
    verbs.ask([])


def follows(services):
    return services.db.read(lambda: list(Command.select().where(Command.kind == "follow")))
