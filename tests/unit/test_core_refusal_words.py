"""Every reason for which a rule forbids a call has words."""

import re
from pathlib import Path

from topcalls import core
from topcalls.core.refusal_words import WORDS, words_of

_ROOMS = ("eligibility", "consent_rules", "suppression_rules", "readiness", "contact_caps")
_REASON = re.compile(r'reason = "([a-z_]+)"')


def test_every_reason_has_words():
    folder = Path(core.__file__).parent
    found = {one for room in _ROOMS for one in _REASON.findall((folder / f"{room}.py").read_text())}
    assert found - WORDS.keys() == set()
    assert "outside_hours" in WORDS


def test_words_name_the_rule():
    assert words_of("US.x", "outside_hours").endswith("(Rule US.x.)")
    assert words_of("US.x", "other").startswith("The call is not allowed.")
