"""Which private addresses customers may name: by setting all; in the sandbox its receivers."""

from __future__ import annotations

from urllib.parse import urlsplit

from topcalls.compose.endpoints import sandbox_endpoints
from topcalls.config import Settings
from topcalls.errors import ConfigError

_RECEIVERS = ("webhook_url", "tools_url")


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
                self._endpoints = frozenset(_endpoint(told[n]) for n in _RECEIVERS if n in told)
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


def _endpoint(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port}"
