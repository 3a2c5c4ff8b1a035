"""What the agent says, from the model's first byte until somebody has heard it.

An *utterance* is one audio item of the model, or a piece of our own. Before the call is answered,
and while something holds it back, audio is kept here; after that the switch paces it. What a
barge-in must truncate is known from here: every utterance that was not heard to its end.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from topcalls.bridge.audio import HeardPart, Loudspeaker
from topcalls.bridge.responses import ANSWER, Ask
from topcalls.core.turn_rules import Protection
from topcalls.providers.base import BYTES_PER_MS


@dataclass
class Utterance:
    """`epoch` is the provider session it belongs to; 0 for our own audio. `ask` is what it was to
    say."""

    id: str
    response_id: str = ""
    epoch: int = 0
    ask: Ask = ANSWER
    received: int = 0
    complete: bool = False  # no more audio will come
    begun: bool = False  # given to playback
    audible_since: float | None = None  # monotonic
    kept: list[bytes] = field(default_factory=list)  # not yet given to playback

    @property
    def received_ms(self) -> int:
        return self.received // BYTES_PER_MS

    def milliseconds_left(self, now: float) -> float:
        """How long it is still to be heard, if it is complete and nothing holds it up."""
        passed = 0.0 if self.audible_since is None else (now - self.audible_since) * 1000
        return self.received_ms - passed

    @property
    def protection(self) -> Protection:
        return self.ask.protection


@dataclass(frozen=True)
class Cut:
    """How much of an utterance was heard before it was stopped."""

    utterance: Utterance
    played_ms: int

    @property
    def fully_heard(self) -> bool:
        return self.utterance.complete and self.played_ms >= self.utterance.received_ms


class Speaker:
    """The utterances that are not heard to their end yet, in the order they play."""

    def __init__(self) -> None:
        self._queue: dict[str, Utterance] = {}
        self._over: set[str] = set()
        self._playback: Loudspeaker | None = None
        self._table: bytes | None = None
        self._released = False
        self._paused = False

    @property
    def empty(self) -> bool:
        """Everything that was to be said has been heard."""
        return not self._queue

    @property
    def unheard_ms(self) -> int:
        """How much audio there is of what was not heard to its end."""
        return sum(item.received_ms for item in self._queue.values())

    def received_ms(self, utterance_id: str) -> int:
        """How much audio there is of an utterance; 0 of one that is over."""
        utterance = self._queue.get(utterance_id)
        return utterance.received_ms if utterance is not None else 0

    @property
    def protected(self) -> bool:
        """Something that nobody may interrupt was not heard to its end yet."""
        return any(item.protection is Protection.ABSOLUTE for item in self._queue.values())

    @property
    def asks(self) -> list[Ask]:
        """What is not heard to its end was to say this."""
        return [item.ask for item in self._queue.values()]

    @property
    def audible(self) -> list[Utterance]:
        """What is being heard now."""
        return [item for item in self._queue.values() if item.audible_since is not None]

    def is_alone(self, utterance_id: str) -> bool:
        """Whether this utterance is all there is to be heard, and is not held up."""
        return list(self._queue) == [utterance_id] and not self._paused

    def attach(self, playback: Loudspeaker, table: bytes | None) -> None:
        """The call is answered; `table` translates the audio into the call's codec."""
        self._playback = playback
        self._table = table

    def release(self) -> None:
        """Let go of what was kept: from now on audio is played as it comes."""
        self._released = True
        if self._playback is None:
            return
        for utterance in self._queue.values():
            if utterance.kept:
                self._play(utterance)

    def add(self, utterance: Utterance, audio: bytes) -> None:
        """More audio of `utterance`, which joins the queue with its first.

        Audio comes in playing order: with an item's first byte, the one before it in the same
        response has all of its own, whatever the model may still say of it.
        """
        if utterance.id in self._over:
            return
        known = self._queue.get(utterance.id)
        if known is None:
            self.complete_response(utterance.response_id)
            known = self._queue[utterance.id] = utterance
        if known.complete:
            return
        known.received += len(audio)
        known.kept.append(audio)
        if self._released and self._playback is not None:
            self._play(known)

    def complete(self, utterance_id: str) -> None:
        """No more audio of this utterance will come."""
        utterance = self._queue.get(utterance_id)
        if utterance is None or utterance.complete:
            return
        utterance.complete = True
        if self._playback is not None and not utterance.kept:
            self._playback.finish(utterance_id)

    def complete_response(self, response_id: str) -> None:
        """No more audio of this response will come."""
        for utterance in list(self._queue.values()):
            if utterance.response_id == response_id:
                self.complete(utterance.id)

    def complete_all(self) -> None:
        """No more audio of anything will come; what is there is still played."""
        for utterance_id in list(self._queue):
            self.complete(utterance_id)

    def withdraw(self, response_id: str) -> bool:
        """Drop a response of which playback has nothing yet; False if there is no such thing."""
        own = [item for item in self._queue.values() if item.response_id == response_id]
        if not own or any(item.begun for item in own):
            return False
        for item in own:
            del self._queue[item.id]
        return True

    def withdraw_unbegun(self) -> None:
        """Drop everything of which playback has nothing yet."""
        self._queue = {name: item for name, item in self._queue.items() if item.begun}

    def pause(self) -> None:
        if self._playback is not None and not self._paused:
            self._paused = True
            self._playback.pause()

    def resume(self) -> None:
        if self._playback is not None and self._paused:
            self._paused = False
            self._playback.resume()

    def started(self, utterance_id: str, at: float) -> Utterance | None:
        """The utterance became audible; None if it is none of ours (any more)."""
        utterance = self._queue.get(utterance_id)
        if utterance is not None:
            utterance.audible_since = at
        return utterance

    def finished(self, utterance_id: str) -> Utterance | None:
        """The utterance was heard to its end."""
        utterance = self._queue.pop(utterance_id, None)
        if utterance is not None:
            self._over.add(utterance_id)
        return utterance

    def cut(self, now: float) -> list[Cut]:
        """Stop now and forget everything; what was heard of each utterance, in order."""
        played: dict[str, int] = {}
        if self._playback is not None and (self._queue or self._paused):
            heard: list[HeardPart] = list(self._playback.clear())
            played = {part.utterance_id: part.played_ms for part in heard}
        cuts = [
            Cut(utterance, played.get(name, _estimate(utterance, now)))
            for name, utterance in self._queue.items()
        ]
        self._over.update(self._queue)
        self._queue.clear()
        self._paused = False
        return cuts

    def _play(self, utterance: Utterance) -> None:
        assert self._playback is not None
        if not utterance.begun:
            utterance.begun = True
            self._playback.begin(utterance.id)
        for audio in utterance.kept:
            audio = audio if self._table is None else audio.translate(self._table)
            self._playback.append(utterance.id, audio)
        utterance.kept.clear()
        if utterance.complete:
            self._playback.finish(utterance.id)


def _estimate(utterance: Utterance, now: float) -> int:
    """Milliseconds heard, for when playback is closed already: the line was torn in mid-speech."""
    if utterance.audible_since is None:
        return 0
    return min(utterance.received_ms, round((now - utterance.audible_since) * 1000))
