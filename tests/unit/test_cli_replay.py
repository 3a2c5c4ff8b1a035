"""`topcalls replay`: what is shown of one and of many, and the file that loses none."""

import json
import stat
from contextlib import closing

import pytest
from click.testing import CliRunner

from topcalls import compose
from topcalls.cli import replay as command
from topcalls.cli import replay_report
from topcalls.cli.replay_file import ReplayFile
from topcalls.config import Settings
from topcalls.errors import ConfigError, Conflict

pytestmark = pytest.mark.unit
IDS = [f"53e35988-9ad9-4bfc-816b-f2d2e55ca88{n}" for n in range(4)]
ASKED = {"fields": {"voice": "verse"}, "agent": None, "timing": "relative", "exact": False}


def side(agent, caller="Hello?", **more):
    return {
        "caller": caller,
        "agent": agent,
        "tools": [],
        "wait_ms": 700,
        "interrupted": False,
        "ends": False,
        **more,
    }


def exchange(number, then, now, likeness="same", reasons=(), after_fork=False):
    return {
        "number": number,
        "then": then,
        "now": now,
        "likeness": likeness,
        "reasons": list(reasons),
        "after_fork": after_fork,
    }


def told(call_id=IDS[0], fork=None, changes=()):
    exchanges = [exchange(0, side("Hi."), side("Hi."))]
    if fork is not None:
        exchanges.append(exchange(1, side("Thursday?"), side("Friday?"), "other", ["words"]))
        exchanges.append(exchange(2, side("Bye.", ends=True), None, "other", ["ended"], True))
    return {
        "call_id": call_id,
        "changed": [{"path": "voice", "kind": "changed", "before": "alloy", "after": "verse"}],
        "forks_at": fork,
        "exchanges": exchanges,
        "outcome": {
            "facts": {"status": "completed"},
            "found": {"call_summary": "They talked.", "disposition": "done"},
            "changes": [{"field": name, "before": None, "after": "x"} for name in changes],
            "errors": {},
        },
        "seconds_then": 12.0,
        "seconds_now": 13.5,
        "pace": "virtual",
        "why": "Because.",
        "not_on_cassette": ["free_times"] if fork else [],
        "remarks": [],
    }


def test_one_replay_is_shown_side_by_side_and_says_where_it_forks():
    shown = "\n".join(replay_report.lines(told(fork=1, changes=["disposition"])))
    assert "in exchange 1 (words)" in shown
    assert replay_report.AFTER in shown
    assert "(over)" in shown
    assert "free_times" in shown
    assert 'disposition: – > "x"' in shown
    assert "rests on what comes after the fork" in shown
    before, after = shown.split(replay_report.AFTER)
    assert "1 agent" in before
    assert "2* agent" in after


def test_one_that_does_not_fork_says_so():
    shown = "\n".join(replay_report.lines(told()))
    assert "fork      none" in shown
    assert "(the same)" in shown
    assert "Outcome: unchanged" in shown
    assert replay_report.AFTER not in shown


def test_many_are_counted():
    many = [
        told(IDS[0]),
        told(IDS[1], fork=1, changes=["disposition", "status"]),
        told(IDS[2], fork=1, changes=["disposition"]),
        {"call_id": IDS[3], "error": "The recording is mono."},
    ]
    assert replay_report.summary(many) == {
        "calls": 4,
        "replayed": 3,
        "not_replayed": 1,
        "forked": 2,
        "forked_at": {"1": 2},
        "outcome_changed": 2,
        "fields_changed": {"disposition": 2, "status": 1},
    }
    assert "3 of 4 calls replayed, 2 fork" in "\n".join(replay_report.table(many))


# --- the file


def test_what_is_in_the_file_is_not_made_again_but_what_failed_is(tmp_path):
    path = tmp_path / "replays.jsonl"
    with closing(ReplayFile(path, ASKED)) as file:
        file.add(told(IDS[0]))
        file.add({"call_id": IDS[1], "error": "away"})
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with closing(ReplayFile(path, ASKED)) as file:
        assert list(file.done) == [IDS[0]]
        file.add(told(IDS[1]))
    with closing(ReplayFile(path, ASKED)) as file:
        assert list(file.done) == IDS[:2]


