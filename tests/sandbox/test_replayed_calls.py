"""A call of the running product is held again, by the command, with the agent that it had."""

import json

import pytest

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(240)]


def test_the_same_agent_does_not_fork_from_a_call_that_was_made(product, ended):
    call = ended("talk")
    replay = json.loads(product.cli("replay", call["id"], "--json"))
    assert replay["pace"] == "virtual", replay
    assert replay["forks_at"] is None, replay
    said = [turn["text"] for turn in call["transcript"] if turn["user"] == "user"]
    heard = [one["now"]["caller"] for one in replay["exchanges"] if one["now"]]
    assert " ".join(filter(None, heard)) == " ".join(said)
    assert product.details(call["id"])["transcript"] == call["transcript"]
