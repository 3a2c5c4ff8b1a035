"""Findings, how they add up, what they never tell, and the judgements on plain values."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topcalls.core import checkup
from topcalls.core.checkup import Level, fault, ok, warning
from topcalls.errors import ConfigError

pytestmark = pytest.mark.unit
TODAY = date(2026, 11, 23)
FINE = ok("a", "fine")
SHAKY = warning("b", "shaky", "hold it")
BROKEN = fault("c", "broken", "mend it")


@pytest.mark.parametrize(
    ("findings", "level", "exit_code"),
    [
        ([], Level.OK, 0),
        ([FINE], Level.OK, 0),
        ([SHAKY, FINE], Level.WARNING, 0),
        ([BROKEN, SHAKY, FINE], Level.FAULT, 1),
        ([FINE, BROKEN], Level.FAULT, 1),
    ],
)
def test_the_worst_decides_and_warnings_do_not_fail(findings, level, exit_code):
    summary = checkup.summarise(findings)
    assert (summary.level, summary.exit_code) == (level, exit_code)
    assert summary.ok + summary.warnings + summary.faults == len(findings)


def test_an_error_of_one_question_is_a_fault_of_its_own():
    def refuse():
        raise ConfigError("The key is wrong.", remedy="Take another.")

    assert checkup.attempt("key", refuse) == fault("key", "The key is wrong.", "Take another.")
    assert checkup.attempt("fine", lambda: FINE) == FINE


def test_a_crash_tells_its_kind_and_never_its_text():
    found = checkup.attempt("sum", lambda: {}["secret-in-a-key"])
    assert found.level is Level.FAULT
    assert "KeyError" in found.found
    assert "secret" not in found.found + found.remedy


def test_secrets_urls_and_numbers_are_hidden():
    found = fault(
        "database",
        "no host in postgresql://me:p%40ss@db/x?password=s3cret for +12025550123",
        "Look for s3cret.",
    )
    shown = checkup.protected(found, ["s3cret", "", "abc"])
    assert shown.found == "no host in postgresql://***@db/x?password=*** for **********23"
    assert shown.remedy == "Look for ***."


def test_a_secret_within_a_longer_one_leaves_no_rest():
    shown = checkup.protected(ok("x", "token-1234-abcd"), ["token-1234", "token-1234-abcd"])
    assert shown.found == "***"


def test_a_password_that_everybody_knows_is_named():
    assert checkup.protected(ok("x", "It is ClueCon."), ["ClueCon"]).found == "It is ClueCon."


@given(st.text("0123456789", min_size=7, max_size=15))
def test_no_full_number_passes(digits):
    shown = checkup.protected(ok("x", f"call +{digits}."), []).found
    assert digits not in shown


@pytest.mark.parametrize(
    ("shutdown", "level"),
    [
        (None, Level.OK),
        (date(2028, 1, 1), Level.OK),
        (date(2027, 2, 22), Level.OK),
        (date(2027, 2, 21), Level.WARNING),
        (date(2026, 11, 24), Level.WARNING),
        (date(2026, 11, 23), Level.FAULT),
        (date(2026, 5, 7), Level.FAULT),
    ],
)
def test_a_model_near_or_past_its_shutdown(shutdown, level):
    found = checkup.judge_shutdown("m", "gpt-old", shutdown, "gpt-new", TODAY)
    assert found.level is level
    assert ("gpt-new" in found.remedy) == (level is not Level.OK)


def test_a_dead_model_without_replacement_still_has_a_remedy():
    assert checkup.judge_shutdown("m", "x", TODAY, None, TODAY).remedy == "Choose another."


@pytest.mark.parametrize(
    ("ahead", "level", "words"),
    [
        (0.0, Level.OK, "agrees"),
        (4.9, Level.OK, "agrees"),
        (-5.0, Level.WARNING, "5 s behind"),
        (7.0, Level.WARNING, "7 s ahead of"),
        (-120.0, Level.FAULT, "120 s behind"),
        (86400.0, Level.FAULT, "86400 s ahead of"),
    ],
)
def test_clocks_that_disagree(ahead, level, words):
    found = checkup.judge_clock("c", ahead, "The switch's clock", "Use NTP.")
    assert found.level is level
    assert words in found.found


@pytest.mark.parametrize(
    ("seconds", "level", "words"),
    [
        (None, Level.OK, "No webhook waits."),
        (0.0, Level.OK, "for 0 s."),
        (29.0, Level.OK, "for 29 s."),
        (30.0, Level.WARNING, "for 30 s."),
        (120.0, Level.FAULT, "for 2 min."),
        (90_000.0, Level.FAULT, "for 25 h."),
    ],
)
def test_work_that_waits(seconds, level, words):
    found = checkup.judge_age("w", "webhook", seconds, 120.0, "Look.")
    assert found.level is level
    assert found.found.endswith(words)


@pytest.mark.parametrize(
    ("free", "level", "words"),
    [
        (0, Level.FAULT, "0 B free"),
        (99, Level.FAULT, "99 B free"),
        (100, Level.WARNING, "100 B free"),
        (2_500_000, Level.OK, "2.5 MB free"),
        (5_000_000_000_000_000, Level.OK, "5000.0 TB free"),
    ],
)
def test_space(free, level, words):
    found = checkup.judge_space("s", "/x", free, least=100, enough=1000, remedy="Delete.")
    assert found.level is level
    assert words in found.found
