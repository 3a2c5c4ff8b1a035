"""Which private addresses customers may name: by setting all; in the sandbox its receivers."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from topcalls.compose.database import secret_key
from topcalls.compose.endpoints import sandbox_endpoints
from topcalls.config import Settings
from topcalls.config.settings import ALL_ADDRESSES
from topcalls.core.web_addresses import Reach, endpoint
from topcalls.errors import ConfigError
from topcalls.net.http import Ourselves

_RECEIVERS = ("webhook_url", "tools_url")
_THIS_MACHINE = ("127.0.0.1", "localhost", "[::1]")


class SandboxReceivers:
    """Where the sandbox takes what customers' URLs are for: `host:port` of each, as they are now.

    Its other doors, which command it, are none of them.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._written = 0.0
        self._endpoints: frozenset[str] = frozenset()

    def endpoints(self) -> frozenset[str]:
        """Nothing while no sandbox runs. The file is read when it has changed: whoever asks may be
        about to create a call."""
        try:
            written = self._settings.sandbox_file.stat().st_mtime
            if written != self._written:
                told = sandbox_endpoints(self._settings)
                self._endpoints = frozenset(endpoint(told[n]) for n in _RECEIVERS if n in told)
                self._written = written
        except (OSError, ConfigError):
            return frozenset()
        return self._endpoints

    def __call__(self, host: str, port: int) -> bool:
        """Whether this is one of them."""
        return f"{host}:{port}" in self.endpoints()


def private_webhooks_allowed(settings: Settings) -> bool | SandboxReceivers:
    """What `net.http.HttpClient` may reach beside the Internet."""
    if settings.allow_private_webhooks or settings.telephony_mode != "sandbox":
        return settings.allow_private_webhooks
    return SandboxReceivers(settings)


def ourselves(settings: Settings) -> Ourselves:
    """Our servers, which nothing that a customer names may lead to, and the mark by which one
    knows a request of ours that came by another name."""
    urls = [settings.effective_public_url, settings.own_url]
    if settings.listen_url:
        urls.append(settings.listen_url)
    if settings.recording_api_url:
        urls.append(settings.recording_api_url)
    if settings.api_host in (*ALL_ADDRESSES, "127.0.0.1", "localhost", "::1"):
        urls += [f"http://{host}:{settings.api_port}" for host in _THIS_MACHINE]
    return Ourselves(frozenset(map(endpoint, urls)) - {""}, _mark(settings))


def reach(settings: Settings) -> Callable[[], Reach]:
    """Where customers' URLs may lead, as it is when it is asked for."""
    private, own = private_webhooks_allowed(settings), ourselves(settings).endpoints
    if isinstance(private, bool):
        fixed = Reach(private, own)
        return lambda: fixed
    return lambda: Reach(private.endpoints(), own)


def _mark(settings: Settings) -> str:
    """The same in all processes of an installation, and of no use to anybody else."""
    key = hashlib.blake2b(secret_key(settings).encode(), person=b"origin", digest_size=12)
    return key.hexdigest()
