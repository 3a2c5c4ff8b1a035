"""The voice of the chain: a clause at a time, by the first synthesiser that works."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import gevent
from gevent.lock import RLock

from topcalls import metrics
from topcalls.call_trace import passed_on
from topcalls.clock import Clock
from topcalls.core.spoken_forms import SpokenForms
from topcalls.core.token_usage import TokenUsage
from topcalls.errors import ProviderError
from topcalls.log import get_logger
from topcalls.providers.stages import SpeakingConfig, Spoken, Stage, Voice, VoiceSession, of_stage

log = get_logger(__name__)


class Mouth:
    """Speaks one clause at a time, as `forms` read it. The voice that a call asks for is the first
    one's; the others have their own. `replaced` is told of a voice that was, `spent(name, usage)`
    by which one so much was spoken."""

    def __init__(
        self,
        voices: Sequence[Voice],
        config: SpeakingConfig,
        clock: Clock,
        replaced: Callable[[str], None],
        forms: SpokenForms | None = None,
        spent: Callable[[str, TokenUsage], None] = lambda *_: None,
    ) -> None:
        self._left = list(voices)
        self._config = config
        self._clock = clock
        self._replaced = replaced
        self._forms = forms or SpokenForms()
        self._spent = spent
        self._session: VoiceSession | None = None
        self._opening = RLock()
        self._rendering: gevent.Greenlet | None = None
        self._is_speaking = False

    def warm_up(self) -> None:
        """Connect in the background: the first words come sooner."""
        gevent.spawn(passed_on(self._try_to_open))

    def _try_to_open(self) -> None:
        if not self._left:
            return  # the call is over already
        try:
            self._opened()
        except ProviderError:
            log.info("No voice can be opened yet")  # whoever speaks first learns why

    def speak(self, clause: str) -> Iterator[Spoken]:
        """The clause as sound, with its words as they are written. A clause that broke off half-way
        is not said again.

        Raises `ProviderError` when no voice is left.
        """
        if self._rendering is not None:
            self._rendering.kill()
            self._rendering = None
        self._is_speaking = True
        try:
            yield from self._speak(clause)
        finally:
            self._is_speaking = False

    def render(self, text: str, done: Callable[[str, bytes], None]) -> None:
        """Make sound of a text, of which `done` gets all at once; b"": it could not be had, or
        something else is to be spoken, which goes first."""
        if self._is_speaking or (self._rendering and not self._rendering.ready()):
            done(text, b"")
        else:
            self._rendering = gevent.spawn(self._render, text, done)

    def _render(self, text: str, done: Callable[[str, bytes], None]) -> None:
        audio = b""
        try:
            audio = b"".join(spoken.audio for spoken in self._speak(text))
        except ProviderError:
            log.info("A text could not be rendered")
        finally:
            done(text, audio)

    def _speak(self, clause: str) -> Iterator[Spoken]:
        while True:
            heard = False
            asked = self._clock.monotonic()
            session = self._opened()
            reading = self._forms.read(clause)
            name, characters = self._left[0].name, len(reading.spoken)
            try:
                for spoken in session.speak(reading.spoken):
                    if spoken.usage is not None:
                        self._spent(name, spoken.usage)
                    if not spoken.audio:
                        continue
                    if not heard:
                        if spoken.usage is None:
                            self._spent(name, TokenUsage(voice_characters=characters))
                        elapsed = self._clock.monotonic() - asked
                        metrics.chain_stage.labels("voice").observe(elapsed)
                    heard = True
                    yield Spoken(spoken.audio, reading.take(spoken.text).strip())
                if heard:
                    return
                raise ProviderError("The voice gave no sound.", retryable=True)
            except ProviderError as error:
                self._give_up(session, error)
                if heard:
                    return

    def close(self) -> None:
        """The call is over."""
        self._left.clear()
        if self._rendering is not None:
            self._rendering.kill(block=False)
        if self._session is not None:
            self._session.close()
            self._session = None

    def _opened(self) -> VoiceSession:
        with self._opening:
            while self._session is None:
                if not self._left:
                    silent = ProviderError("The call has no voice.", provider_code="no_voice")
                    raise of_stage(silent, Stage.VOICE)
                try:
                    self._session = self._left[0].open(self._config)
                except ProviderError as error:
                    self._next(error)
            return self._session

    def _give_up(self, session: VoiceSession, error: ProviderError) -> None:
        if session is self._session:
            self._session = None
            session.close()
            self._next(error)

    def _next(self, error: ProviderError) -> None:
        """Raises `error` if there is no other."""
        if not self._left:
            raise of_stage(error, Stage.VOICE)
        log.warning("Voice failed", voice=self._left.pop(0).name)
        self._config = replace(self._config, voice="")
        if not self._left:
            raise of_stage(error, Stage.VOICE)
        self._replaced("voice")
