"""The store of a controller whose switch is on another host: the API takes recordings by HTTP.

Each upload carries a ticket, signed with a key that is derived from the install's secret key. It
names the call, the size and the SHA-256 of the file and ends after an hour: whoever reads it can
do nothing but send this one file once more, which changes nothing.
"""

from __future__ import annotations

import http.client
import re
import ssl
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

from topcalls.clock import Clock
from topcalls.services.expiring_tokens import ExpiringTokens
from topcalls.services.recording_store import CHUNK_BYTES, FinishedRecording, RecordingNotStored

PATH = "/v1/internal/recordings/{call_id}"
MOST_BYTES = 2_000_000_000
"""More than any call can fill: 120 minutes in stereo are 230 MB."""

VALID = timedelta(hours=1)
SECONDS_PER_STEP = 30.0
SCHEME = "Recording"
_PURPOSE = b"topcalls: upload of a recording, version 1"
_WORDS = {401: "it does not accept our secret key, or a clock is wrong", 413: "it is too large"}


@dataclass(frozen=True, slots=True)
class Ticket:
    """What an upload may bring."""

    size: int
    sha256: str


class Tickets:
    """Signs and checks tickets. `secret_keys`: see `Signer`."""

    def __init__(self, secret_keys: str) -> None:
        self._tokens = ExpiringTokens(
            secret_keys,
            _PURPOSE,
            words=r"\.([0-9]{1,12})\.([0-9a-f]{64})",
            foreign="This ticket was not made with a secret key of this install.",
            over="The time of this ticket is over.",
        )

    def issue(self, recording: FinishedRecording, now: datetime) -> str:
        """For sending this file within the next hour."""
        words = str(recording.size), recording.sha256
        return self._tokens.issue(recording.call_id, now + VALID, *words)

    def check(self, call_id: str, text: str, now: datetime) -> Ticket:
        """What the ticket allows to bring for this call.

        Raises:
            Unauthorized: it was not signed here, not for this call, or its time is over.
        """
        size, sha256 = self._tokens.check(call_id, text, now)
        return Ticket(int(size), sha256)


class ApiStore:
    """Sends recordings to the API at `url`. May be tried again at any time."""

    def __init__(self, url: str, tickets: Tickets, clock: Clock) -> None:
        self._url = urlsplit(url.rstrip("/"))
        self._tickets = tickets
        self._clock = clock

    def put(self, file: Path, recording: FinishedRecording) -> None:
        status, answer = self._send(file, recording)
        if status not in (200, 201):
            why = _WORDS.get(status) or answer or f"it answered {status}"
            raise RecordingNotStored(f"The API at {self._host} did not take a recording: {why}.")

    def problem(self) -> str:
        try:
            connection = self._connect()
            try:
                connection.request("GET", f"{self._url.path}/live")
                status = connection.getresponse().status
            finally:
                connection.close()
        except (OSError, http.client.HTTPException) as error:
            return self._away(error).message
        return "" if status == 200 else f"The API at {self._host} answered {status}."

    @property
    def _host(self) -> str:
        return self._url.netloc

    def _connect(self) -> http.client.HTTPConnection:
        host, port = self._url.hostname or "", self._url.port
        if self._url.scheme == "https":
            return http.client.HTTPSConnection(
                host,
                port,
                timeout=SECONDS_PER_STEP,
                blocksize=CHUNK_BYTES,
                context=ssl.create_default_context(),
            )
        return http.client.HTTPConnection(
            host, port, timeout=SECONDS_PER_STEP, blocksize=CHUNK_BYTES
        )

    def _send(self, file: Path, recording: FinishedRecording) -> tuple[int, str]:
        path = self._url.path + PATH.format(call_id=recording.call_id)
        headers = {
            "Authorization": f"{SCHEME} {self._tickets.issue(recording, self._clock.now())}",
            "Content-Type": "audio/wav",
            "Content-Length": str(recording.size),
        }
        try:
            connection = self._connect()
            try:
                with file.open("rb") as body:
                    return _exchange(connection, path, body, headers)
            finally:
                connection.close()
        except (OSError, http.client.HTTPException) as error:
            raise self._away(error) from error

    def _away(self, error: Exception) -> RecordingNotStored:
        why = (getattr(error, "strerror", None) or str(error) or type(error).__name__).lower()
        return RecordingNotStored(f"The API at {self._host} cannot be reached: {why}.")


def _exchange(
    connection: http.client.HTTPConnection, path: str, body: BinaryIO, headers: dict[str, str]
) -> tuple[int, str]:
    """A server that refuses may hang up before it has read everything: its answer counts."""
    with suppress(BrokenPipeError, ConnectionResetError):
        connection.request("PUT", path, body=body, headers=headers)
    answer = connection.getresponse()
    text = answer.read(2000).decode("utf-8", "replace")
    found = re.search(r'"detail"\s*:\s*"([^"\\]{1,300})"', text)
    return answer.status, found[1].rstrip(".") if found else ""
