"""Tokens that open one thing for a time."""

from datetime import UTC, datetime, timedelta

import pytest

from topcalls.errors import Unauthorized
from topcalls.services.expiring_tokens import ExpiringTokens

pytestmark = pytest.mark.unit
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
UNTIL = NOW + timedelta(minutes=5)
WORDS = r"\.([a-z]{1,9})\.([0-9]{1,3})"


def tokens(keys="key", purpose=b"opening doors", words=WORDS):
    return ExpiringTokens(keys, purpose, words=words, foreign="Not made here.", over="Too late.")


def refused(checked, subject, token, now=NOW):
    with pytest.raises(Unauthorized) as caught:
        checked.check(subject, token, now)
    return str(caught.value)


def test_a_token_opens_its_subject_until_its_time_and_tells_its_words():
    token = tokens().issue("door", UNTIL, "blue", "7")
    assert tokens().check("door", token, NOW) == ("blue", "7")
    assert tokens("newer, key").check("door", token, UNTIL) == ("blue", "7")
    assert refused(tokens(), "door", token, UNTIL + timedelta(seconds=1)) == "Too late."
    assert refused(tokens(), "gate", token) == "Not made here."
    assert refused(tokens("other"), "door", token) == "Not made here."
    assert refused(tokens(purpose=b"closing doors"), "door", token) == "Not made here."


def test_a_token_may_say_nothing_but_its_time():
    token = tokens(words="").issue("door", UNTIL)
    assert tokens(words="").check("door", token, NOW) == ()


@pytest.mark.parametrize("at", range(6))
def test_nothing_in_a_token_can_be_changed(at):
    parts = tokens().issue("door", UNTIL, "blue", "7").split(".")
    for other in ("", "0", "1", "9" * 12, "a" * 64, "\u0661", "blue", "7\n"):
        if at < len(parts) and other != parts[at]:
            changed = ".".join([*parts[:at], other, *parts[at + 1 :]])
            assert refused(tokens(), "door", changed) == "Not made here."
    assert refused(tokens(), "door", "") == "Not made here."


def test_words_of_another_form_than_promised_are_refused_though_signed_here():
    token = tokens().issue("door", UNTIL, "BLUE", "7")
    assert refused(tokens(), "door", token) == "Not made here."
