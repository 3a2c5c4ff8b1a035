"""When the recorded caller speaks again: every anchor, every way to be early, late or silent."""

import itertools

import pytest

from topcalls.core.replay_script import (
    LAST_MS,
    MORE_MS,
    SLACK_MS,
    Anchor,
    Floor,
    Keys,
    MoveKind,
    Span,
    Timing,
    is_due,
    script_of,
)

pytestmark = pytest.mark.unit
SPEECH, END, HANG_UP, PRESSED = MoveKind.SPEECH, MoveKind.END, MoveKind.HANG_UP, MoveKind.KEYS


def script(caller=(), agent=(), over=20_000, keys=(), hangs_up=True):
    spans = [[Span(*one) for one in side] for side in (caller, agent)]
    return script_of(*spans, over, keys=[Keys(*one) for one in keys], hangs_up=hangs_up)


def anchors(moves):
    return [(move.kind, move.anchor, move.delay_ms, move.spells, move.turn) for move in moves]


def test_a_caller_who_speaks_first_is_anchored_to_the_answer():
    moves = script([(700, 1500)], over=3000)
    assert anchors(moves) == [
        (SPEECH, Anchor.CALLER, 700, 0, 1),
        (HANG_UP, Anchor.CALLER, 1500, 0, 1),
    ]


def test_an_answer_comes_so_long_after_the_agent():
    first, end = script([(4000, 5000)], [(500, 3400)], over=5200)
    assert (first.anchor, first.delay_ms, first.spells) == (Anchor.AGENT_END, 600, 1)
    assert (end.anchor, end.delay_ms) == (Anchor.CALLER, 200)


def test_an_interruption_comes_so_long_after_the_agents_first_sound():
    first, _ = script([(2000, 2600)], [(500, 2900)], over=5000)
    assert (first.anchor, first.delay_ms, first.spells) == (Anchor.AGENT_START, 1500, 1)


def test_going_on_over_the_same_spell_follows_the_caller():
    """The agent did not begin anew, so nothing of it can be waited for."""
    moves = script([(2000, 2600), (3100, 3300)], [(500, 4000)], over=6000)
    assert anchors(moves)[1] == (SPEECH, Anchor.CALLER, 500, 0, 1)


def test_every_spell_that_was_sat_through_is_counted():
    move = script([(9000, 9500)], [(500, 2000), (5500, 7000)], over=9600)[0]
    assert (move.anchor, move.delay_ms, move.spells) == (Anchor.AGENT_END, 2000, 2)
    assert move.patience_ms == 3500


def test_moves_without_the_agent_between_are_one_turn():
    moves = script([(1000, 2000), (2600, 3000), (6000, 7000)], [(3500, 5000)], over=8000)
    assert [move.turn for move in moves] == [1, 1, 2, 2]


def test_keys_are_moves_in_their_place():
    moves = script([(5000, 6000)], [(500, 2000)], over=7000, keys=[(3000, "12")])
    assert [(move.kind, move.keys) for move in moves[:2]] == [(PRESSED, "12"), (SPEECH, "")]
    assert (moves[0].anchor, moves[0].delay_ms) == (Anchor.AGENT_END, 1000)


def test_a_recording_that_goes_on_is_over_when_nobody_speaks_any_more():
    end = script([(1000, 2000)], [(2500, 6000)], over=6100, hangs_up=False)[-1]
    assert (end.kind, end.anchor, end.delay_ms) == (END, Anchor.AGENT_END, LAST_MS)
    over = script([(1000, 2000)], [(2500, 6000)], over=5000, hangs_up=False)[-1]
    assert over.anchor is Anchor.AGENT_END


def test_the_end_is_never_before_the_last_move():
    assert script([(1000, 2000)], over=1500)[-1].start_ms == 2000


# --- due


def due(move, timing=Timing.RELATIVE, **floor):
    return is_due(move, Floor(**{"caller_end_ms": 0, "spells": 0, **floor}), timing)


def test_absolute_is_by_the_clock_alone():
    move = script([(4000, 5000)], [(500, 3400)])[0]
    for speaking, spells in itertools.product((None, 100), (0, 1, 5)):
        floor = {"speaking_since_ms": speaking, "spells": spells, "timing": Timing.ABSOLUTE}
        assert not due(move, now_ms=3999, **floor)
        assert due(move, now_ms=4000, **floor)


def test_relative_counts_from_the_agents_end_now():
    move = script([(4000, 5000)], [(500, 3400)])[0]
    assert not due(move, now_ms=9599, spells=1, silent_since_ms=9000)
    assert due(move, now_ms=9600, spells=1, silent_since_ms=9000)
    assert not due(move, now_ms=9600, spells=1, speaking_since_ms=800, silent_since_ms=9590)


def test_an_agent_that_says_more_is_let_finish():
    move = script([(4000, 5000)], [(500, 3400)])[0]
    assert not due(move, now_ms=9000, spells=2, speaking_since_ms=8000, silent_since_ms=8990)
    assert due(move, now_ms=9600, spells=2, silent_since_ms=9000)


def test_an_agent_that_says_less_is_not_waited_for_longer_than_then():
    move = script([(9000, 9500)], [(500, 2000), (5500, 7000)])[0]
    at = 2000 + 3500 + MORE_MS
    assert not due(move, now_ms=at - 1, spells=1, silent_since_ms=2000)
    assert due(move, now_ms=at, spells=1, silent_since_ms=2000)
    assert not due(move, now_ms=at, spells=1, silent_since_ms=2000, speaking_since_ms=1000)


def test_silence_is_counted_from_whoever_was_heard_last():
    move = script([(4000, 5000)], [(500, 3400)])[0]
    at = 2000 + 600 + SLACK_MS
    assert not due(move, now_ms=at - 1, caller_end_ms=2000)
    assert due(move, now_ms=at, caller_end_ms=2000)


def test_an_interruption_waits_for_its_place_or_for_the_end_of_what_is_shorter():
    move = script([(2000, 2600)], [(500, 2900)])[0]
    assert not due(move, now_ms=2499, spells=1, speaking_since_ms=1000)
    assert due(move, now_ms=2500, spells=1, speaking_since_ms=1000)
    assert due(move, now_ms=1800, spells=1, silent_since_ms=1800)
    assert due(move, now_ms=1100, spells=2, speaking_since_ms=1050)
    assert not due(move, now_ms=1100)


def test_a_pause_of_the_callers_own_is_kept_whatever_the_agent_does():
    move = script([(1000, 2000), (2600, 3000)])[1]
    for speaking in (None, 2100):
        assert not due(move, now_ms=2599, caller_end_ms=2000, speaking_since_ms=speaking)
        assert due(move, now_ms=2600, caller_end_ms=2000, speaking_since_ms=speaking)


@pytest.mark.parametrize("timing", list(Timing))
def test_the_end_waits_for_an_agent_that_speaks(timing):
    end = script([(1000, 2000)], [(2500, 6000)], over=6100, hangs_up=False)[-1]
    floor = {"timing": timing, "spells": 1, "caller_end_ms": 2000}
    assert not due(end, now_ms=90_000, speaking_since_ms=80_000, **floor)
    assert not due(end, now_ms=90_000, silent_since_ms=90_000 - LAST_MS + 1, **floor)
    assert due(end, now_ms=90_000, silent_since_ms=90_000 - LAST_MS, **floor)
