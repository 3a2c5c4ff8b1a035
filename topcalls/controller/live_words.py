"""Words that users want in a live call: given to its conversation, and what became of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from topcalls.bridge.session import BridgeSession
from topcalls.controller.journal import Journal
from topcalls.core.live_words import Outcome
from topcalls.services.live_words import words_of


class WordsHost(Protocol):
    """The call."""

    @property
    def bridge(self) -> BridgeSession | None: ...


class WordsDesk:
    """Of one call. No method blocks. `payload`: of the command, with its id."""

    def __init__(self, journal: Journal, host: WordsHost) -> None:
        self._journal = journal
        self._host = host
        self._keys: dict[str, str] = {}  # who asked, by wish

    def say(self, payload: Mapping[str, Any]) -> None:
        """Have the agent say something."""
        words = words_of(payload)
        self._keys[words.id] = payload["key_id"]
        if self._host.bridge is None:
            self.said(words.id, Outcome.NOT_SAID)
        else:
            self._host.bridge.say(words)

    def inject(self, payload: Mapping[str, Any]) -> None:
        """Let the model know something."""
        if self._host.bridge is not None:
            self._host.bridge.inject(payload["text"], respond=payload["respond"])
            self._journal.injected(payload)

    def said(self, wish: str, outcome: Outcome) -> None:
        """What became of words."""
        self._journal.said(wish, outcome, self._keys.pop(wish, ""))
