"""Calls in which something goes wrong, one thing each, all at once in one product."""

import pytest
from fault_scenarios import CASES, DONE, NUMBERS
from faulty_product import outcome

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(240)]

WEBHOOKS = {"slow": "delivered", "drop": "pending", "500": "pending", "redirect": "pending"}


@pytest.fixture(scope="module")
def calls(faulty, idle):
    """All calls, placed at once: name to call id."""
    placed = {name: faulty.place(number) for name, number in NUMBERS.items()}
    for answer in WEBHOOKS:
        url = faulty.webhook_url + answer
        placed[f"webhook {answer}"] = faulty.place("+12025550106", webhook_url=url)
    return placed


@pytest.mark.parametrize("name", CASES)
def test_it_ends_once_and_says_how(faulty, calls, name):
    call = faulty.wait_over(calls[name], 90)
    assert outcome(call) == CASES[name][1], (call["error_message"], call["transcript"])
    assert (call["actual_duration_billed"] > 0) == (name != "carrier fails")
    assert bool(call["error_message"]) == (call["status"] == "failed")


@pytest.mark.parametrize("answer", WEBHOOKS)
def test_a_bad_receiver_does_not_hurt_the_call(faulty, calls, answer):
    call = faulty.wait_over(calls[f"webhook {answer}"])
    assert outcome(call) == DONE
    wanted = WEBHOOKS[answer]
    faulty.wait_for(
        lambda: all(
            (item["status"], item["attempts"]) == (wanted, 1)
            for item in faulty.get(f"/v1/calls/{call['id']}/webhooks")["data"]
        ),
        lambda: faulty.get(f"/v1/calls/{call['id']}/webhooks"),
    )


def test_a_redirected_webhook_goes_nowhere_else(faulty, calls):
    faulty.wait_over(calls["webhook redirect"])
    paths = {delivery["path"] for delivery in faulty.received_webhooks()["deliveries"]}
    assert "/redirect" in paths
    assert "/redirected" not in paths


def test_nothing_is_left_and_minutes_are_settled(faulty, calls, idle):
    for call_id in calls.values():
        faulty.wait_over(call_id, 90)
    faulty.assert_settled(calls.values(), idle)
