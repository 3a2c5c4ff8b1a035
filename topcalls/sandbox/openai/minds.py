"""Which mind answers in a session: that of the scenario its call is in, as far as it can tell."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Set

from topcalls.sandbox.hearing import Listener
from topcalls.sandbox.openai.script import Answer, Mind, Situation
from topcalls.sandbox.scenario import ModelRule, Scenario

_CALLS_REMEMBERED = 1000


class Minds:
    """The rules of all scenarios, by name; and what earlier sessions of a call used up."""

    def __init__(self, scenarios: Iterable[Scenario]) -> None:
        self._rules = {item.name: item.model for item in scenarios}
        self._used: OrderedDict[str, Set[int]] = OrderedDict()

    def used_in(self, call_id: str | None) -> Set[int]:
        """The rules that earlier sessions of this call have used up."""
        return self._used.get(call_id or "", frozenset())

    def leave(self, call_id: str | None, used: Set[int]) -> None:
        """A session of this call is over; another may follow, with the same call."""
        if call_id and used:
            self._used[call_id] = self.used_in(call_id) | used
            self._used.move_to_end(call_id)
            while len(self._used) > _CALLS_REMEMBERED:
                self._used.popitem(last=False)

    def rules_of(self, scenario: str | None) -> tuple[ModelRule, ...]:
        """The model's rules in a scenario; none for an unknown one."""
        return self._rules.get(scenario or "", ())


class SessionMind:
    """The mind of one session.

    It follows from the rules and the past alone: when the session finds out that its call is in
    another scenario, the past is gone through again with the rules of that one. Where an earlier
    session left off, its rules stay used up, and the history that the client brings along is no
    news.
    """

    def __init__(self, minds: Minds, ears: Listener) -> None:
        self._minds = minds
        self._ears = ears
        self._past: list[tuple[Situation, bool]] = []  # and whether it was brought along
        self._place: tuple[str | None, str | None] = (None, None)  # scenario and call
        self._mind = Mind()

    def answer(self, situation: Situation) -> Answer:
        """What the model says and does now."""
        self._look_around()
        self._past.append((situation, False))
        return self._mind.answer(situation)

    def take_back(self, situation: Situation) -> None:
        """The answer to this situation was called off before anything of it was out: it was never
        given, and what led to it is still to be answered."""
        self._past = [entry for entry in self._past if entry[0] is not situation]
        self._start_again()

    def remember(self, heard: str | None) -> None:
        """History that the client brings along: this was said, and has been answered."""
        if not heard:
            return
        self._look_around()
        situation = Situation(heard=heard)
        self._past.append((situation, True))
        if not self._minds.used_in(self._ears.call_id):
            self._mind.answer(situation)

    def close(self) -> None:
        """The session is over, while its call may go on."""
        self._minds.leave(self._ears.call_id, self._mind.used)

    def _look_around(self) -> None:
        place = self._ears.scenario, self._ears.call_id
        if place == self._place:
            return
        self._place = place
        self._start_again()

    def _start_again(self) -> None:
        """Go through the past with the rules of the place where the session is now."""
        used = self._minds.used_in(self._ears.call_id)
        self._mind = Mind(self._minds.rules_of(self._ears.scenario), used)
        for past, was_brought_along in self._past:
            if not (used and was_brought_along):
                self._mind.answer(past)
