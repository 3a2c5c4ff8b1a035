"""Which live call a dialled code means."""

from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest

from topcalls.core.supervision import KEYS, Mode
from topcalls.core.supervisor_codes import (
    CAUSES,
    Candidate,
    Refusal,
    Wish,
    choose,
    codes,
    wish_of,
)
from topcalls.ids import new_id

pytestmark = pytest.mark.unit
AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
OLD = Candidate("old", "1234", "+12025550142", "+12025550150", AT)
NEW = Candidate("new", "5678", "+12025550143", None, AT + timedelta(seconds=1))
THIRD = Candidate("third", None, "+442079460142", None, AT - timedelta(seconds=1), with_person=True)
LIVE = [OLD, NEW, THIRD]


@pytest.mark.parametrize(
    ("dialled", "wish"),
    [
        ("*30", Wish(Mode.LISTEN)),
        ("*31", Wish(Mode.WHISPER)),
        ("*33#", Wish(Mode.BARGE)),
        ("*39", Wish(Mode.TAKE_OVER)),
        ("*301234", Wish(Mode.LISTEN, code="1234")),
        ("*33123456", Wish(Mode.BARGE, code="123456")),
        ("*30*142", Wish(Mode.LISTEN, ending="142")),
        ("*39*12025550142#", Wish(Mode.TAKE_OVER, ending="12025550142")),
        *((text, None) for text in ("*3", "*32", "*40", "*30123", "*301234567", "*30*12", "30")),
        *((text, None) for text in ("*30**1234", "*30#1234", "*30\n", "*30*1234567890123456", "")),
    ],
)
def test_what_a_code_asks_for(dialled, wish):
    assert wish_of(dialled) == wish


def test_the_end_of_a_code_is_the_key_on_the_line():
    for key, mode in KEYS.items():
        assert wish_of(f"*3{key}") == Wish(mode)


@pytest.mark.parametrize(
    ("wish", "meant"),
    [
        (Wish(Mode.LISTEN), NEW),
        (Wish(Mode.LISTEN, code="1234"), OLD),
        (Wish(Mode.LISTEN, code="9999"), Refusal.NO_CALL),
        (Wish(Mode.LISTEN, ending="143"), NEW),
        (Wish(Mode.LISTEN, ending="0150"), OLD),  # either number of the call
        (Wish(Mode.LISTEN, ending="0142"), Refusal.AMBIGUOUS),
        (Wish(Mode.LISTEN, ending="5550142"), OLD),
        (Wish(Mode.LISTEN, ending="777"), Refusal.NO_CALL),
        (Wish(Mode.TAKE_OVER, ending="9460142"), Refusal.WITH_PERSON),
        (Wish(Mode.BARGE, ending="9460142"), THIRD),
    ],
)
def test_which_call_is_meant(wish, meant):
    assert choose(wish, LIVE) == meant


def test_no_call_is_none():
    assert choose(Wish(Mode.LISTEN), []) is Refusal.NO_CALL


def test_codes_of_a_call_are_its_own_and_can_be_dialled():
    call_id = new_id()
    found = list(codes(call_id))
    assert found == list(codes(call_id))
    assert found[:3] != list(islice(codes(new_id()), 3))
    assert {len(code) for code in found[:20]} == {4}
    assert [len(code) for code in found] == sorted(len(code) for code in found)
    assert len(found[-1]) == 6
    for code in found:
        assert code[0] != "0"
        assert wish_of(f"*30{code}") == Wish(Mode.LISTEN, code=code)


@pytest.mark.parametrize("refusal", Refusal)
def test_every_refusal_has_its_cause(refusal):
    assert CAUSES[refusal].isupper()
