"""OpenAI's Realtime API (GA protocol) as a speech-to-speech model; also for compatible servers.

Everything that arrives is handled in the event loop's callback: one look into a dictionary, then
the event goes up. Unknown events and fields are passed over, and an event that cannot be
understood costs only itself. A peer that vanishes is found by the ping every 20 seconds, which
TCP must acknowledge within 20 more; one that stays connected but mute is for the caller to
notice, who knows when an answer is due.
"""

from __future__ import annotations

from binascii import a2b_base64
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Literal
from urllib.parse import quote, urlsplit, urlunsplit

import gevent
import orjson
from gevent.event import AsyncResult, Event

from topcalls.core.spoken_forms import Echo, Reading
from topcalls.errors import ProviderError
from topcalls.log import get_logger
from topcalls.net.websocket import WebSocketConnection
from topcalls.net.websocket_client import WebSocketHandshakeError, connect
from topcalls.providers.base import (
    BYTES_PER_MS,
    AgentTextDelta,
    AgentTextDone,
    AudioDelta,
    AudioDone,
    CallerTextDelta,
    CallerTranscript,
    CallerTranscriptFailed,
    ProviderClosed,
    ProviderEvent,
    ProviderFailed,
    ResponseDone,
    ResponseStarted,
    SessionConfig,
    SpeechStarted,
    SpeechStopped,
    Spent,
    ToolCall,
)
from topcalls.providers.openai import realtime_errors as errors
from topcalls.providers.openai import realtime_events as events
from topcalls.providers.openai.manual_turns import ManualTurns, ServerTurns
from topcalls.providers.openai.realtime_audio import wire_of
from topcalls.providers.openai.renderings import Renderings
from topcalls.providers.openai.response_queue import Request, ResponseQueue

PING_SECONDS = 20.0
OPEN_SECONDS = 10.0
MAX_MESSAGE_BYTES = 16 << 20
_CONFIG_EVENT = "session_config"
_END_TURN_EVENT = "end_turn"
_SCHEMES = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}

log = get_logger(__name__)


def socket_url(base_url: str, model: str) -> str:
    """The address of the Realtime socket under an API base URL (http, https, ws or wss)."""
    parts = urlsplit(base_url)
    scheme = _SCHEMES.get(parts.scheme)
    if scheme is None or not parts.netloc:
        raise ProviderError("The AI base URL is not a web address.", field="openai_base_url")
    path = parts.path.rstrip("/") + "/realtime"
    return urlunsplit((scheme, parts.netloc, path, f"model={quote(model)}", ""))


class OpenAIRealtime:
    """Opens conversations with one key at one base URL."""

    def __init__(
        self,
        api_key: str,
        base_url: str = "https://api.openai.com/v1",
        *,
        organization: str | None = None,
        project: str | None = None,
        open_timeout: float = OPEN_SECONDS,
        ping_interval: float = PING_SECONDS,
        pcm24: bool = False,
    ) -> None:
        """`pcm24`: the server knows no G.711."""
        self._pcm24 = pcm24
        self._headers = _headers(api_key, base_url, organization, project)
        self._base_url = base_url
        self._open_timeout = open_timeout
        self._ping_interval = ping_interval

    def open(
        self, config: SessionConfig, on_event: Callable[[ProviderEvent], None]
    ) -> OpenAIRealtimeSession:
        """Connect, send the settings and wait until the server has taken them."""
        config = replace(config, pcm24=self._pcm24)
        url = socket_url(self._base_url, config.model)
        try:
            connection = connect(
                url, self._headers, self._open_timeout, max_message_bytes=MAX_MESSAGE_BYTES
            )
        except WebSocketHandshakeError as error:
            raise _refused(error) from None
        session = OpenAIRealtimeSession(connection, config, on_event)
        try:
            session.configure(self._open_timeout)
        except BaseException:
            session.close()
            raise
        session.keep_alive(self._ping_interval)
        return session


