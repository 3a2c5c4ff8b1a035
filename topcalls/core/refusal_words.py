"""Why a call is not made, in words for people: one sentence for each reason of a check."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

WORDS: Final[Mapping[str, str]] = {
    "abandonment_rate": "Too many people who answered lately met nobody who spoke.",
    "caller_number_not_ready": "The number that would be shown is not proved to be usable.",
    "caller_number_quarantined": "The number that would be shown rests: networks block it.",
    "caller_number_series": "The number that would be shown is not of the series that must be.",
    "caller_number_unknown": "Nothing is known of the number that would be shown.",
    "consent_expired": "The consent has expired.",
    "consent_for_another_purpose": "The consent is for another purpose, seller or time.",
    "consent_insufficient": "Another kind of consent is needed.",
    "consent_missing": "No consent to such a call is stored.",
    "consent_proof_incomplete": "The wording of the consent is not stored.",
    "consent_reconfirm": "The consent is so old that it has to be confirmed again.",
    "consent_revoked": "The consent was taken back.",
    "disclosure_missing": "The beginning of the call does not say what it must.",
    "emergency_ban": "Calls there are banned because of an emergency.",
    "frequency_cap": "The number was called as often as it may be.",
    "listed": "The number is on a register of people who are not to be called.",
    "live_voice_required": "A live voice, or an agreement beforehand, is needed there.",
    "not_dialable_kind": "Numbers of this kind are not called.",
    "number_invalid": "It is no telephone number.",
    "number_not_assigned": "The number is in no range that is in use.",
    "outside_hours": "It is outside of the hours in which the number may be called.",
    "pre_dial_blocked": "The account's own server does not want the call to be made.",
    "pre_dial_deferred": "The account's own server wants the call to be made later.",
    "pre_dial_failed": "The account's own server did not say whether the call may be made.",
    "reassigned": "The number has had another holder since the consent.",
    "reassigned_missing": "No register of reassigned numbers was asked.",
    "reassigned_stale": "The register of reassigned numbers was asked too long ago.",
    "recording_notice_missing": "It must be said that the call is recorded.",
    "region_not_called": "The account does not call there.",
    "revocation_overdue": "A wish not to be called was not carried out in time.",
    "revoked_for_all": "They took back their consent to every call.",
    "rules_missing": "There are no rules for where the number is.",
    "scrub_missing": "No register of people who are not to be called was asked.",
    "scrub_stale": "The register of people who are not to be called was asked too long ago.",
    "state_list_missing": "No register of that state was asked.",
    "time_zone_data_old": "The data on time zones is too old.",
    "zone_unknown": "It is not known what time it is there.",
}


def words_of(rule_id: str, reason: str) -> str:
    """Why a rule forbids a call; names the rule, so that it can be looked up."""
    said = WORDS.get(reason, "The call is not allowed.")
    return f"{said} (Rule {rule_id}.)"
