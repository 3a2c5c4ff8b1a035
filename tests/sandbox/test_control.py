"""Stopping, cancelling and scheduling calls of the running product; what its log says of them."""

from datetime import UTC, datetime, timedelta

import pytest
from scenarios import NUMBERS, words

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(240)]


def in_conversation(call):
    return call["call_status"] == "in-progress" and call["transcript"]


def test_a_live_call_is_stopped(product):
    call_id = product.place(NUMBERS["silent"])
    product.wait_until(call_id, in_conversation)
    answer = product.request("POST", f"/v1/calls/{call_id}/stop")
    assert (answer.status, answer.body) == (200, {"ok": True, "status": "cancelled"})
    call = product.wait_over(call_id)
    assert (call["status"], call["end_reason"]) == ("cancelled", "stopped")
    assert call["actual_duration_billed"] > 0
    again = product.request("POST", f"/v1/calls/{call_id}/stop")
    assert again.status == 200


def test_a_call_that_ended_cannot_be_stopped(product, ended):
    call = ended("busy")
    answer = product.request("POST", f"/v1/calls/{call['id']}/stop")
    assert answer.status == 409
    assert answer.body["type"].endswith("/conflict")


def test_a_scheduled_call_waits_and_can_be_cancelled(product):
    later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    call_id = product.place(NUMBERS["talk"], schedule_at=later)
    assert product.details(call_id)["status"] == "pending"
    assert product.request("POST", f"/v1/calls/{call_id}/cancel").body == {"ok": True}
    assert product.details(call_id)["status"] == "cancelled"


def test_a_scheduled_call_is_made_when_its_time_has_come(product):
    soon = (datetime.now(UTC) + timedelta(seconds=2)).isoformat()
    call_id = product.place(NUMBERS["busy"], schedule_at=soon)
    assert product.wait_over(call_id)["call_status"] == "busy"


def test_calls_are_listed_and_shown_on_the_command_line(product, ended):
    call = ended("talk")
    product.environment["TOPCALLS_API_KEY"] = product.key
    listed = product.cli("calls", "list", "--limit", "200")
    assert call["id"] in listed
    shown = product.cli("calls", "show", call["id"])
    assert "Hi, this is Rachel from Bright Smile Dental." in shown
    assert "Recording" in shown
    assert "\x1b[" not in shown


def test_a_call_is_placed_and_followed_on_the_command_line(product):
    product.environment["TOPCALLS_API_KEY"] = product.key
    done = product.cli("call", NUMBERS["hangs up"])
    assert "Outcome     completed (callee_hung_up)" in done
    failed = product.cli("call", NUMBERS["busy"], check=False)
    assert failed.returncode == 1
    wrong = product.cli("call", "12025550100", check=False)
    assert wrong.returncode == 1
    assert "phone_number" in wrong.stderr


def test_status_says_sandbox_and_every_part_is_up(product):
    status = product.get("/v1/status")
    assert status["mode"] == "sandbox"
    assert {part["status"] for part in status["components"]} == {"up"}


def test_a_caller_who_never_stops_is_spoken_over_and_let_speak_again(product):
    asked = {"longest_turn_seconds": 10}
    call_id = product.place("+12025550124", interruption=asked)
    question = "which day would suit you"
    call = product.wait_until(call_id, lambda call: question in words(call, "assistant"))
    product.request("POST", f"/v1/calls/{call_id}/stop")
    taken = next(turn for turn in call["transcript"] if question in turn["text"].lower())
    assert not taken["interrupted"]
    began = [turn["started_ms"] for turn in call["transcript"] if turn["user"] == "user"][1]
    assert 9_500 < taken["started_ms"] - began < 14_000
    call = product.wait_over(call_id)
    assert "neighbour called me" in words(call, "user")
