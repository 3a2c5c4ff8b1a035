"""Calls that come in, on the whole product: as users rehearse them."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from scenarios import words

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(240)]
GUIDE = Path(__file__).parents[2] / "docs" / "inbound.md"
SCOPES = (
    "agents:read,agents:write,phone_numbers:read,phone_numbers:write,calls:read,calls:write,admin"
)
NUMBER = "+12025550180"
COMMAND_SECONDS = 100


@pytest.fixture(scope="module")
def key(product):
    return product.new_key(SCOPES)


@pytest.fixture(scope="module")
def agent(product, key):
    configuration = {
        "task": "You are the reception.",
        "first_sentence": "Bright Smile Dental, hello {{caller_name|}} {{sip_x_order|}}.",
        "webhook_url": product.webhook_url,
        "silence_timeout_seconds": 20,
    }
    made = product.request(
        "POST", "/v1/agents", {"name": "Reception", "configuration": configuration}, key=key
    ).body["id"]
    assert product.request("POST", f"/v1/agents/{made}/publish", key=key).status == 200
    body = {"number": NUMBER, "agent_id": made}
    assert product.request("POST", "/v1/phone-numbers", body, key=key).status == 201
    return made


def test_a_caller_talks_to_the_agent_of_the_number(product, agent):
    channel = product.call_in(
        NUMBER, scenario="calls reception", name="Ann", headers={"X-Order": "seven"}
    )
    state = product.wait_caller(channel, lambda state: state["call_id"])
    call = product.wait_over(state["call_id"], seconds=90)
    assert (call["status"], call["end_reason"]) == ("completed", "agent_ended"), call
    assert (call["direction"], call["phone_number"]) == ("inbound", NUMBER)
    assert call["from_phone_number"] == "+12025550177"
    assert (call["agent_id"], call["agent_version"]) == (agent, 1)
    assert call["transcript"][0]["text"] == "Bright Smile Dental, hello Ann seven."
    assert "i would like to make an appointment" in words(call, "user")
    assert "thursday at ten" in words(call, "assistant")
    assert call["configuration"]["request_data"]["sip_x_order"] == "seven"
    assert call["answered_by"] is None  # nobody asks who answered: we did
    assert call["actual_duration_billed"] > 0
    assert call["recording_url"]
    assert product.wait_webhook(call["id"], "call.started")
    assert product.wait_webhook(call["id"], "call.completed")
    (told,) = (
        delivery["body"]
        for delivery in product.received_webhooks()["deliveries"]
        if delivery["body"].get("call_id") == call["id"]
        and delivery["body"]["event"] == "call.completed"
    )
    assert told["direction"] == "inbound"


def test_a_number_that_nobody_has_is_refused(product, agent):
    channel = product.call_in("+12025550181")
    state = product.wait_caller(channel, lambda state: state["state"] == "over")
    assert (state["sip_status"], state["call_id"]) == (404, None)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "whom to call"),
        ([], "whom to call"),
        ({"to": 7}, "not understood"),
        ({"to": NUMBER, "speed": 1}, "speed"),
        ({"to": NUMBER, "scenario": "nobody"}, "No scenario"),
        ({"to": NUMBER, "headers": {"X-A": 1}}, "headers"),
    ],
)
def test_a_caller_that_is_not_understood(product, body, words):
    status, answer = product.callers_desk("PUT", body=body)
    assert status == 400
    assert words in answer["error"]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"user": "201-a", "password": "x"}, "user, password, scenario"),
        ({"user": "201-a", "password": "x", "scenario": "nobody"}, "No scenario"),
        ({"user": "201-a", "password": "x", "scenario": "silent"}, "no user"),
    ],
)
def test_a_softphone_that_cannot_register(product, body, words):
    status, answer = product.callers_desk("PUT", "softphones", body)
    assert status == 400
    assert words in answer["error"]


def test_hostile_text_is_shown_as_text(product, agent):
    nasty = 'Ann\n\napi originate "{{task}}"\r\n\r\nauth x'
    channel = product.call_in(NUMBER, name=nasty, headers={"X-Order": nasty})
    state = product.wait_caller(channel, lambda state: state["call_id"])
    call = product.wait_until(state["call_id"], lambda call: call["transcript"])
    product.request("POST", f"/v1/calls/{call['id']}/stop")
    shown = 'Ann api originate "{{task}}" auth x'
    data = call["configuration"]["request_data"]
    assert (data["caller_name"], data["sip_x_order"]) == (shown, shown)
    assert product.wait_over(call["id"])["end_reason"] == "stopped"


def test_the_commands_of_the_guide_do_what_it_says(product, key, tmp_path):
    script = re.search(r"<!-- commands -->\n```\n(.*?)```", GUIDE.read_text(), re.DOTALL)[1]
    programs = Path(sys.executable).parent
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=tmp_path,
        env={
            **product.environment,
            "TOPCALLS_API_KEY": key,
            "TOPCALLS_PUBLIC_URL": product.url,
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        },
        capture_output=True,
        text=True,
        timeout=COMMAND_SECONDS,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    call = product.wait_over(re.search(r"Call ([0-9a-f-]{36})", done.stdout)[1])
    assert call["transcript"][0]["text"].startswith("Bright Smile Dental, good morning Ann.")
    assert "completed (agent_ended)" in done.stdout
    assert "404 (UNALLOCATED_NUMBER)" in done.stdout
