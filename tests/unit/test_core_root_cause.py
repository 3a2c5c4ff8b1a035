"""Every end that a call can have is explained by one rule, and every rule explains some end."""

import itertools

import pytest

from topcalls.core import hangup_causes
from topcalls.core.call_events import EVENT_KINDS, Hangup, HungUpBy
from topcalls.core.call_state import FINAL_STATES, CallFacts, State, Verdict, advance
from topcalls.core.end_reasons import EndedBy, EndReason
from topcalls.core.open_calls import WAITS
from topcalls.core.root_cause import RULES, Ending, explaining
from topcalls.core.routing import _NEXT_CAUSES, _STOP_CAUSES
from topcalls.core.trail_words import KINDS, words_of_entry
from topcalls.store.calls import NOTES

pytestmark = pytest.mark.unit
OWN = ("SWITCH_UNREACHABLE", "DIAL_INTENT_NOT_STORED", "ORIGINATE_REFUSED", "NO_CARRIER")
NAMED = {cause for rule in RULES for cause in rule.causes}
CAUSES = sorted(
    {
        *hangup_causes._BY_CAUSE,
        *hangup_causes._MISCONFIGURED,
        *hangup_causes._SENTENCES,
        *_NEXT_CAUSES,
        *_STOP_CAUSES,
        *OWN,
        *NAMED,
        "A_CAUSE_NOBODY_KNOWS",
    }
)
STATUSES = sorted({*hangup_causes._BY_SIP_STATUS, 200, 404, 480, 487, 488, 500, 503, 608})
DECIDERS = ("", "TimedOut", "HungUp", "BridgeFailed")


BY_NETWORK = {rule.reason for rule in RULES if rule.causes or rule.sip or rule.blocked}


def every_ending():
    for reason, inbound, decided_by in itertools.product(EndReason, (False, True), DECIDERS):
        told = reason in BY_NETWORK
        causes, statuses = (CAUSES, STATUSES) if told else (["NORMAL_CLEARING"], [200])
        for cause, status in itertools.product((None, *causes), (None, *statuses)):
            yield Ending(reason, decided_by, cause, status, inbound)
            if status == 603:
                yield Ending(reason, decided_by, cause, status, inbound, is_network_block=True)


def test_every_end_has_its_rule_and_every_rule_some_end_and_one_blame():
    met = {}
    for ending in every_ending():
        rule = explaining(ending)
        assert rule.reason is ending.reason
        met.setdefault(rule.name, set()).add((ending.is_inbound, ending.blame))
    assert set(met) == {rule.name for rule in RULES}
    for name, blames in met.items():
        assert len({blame for inbound, blame in blames if not inbound}) <= 1, name
        assert len({blame for inbound, blame in blames if inbound}) <= 1, name
    told = {blame for blames in met.values() for _, blame in blames}
    assert told == set(EndedBy)


def test_no_two_rules_have_a_name():
    names = [rule.name for rule in RULES]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("reason", EndReason)
def test_a_reason_has_one_rule_that_asks_for_nothing_and_that_is_the_last(reason):
    """So a new reason cannot be forgotten here."""
    mine = [rule for rule in RULES if rule.reason is reason]
    general = [
        rule
        for rule in mine
        if not (rule.decided_by or rule.causes or rule.sip or rule.blocked) and rule.inbound is None
    ]
    assert general == mine[-1:]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rule_says_what_happened_and_a_fault_what_to_do(rule):
    assert rule.name.split(".")[0] == rule.reason
    assert rule.cause.endswith(".")
    nothing_wrong = {EndedBy.CALLEE, EndedBy.CALLER, EndedBy.AGENT, EndedBy.TRANSFEREE}
    blame = Ending(rule.reason).blame
    assert rule.remedy.endswith((".", ")")) or blame in nothing_wrong | {EndedBy.CUSTOMER}


def ends_of_the_table():
    """Every end that the state machine itself makes, by every event in every state."""
    hangups = [
        Hangup(cause, status, 16, by)
        for by in HungUpBy
        for cause, status in [
            *((cause, None) for cause in CAUSES),
            *(("CALL_REJECTED", status) for status in STATUSES),
        ]
    ]
    for state, inbound, answered, kind in itertools.product(
        State, (False, True), (False, True), EVENT_KINDS
    ):
        facts = CallFacts(state, dialled=True, answered=answered, inbound=inbound)
        for event in events_of(kind, hangups):
            made = advance(facts, event)
            if made.verdict is Verdict.MOVED and made.end_reason is not None:
                hangup = getattr(event, "hangup", None)
                yield (
                    made.after,
                    Ending(
                        made.end_reason,
                        kind.__name__,
                        hangup.cause if hangup else None,
                        hangup.sip_status if hangup else None,
                        inbound,
                    ),
                )


