"""What the switch wrote down of channels that ended: the only trace an ended channel leaves.

FreeSWITCH's mod_json_cdr writes one file for each channel, under the channel's uuid, before it
tells of the hang-up and before it forgets the channel. So whoever finds a channel gone finds its
record, even if the Event Socket was cut, or no controller was there. `json_cdr.conf.xml`:

    <configuration name="json_cdr.conf" description="A record of each ended channel">
      <settings>
        <param name="log-dir" value="THE VALUE OF cdr_dir, AN ABSOLUTE PATH"/>
        <param name="rotate" value="false"/>
        <param name="prefix-a-leg" value="false"/>
        <param name="log-b-leg" value="true"/>
        <param name="encode-values" value="true"/>
      </settings>
    </configuration>

and mod_json_cdr in `modules.conf.xml`. Without `url`, and without `queue-capacity`: a queue would
write the file after the channel is gone. The directory must be writable for the switch, which makes
the files, and for the controllers, which delete what is settled.

A record holds what strangers sent (SIP headers, display names). Nothing of it is used but the
cause, the SIP status, who hung up and two moments, each checked.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import gevent
import orjson

from topcalls.core.call_events import HungUp
from topcalls.esl.parser import ESLEvent
from topcalls.esl.translate import RETRY_AFTER, hung_up
from topcalls.log import get_logger

MOST_BYTES = 4_000_000
"""A record lists every playback of its call; a long call's has some hundred kilobytes."""

KEEP = timedelta(days=3)
"""How long a record of which no controller knows the call is kept."""

MOST_FILES = 100_000
_LOOKED_AT = 2 * MOST_FILES

_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_FILE = re.compile(rf"(?:a_)?{_UUID.pattern}\.cdr\.json")
_CAUSE = re.compile(r"[A-Z][A-Z0-9_]{0,63}")
_FORMS = ("{}.cdr.json", "a_{}.cdr.json")
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_USED = (
    "answer_uepoch",
    "direction",
    "end_uepoch",
    "hangup_cause",
    "hangup_cause_q850",
    "progress_media_uepoch",
    "progress_uepoch",
    "proto_specific_hangup_cause",
    "sip_603plus_reason",
    "sip_hangup_disposition",
    "sip_invite_failure_phrase",
    "sip_invite_failure_status",
    "sip_reason",
    "sip_reply_port",
    RETRY_AFTER,
    "sip_term_status",
)

log = get_logger("controller.cdr")


class CDRSpool:
    """The records of one switch. No method blocks the event loop, whatever the disk does."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def ended(self, channel_uuid: str) -> HungUp | None:
        """How and when a channel ended; None where nothing is written of it, or not all yet."""
        written: HungUp | None = self._off_the_loop(self._read, channel_uuid)
        return written

    def forget(self, channel_uuid: str) -> None:
        """The call of this channel is settled."""
        self._off_the_loop(self._delete, channel_uuid)

    def sweep(self, now: datetime) -> int:
        """Delete records that nobody came for: old ones, and the oldest of too many. How many."""
        swept: int = self._off_the_loop(self._sweep, now)
        if swept:
            log.info("Records of calls that nobody knows were deleted", count=swept)
        return swept

    def _off_the_loop(self, work: Any, *args: Any) -> Any:
        return gevent.get_hub().threadpool.apply(work, args)

    def _read(self, channel_uuid: str) -> HungUp | None:
        for path in self._paths(channel_uuid):
            data = _content(path)
            if data is not None:
                return parse(data, channel_uuid)
        return None

    def _delete(self, channel_uuid: str) -> None:
        for path in self._paths(channel_uuid):
            with suppress(OSError):
                path.unlink()

    def _paths(self, channel_uuid: str) -> list[Path]:
        if not _UUID.fullmatch(channel_uuid):
            return []
        return [self._directory / form.format(channel_uuid) for form in _FORMS]

    def _sweep(self, now: datetime) -> int:
        before = (now - KEEP).timestamp()
        found = sorted(self._files(), reverse=True)
        keep = [path for moment, path in found[:MOST_FILES] if moment >= before]
        swept = found[len(keep) :]
        for _, path in swept:
            with suppress(OSError):
                os.unlink(path)
        return len(swept)

    def _files(self) -> Iterator[tuple[float, str]]:
        """When each record was written, and its path; a bounded number of them."""
        with suppress(OSError), os.scandir(self._directory) as entries:
            for _, entry in zip(range(_LOOKED_AT), entries, strict=False):
                if _FILE.fullmatch(entry.name):
                    with suppress(OSError):
                        yield entry.stat(follow_symlinks=False).st_mtime, entry.path


def parse(data: bytes, channel_uuid: str) -> HungUp | None:
    """A record as mod_json_cdr writes it; None where it is not whole, or not of this channel.

    Values may be URL-encoded or not. Text from SIP may hold bytes that are no UTF-8.
    """
    try:
        record = orjson.loads(data.decode("utf-8", "replace"))
    except orjson.JSONDecodeError:
        return None
    variables = record.get("variables") if isinstance(record, dict) else None
    if not isinstance(variables, dict) or variables.get("uuid") != channel_uuid:
        return None
    written = hung_up(_as_event(variables))
    return written if written.ended_at is not None else None


def _as_event(variables: Mapping[str, Any]) -> ESLEvent:
    """What the hang-up's event would have told."""
    told = ((name, variables.get(name)) for name in _USED)
    used = {name: unquote(text) for name, text in told if isinstance(text, str)}
    if not _CAUSE.fullmatch(used.get("hangup_cause", "")):
        used["hangup_cause"] = "NORMAL_UNSPECIFIED"
    return ESLEvent({f"variable_{name}": value for name, value in used.items()})


def _content(path: Path) -> bytes | None:
    """A plain file of reasonable size; a link, a pipe or a giant is nothing."""
    try:
        descriptor = os.open(path, _FLAGS)
    except OSError:
        return None
    with os.fdopen(descriptor, "rb") as file:
        state = os.fstat(descriptor)
        if not stat.S_ISREG(state.st_mode) or state.st_size > MOST_BYTES:
            log.warning("A record of the switch cannot be used", size=state.st_size)
            return None
        return file.read(MOST_BYTES)
