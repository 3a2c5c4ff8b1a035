"""Does the sandbox run, do its doubles answer, and can they speak?"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from gevent import socket

from topcalls.config import Settings
from topcalls.core.checkup import Finding, fault, ok, warning
from topcalls.sandbox.speech_engines import SpeechUnavailable, installed_engine

CONNECT_SECONDS = 2.0
_START = "Start `topcalls sandbox`, or all of it with `topcalls run`."


def endpoints(settings: Settings) -> dict[str, Any] | None:
    """What the sandbox wrote about itself; None where there is no such file, or it is broken."""
    try:
        found = json.loads(settings.sandbox_file.read_text())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def process(settings: Settings) -> Iterator[Finding]:
    """The file, the process that wrote it, and its ports."""
    found = endpoints(settings)
    if found is None:
        if settings.sandbox_file.exists():
            yield fault("sandbox", f"{settings.sandbox_file} cannot be read.", _START)
        else:
            yield warning("sandbox", f"No sandbox runs in {settings.data_dir}.", _START)
        return
    pid = found.get("pid")
    if not isinstance(pid, int) or not _is_alive(pid):
        yield fault("sandbox", f"The sandbox (process {pid}) has died.", _START)
        return
    yield ok("sandbox", f"Process {pid}.")
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


def _addresses(found: dict[str, Any]) -> list[tuple[str, tuple[str, int]]]:
    esl = found["esl"]
    urls = {"OpenAI": found["openai_base_url"], "webhook receiver": found["webhook_url"]}
    parsed = {name: urlsplit(url) for name, url in urls.items()}
    return [
        ("FreeSWITCH", (esl["host"], esl["port"])),
        *((name, (url.hostname or "", url.port or 80)) for name, url in parsed.items()),
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
