"""The page about the switch says what the code does."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from topcalls.core.call_events import Hangup
from topcalls.core.hangup_causes import outcome_of
from topcalls.sandbox.freeswitch.gateways import Gateway

pytestmark = pytest.mark.unit
ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "switch.md").read_text()
ANSWERS = re.findall(r"^\| ([0-9, ]+|none) \| `([A-Z_]+)` \| ([a-z-]+) \|$", PAGE, re.MULTILINE)
ROWS = [
    (None if status == "none" else int(status), cause, outcome)
    for statuses, cause, outcome in ANSWERS
    for status in statuses.split(", ")
]


@pytest.mark.parametrize(("status", "cause", "outcome"), ROWS)
def test_what_a_sip_answer_means(status, cause, outcome):
    assert outcome_of(Hangup(cause, status)).value.replace("_", "-") == outcome


@pytest.mark.parametrize(
    ("status", "cause"), [(status, cause) for status, cause, _ in ROWS if status]
)
def test_the_double_makes_the_same_of_a_sip_answer(status, cause):
    gateway = Gateway("lab", {"proxy": f"{status}.carrier.test"})
    assert gateway.refusal.cause == cause


def test_every_rule_of_a_sip_answer_is_on_the_page():
    source = (ROOT / "topcalls" / "core" / "hangup_causes.py").read_text()
    table = re.search(r"_BY_SIP_STATUS = \{(.*?)\}", source, re.DOTALL)[1]
    assert {int(status) for status in re.findall(r"(\d{3}):", table)} <= {row[0] for row in ROWS}


def test_the_scenarios_on_the_page_are_there():
    listed = subprocess.run(
        [sys.executable, ROOT / "scripts" / "sipp", "list"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    names = {line.split()[0] for line in listed.stdout.splitlines()}
    assert set(re.findall(r"scripts/sipp (\w+_\w+)", PAGE)) <= names
