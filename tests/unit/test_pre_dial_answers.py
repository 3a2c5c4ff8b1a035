"""What the answer of an account's own server counts for: it tightens, and never loosens."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topcalls.core import pre_dial
from topcalls.core.eligibility_facts import Category, Decision, Verdict, Versions
from topcalls.core.pre_dial import Answer, OnFailure, Server

NOW = datetime(2026, 12, 1, 17, tzinfo=UTC)
SERVER = Server("https://example.com/may-we-call")
ANSWER = Answer(SERVER, NOW, "0" * 64, 12)
ORDER = (Verdict.ALLOW, Verdict.DEFER, Verdict.REVIEW, Verdict.BLOCK)
SALES, REMINDER = Category.TELEMARKETING, Category.INFORMATIONAL
NONE = Versions("", "", "", "", "", "")


def decision(verdict, until=None):
    rule = "" if verdict is Verdict.ALLOW else "US.hours.tcpa"
    return Decision(verdict, rule, "", until, NOW, (), NONE)


def moments():
    return st.none() | st.integers(1, 900).map(lambda minutes: NOW + timedelta(minutes=minutes))


@given(
    st.sampled_from(ORDER),
    moments(),
    st.sampled_from((Verdict.ALLOW, Verdict.DEFER, Verdict.BLOCK)),
    moments(),
    st.none() | st.just("timeout"),
    st.sampled_from(OnFailure),
    st.sampled_from(Category),
)
def test_no_answer_makes_a_decision_wider(before, until, said, later, failure, policy, category):
    first = decision(before, until if before is Verdict.DEFER else None)
    server = replace(SERVER, on_failure=policy)
    answer = replace(ANSWER, server=server, verdict=said, until=later, failure=failure)
    found = pre_dial.judged(first, answer, category)
    assert ORDER.index(found.verdict) >= ORDER.index(before)
    assert found.checks[-1].check == "pre_dial"
    if before is Verdict.DEFER and until and found.verdict is Verdict.DEFER:
        assert found.until >= until
    if failure and (category is SALES or policy is OnFailure.DEFER):
        assert found.verdict is not Verdict.ALLOW


def test_hours_say_no_whatever_the_server_says():
    """T96."""
    morning = NOW + timedelta(hours=20)
    answer = replace(ANSWER, verdict=Verdict.ALLOW)
    found = pre_dial.judged(decision(Verdict.DEFER, morning), answer, SALES)
    assert (found.verdict, found.until, found.rule_id) == (
        *(Verdict.DEFER, morning),
        "US.hours.tcpa",
    )


def test_a_server_that_is_silent_makes_the_call_wait_five_minutes():
    """T95."""
    found = pre_dial.judged(decision(Verdict.ALLOW), replace(ANSWER, failure="timeout"), SALES)
    assert (found.verdict, found.rule_id) == (Verdict.DEFER, "pre_dial")
    assert found.until == NOW + timedelta(minutes=5)
    assert found.checks[-1].observed["failure"] == "timeout"


@pytest.mark.parametrize(("category", "verdict"), [(REMINDER, "allow"), (SALES, "defer")])
def test_only_what_sells_nothing_is_let_out_without_an_answer(category, verdict):
    server = replace(SERVER, on_failure=OnFailure.ALLOW)
    silent = replace(ANSWER, server=server, failure="connect")
    found = pre_dial.judged(decision(Verdict.ALLOW), silent, category)
    assert found.verdict == verdict
    assert found.checks[-1].reason == "pre_dial_failed"


def test_a_deferral_without_a_time_is_for_five_minutes_and_none_is_for_the_past():
    for until in (None, NOW - timedelta(days=1)):
        check = pre_dial.check(replace(ANSWER, until=until), SALES)
        assert NOW <= check.until <= NOW + timedelta(minutes=5)


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"[]", b"nonsense", b"null", b'"allow"', b"{}", b'{"verdict": 1}', b"\xff"),
        b'{"verdict": "review"}',
        b'{"verdict": ["allow"]}',
        b'{"verdict": "defer", "until": "tomorrow"}',
        b'{"verdict": "defer", "until": "2026-12-01T18:00:00"}',
        b'{"verdict": "defer", "until": "2036-12-01T18:00:00Z"}',
        b'{"verdict": "allow", "reason": 7}',
        b"[" * 100_000,
    ],
)
def test_what_is_no_answer_is_told(body):
    with pytest.raises(ValueError):
        pre_dial.read(body, NOW)


def test_an_answer_is_read():
    body = b"""{"verdict": "defer", "until": "2026-12-01T18:30:00+01:00", "reason": "paid",
        "evidence": {"a": 1}}"""
    said = pre_dial.read(body, NOW)
    assert (said.verdict, said.reason, said.evidence) == (Verdict.DEFER, "paid", {"a": 1})
    assert said.until == datetime(2026, 12, 1, 17, 30, tzinfo=UTC)


def test_a_server_is_judged_field_by_field():
    wrong = {"url": "", "timeout_seconds": 31, "on_failure": "ignore", "extra": 1}
    paths = {fault.path for fault in pre_dial.faults(wrong, "pre_dial")}
    assert paths == {f"pre_dial.{name}" for name in wrong}
    assert [fault.path for fault in pre_dial.faults({}, "pre_dial")] == ["pre_dial.url"]
    assert not list(pre_dial.faults({"url": "https://example.com/"}, "pre_dial"))