def events_of(kind, hangups):
    name = kind.__name__
    if name in ("OriginateFailed", "AttemptFailed", "HungUp"):
        return [kind(hangup) for hangup in hangups]
    wanted = {
        "BridgeFinished": [(reason,) for reason in ("agent_ended", "silence")],
        "BridgeFailed": [
            ("", reason) for reason in ("provider_failed", "internal_error", "playback_failed")
        ],
        "Refused": [(reason.value,) for reason in EndReason],
        "Transferred": [("Ann",)],
        "HandedToCarrier": [("Ann",)],
        "Supervised": [("1000", "listen")],
        "Forbidden": [("hours",)],
    }
    return [kind(*arguments) for arguments in wanted.get(name, [()])]


def test_what_the_state_machine_ends_with_is_explained():
    met = set()
    for state, ending in ends_of_the_table():
        met.add((explaining(ending).reason, state))
    assert {reason for reason, _ in met} == set(EndReason)
    assert {state for _, state in met} >= FINAL_STATES


@pytest.mark.parametrize(
    ("ending", "rule", "blame"),
    [
        (Ending(EndReason.CALLEE_HUNG_UP), "callee_hung_up", "callee"),
        (Ending(EndReason.SILENCE, is_inbound=True), "silence", "caller"),
        (
            Ending(EndReason.DIAL_FAILED, "OriginateFailed", "CALL_REJECTED", 407),
            "dial_failed.credentials",
            "configuration",
        ),
        (
            Ending(EndReason.DIAL_FAILED, "", "CALL_REJECTED", 403),
            "dial_failed.forbidden",
            "carrier",
        ),
        (
            Ending(EndReason.DIAL_FAILED, "", "CALL_REJECTED", 603, is_network_block=True),
            "dial_failed.blocked",
            "carrier",
        ),
        (Ending(EndReason.DIAL_FAILED, "", None, 608), "dial_failed.blocked", "carrier"),
        (
            Ending(EndReason.DIAL_FAILED, "", "UNALLOCATED_NUMBER", 404),
            "dial_failed.number_unassigned",
            "callee",
        ),
        (
            Ending(EndReason.DIAL_FAILED, "", "SWITCH_UNREACHABLE"),
            "dial_failed.switch_unreachable",
            "gateway",
        ),
        (
            Ending(EndReason.DIAL_FAILED, "", "NORMAL_TEMPORARY_FAILURE", 503),
            "dial_failed.congestion",
            "carrier",
        ),
        (Ending(EndReason.DIAL_FAILED, "", "XYZ"), "dial_failed.other", "carrier"),
        (Ending(EndReason.NO_ANSWER, "TimedOut"), "no_answer.rang_out", "callee"),
        (Ending(EndReason.NO_ANSWER, "", "NO_ANSWER", 408), "no_answer.not_reached", "callee"),
        (Ending(EndReason.REJECTED, "", "CALL_REJECTED", 607), "rejected.unwanted", "callee"),
        (Ending(EndReason.PROVIDER_FAILED, "TimedOut"), "provider_failed.late", "provider"),
        (Ending(EndReason.PROVIDER_FAILED, "BridgeFailed"), "provider_failed.broke", "provider"),
        (Ending(EndReason.STREAM_LOST, "TimedOut"), "stream_lost.never_came", "gateway"),
        (Ending(EndReason.STREAM_LOST, "StreamLost"), "stream_lost.broke", "gateway"),
        (Ending(EndReason.CHANNEL_LOST, "HungUp"), "channel_lost.answer_unheard", "gateway"),
        (
            Ending(EndReason.CONFIGURATION, "Refused", is_inbound=True),
            "configuration.refused",
            "configuration",
        ),
        (
            Ending(EndReason.ANSWER_FAILED, "", "INCOMPATIBLE_DESTINATION", is_inbound=True),
            "answer_failed.no_codec",
            "carrier",
        ),
    ],
    ids=lambda value: getattr(value, "reason", value),
)
def test_which_rule_and_whose_fault(ending, rule, blame):
    assert (explaining(ending).name, ending.blame) == (rule, blame)


def test_every_state_that_is_not_over_says_what_it_waits_for():
    assert set(WAITS) == set(State) - FINAL_STATES


def test_every_entry_of_a_trail_has_words():
    assert {kind.__name__ for kind in EVENT_KINDS} | set(NOTES) == KINDS
    for kind in KINDS:
        assert words_of_entry(kind, {}).endswith(".")


def test_an_entry_tells_what_its_detail_says():
    hangup = {"cause": "USER_BUSY", "sip_status": 486, "q850": 17, "by": "callee"}
    told = words_of_entry("HungUp", {"hangup": hangup})
    assert told == "The channel ended: USER_BUSY, SIP 486, Q.850 17, by the far end."
    refused = words_of_entry("Forbidden", {"rule": "hours", "detail": "", "until": None})
    assert refused == "A rule forbade it (rule hours)."
    assert (
        words_of_entry("WordsSaid", {"text": "secret"}) == "Words were put into the agent's mouth."
    )
    assert words_of_entry("OfAnotherVersion", {}) == "OfAnotherVersion."
