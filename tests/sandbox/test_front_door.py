"""`topcalls run` as a newcomer meets it: what it prints, what it refuses, and how it ends."""

import os
import re
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from gevent import select
from product import START_SECONDS, Product

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(120)]

DEMO_NUMBER = "+12025550100"
BUSY_NUMBER = "+12025550101"
CHILDREN_SECONDS = 30
SILENT_NUMBER = "+12025550108"
SHORT_TALK = """
name: short talk
number: "+12025550100"
description: In the place of the friendly talk, over after one turn.
callee:
  - ring: 0.2
  - answer
  - listen: 0.5
  - say: "Yes, goodbye."
  - listen: 0.5
  - hang_up
model:
  - when: anything
    speak: "Bye."
"""


def open_house(product, *arguments):
    """Start a product with the short talk, and take the key that it shows."""
    scenario = product.directory / "short.yaml"
    scenario.write_text(SHORT_TALK)
    product.launch("--scenario", str(scenario), *arguments)
    product.wait_for_output("Serving", START_SECONDS)
    product.key = re.search(r"Key +(tc_test_\S+) +\(shown this once\)", shown(product)).group(1)
    return product


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """A product that placed its first call, which is a short one."""
    product = open_house(Product(tmp_path_factory.mktemp("house")), "--demo")
    yield product
    assert product.stop() == 0


def shown(product):
    return "".join(product.output)


def in_conversation(call):
    return call["call_status"] == "in-progress"


def test_the_first_start_shows_a_key_and_where_everything_is(house):
    text = shown(house)
    assert "SANDBOX" in text
    assert house.request("GET", "/v1/status").status == 200
    assert f"{house.url}/docs" in text
    assert house.request("GET", "/docs").status == 200


def test_the_first_call_names_recording_transcript_timings_and_webhooks(house):
    text = shown(house)
    assert re.search(r"\d\.\ds  agent +Hi, this is Rachel", text)
    assert re.search(r"\d\.\ds  callee +Yes, goodbye\.", text)
    assert re.search(r"Outcome +completed \(callee_hung_up\), \d+\.\d s", text)
    assert re.search(r"Turn \d +heard \d+ ms after the callee stopped", text)
    recording = Path(re.search(r"Play it +(\S+\.wav)", text).group(1))
    assert recording.read_bytes()[:4] == b"RIFF"
    for event in ("call.queued", "call.started", "call.completed"):
        assert re.search(rf"Webhook +{event}: delivered after 1 attempt", text)


def test_the_terminal_shows_no_log_and_no_traceback(house):
    assert not [line for line in house.output if line.startswith(("{", "Traceback"))]


def test_a_second_start_in_the_same_directory_is_refused(house):
    refused = house.cli("run", check=False)
    assert refused.returncode == 2
    assert f"process {house.process.pid}" in refused.stderr
    assert house.endpoints["pid"]


def test_a_port_in_use_is_told_before_anything_is_started(house, tmp_path):
    second = Product(tmp_path, TOPCALLS_API_PORT=str(house.port))
    refused = second.cli("run", check=False)
    assert refused.returncode == 2
    assert f"Port {house.port} on 127.0.0.1 is in use" in refused.stderr
    assert "is ready" not in refused.stdout


def test_calls_go_on_after_the_controller_was_killed(house):
    house.place(SILENT_NUMBER)
    house.kill_child("controller")
    assert house.wait_over(house.place(BUSY_NUMBER))["call_status"] == "busy"


def test_a_restarted_sandbox_is_found_again(house):
    house.kill_child("sandbox")
    call = house.wait_over(house.place(BUSY_NUMBER))
    assert call["call_status"] == "busy", (call, house.logs()[-6000:])


def test_a_data_directory_that_is_moved_away_is_missed_everywhere(house):
    var = house.directory / "var"
    moved = var.rename(house.directory / "moved")
    try:
        house.wait_for_output("was deleted or moved while it is in use", 10)
        ready = house.request("GET", "/ready")
        assert ready.status == 503
        assert "deleted, moved or replaced" in ready.body["detail"]
        assert "The database file is gone" in (moved / "logs" / "controller.log").read_text()
    finally:
        moved.rename(var)
    assert house.request("GET", "/ready").status == 200


@pytest.fixture
def patient(tmp_path):
    """A product that waits for calls when it is stopped; its first number is a short talk."""
    product = open_house(Product(tmp_path, TOPCALLS_DRAIN_SECONDS="600"))
    yield product
    product.process.kill()
    product.process.wait()


def test_ctrl_c_lets_a_call_end_by_itself_and_a_second_one_does_not(patient):
    talk = patient.place(DEMO_NUMBER)
    patient.wait_until(talk, in_conversation)
    assert patient.stop() == 0
    patient.launch().wait_for_output("Serving", START_SECONDS)
    assert "was shown at the first start" in shown(patient)
    call = patient.wait_over(talk)
    assert (call["status"], call["end_reason"]) == ("completed", "callee_hung_up")

    silent = patient.place(SILENT_NUMBER)
    patient.wait_until(silent, in_conversation)
    patient.process.send_signal(signal.SIGINT)
    patient.wait_for_output("stopping controller; calls may talk on for 600 s", 10)
    assert patient.stop() == 0
    assert re.search(rf'"call_id": "{silent}".*"after": "failed"', patient.logs())


def test_a_killed_supervisor_leaves_nobody_behind_and_no_call(patient):
    """Its processes see it at once, and none waits for calls to end by themselves."""
    silent = patient.place(SILENT_NUMBER)
    patient.wait_until(silent, in_conversation)
    names = ("sandbox", "worker", "controller", "api")
    handles = [os.pidfd_open(patient.pid_of(name)) for name in names]
    patient.process.kill()
    ended = [select.select([handle], [], [], CHILDREN_SECONDS)[0] for handle in handles]
    for handle in handles:
        os.close(handle)
    assert all(ended)
    database = sqlite3.connect(patient.directory / "var" / "topcalls.db")
    with closing(database):
        query = "select end_reason, lease_owner from call where id = ?"
        assert database.execute(query, (silent,)).fetchone() == ("shutdown", None)


def test_ctrl_c_during_the_start_ends_what_was_started(tmp_path):
    product = Product(tmp_path).launch()
    product.wait_for_output("sandbox is ready", START_SECONDS)
    assert product.stop() == 0
    product.wait_for_output("stopping sandbox", 5)
    assert "Traceback" not in shown(product)
    assert not (tmp_path / "var" / "sandbox.json").exists()
