"""How many calls are decided about in a second: different people, several days, on one core.

    python benchmarks/eligibility.py [--people 100000]

Prints one line of JSON: decisions, CPU seconds, microseconds for one, and how they came out. The
aim: 100,000 in less than 30 s of CPU, so that a rehearsal of as many leads takes minutes.
"""

import argparse
import json
import sys
import zoneinfo
from collections import Counter
from datetime import UTC, datetime, timedelta
from time import process_time

from topcalls.core.eligibility import decide
from topcalls.core.eligibility_facts import (
    CallerNumber,
    Consent,
    ConsentKind,
    Contact,
    Facts,
    PastAttempt,
    Plan,
    Scrub,
)
from topcalls.core.rule_values import SLOTS, Register
from topcalls.services.rule_pack import load_rule_pack

START = datetime(2026, 12, 1, tzinfo=UTC)
AREA_CODES = ("212", "305", "850", "270", "214", "915", "415", "206", "801", "416", "604", "504")


def facts(index: int, lists: list[str], now: datetime) -> Facts:
    """Somebody with written consent; every third was called before, once or twice."""
    code = AREA_CODES[index % len(AREA_CODES)]
    number = f"+1{code}{200 + index // 10_000:03}{index % 10_000:04}"
    given = Consent(
        f"consent-{index}",
        ConsentKind.EXPRESS_WRITTEN,
        START - timedelta(days=1 + index % 300),
        has_wording=True,
        device_agreement=True,
    )
    before = (now - timedelta(hours=30), now - timedelta(hours=9))[: index % 3]
    return Facts(
        Contact(number),
        attempts=tuple(PastAttempt(at, f"attempt-{at:%d%H}") for at in before),
        consents=(given,),
        scrubs=tuple(Scrub(name, False, START - timedelta(days=3), name) for name in lists),
    )


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=100_000)
    people = parser.parse_args().people
    zoneinfo.reset_tzpath([])
    pack = load_rule_pack()
    lists = sorted({rule.value.list for rule in pack.rules if isinstance(rule.value, Register)})
    plan = Plan("offers", slots=frozenset(SLOTS), caller=CallerNumber("+12025550100"))
    verdicts: Counter[str] = Counter()
    spent = 0.0
    for index in range(people):
        now = START + timedelta(seconds=index * 864_000 // people)
        known = facts(index, lists, now)
        begun = process_time()
        verdicts[decide(known, plan, pack, now).verdict.value] += 1
        spent += process_time() - begun
    report = {
        "decisions": people,
        "cpu_seconds": round(spent, 2),
        "microseconds_each": round(spent / people * 1e6, 1),
        "verdicts": dict(verdicts),
    }
    sys.stdout.write(json.dumps(report) + "\n")


if __name__ == "__main__":
    main()
