"""Telephone numbers choose scenarios.

All of +1 202 555 0100 to 0199 pass the usual validation of telephone numbers and belong to nobody.
A number without a scenario of its own is answered by the person of the friendly talk.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from topcalls.sandbox.scenario import Scenario, ScenarioError, builtin_scenarios

TALK = "+12025550100"
BUSY = "+12025550101"
NO_ANSWER = "+12025550102"
REJECTED = "+12025550103"
VOICEMAIL = "+12025550104"
IVR = "+12025550105"
HANGS_UP = "+12025550106"
INTERRUPTS = "+12025550107"
SILENT = "+12025550108"
DROPPED_STREAM = "+12025550109"
FAILING_MODEL = "+12025550110"
TOOL_CALL = "+12025550111"
OPT_OUT = "+12025550112"
ASKS_FOR_A_PERSON = "+12025550113"
TAKES_A_CALL = "+12025550114"
CALLS_RECEPTION = "+12025550115"
SCREENED = "+12025550116"
FAX = "+12025550117"
OUT_OF_SERVICE = "+12025550118"
PICKS_UP_LATE = "+12025550119"
BEEPS_LATE = "+12025550120"
NOISY = "+12025550121"
BOOKS_AN_APPOINTMENT = "+12025550122"
NEVER_STOPS = "+12025550124"
BLOCKED = "+12025550125"
NO_FREE_LINE = "+12025550126"


class NumberPlan:
    """Which scenario answers on which number."""

    def __init__(self, scenarios: Iterable[Scenario] = ()) -> None:
        """The built-in scenarios, and `scenarios` before them where name or number is the same."""
        own = list(scenarios)
        taken = {item.name for item in own} | {item.number for item in own if item.number}
        builtin = builtin_scenarios()
        self.scenarios = own + [
            item for item in builtin if item.name not in taken and item.number not in taken
        ]
        self._by_number = {_digits(item.number): item for item in self.scenarios if item.number}
        talk = next(item for item in builtin if item.number == TALK)
        self._plain = self._by_number.get(_digits(TALK), talk)
        self._by_name = {item.name: item for item in self.scenarios}

    def scenario_for(self, number: str) -> Scenario:
        """The scenario of `number`, or the friendly talk. A leading "+" does not matter."""
        digits = _digits(number)
        if digits in self._by_number:
            return self._by_number[digits]
        return replace(self._plain, number=number)

    def by_name(self, name: str) -> Scenario:
        """The scenario of that name; `ScenarioError` lists the names there are."""
        if name not in self._by_name:
            raise ScenarioError(f"No scenario {name!r}; there are: {', '.join(self._by_name)}.")
        return self._by_name[name]


def _digits(number: str) -> str:
    return "".join(character for character in number if character.isdigit())
