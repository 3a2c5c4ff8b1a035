"""Calls in which something goes wrong, one thing each, all at once in one product."""

import pytest
from faulty_product import FaultyProduct, outcome

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(240)]

TALKS_FOR_3_S = """
callee:
  - ring: 0.3
  - answer
  - wait: 3
  - hang_up
"""
TALKS_FOR_6_S = TALKS_FOR_3_S.replace("wait: 3", "wait: 6")
ASKS = """
callee:
  - answer
  - listen: {silence: 0.5, limit: 8}
  - say: "Is this a good time?"
  - listen: {silence: 1.5, limit: 25}
  - say: "Well, goodbye then."
  - listen: {silence: 12, limit: 20}
  - hang_up
"""
SAYS_GOODBYE = """
  - when: anything
    speak: "Thank you for your time today, and goodbye."
    tool: {name: end_call}
    repeat: true
"""
ALWAYS_CUT = "  - when: {}\n    fail: cut\n    repeat: true\n"

DONE = ("completed", "completed", "callee_hung_up")
AGENT_DONE = ("completed", "completed", "agent_ended")
NO_STREAM = ("failed", "failed", "stream_lost")
NO_AI = ("failed", "failed", "provider_failed")
LOST = ("failed", "failed", "channel_lost")


def model_fails(how):
    return f"{ASKS}model:\n  - when: good time\n    fail: {how}\n{SAYS_GOODBYE}"


def faults(*lines, callee=TALKS_FOR_3_S):
    return callee + "faults:\n" + "".join(f"  - {line}\n" for line in lines)


# What happens, the scenario, and how the call ends. Its number is +120255502.. by position.
CASES = {
    "events twice": (
        faults(
            "duplicate_event: CHANNEL_PROGRESS",
            "duplicate_event: CHANNEL_ANSWER",
            "duplicate_event: CHANNEL_HANGUP_COMPLETE",
        ),
        DONE,
    ),
    "answer late": (faults("delay_event: {event: CHANNEL_ANSWER, seconds: 1.5}"), DONE),
    "ringing after the answer": (
        faults("swap_events: {event: CHANNEL_PROGRESS, after: CHANNEL_ANSWER}"),
        DONE,
    ),
    "answer after the hang-up": (
        faults("swap_events: {event: CHANNEL_ANSWER, after: CHANNEL_HANGUP_COMPLETE}"),
        DONE,
    ),
    "answer and hang-up in one packet": (faults("join_events: CHANNEL_ANSWER"), DONE),
    "hang-up late": (faults("delay_event: {event: CHANNEL_HANGUP_COMPLETE, seconds: 2}"), DONE),
    "ringing lost": (faults("lose_event: CHANNEL_PROGRESS"), DONE),
    "answer lost": (faults("lose_event: CHANNEL_ANSWER"), DONE),
    "hang-up lost": (faults("lose_event: CHANNEL_HANGUP_COMPLETE"), LOST),
    "no UTF-8": (
        faults("falsify_header: {event: CHANNEL_ANSWER, header: Caller-Name, value: '%FF%FE%C3('}"),
        DONE,
    ),
    "a line break": (
        faults(
            "falsify_header: {event: CHANNEL_ANSWER, header: variable_x, "
            "value: 'x%0D%0AEvent-Name: CHANNEL_HANGUP_COMPLETE%0A%0AContent-Length: 99999%0A%0A'}"
        ),
        DONE,
    ),
    "a look-alike body": (
        faults(
            "falsify_header: {event: CHANNEL_PROGRESS, header: Caller-Name, "
            "value: '%22%2C%22Event-Name%22%3A%22CHANNEL_HANGUP_COMPLETE'}"
        ),
        DONE,
    ),
    "originate never done": (faults("lose_job_result: originate"), DONE),
    "stream never attached": (
        faults("lose_job_result: uuid_audio_stream", callee=TALKS_FOR_6_S),
        DONE,
    ),
    "carrier fails": (
        "callee: [{ring: 0.3}, {fail: NETWORK_OUT_OF_ORDER}]\n",
        ("failed", "failed", "dial_failed"),
    ),
    "stream refused": (
        faults("refuse_command: uuid_audio_stream", callee=TALKS_FOR_6_S),
        NO_STREAM,
    ),
    "recording refused": (faults("refuse_command: uuid_record"), DONE),
    "stream half closed": (faults("half_close_stream: 3", callee=TALKS_FOR_6_S), DONE),
    "stream half closed at once": (
        faults("half_close_stream: 0.5", callee=TALKS_FOR_6_S),
        NO_STREAM,
    ),
    "stream slow": (faults("stall_stream: {at: 1, seconds: 2}", callee=TALKS_FOR_6_S), DONE),
    "stream floods": (faults("flood_stream: {at: 1, seconds: 60}", callee=TALKS_FOR_6_S), DONE),
    "model cut in mid-sentence": (model_fails("cut"), AGENT_DONE),
    "model too busy": (model_fails("rate_limit"), AGENT_DONE),
    "model sends garbage": (model_fails("garbage"), AGENT_DONE),
    "model silent": (model_fails("silent"), NO_AI),
    "model fails for good": (
        f"{ASKS}model:\n{ALWAYS_CUT.format('anything')}{ALWAYS_CUT.format('silence')}",
        NO_AI,
    ),
}
NUMBERS = {name: f"+12025550{index}" for index, name in enumerate(CASES, 200)}
WEBHOOKS = {"slow": "delivered", "drop": "pending", "500": "pending", "redirect": "pending"}


