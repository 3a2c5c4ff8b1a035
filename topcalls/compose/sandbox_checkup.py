"""Does the sandbox run, do its doubles answer, and can they speak?"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from gevent import socket

from topcalls.config import Settings
from topcalls.core.checkup import Finding, fault, ok, warning
from topcalls.sandbox.speech_engines import SpeechUnavailable, installed_engine

CONNECT_SECONDS = 2.0
_START = "Start `topcalls sandbox`, or all of it with `topcalls run`."


@dataclass(frozen=True)
class Doubles:
    """Where the sandbox says its doubles are."""

    host: str
    port: int
    password: str
    openai_url: str
    webhook_url: str
    pid: int


def doubles(settings: Settings) -> Doubles | None:
    """What the sandbox wrote about itself; None where there is no such file, or it is broken."""
    try:
        found = json.loads(settings.sandbox_file.read_text())
        esl = found["esl"]
        return Doubles(
            host=str(esl["host"]),
            port=int(esl["port"]),
            password=str(esl["password"]),
            openai_url=str(found["openai_base_url"]),
            webhook_url=str(found["webhook_url"]),
            pid=int(found["pid"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def process(settings: Settings, found: Doubles | None) -> Iterator[Finding]:
    """The file, the process that wrote it, and its ports."""
    if found is None:
        if settings.sandbox_file.exists():
            yield fault("sandbox", f"{settings.sandbox_file} is not what a sandbox writes.", _START)
        else:
            yield warning("sandbox", f"No sandbox runs in {settings.data_dir}.", _START)
        return
    if not _is_alive(found.pid):
        yield fault("sandbox", f"The sandbox (process {found.pid}) has died.", _START)
        return
    yield ok("sandbox", f"Process {found.pid}.")
    silent = [name for name, address in _addresses(found) if not _answers(address)]
    if silent:
        yield fault("sandbox_ports", f"No answer from: {', '.join(silent)}.", _START)
    else:
        yield ok("sandbox_ports", "The doubles of FreeSWITCH, OpenAI and a receiver answer.")


def speech() -> Finding:
    """An engine, without which the called people are mute. Blocks while it loads."""
    try:
        engine = installed_engine()
    except SpeechUnavailable as error:
        remedy = error.remedy or "pip install 'topcalls[sandbox]'"
        return fault("speech", error.message, remedy)
    return ok("speech", f"{engine.name}.")


def _addresses(found: Doubles) -> list[tuple[str, tuple[str, int]]]:
    openai, receiver = urlsplit(found.openai_url), urlsplit(found.webhook_url)
    return [
        ("FreeSWITCH", (found.host, found.port)),
        ("OpenAI", (openai.hostname or "", openai.port or 80)),
        ("webhook receiver", (receiver.hostname or "", receiver.port or 80)),
    ]


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except (ProcessLookupError, OverflowError):
        return False
    return True


def _answers(address: tuple[str, int]) -> bool:
    try:
        socket.create_connection(address, CONNECT_SECONDS).close()
    except OSError:
        return False
    return True
