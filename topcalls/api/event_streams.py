"""Server-sent events of calls: many streams, and one greenlet that reads for all of them.

A stream that is not read does not grow: it is given as much as it has room for, and the rest is
read from the database when there is room again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, Final

import gevent
import marshmallow as ma
import orjson
from gevent.event import Event
from gevent.queue import Empty, Queue

from topcalls import metrics
from topcalls.api.schemas.live_events import SCHEMAS
from topcalls.clock import Clock
from topcalls.core.live_events import END, PARTIAL
from topcalls.errors import NoCapacity, RateLimited, StoreUnavailable
from topcalls.log import get_logger
from topcalls.services.live_events import Follower, LiveEvent

LOOK_SECONDS: Final = 0.25
ASK_EVERY: Final = 8
"""Looks between two in which it is made sure that partial words are told."""

HEARTBEAT_SECONDS: Final = 15.0
RETRY_MS: Final = 2000
"""After how long a client that was cut off comes again."""

ROOM: Final = 200
"""Events that wait for a reader."""

MOST_PER_KEY: Final = 50
MOST_STREAMS: Final = 500
"""Of one process, which serves other requests beside them."""

_RETRY_AFTER_SECONDS: Final = 10

log = get_logger("api.event_streams")


class EventStream:
    """One client's stream of one call, or of what else is followed."""

    def __init__(
        self,
        number: int,
        key_id: str,
        call_id: str,
        position: Any,
        schemas: Mapping[str, ma.Schema] = SCHEMAS,
    ) -> None:
        self.number = number
        self.key_id = key_id
        self.call_id = call_id
        self.position = position  # of the last event that waits here
        self._schemas = schemas
        self._events: Queue[LiveEvent | None] = Queue()
        self._closed = False

    @property
    def room(self) -> int:
        """How many more events may wait here."""
        return 0 if self._closed else max(0, ROOM - self._events.qsize())

    def put(self, events: Sequence[LiveEvent]) -> None:
        """Let these wait to be sent, as far as there is room."""
        for event in events[: self.room]:
            self.position = event.position
            self._events.put(event)

    def close(self) -> None:
        """Send what waits, and nothing more."""
        self._closed = True
        self._events.put(None)

    def sent(self, is_allowed: Callable[[], bool], clock: Clock) -> Iterator[bytes]:
        """What goes to the client. `is_allowed` is asked as often as a sign of life would be sent
        where nothing happens."""
        yield f"retry: {RETRY_MS}\n\n".encode()
        asked_at = clock.monotonic()
        while True:
            event = self._next()
            if event is None or clock.monotonic() - asked_at > HEARTBEAT_SECONDS:
                asked_at = clock.monotonic()
                if self._closed or not is_allowed():
                    return
            if event is None:
                yield b":\n\n"
                continue
            yield _encoded(event, self._schemas[event.name])
            if event.name == END:
                return

    def _next(self) -> LiveEvent | None:
        """None: nothing has happened for a while, or the stream is closed."""
        try:
            event: LiveEvent | None = self._events.get(timeout=HEARTBEAT_SECONDS)
        except Empty:
            return None
        return event


def _encoded(event: LiveEvent, schema: ma.Schema) -> bytes:
    data = orjson.dumps(schema.dump(event.view))
    named = b"event: %s\ndata: %s\n\n" % (event.name.encode(), data)
    if event.name == PARTIAL:
        return named  # whoever comes again goes on behind what lasts
    return b"id: %s\n" % str(event.position).encode() + named


class EventStreams:
    """Those of one API process. `news` tells followers what is new, see `services.LiveEvents`;
    `ask` has the controllers of calls tell what is being said in them; `schemas` show what each
    kind of event tells of."""

    def __init__(
        self,
        news: Callable[[Sequence[Follower]], dict[int, list[LiveEvent]]],
        ask: Callable[[Collection[str]], object] = lambda _: None,
        schemas: Mapping[str, ma.Schema] = SCHEMAS,
        look_seconds: float = LOOK_SECONDS,
    ) -> None:
        self._news = news
        self._ask = ask
        self._schemas = schemas
        self._look_seconds = look_seconds
        self._streams: dict[int, EventStream] = {}
        self._count = 0
        self._reader: gevent.Greenlet | None = None
        self._stopping = Event()

    def open(self, key_id: str, call_id: str, position: Any) -> EventStream:
        """A new stream; `leave` when it is over.

        Raises:
            NoCapacity: this process has as many as it may have.
            RateLimited: the key has.
        """
        if len(self._streams) >= MOST_STREAMS or self._stopping.is_set():
            raise NoCapacity(
                "This process takes no more event streams.",
                remedy="Try again after Retry-After seconds.",
                retry_after=_RETRY_AFTER_SECONDS,
            )
        of_keys = Counter(stream.key_id for stream in self._streams.values())
        if of_keys[key_id] >= MOST_PER_KEY:
            raise RateLimited(
                f"This key has {MOST_PER_KEY} event streams open.",
                remedy="Close one, or use webhooks.",
                limit="event_streams_per_key",
                retry_after=_RETRY_AFTER_SECONDS,
            )
        self._count += 1
        stream = EventStream(self._count, key_id, call_id, position, self._schemas)
        self._streams[stream.number] = stream
        metrics.event_streams.inc()
        if self._reader is None or self._reader.dead:
            self._reader = gevent.spawn(self._read)
        return stream

    def leave(self, stream: EventStream) -> None:
        """Nobody reads it any more."""
        if self._streams.pop(stream.number, None) is not None:
            metrics.event_streams.dec()

    def close(self) -> None:
        """The process stops: clients go on elsewhere, from where they are."""
        self._stopping.set()
        for stream in self._streams.values():
            stream.close()

    def _read(self) -> None:
        looks = 0
        while self._streams:
            self._look(asks=looks % ASK_EVERY == 0)
            looks += 1
            if self._stopping.wait(self._look_seconds):
                return

    def _look(self, *, asks: bool) -> None:
        reading = [stream for stream in self._streams.values() if stream.room]
        followers = [Follower(one.number, one.call_id, one.position) for one in reading]
        try:
            if asks:
                self._ask({one.call_id for one in followers})
            news = self._news(followers)
        except StoreUnavailable as error:
            log.warning("Events could not be read", why=str(error))
            return
        except Exception:  # one bad row must not end the streams of other calls
            log.exception("Events could not be read")
            return
        for stream in reading:
            stream.put(news.get(stream.number, ()))