@pytest.fixture(scope="module")
def product(tmp_path_factory):
    product = FaultyProduct(tmp_path_factory.mktemp("faults_of_calls"))
    product.start_with({NUMBERS[name]: text for name, (text, _) in CASES.items()})
    yield product
    assert product.stop() == 0


@pytest.fixture(scope="module")
def before(product):
    """What the controller has open when it has nothing to do."""
    product.wait_over(product.place("+12025550106"))
    return product.open_files()


@pytest.fixture(scope="module")
def calls(product, before):
    """All calls, placed at once: name to call id."""
    placed = {name: product.place(number) for name, number in NUMBERS.items()}
    for answer in WEBHOOKS:
        url = product.webhook_url + answer
        placed[f"webhook {answer}"] = product.place("+12025550106", webhook_url=url)
    return placed


@pytest.mark.parametrize("name", CASES)
def test_it_ends_once_and_says_how(product, calls, name):
    call = product.wait_over(calls[name], 90)
    assert outcome(call) == CASES[name][1], (call["error_message"], call["transcript"])
    assert (call["actual_duration_billed"] > 0) == (name != "carrier fails")
    assert bool(call["error_message"]) == (call["status"] == "failed")


@pytest.mark.parametrize("answer", WEBHOOKS)
def test_a_bad_receiver_does_not_hurt_the_call(product, calls, answer):
    call = product.wait_over(calls[f"webhook {answer}"])
    assert outcome(call) == DONE
    wanted = WEBHOOKS[answer]
    product.wait_for(
        lambda: all(
            (item["status"], item["attempts"]) == (wanted, 1)
            for item in product.get(f"/v1/calls/{call['id']}/webhooks")["data"]
        ),
        lambda: product.get(f"/v1/calls/{call['id']}/webhooks"),
    )


def test_a_redirected_webhook_goes_nowhere_else(product, calls):
    product.wait_over(calls["webhook redirect"])
    paths = {delivery["path"] for delivery in product.received_webhooks()["deliveries"]}
    assert "/redirect" in paths
    assert "/redirected" not in paths


def test_nothing_is_left_and_minutes_are_settled(product, calls, before):
    for call_id in calls.values():
        product.wait_over(call_id, 90)
    product.assert_settled(calls.values(), before)
