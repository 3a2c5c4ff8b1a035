"""What an operator is alerted of, when, and that Prometheus is told the same."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from topcalls.core.alert_rules import OUR_FAULTS, RULES, AlertFacts, firing, rule_named
from topcalls.core.alert_state import News, Standing, look
from topcalls.core.metric_samples import Snapshot, earlier, growth, percentile

pytestmark = pytest.mark.unit
FINE = AlertFacts(
    oldest_queued_seconds=60,
    ended={"callee_hung_up": 95, "provider_failed": 5},
    webhooks_due=1000,
    producer_lag_seconds=3600,
    grown={
        "topcalls_esl_reconnects_total": 3,
        "topcalls_calls_saved_total": 10,
        "topcalls_reconciler_disagreements_total": 20,
        "topcalls_impossible_events_total": 0,
        "topcalls_recordings_total": 0,
        "topcalls_api_request_seconds_count": 15,
    },
    event_lag_p99=0.5,
    loop_lag_p99=0.05,
    gateway_p95=0.15,
    provider_p95=2.5,
    spool_free_bytes=2e9,
)
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def prometheus():
    file = Path(__file__).parents[2] / "docker" / "prometheus" / "alerts.yml"
    (group,) = yaml.safe_load(file.read_text())["groups"]
    return {
        rule["alert"]: (rule["labels"]["severity"], int(rule.get("for", "0m").removesuffix("m")))
        for rule in group["rules"]
    }


def test_the_rules_are_those_of_prometheus_with_severity_and_time():
    assert {rule.name: (rule.severity, rule.minutes) for rule in RULES} == prometheus()
    assert len({rule.name for rule in RULES}) == len(RULES)
    outside = {rule.name for rule in RULES if rule.look is None}
    assert outside == {"TopCallsDatabaseDown", "TopCallsNoWorker"}


def test_every_rule_says_what_to_do():
    assert all(rule.remedy.endswith(".") for rule in RULES)
    assert rule_named("TopCallsCallsWait").minutes == 2
    assert rule_named("Other") is None


@pytest.mark.parametrize("facts", [FINE, AlertFacts()])
def test_at_the_limit_and_where_nothing_is_known_nothing_is_wrong(facts):
    assert firing(facts) == {}


@pytest.mark.parametrize(
    ("changes", "name", "words"),
    [
        ({"oldest_queued_seconds": 61}, "TopCallsCallsWait", "61 s"),
        ({"carriers_down": ("A on n1", "B on n1")}, "TopCallsCarrierDown", "A on n1, B on n1."),
        ({"ended": {"silence": 9, "stream_lost": 1}}, "TopCallsCallsFail", "10% of calls"),
        ({"ended": {"stream_lost": 1}}, "TopCallsCallsFail", "most by stream_lost"),
        ({"webhooks_due": 1001}, "TopCallsWebhooksWait", "1001 webhooks"),
        ({"receivers_disabled": 1}, "TopCallsReceiverDisabled", "1 webhook receivers"),
        ({"producer_lag_seconds": 3601}, "TopCallsProducerLate", "3601 s"),
        ({"registers_failing": ("us",)}, "TopCallsRegistersFail", "wait: us."),
        ({"event_lag_p99": 1.0}, "TopCallsSwitchEventsLate", "1.00 s"),
        ({"loop_lag_p99": 0.1}, "TopCallsLoopLags", "0.10 s"),
        ({"gateway_p95": 0.25}, "TopCallsAnswersSlow", "0.25 s"),
        ({"provider_p95": 5.0}, "TopCallsProviderSlow", "5.0 s"),
        ({"spool_free_bytes": 1.5e9}, "TopCallsRecordingSpoolFull", "1.5 GB"),
        ({"grown": {"topcalls_esl_reconnects_total": 4}}, "TopCallsSwitchLost", "4 times"),
        ({"grown": {"topcalls_calls_saved_total": 11}}, "TopCallsProviderFails", "11 times"),
        (
            {"grown": {"topcalls_reconciler_disagreements_total": 21}},
            "TopCallsDisagreements",
            "21 times",
        ),
        (
            {"grown": {"topcalls_impossible_events_total": 1}},
            "TopCallsImpossibleEvents",
            "1 events",
        ),
        ({"grown": {"topcalls_recordings_total": 2}}, "TopCallsRecordingsLost", "2 recordings"),
        (
            {"grown": {"topcalls_api_request_seconds_count": 16}},
            "TopCallsServerErrors",
            "16 times",
        ),
    ],
)
def test_one_fact_makes_one_alert(changes, name, words):
    found = firing(replace(FINE, **changes))
    assert list(found) == [name]
    assert words in found[name]


def test_every_rule_that_looks_has_been_made_to_fire():
    everything = AlertFacts(
        100,
        ("A on n",),
        dict.fromkeys(OUR_FAULTS, 1),
        2000,
        1,
        9999,
        ("r",),
        dict.fromkeys(FINE.grown, 1000.0),
        9,
        9,
        9,
        9,
        1,
    )
    assert set(firing(everything)) == {rule.name for rule in RULES if rule.look}


def test_many_names_are_cut():
    words = firing(replace(FINE, carriers_down=tuple("ABCDEFG")))["TopCallsCarrierDown"]
    assert words == "Carriers that cannot be used: A, B, C, D, E and others."


def history(*looks):
    """What is told over several looks, each so many minutes after the first."""
    standing, told = {}, []
    for minutes, wrong in looks:
        turn = look(RULES, standing, wrong, NOW + timedelta(minutes=minutes))
        standing = {one.name: one for one in turn.standings}
        told += [(minutes, news, one.name) for news, one in turn.news]
    return told, standing


WAIT = {"TopCallsCallsWait": "It waits."}


def test_it_is_told_once_when_it_has_lasted_and_once_when_it_is_over():
    told, standing = history((0, WAIT), (1, WAIT), (2, WAIT), (3, WAIT), (4, {}), (5, {}))
    assert told == [
        (2, News.STARTED, "TopCallsCallsWait"),
        (4, News.OVER, "TopCallsCallsWait"),
    ]
    assert standing == {}


def test_what_passes_before_its_time_is_never_told():
    assert history((0, WAIT), (1, {}), (2, WAIT), (3, {}))[0] == []


def test_what_has_no_time_is_told_at_once_and_again_when_it_comes_back():
    lost = {"TopCallsSwitchLost": "It broke."}
    told, _ = history((0, lost), (1, {}), (2, lost))
    assert [(minutes, news) for minutes, news, _ in told] == [
        (0, News.STARTED),
        (1, News.OVER),
        (2, News.STARTED),
    ]


def test_the_words_are_of_the_last_look_and_the_time_of_the_first():
    _, standing = history((0, WAIT), (2, {"TopCallsCallsWait": "Longer."}))
    one = standing["TopCallsCallsWait"]
    assert one == Standing(one.name, NOW, NOW + timedelta(minutes=2), "Longer.")


def snapshot(at, **counts):
    samples = [("calls_total", {"kind": kind}, value) for kind, value in counts.items()]
    return Snapshot(at, samples)


def test_growth_is_of_what_is_wanted_and_never_less_than_nothing():
    before, after = snapshot(0, a=5, b=1), snapshot(60, a=9, b=3)
    assert growth(before, after, "calls_total") == 6
    assert growth(before, after, "calls_total", lambda labels: labels["kind"] == "b") == 2
    assert growth(after, before, "calls_total") == 0
    assert growth(before, after, "other_total") == 0


def test_the_window_begins_with_the_oldest_that_is_young_enough():
    looks = [snapshot(at) for at in (0, 60, 120)]
    assert earlier(looks, 120, 60).at == 60
    assert earlier(looks, 120, 500).at == 0
    assert earlier(looks, 500, 60) is None


def buckets(at, **counts):
    limits = {"a": "0.1", "b": "0.5", "inf": "+Inf"}
    return Snapshot(at, [("lag_bucket", {"le": limits[k]}, v) for k, v in counts.items()])


@pytest.mark.parametrize(
    ("after", "found"),
    [
        (buckets(1, a=100, b=100, inf=100), 0.1),
        (buckets(1, a=98, b=100, inf=100), 0.5),
        (buckets(1, a=10, b=20, inf=100), 0.5),
        (buckets(1), None),
    ],
)
def test_a_percentile_is_the_limit_that_holds_it(after, found):
    assert percentile(buckets(0), after, "lag", 0.99) == found


def test_only_what_came_since_counts():
    before, after = buckets(0, a=0, b=0, inf=1000), buckets(1, a=10, b=10, inf=1010)
    assert percentile(before, after, "lag", 0.99) == 0.1
    assert percentile(after, after, "lag", 0.99) is None
    assert Snapshot(0, [("free", {}, 7.0), ("free", {}, 3.0)]).least("free") == 3.0
    assert Snapshot(0, []).least("free") is None
