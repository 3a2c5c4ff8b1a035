"""The answers a call waits for: asked of the model, under way, and what became of them.

Pure bookkeeping. The tag that goes to the model with a request is made here and is unique in the
call, so that whatever comes back finds the `Ask` it belongs to.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from topcalls.bridge.answer_limit import AnswerLimit
from topcalls.core.turn_rules import Protection


@dataclass(frozen=True)
class Ask:
    """Something the agent shall say: `text` exactly, or as `text` tells, or (None) an answer.

    `opening` is the call's first utterance; `retried` has come to nothing once. `wish`: by which
    name somebody outside asked for it.
    """

    text: str | None = None
    exact: bool = True
    protection: Protection = Protection.NONE
    opening: bool = False
    retried: bool = False
    wish: str = ""


ANSWER = Ask()


@dataclass
class Response:
    """A response under way."""

    ask: Ask
    limit: AnswerLimit | None = None  # None: it may take as long as it does
    spoke: bool = False
    called_tools: bool = False
    items: set[str] = field(default_factory=set)  # of which words have come
    sounding: set[str] = field(default_factory=set)  # of which audio has come


@dataclass
class Responses:
    """Every `Ask` is in exactly one place: asked, active, owed (no session) or over."""

    owed: list[Ask] = field(default_factory=list)
    _asked: dict[str, Ask] = field(default_factory=dict)
    _active: dict[str, Response] = field(default_factory=dict)
    _count: int = 0

    @property
    def asks(self) -> list[Ask]:
        """What is still to be said, in order, as far as it is not complete."""
        return [*(response.ask for response in self._active.values()), *self.unbegun]

    @property
    def unbegun(self) -> list[Ask]:
        """What of it the model has not begun with."""
        return [*self._asked.values(), *self.owed]

    @property
    def busy(self) -> bool:
        """Something is still to be said."""
        return bool(self.owed or self._asked or self._active)

    @property
    def active(self) -> bool:
        """The model is giving a response right now."""
        return bool(self._active)

    @property
    def waiting(self) -> bool:
        """The model has still something to do."""
        return bool(self._asked or self._active)

    @property
    def awaited(self) -> bool:
        """An answer will begin that knows all of the conversation: another is one too many.

        One that is asked for while nothing is active has begun already, as far as we can know.
        """
        waiting = [*self.owed, *(self._asked.values() if self._active else ())]
        return any(ask.text is None for ask in waiting)

    @property
    def protected(self) -> bool:
        """Something that nobody may interrupt is still to be said."""
        active = (response.ask for response in self._active.values())
        asks = (*self.owed, *self._asked.values(), *active)
        return any(ask.protection is Protection.ABSOLUTE for ask in asks)

    def asked(self, ask: Ask) -> str:
        """`ask` goes to the model, with the tag returned."""
        self._count += 1
        tag = f"ask-{self._count}"
        self._asked[tag] = ask
        return tag

    def started(self, response_id: str, tag: str) -> bool:
        """A response begins; False if it was cancelled while that news was on its way.

        One that nobody asked for (no tag) is as good as any other.
        """
        if tag and tag not in self._asked:
            return False
        self._active[response_id] = Response(self._asked.pop(tag, ANSWER))
        return True

    def find(self, response_id: str) -> Response | None:
        """The response of that id; None if it is over, cancelled or was never ours."""
        return self._active.get(response_id)

    def under_way(self) -> list[tuple[str, Response]]:
        """Every active response, by its id."""
        return list(self._active.items())

    def done(self, response_id: str, tag: str) -> Response | None:
        """The response is over; None if nobody waits for it."""
        response = self._active.pop(response_id, None)
        if response is None and tag in self._asked:
            response = Response(self._asked.pop(tag))
        return response

    def cancel(self) -> list[Response]:
        """Nobody waits for anything any more; returns what was under way."""
        under_way = list(self._active.values())
        self.owed.clear()
        self._asked.clear()
        self._active.clear()
        return under_way

    def lost(self) -> list[Ask]:
        """The session is gone: what has to be asked again of the next one.

        An answer that broke off in the middle of a sentence is asked to be completed.
        """
        again = [*self.owed, *self._asked.values()]
        for response in self._active.values():
            if not response.spoke:
                again.append(response.ask)
            elif response.ask.text is None:
                again.append(Ask(CONTINUE, exact=False))
            elif response.ask.exact:
                again.append(replace(response.ask, opening=False))
        self.cancel()
        return again


CONTINUE = (
    "The connection broke while you were speaking, so the other person heard only part of your "
    "last words. Say briefly that the line was interrupted and finish what you wanted to say."
)
