"""The report on a call and its bundle, as an operator makes them from a real call."""

import json
import zipfile

import pytest
from scenarios import NUMBERS

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def bundle(product, calls, tmp_path_factory):
    """The bundle of a call whose model failed: its files, and all its bytes."""
    call_id = calls["failing model"]
    product.wait_over(call_id, seconds=120)
    path = tmp_path_factory.mktemp("bundle") / "call.zip"
    product.cli("bundle", call_id, "-o", str(path))
    with zipfile.ZipFile(path) as found:
        return {name: found.read(name) for name in found.namelist()}


def test_a_call_that_failed_has_its_messages_with_switch_and_ai(bundle):
    entries = [json.loads(line) for line in bundle["trace.jsonl"].splitlines()]
    ways = {entry["way"] for entry in entries}
    assert ways == {"switch.command", "switch.event", "provider.out", "provider.in"}
    events = [one["fields"]["Event-Name"] for one in entries if one["way"] == "switch.event"]
    assert events[-1] == "CHANNEL_HANGUP_COMPLETE"
    assert "CHANNEL_ANSWER" in events
    frames = [one["frame"] for one in entries if one.get("frame")]
    assert {"session.update", "session.updated"} <= {frame.get("type") for frame in frames}
    commands = [one["command"].split()[0] for one in entries if "command" in one]
    assert "originate" in commands


def test_the_report_blames_the_provider(product, calls, bundle):
    told = product.cli("rca", calls["failing model"])
    assert "Blame: provider" in told
    assert bundle["rca.txt"].decode().splitlines()[-3:] == told.splitlines()[-3:]


def test_no_number_key_or_word_leaves_the_house(product, calls, bundle):
    everything = b"\n".join(bundle.values())
    number = NUMBERS["failing model"].removeprefix("+")
    assert number.encode() not in everything
    assert product.key.encode() not in everything
    call = product.wait_over(calls["failing model"], seconds=120)
    for turn in call["transcript"]:
        assert turn["text"].encode() not in everything
