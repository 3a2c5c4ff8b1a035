"""Which mind answers in which session: one per call, that of its scenario."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from weakref import WeakKeyDictionary

from topcalls.sandbox.hearing import Listener
from topcalls.sandbox.openai.script import Mind
from topcalls.sandbox.scenario import ModelRule, Scenario

_CALLS_KEPT = 2000


class Minds:
    """The minds of all calls. A second session of the same call goes on where the first was."""

    def __init__(self, scenarios: Iterable[Scenario]) -> None:
        self._rules = {item.name: item.model for item in scenarios}
        self._by_call: OrderedDict[str, Mind] = OrderedDict()
        self._provisional: WeakKeyDictionary[Listener, tuple[str | None, Mind]]
        self._provisional = WeakKeyDictionary()

    def mind_of(self, ears: Listener) -> Mind:
        """The mind of the session with these ears; of the likeliest scenario until it has heard."""
        scenario = ears.scenario
        if ears.call_id is None:
            return self._provisional_mind(ears, scenario)
        if ears.call_id not in self._by_call:
            known, mind = self._provisional.pop(ears, (None, None))
            fits = mind is not None and known == scenario
            self._by_call[ears.call_id] = mind if mind and fits else Mind(self.rules_of(scenario))
            while len(self._by_call) > _CALLS_KEPT:
                self._by_call.popitem(last=False)
        return self._by_call[ears.call_id]

    def rules_of(self, scenario: str | None) -> tuple[ModelRule, ...]:
        """The model's rules in a scenario; none for an unknown one."""
        return self._rules.get(scenario or "", ())

    def _provisional_mind(self, ears: Listener, scenario: str | None) -> Mind:
        known, mind = self._provisional.get(ears, (None, None))
        if mind is None or known != scenario:
            mind = Mind(self.rules_of(scenario))
            self._provisional[ears] = (scenario, mind)
        return mind
