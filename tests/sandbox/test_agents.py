"""Calls by an agent, on the whole product: they say what was published when they were made."""

import os
import re
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
from scenarios import words

GUIDE = Path(__file__).parents[2] / "docs" / "agents.md"
SCOPES = "agents:read,agents:write,calls:read,calls:write"
COMMAND_SECONDS = 100

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def key(product):
    return product.new_key(SCOPES)


@pytest.fixture
def api(product, key):
    """Sends a request that must succeed; returns its answer."""

    def send(method, path, body=None):
        answer = product.request(method, path, body, key=key)
        assert answer.status < 300, answer.body
        return answer.body

    return send


def begins(sentence, call):
    return words(call, "assistant").startswith(sentence)


def test_a_call_speaks_the_version_it_was_made_by_while_the_next_one_is_published(product, api):
    configuration = {
        "task": "Confirm the appointment on Tuesday at ten.",
        "first_sentence": "Hi {{patient}}, this is Rachel from Bright Smile Dental.",
    }
    agent = api("POST", "/v1/agents", {"name": "Reminder", "configuration": configuration})
    path = f"/v1/agents/{agent['id']}"
    api("POST", f"{path}/publish")

    def place():
        body = {
            "phone_number": "+12025550100",
            "agent_id": agent["id"],
            "request_data": {"patient": "Daniel"},
        }
        return api("POST", "/v1/calls", body)["call_id"]

    first = place()
    product.wait_until(first, lambda call: call["call_status"] == "in-progress")
    edit = {"first_sentence": "Good day {{patient}}, this is the dental office."}
    api("PATCH", path, {"configuration": edit})
    api("POST", f"{path}/publish")
    assert product.details(first)["call_status"] == "in-progress"
    second = place()

    for call_id, version, sentence in [
        (first, 1, "hi daniel this is rachel from bright smile dental"),
        (second, 2, "good day daniel this is the dental office"),
    ]:
        said = partial(begins, sentence)  # which takes seconds
        call = product.wait_until(call_id, said)
        api("POST", f"/v1/calls/{call_id}/stop")
        assert (call["agent_id"], call["agent_version"]) == (agent["id"], version)


def test_the_commands_of_the_guide_do_what_it_says(product, key, tmp_path):
    script = re.search(r"<!-- commands -->\n```\n(.*?)```", GUIDE.read_text(), re.DOTALL)[1]
    programs = Path(sys.executable).parent
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=tmp_path,
        env={
            **product.environment,
            "TOPCALLS_API_KEY": key,
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        },
        capture_output=True,
        text=True,
        timeout=COMMAND_SECONDS,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Hi Ann, this is Rachel from Bright Smile Dental." in done.stdout
    assert "max_duration (added)" in done.stdout
    assert "version 1\n" in done.stdout
    assert '"state": "superseded"' in done.stdout
