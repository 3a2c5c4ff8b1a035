"""What is looked up for the model without its asking: for the task, and for what the caller says.

Looking up blocks a greenlet of its own, never the call's. Where each turn is looked up, an answer
waits for the words and for what fits them, a moment at most; what is late is told for the next one.
Passages are told once, and of all turns together not more than a model can keep in mind.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Literal

import gevent

from topcalls.bridge import prompt
from topcalls.bridge.parts import Parts
from topcalls.core.knowledge import Hit, SearchResult, tokens_of
from topcalls.core.knowledge_citations import Lookup
from topcalls.core.knowledge_terms import DEFAULT_LANGUAGE, query_terms
from topcalls.core.knowledge_use import LookUp, told
from topcalls.core.redaction import MASKED
from topcalls.log import get_logger

LONGEST_WAIT = 0.8
"""Seconds that an answer waits for what fits the caller's words."""

LEAST_TERMS = 2
"""Words that say something, of a turn that is looked up: "yes, please" is not."""

MOST_BUDGETS = 6
"""All turns together are told so many times what one may be."""

_WAIT = "knowledge"

log = get_logger(__name__)


class Knowledge:
    """`tell` lets the model know something; `words_to_come`: the caller has spoken, and what was
    said is not written down yet."""

    def __init__(
        self,
        parts: Parts,
        look_up: LookUp | None,
        tell: Callable[[str], None],
        words_to_come: Callable[[], bool],
    ) -> None:
        self._parts = parts
        self._plan = parts.config.knowledge
        self._look_up = look_up
        self._tell = tell
        self._words_to_come = words_to_come
        self._running: set[gevent.Greenlet] = set()
        self._known: set[tuple[str, int]] = set()  # passages that were told
        self._told: list[str] = []
        self._left = self._plan.max_tokens * MOST_BUDGETS
        self._then: Callable[[], None] | None = None

    def memory(self) -> list[str]:
        """What another session of the model has to know: it was not told of it."""
        return list(self._told)

    def begin(self) -> None:
        """Look up what fits the task."""
        if self._plan.start_query:
            self._start("start", self._plan.start_query)

    def heard(self, text: str) -> None:
        """The caller said this."""
        if not self._plan.per_turn or self._is_masked():
            self.go_on()
            return
        language = self._parts.config.session.language or DEFAULT_LANGUAGE
        if self._left > 0 and len(query_terms(text, [language.split("-")[0]])) >= LEAST_TERMS:
            self._start("turn", text)
        self.go_on()

    def wait(self, then: Callable[[], None]) -> bool:
        """Whether an answer has to wait; `then` is called when it need not any more."""
        if not self._plan.per_turn or self._look_up is None:
            return False
        if not self._running and not self._words_to_come():
            return False
        self._then = then
        self._parts.timers.set(_WAIT, LONGEST_WAIT, self._give_up)
        return True

    def go_on(self) -> None:
        """Let the answer that waits go, if there is nothing more to wait for."""
        if not self._running and not self._words_to_come():
            self._give_up()

    def stop(self) -> None:
        """Look nothing up any more."""
        self._look_up = None
        running, self._running = self._running, set()
        for greenlet in running:
            greenlet.kill(block=False)
        self._then = None
        self._parts.timers.cancel(_WAIT)

    def _is_masked(self) -> bool:
        """What was said last is written down nowhere, and asked of nobody."""
        said = [turn for turn in self._parts.transcript.turns() if turn.speaker == "user"]
        return bool(said) and self._parts.redaction.applied(said[-1]).text == MASKED

    def _give_up(self) -> None:
        then, self._then = self._then, None
        self._parts.timers.cancel(_WAIT)
        if then is not None:
            then()

    def _start(self, trigger: Literal["start", "turn"], query: str) -> None:
        if self._look_up is None:
            return
        greenlet = gevent.spawn(_guarded, self._look_up, query)
        self._running.add(greenlet)
        greenlet.link(partial(self._ended, trigger, query))

    def _ended(
        self, trigger: Literal["start", "turn"], query: str, greenlet: gevent.Greenlet
    ) -> None:
        if greenlet in self._running:
            self._parts.mailbox.put(self._arrived, trigger, query, greenlet)

    def _arrived(
        self, trigger: Literal["start", "turn"], query: str, greenlet: gevent.Greenlet
    ) -> None:
        if greenlet not in self._running:
            return  # it was stopped meanwhile
        self._running.discard(greenlet)
        found: SearchResult | None = greenlet.value
        if found is not None:
            self._tell_of(trigger, query, found)
        self.go_on()

    def _tell_of(self, trigger: Literal["start", "turn"], query: str, found: SearchResult) -> None:
        hits = [hit for hit in found.hits if hit.key not in self._known]
        hits = hits if trigger == "start" else self._affordable(hits)
        if not hits:
            return
        self._known |= {hit.key for hit in hits}
        text = prompt.knowledge_message(told(hits))
        self._told.append(text)
        if self._parts.link.session is not None:
            self._tell(text)
        passages = tuple(hit.cited() | {"text": hit.text} for hit in hits)
        at_ms = self._parts.call_ms()
        self._parts.observer.looked_up(
            Lookup(trigger, query, at_ms, found.took_ms, found.method, passages)
        )

    def _affordable(self, hits: list[Hit]) -> list[Hit]:
        taken = []
        for hit in hits:
            cost = tokens_of(hit.text)
            if cost <= self._left:
                self._left -= cost
                taken.append(hit)
        return taken


def _guarded(look_up: LookUp, query: str) -> SearchResult | None:
    try:
        return look_up(query)
    except Exception as error:  # noqa: BLE001 - a call goes on without what it cannot look up
        log.warning("Nothing was looked up", error=type(error).__name__)
        return None
