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


def test_what_the_model_took_is_kept_beyond_the_loss_of_a_session(faulty, calls):
    call = faulty.wait_over(calls["model cut in mid-sentence"], 90)
    query = (
        "select responses, input_text, output_audio from call_usage "
        "where call_id = ? and output_audio > 0"  # of the model that talks
    )
    ((responses, read, spoken),) = faulty.rows(query, call["id"])
    assert responses >= 2
    assert read > 0
    assert spoken > 0


def test_a_refused_recording_is_not_waited_for(faulty, calls):
    call = faulty.wait_over(calls["recording refused"], 90)
    query = "select recording_state, log from call join wrap_up on call_id = id where id = ?"
    ((state, log),) = faulty.rows(query, call["id"])
    assert state == "refused"
    assert '"recording":"skipped"' in log.replace(" ", "")


def test_nothing_is_left_and_minutes_are_settled(faulty, calls, idle):
    for call_id in calls.values():
        faulty.wait_over(call_id, 90)
    faulty.assert_settled(calls.values(), idle)
