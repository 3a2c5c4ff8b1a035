"""Which mind answers in a session: that of the scenario its call is in, as far as it can tell."""

from __future__ import annotations

from collections.abc import Iterable

from topcalls.sandbox.hearing import Listener
from topcalls.sandbox.openai.script import Answer, Mind, Situation
from topcalls.sandbox.scenario import ModelRule, Scenario


class Minds:
    """The rules of all scenarios, by name."""

    def __init__(self, scenarios: Iterable[Scenario]) -> None:
        self._rules = {item.name: item.model for item in scenarios}

    def rules_of(self, scenario: str | None) -> tuple[ModelRule, ...]:
        """The model's rules in a scenario; none for an unknown one."""
        return self._rules.get(scenario or "", ())


class SessionMind:
    """The mind of one session.

    It follows from the rules and the past alone: when the session finds out that its call is in
    another scenario, the past is gone through again with the rules of that one.
    """

    def __init__(self, minds: Minds, ears: Listener) -> None:
        self._minds = minds
        self._ears = ears
        self._past: list[Situation] = []
        self._scenario: str | None = None
        self._mind = Mind()

    def answer(self, situation: Situation) -> Answer:
        """What the model says and does now."""
        scenario = self._ears.scenario
        if scenario != self._scenario:
            self._scenario = scenario
            self._mind = Mind(self._minds.rules_of(scenario))
            for past in self._past:
                self._mind.answer(past)
        self._past.append(situation)
        return self._mind.answer(situation)

    def remember(self, heard: str | None) -> None:
        """History that the client brings along: this was said, and has been answered."""
        if heard:
            self.answer(Situation(heard=heard))
