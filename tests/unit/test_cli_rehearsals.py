"""A rehearsal on the command line: what it sends, and what it shows."""

import copy
import json
from uuid import uuid4

import pytest
from click.testing import CliRunner

from topcalls.api import rehearsal_examples as examples
from topcalls.cli import main
from topcalls.cli.client import ApiClient

pytestmark = pytest.mark.unit
ID = str(uuid4())


@pytest.fixture
def run(monkeypatch):
    """Runs the command against an API that answers with `answer`."""

    def command(*arguments, answer=examples.REPORT):
        sent = []

        class Api:
            def post(self, path, body, *, seconds):
                sent.append((path, body, seconds))
                return copy.deepcopy(answer)

        monkeypatch.setattr(ApiClient, "from_settings", lambda settings: Api())
        return CliRunner().invoke(main, ["campaign", "rehearse", ID, *arguments]), sent

    return command


def test_it_is_told_in_words(run):
    done, sent = run()
    assert sent == [(f"/v1/campaigns/{ID}/rehearsal", {}, 1830.0)]
    assert done.exit_code == 0
    lines = done.output.splitlines()
    assert lines[0] == "time over, people left Sat 2026-12-05 13:00 UTC, seed 7"
    assert lines[1].startswith("calls      97, from Tue 2026-12-01 14:00 UTC to Fri 2026-12-04")
    assert lines[2].strip().startswith("38 voicemail, 32 completed, 9 no_answer")
    assert "people     40: 32 done, 6 given up, 0 skipped, 0 held, 2 left" in lines
    assert "given up   6 max_attempts" in lines
    assert "spent      67.7 minutes, cost not known" in lines


def test_wishes_and_files(run, tmp_path):
    callees, dials = tmp_path / "callees.json", tmp_path / "dials.csv"
    callees.write_text('{"human_percent": 50}')
    options = ["--seed", "7", "--days", "5", "--starts-at", "2026-12-01T14:00:00Z"]
    done, sent = run(*options, "--callees", str(callees), "--dials", str(dials), "--json")
    wanted = {"seed": 7, "days": 5.0, "starts_at": "2026-12-01T14:00:00Z"}
    assert sent[0][1] == {**wanted, "callees": {"human_percent": 50}, "dials": 200_000}
    told = {name: part for name, part in examples.REPORT.items() if name != "dials"}
    assert json.loads(done.output) == told
    header, row = dials.read_text().splitlines()
    assert header == "at,lead_id,attempt,outcome,talk_seconds,from_number"
    assert row.endswith(",1,rejected,0,+13055550198")


def test_one_that_ends_paused_fails(run):
    pause = {"at": "2026-12-01T15:00:00Z", "code": "minutes", "detail": "0 minutes left."}
    closest = {
        "margin_seconds": 1260,
        "lead_id": ID,
        "at": "2026-12-01T15:00:00Z",
        "local_times": {"America/New_York": "Tue 2026-12-01 10:00"},
        "jurisdictions": ["US-DC"],
    }
    report = {**examples.REPORT, "ends": "paused", "paused": pause, "closest_call": closest}
    done, _ = run(answer=report)
    assert done.exit_code == 1
    assert done.output.startswith("paused (minutes: 0 minutes left.)")
    assert "closest    1,260 s before the end of lawful hours: America/New_York" in done.output
