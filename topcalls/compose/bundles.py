"""What a bundle tells of the installation beside a call: settings without secrets, versions, the
trace that its controller kept, lines of the switch's log."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

from pydantic import SecretStr

from topcalls import __version__
from topcalls.compose.database import secret_key
from topcalls.compose.services import Services
from topcalls.config import Settings
from topcalls.controller.call_traces import trace_path
from topcalls.errors import NotFound
from topcalls.services.call_bundles import Surroundings
from topcalls.services.switch_logs import read_lines

_PACKAGES: Final = ("gevent", "greenswitch", "openai", "peewee", "psycopg", "huey", "flask")


def surroundings(
    settings: Settings,
    services: Services,
    call_id: str,
    *,
    log: Path | None = None,
    with_audio: bool = False,
) -> Surroundings:
    """Raises NotFound, also for a recording that is asked for and not there, and InvalidRequest
    for a log that cannot be read."""
    channels = services.root_causes.channels(call_id)
    path = log or settings.switch_log
    trace = trace_path(settings.traces_dir, call_id)
    return Surroundings(
        settings=dict(_told(settings)),
        versions=dict(_versions(services)),
        secrets=tuple(_secrets(settings)),
        log=read_lines(path, channels) if path is not None else (),
        trace=trace.read_bytes() if trace.is_file() else b"",
        sound=_sound(services, call_id) if with_audio else b"",
    )


def _told(settings: Settings) -> Iterator[tuple[str, Any]]:
    for name in type(settings).model_fields:
        value = getattr(settings, name)
        if isinstance(value, SecretStr):
            yield name, "set"
        elif isinstance(value, str) and "://" in value:
            yield name, _without_credentials(value)
        else:
            yield name, str(value) if isinstance(value, Path) else value


def _without_credentials(url: str) -> str:
    """The address without who knocks there, and without what follows its `?`."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def _secrets(settings: Settings) -> Iterator[str]:
    yield secret_key(settings)
    for name in type(settings).model_fields:
        value = getattr(settings, name)
        if isinstance(value, SecretStr):
            yield value.get_secret_value()
        elif isinstance(value, str) and "://" in value and (word := urlsplit(value).password):
            yield word


def _versions(services: Services) -> Iterator[tuple[str, str]]:
    yield "topcalls", __version__
    yield "python", platform.python_version()
    yield "system", platform.platform()
    yield "database", services.db.kind
    for name in _PACKAGES:
        with suppress(PackageNotFoundError):
            yield name, version(name)


def _sound(services: Services, call_id: str) -> bytes:
    account_id = services.root_causes.account_of(call_id)
    try:
        sound = services.recordings.sound(account_id, call_id)
    except NotFound as missing:
        raise NotFound(str(missing), remedy="Make the bundle without --with-audio.") from None
    with sound.file as file:
        return file.read()
