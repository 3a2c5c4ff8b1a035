"""Calls outlive their controller: killed or stopped, the talk goes on after a pause.

What is measured is the order of things, never the time.
"""

import os
import signal

import pytest
from crash_rig import LONG, STOP_SECONDS, CrashRig

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(240)]
TALKS, RINGS_LONG = "+12025550180", "+12025550181"
FIRST = "Hi, this is Rachel from Bright Smile Dental."
NAME, QUESTION = "My name is Alice.", "What was my name?"
SCENARIOS = {
    LONG: ["ring: 0.2", "answer", "silence: 60", "hang_up"],
    TALKS: [
        "ring: 0.2",
        "answer",
        "listen: 0.5",
        f'say: "{NAME}"',
        "listen: 0.5",
        "wait: 6",
        f'say: "{QUESTION}"',
        "listen: 1",
        "hang_up",
    ],
    RINGS_LONG: ["ring: 8", "answer", "listen: 0.5", f'say: "{NAME}"', "listen: 0.5", "hang_up"],
}
MODEL = """model:
  - when: "my name is"
    speak: "Nice to meet you, Alice."
  - when: "what was my name"
    speak: "Your name is Alice."
"""


class Talks(CrashRig):
    """People who talk, and a model that has something to say."""

    def __init__(self, directory, **environment):
        super().__init__(directory, SCENARIOS, **environment)
        for number in (TALKS, RINGS_LONG):
            with (self.scenarios / f"{number}.yaml").open("a") as scenario:
                scenario.write(MODEL)

    def said(self, call_id):
        return [(turn["user"], turn["text"]) for turn in self.details(call_id)["transcript"]]

    def wait_adopted(self, call_id, times=1):
        self.wait_for(lambda: self.adopted(call_id) >= times, f"adoption {times}")

    def the_controller(self):
        return self.wait_for(lambda: self.pid_of("controller"), "controller")


@pytest.fixture(scope="module")
def product(tmp_path_factory):
    made = Talks(tmp_path_factory.mktemp("hand-over")).start_supervised()
    yield made
    made.stop_all()


@pytest.fixture
def second(product):
    """Another controller of the node; its name."""
    product.the_controller()
    product.spawn("controller", title="second", wait=False)
    yield product.wait_ready("second")["owner"]
    process = product.alone.pop("second")
    process.terminate()
    process.wait(STOP_SECONDS)
    process.stdout.close()


def assert_one_whole_call(product, call_id, times=1):
    """Dialled once, adopted, one recording, one set of webhooks, and the minutes that it talked."""
    assert product.originates(call_id) == 1
    assert product.adopted(call_id) == times
    events = [item["event"] for item in product.get(f"/v1/calls/{call_id}/webhooks")["data"]]
    assert sorted(events) == ["call.completed", "call.queued", "call.started"]
    came = {(call_id, event) for event in events}
    found = product.verdict([call_id], came)
    assert found == dict.fromkeys(found, 0)
    assert product.details(call_id)["recording_url"]
    assert len(list((product.directory / "var" / "recordings").rglob("*.wav"))) == len(
        product.rows("select id from call where answered_at is not null")
    )


def test_a_talk_goes_on_when_its_controller_is_killed(product):
    call_id = product.place(TALKS)
    product.wait_for(lambda: ("user", NAME) in product.said(call_id), "the caller")
    product.wait_for(lambda: len(product.said(call_id)) == 3, "the agent")
    product.kill("controller")
    product.wait_adopted(call_id)
    call = product.wait_over(call_id)
    assert (call["status"], call["end_reason"]) == ("completed", "callee_hung_up")
    turns = [(turn["user"], turn["text"]) for turn in call["transcript"]]
    assert turns[:2] == [("assistant", FIRST), ("user", NAME)]
    assert turns[2][0] == "assistant"
    assert turns[2][1] in "Nice to meet you, Alice."
    later = turns[turns.index(("user", QUESTION)) :]
    assert ("assistant", "Your name is Alice.") in later
    assert [turn for turn in turns if turn[1] == FIRST] == [("assistant", FIRST)]
    starts = [turn["started_ms"] for turn in call["transcript"]]
    assert starts == sorted(starts)
    assert_one_whole_call(product, call_id)


def test_it_is_killed_twice(product):
    call_id = product.place(TALKS)
    product.wait_for(lambda: ("user", NAME) in product.said(call_id), "the caller")
    for times in (1, 2):
        product.the_controller()
        product.kill("controller")
        product.wait_adopted(call_id, times)
    call = product.wait_over(call_id)
    assert (call["status"], call["end_reason"]) == ("completed", "callee_hung_up")
    assert_one_whole_call(product, call_id, times=2)


def test_a_phone_that_rings_is_talked_to_when_it_is_answered(product):
    product.the_controller()
    call_id = product.place(RINGS_LONG, ring_timeout_seconds=30)
    product.wait_until(call_id, lambda call: call["status"] == "in_progress")
    product.kill("controller")
    product.wait_adopted(call_id)
    call = product.wait_over(call_id)
    assert (call["status"], call["end_reason"]) == ("completed", "callee_hung_up")
    turns = [(turn["user"], turn["text"]) for turn in call["transcript"]]
    assert turns[:2] == [("assistant", FIRST), ("user", NAME)]
    assert_one_whole_call(product, call_id)


def test_a_controller_that_is_stopped_gives_its_calls_to_another(product, second):
    """Twenty of them; and an operator moves them on, without stopping anything."""
    product.make_load_account(20)
    calls = owned_by_the_first(product, second)
    os.kill(product.pid_of("controller"), signal.SIGTERM)
    product.wait_for(lambda: owners(product, calls) == {second}, "the other controller")
    first = product.wait_for(
        lambda: [
            row["id"] for row in product.rows("select id from controller") if row["id"] != second
        ],
        "the first one's successor",
    )
    product.cli("drain", "--owner", second, "--hand-over", "--wait", "60")
    product.wait_for(lambda: owners(product, calls) == set(first), "its successor")
    for call_id in calls:
        assert product.details(call_id)["call_status"] == "in-progress"
        product.request("POST", f"/v1/calls/{call_id}/stop")
    for call_id in calls:
        assert product.wait_over(call_id)["end_reason"] == "stopped"
        assert (product.originates(call_id), product.adopted(call_id)) == (1, 2)
    assert not any(product.has_channel(call_id) for call_id in calls)


def owned_by_the_first(product, second):
    """Twenty calls that talk, none of them the second controller's."""
    product.cli("drain", "--owner", second)
    wish = "select draining from controller where id = ?"
    product.wait_for(lambda: product.rows(wish, second)[0][0], "the drain")
    calls = [product.place(LONG) for _ in range(20)]
    for call_id in calls:
        product.wait_until(call_id, lambda call: call["call_status"] == "in-progress")
    product.cli("drain", "--owner", second, "--resume")
    product.wait_for(lambda: not product.rows(wish, second)[0][0], "the end of the drain")
    assert second not in owners(product, calls)
    return calls


def owners(product, calls):
    return {product.owner_of(call_id) for call_id in calls}
