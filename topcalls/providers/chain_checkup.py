"""Do the stages of the chain answer, and do their vendors take our keys?

Recognisers and voices are opened as a call would open them, and closed; the language model's server
is asked for its models, which costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlsplit

from topcalls.clock import Clock
from topcalls.core.checkup import Finding, fault, ok, warning
from topcalls.errors import ProviderError
from topcalls.net.http import HttpError
from topcalls.net.http_stream import StreamingClient
from topcalls.providers.stages import (
    HearingConfig,
    HearingSession,
    Recognizer,
    SpeakingConfig,
    Voice,
    VoiceSession,
)

SECONDS = 5.0


@dataclass(frozen=True)
class ChainCheckup:
    """The stages as configured. `chat_url` and `chat_headers` lead to the language model."""

    recognizers: Sequence[Recognizer]
    voices: Sequence[Voice]
    chat_url: str
    chat_headers: dict[str, str]
    clock: Clock

    def hears(self) -> Iterator[Finding]:
        """Every recogniser."""
        config = HearingConfig(language="en-US")
        for stage in self.recognizers:
            opened = partial(stage.open, config, _ignore)
            yield self._tried("chain_hears", stage.name, opened, last=len(self.recognizers) == 1)

    def speaks(self) -> Iterator[Finding]:
        """Every voice."""
        config = SpeakingConfig(language="en-US")
        for stage in self.voices:
            opened = partial(stage.open, config)
            yield self._tried("chain_speaks", stage.name, opened, last=len(self.voices) == 1)

    def answers(self) -> Iterator[Finding]:
        """The language model's server."""
        host = urlsplit(self.chat_url).hostname or "The language model's server"
        try:
            client = StreamingClient(self.chat_url, self.chat_headers, SECONDS)
            with client.request("GET", "/models", timeout=SECONDS) as answer:
                status = answer.status
                answer.error_body()
        except HttpError as error:
            yield fault(
                "chain_answers",
                f"{host} cannot be reached ({error.kind}).",
                "Check TOPCALLS_CHAT_BASE_URL and that the server runs.",
            )
            return
        if status == 200:
            yield ok("chain_answers", f"{host} answers.")
        elif status == 401:
            yield fault(
                "chain_answers",
                f"{host} does not accept the key.",
                "Set TOPCALLS_CHAT_API_KEY, or OPENAI_API_KEY without a chat_base_url.",
            )
        else:
            yield warning(
                "chain_answers",
                f"{host} answers, but not which models it has ({status}).",
                "Not every server does. A call tells.",
            )

    def _tried(
        self,
        check: str,
        name: str,
        opened: Callable[[], HearingSession | VoiceSession],
        *,
        last: bool,
    ) -> Finding:
        begun = self.clock.monotonic()
        try:
            session = opened()
        except ProviderError as error:
            say = fault if last else warning
            remedy = error.remedy or "Check the key, the model's name and the network to it."
            return say(check, f"{name} cannot be used: {error.message}", remedy)
        elapsed_ms = (self.clock.monotonic() - begun) * 1000
        session.close()
        return ok(check, f"{name} is ready within {elapsed_ms:.0f} ms.")


def _ignore(_: object) -> None:
    """Nothing is said in a check-up."""