def test_a_line_that_was_cut_off_costs_only_itself(tmp_path):
    path = tmp_path / "replays.jsonl"
    with closing(ReplayFile(path, ASKED)) as file:
        file.add(told(IDS[0]))
    with path.open("a") as file:
        file.write('{"call_id": "53e3')
    with closing(ReplayFile(path, ASKED)) as file:
        file.add(told(IDS[1]))
    with closing(ReplayFile(path, ASKED)) as file:
        assert list(file.done) == IDS[:2]


def test_a_file_of_other_replays_is_not_written_to(tmp_path):
    path = tmp_path / "replays.jsonl"
    ReplayFile(path, ASKED).close()
    with pytest.raises(ConfigError, match="something else"):
        ReplayFile(path, {**ASKED, "exact": True})


# --- the command


class Room:
    """Answers as a room of replays does; `fails` are calls that cannot be held again."""

    def __init__(self, settings, scenarios):
        self.calls = self
        self.asked = []

    def close(self):
        pass

    def ids(self, limit, *, campaign_id=None, agent_id=None):
        return IDS[:limit]

    def replay(self, call_id, wishes):
        if call_id == IDS[3]:
            raise Conflict("The recording is mono.")
        return Told(told(call_id, fork=1 if call_id == IDS[1] else None))


class Told:
    def __init__(self, content):
        self.plain = lambda: content


@pytest.fixture
def run(monkeypatch):
    made = {"ReplayRoom": Room, "replay_wishes": lambda *wished, **more: (wished, more)}
    for name, double in made.items():
        monkeypatch.setitem(vars(compose), name, double)
    monkeypatch.setattr(command.log, "configure", lambda *_, **__: None)
    settings = Settings(telephony="sandbox", ai="sandbox")
    return lambda *words: CliRunner().invoke(command.replay, words, obj=settings)


def test_a_call_is_replayed(run):
    done = run(IDS[1], "--voice", "verse", "--json")
    assert (done.exit_code, json.loads(done.stdout)["forks_at"]) == (0, 1)


def test_many_are_replayed_and_go_on_where_they_stopped(run, tmp_path):
    listed, out = tmp_path / "ids.txt", tmp_path / "out.jsonl"
    listed.write_text("\n".join([*IDS[:2], f"{IDS[3]}  # mono", ""]))
    words = ("--calls", str(listed), "--out", str(out), "--json")
    first = json.loads(run(*words).stdout)
    assert first["summary"]["not_replayed"] == 1
    again = run(*words)
    assert json.loads(again.stdout)["summary"] == first["summary"]
    assert again.stderr.count("fork") == 0  # only the one that failed was tried again


def test_the_calls_of_an_agent_or_a_campaign_are_found(run):
    for words in (("--agent", f"{IDS[0]}@3"), ("--campaign", IDS[0])):
        done = run(*words, "--limit", "2", "--json")
        assert json.loads(done.stdout)["summary"]["calls"] == 2


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ((), "Name one of"),
        ((IDS[0], "--campaign", IDS[1]), "Name one of"),
        (("--agent", "x"), "ID@VERSION"),
        ((IDS[0], "--set", "temperature"), "temperature=0.3"),
        ((IDS[0], "--interruption", "never"), "low, medium, high"),
    ],
)
def test_a_wrong_command_says_what_to_write(run, words, why):
    done = run(*words)
    assert done.exit_code == 2
    assert why in done.stderr


def test_a_wrong_list_names_the_line(run, tmp_path):
    listed = tmp_path / "ids.txt"
    listed.write_text(f"{IDS[0]}\nnothing\n")
    done = run("--calls", str(listed))
    assert isinstance(done.exception, ConfigError)
    assert "line 2" in str(done.exception)
