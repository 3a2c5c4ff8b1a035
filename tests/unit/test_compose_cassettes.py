"""Which recorded answers the tools of a call have that brings none itself."""

import json
from types import SimpleNamespace

import pytest

from topcalls.compose.cassettes import Rehearsed, judge_cassettes
from topcalls.config import Settings
from topcalls.errors import ConfigError

pytestmark = pytest.mark.unit
ANN, BEN = "+12025550131", "+12025550132"
LOST = {"calls": [{"name": "look_up", "result": "lost"}]}
FOUND = {"calls": [{"name": "look_up", "result": "found"}]}


def call_with(number):
    return SimpleNamespace(other_number=number)


def answers(rehearsed, number):
    cassette = rehearsed(call_with(number))
    return None if cassette is None else [one.result.output for one in cassette.calls]


@pytest.fixture
def settings(tmp_path):
    def made(cassettes=None, **fields):
        found = Settings(data_dir=tmp_path, **fields)
        if cassettes is not None:
            found.sandbox_file.write_text(json.dumps({"cassettes": cassettes}))
        return found

    return made


def test_it_is_that_of_the_person(settings):
    rehearsed = Rehearsed(settings({ANN: LOST}))
    assert answers(rehearsed, ANN) == ["lost"]
    assert answers(rehearsed, BEN) is None
    assert answers(rehearsed, None) is None


def test_the_persons_goes_before_that_of_all(settings, tmp_path):
    (tmp_path / "all.json").write_text(json.dumps(FOUND))
    rehearsed = Rehearsed(settings({ANN: LOST}, tool_cassette=tmp_path / "all.json"))
    assert answers(rehearsed, ANN) == ["lost"]
    assert answers(rehearsed, BEN) == ["found"]


def test_without_a_sandbox_there_is_none(settings):
    assert answers(Rehearsed(settings()), ANN) is None
    live = settings({ANN: LOST}, telephony="freeswitch")
    assert answers(Rehearsed(live), ANN) is None


def test_one_that_cannot_be_played_is_refused_with_the_person_and_the_place():
    judge_cassettes({ANN: LOST})
    wrong = {ANN: LOST, BEN: {"calls": [{"result": 1}]}}
    with pytest.raises(ConfigError, match=rf"\{BEN}: cassette.calls.0"):
        judge_cassettes(wrong)