def _headers(
    api_key: str, base_url: str, organization: str | None, project: str | None
) -> Mapping[str, str]:
    if (urlsplit(base_url).hostname or "").endswith(".openai.azure.com"):
        return {"api-key": api_key}
    headers = {"Authorization": f"Bearer {api_key}"}
    if organization:
        headers["OpenAI-Organization"] = organization
    if project:
        headers["OpenAI-Project"] = project
    return headers


def _refused(error: WebSocketHandshakeError) -> ProviderError:
    if error.status is None:
        return errors.unreachable(error.message)
    return errors.handshake_error(error.status, error.body)


class OpenAIRealtimeSession:
    """One socket. See `providers.base.RealtimeSession` for what its methods promise."""

    def __init__(
        self,
        connection: WebSocketConnection,
        config: SessionConfig,
        on_event: Callable[[ProviderEvent], None],
    ) -> None:
        self._connection = connection
        self._config = config
        self._on_event = on_event
        self._configured: AsyncResult = AsyncResult()
        self._closed = Event()
        self._responses = ResponseQueue()
        ears = config.ears
        self._turns = ManualTurns(ears.prefix_ms) if ears.local else ServerTurns()
        self._wire = wire_of(config)
        self._received: dict[str, int] = {}  # bytes of audio per item
        self._content_index: dict[str, int] = {}  # of the audio in an item, where not 0
        self._forms = config.forms()
        self._readings: dict[str, Reading] = {}  # of exact texts, by the tag of their request
        self._echoes: dict[str, Echo] = {}  # of those being said, by response
        self._renderings = Renderings(config, on_event)
        self._handlers = self._dispatch_table()
        connection.on_text = self._on_text
        connection.on_close = self._on_close

    def configure(self, timeout: float) -> None:
        """Send the settings; returns when they hold. Raises `ProviderError`."""
        self._send(events.session_update(self._config, _CONFIG_EVENT))
        try:
            self._configured.get(timeout=timeout)
        except gevent.Timeout:
            raise errors.unreachable("no session within the time limit") from None

    def keep_alive(self, interval: float) -> None:
        """Ping every `interval` seconds from now on."""
        gevent.spawn(self._ping, interval)

    def _ping(self, interval: float) -> None:
        while not self._closed.wait(interval):
            self._connection.ping()

    # --- what the caller may ask

    def append_audio(self, audio: bytes) -> None:
        if audio := self._turns.audio(audio):
            self._connection.send_text(events.append(self._wire.out(audio)))

    def begin_turn(self, audio_ms: int) -> None:
        if begun := self._turns.begin():
            name, audio = begun
            if audio:
                self._connection.send_text(events.append(self._wire.out(audio)))
            self._on_event(SpeechStarted(audio_ms, name))

    def commit_turn(self, audio_ms: int) -> None:
        if ended := self._turns.end():
            name, event_id = ended
            self._send(events.commit(event_id))
            self._on_event(SpeechStopped(audio_ms, name))

    def end_turn(self, audio_ms: int) -> None:
        if self._config.ears.local:
            self.commit_turn(audio_ms)
            self.begin_turn(audio_ms)
        else:
            self._send(events.commit(_END_TURN_EVENT))

    def speak(self, text: str, *, exact: bool = True, tag: str = "") -> None:
        reading = self._forms.read(text) if exact else None
        if reading is not None and not reading.is_plain:
            self._readings[tag] = reading
        body = events.spoken(text, self._config, exact=exact, reading=reading)
        self._send_all(self._responses.ask(Request(tag, body)))

    def render(self, text: str) -> None:
        self._send(self._renderings.ask(text))

    def create_response(self, *, tag: str = "") -> None:
        self._send_all(self._responses.ask(Request(tag)))

    def cancel_response(self) -> None:
        self._send_all(self._responses.cancel())

    def truncate(self, item_id: str, played_ms: int, received_ms: int) -> None:
        received_ms = min(received_ms, self._received.get(item_id, 0) // BYTES_PER_MS)
        heard_ms = min(played_ms, received_ms)
        if heard_ms <= 0:
            self.delete_item(item_id)
        else:
            index = self._content_index.get(item_id, 0)
            self._send(events.truncate(item_id, index, heard_ms))

    def delete_item(self, item_id: str) -> None:
        if item := self._turns.delete(item_id):
            self._send(events.delete(item))

    def add_message(self, role: Literal["user", "assistant", "system"], text: str) -> None:
        self._send(events.message(role, text))

    def add_tool_output(self, call_id: str, output: str) -> None:
        self._send(events.tool_output(call_id, output))

    def close(self) -> None:
        self._closed.set()
        self._connection.close()

    # --- what the server says

    def _dispatch_table(self) -> dict[str, Callable[[Mapping[str, Any]], None]]:
        return {
            "error": self._on_error,
            "session.updated": self._on_session_updated,
            "input_audio_buffer.speech_started": self._on_speech_started,
            "input_audio_buffer.speech_stopped": self._on_speech_stopped,
            "input_audio_buffer.committed": self._on_committed,
            "conversation.item.input_audio_transcription.delta": self._on_caller_delta,
            "conversation.item.input_audio_transcription.completed": self._on_caller_text,
            "conversation.item.input_audio_transcription.failed": self._on_caller_text_failed,
            "response.created": self._on_response_created,
            "response.output_audio.delta": self._on_audio,
            "response.output_audio.done": self._on_audio_done,
            "response.output_audio_transcript.delta": self._on_agent_delta,
            "response.output_audio_transcript.done": self._on_agent_text,
            "response.output_item.done": self._on_item_done,
            "response.done": self._on_response_done,
        }

    def _on_text(self, text: str) -> None:
        if self._closed.is_set():
            return
        try:
            event = orjson.loads(text)
            if self._renderings.take(event):
                return
            handler = self._handlers.get(event["type"])
            if handler is not None:
                handler(event)
        except Exception as error:  # noqa: BLE001 - whatever it is, the call goes on without it
            log.warning("Unintelligible event from OpenAI", error=type(error).__name__)

    def _on_close(self, code: int, reason: str) -> None:
        if self._closed.is_set():
            return
        self._closed.set()
        if not self._configured.ready():
            self._configured.set_exception(errors.unreachable(f"closed with {code}"))
            return
        log.info("OpenAI closed the session", close_code=code)
        self._on_event(ProviderClosed(code, reason))

    def _on_session_updated(self, _: Mapping[str, Any]) -> None:
        if not self._configured.ready():
            self._configured.set(None)

    def _on_error(self, event: Mapping[str, Any]) -> None:
        error = event["error"]
        code = error.get("code") or ""
        if not self._configured.ready():
            self._configured.set_exception(errors.config_error(error))
            return
        if unheard := self._turns.refused(error.get("event_id")):
            self._on_event(CallerTranscriptFailed(unheard))
            return
        busy = code == errors.ALREADY_ACTIVE
        tag, next_events = self._responses.refused(error.get("event_id"), busy=busy)
        self._send_all(next_events)
        if errors.is_fatal(code):
            self._on_event(ProviderFailed(errors.provider_error(error)))
        elif tag is not None:
            self._on_event(ResponseDone("", tag, "failed", error=errors.provider_error(error)))
        elif not busy and code not in errors.HARMLESS:
            log.warning("OpenAI reported an error", provider_code=code, param=error.get("param"))

    def _on_speech_started(self, event: Mapping[str, Any]) -> None:
        # The position reported includes the padding before the speech.
        at = event["audio_start_ms"] + self._config.ears.prefix_ms
        self._on_event(SpeechStarted(at, event["item_id"]))

    def _on_speech_stopped(self, event: Mapping[str, Any]) -> None:
        # The position reported includes the silence that proved the end.
        ears = self._config.ears
        at = max(0, event["audio_end_ms"] - (0 if ears.semantic else ears.silence_ms))
        self._on_event(SpeechStopped(at, event["item_id"]))

    def _on_committed(self, event: Mapping[str, Any]) -> None:
        if unwanted := self._turns.committed(event["item_id"]):
            self._send(events.delete(unwanted))

    def _on_caller_delta(self, event: Mapping[str, Any]) -> None:
        self._on_event(
            CallerTextDelta(self._turns.name_of(event["item_id"]), event.get("delta") or "")
        )

    def _on_caller_text(self, event: Mapping[str, Any]) -> None:
        name = self._turns.name_of(event["item_id"])
        self._on_event(CallerTranscript(name, event.get("transcript") or ""))
        if (usage := events.hearing_usage(event)).heard_ms:
            self._on_event(Spent(usage, events.transcriber(self._config)))

    def _on_caller_text_failed(self, event: Mapping[str, Any]) -> None:
        self._on_event(CallerTranscriptFailed(self._turns.name_of(event["item_id"])))

    def _on_response_created(self, event: Mapping[str, Any]) -> None:
        response_id = event["response"]["id"]
        tag, to_send = self._responses.created(response_id)
        self._send_all(to_send)
        if tag is not None:
            if (reading := self._readings.pop(tag, None)) is not None:
                self._echoes[response_id] = Echo(reading)
            self._on_event(ResponseStarted(response_id, tag))

    def _on_audio(self, event: Mapping[str, Any]) -> None:
        item_id = event["item_id"]
        audio = self._wire.back(a2b_base64(event["delta"]))
        self._received[item_id] = self._received.get(item_id, 0) + len(audio)
        if self._responses.is_muted(event["response_id"]):
            return
        if event.get("content_index"):
            self._content_index[item_id] = event["content_index"]
        self._on_event(AudioDelta(event["response_id"], item_id, audio))

    def _on_audio_done(self, event: Mapping[str, Any]) -> None:
        rest = self._wire.rest()
        if not self._responses.is_muted(event["response_id"]):
            if rest:
                self._on_event(AudioDelta(event["response_id"], event["item_id"], rest))
            self._on_event(AudioDone(event["item_id"]))

    def _on_agent_delta(self, event: Mapping[str, Any]) -> None:
        response_id, delta = event["response_id"], event.get("delta") or ""
        if self._responses.is_muted(response_id):
            return
        echo = self._echoes.get(response_id)
        written = echo.delta(delta) if echo else delta
        if written:
            self._on_event(AgentTextDelta(response_id, event["item_id"], written))

    def _on_agent_text(self, event: Mapping[str, Any]) -> None:
        response_id, text = event["response_id"], event.get("transcript") or ""
        if not self._responses.is_muted(response_id):
            echo = self._echoes.get(response_id)
            self._on_event(AgentTextDone(event["item_id"], echo.whole(text) if echo else text))

    def _on_item_done(self, event: Mapping[str, Any]) -> None:
        item = event["item"]
        if item.get("type") != "function_call":
            return
        if self._responses.is_muted(event["response_id"]):
            self.delete_item(item["id"])  # nobody will answer it
            return
        self._on_event(
            ToolCall(
                event["response_id"],
                item["call_id"],
                item["name"],
                item.get("arguments") or "",
                complete=item.get("status") != "incomplete",
            )
        )

    def _on_response_done(self, event: Mapping[str, Any]) -> None:
        response = event["response"]
        status, reason, error = events.response_outcome(response)
        self._echoes.pop(response["id"], None)
        tag, to_send = self._responses.done(response["id"])
        if tag is not None:
            usage = events.usage(response)
            self._on_event(ResponseDone(response["id"], tag, status, reason, error, usage))
        self._send_all(to_send)

    # --- sending

    def _send(self, event: Mapping[str, Any]) -> None:
        self._connection.send_text(orjson.dumps(event).decode())

    def _send_all(self, to_send: list[dict[str, Any]]) -> None:
        for event in to_send:
            self._send(event)
