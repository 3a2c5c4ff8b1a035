"""The checks of one carrier, wired from the settings. Only `topcalls doctor carrier` imports it."""

from __future__ import annotations

import socket
from collections.abc import Iterator

from topcalls.clock import Clock, SystemClock
from topcalls.compose.check_runner import Check, run
from topcalls.compose.services import open_services
from topcalls.config import Settings
from topcalls.core.checkup import Finding, refused
from topcalls.errors import ConfigError
from topcalls.services.carrier_checkup import CarrierCheckup

CARRIER_SECONDS = 12.0


def diagnose_carrier(
    settings: Settings | ConfigError, name: str, clock: Clock | None = None
) -> list[Finding]:
    """Everything that can be found out about a carrier, by its name or id."""
    if isinstance(settings, ConfigError):
        return [refused("settings", settings)]
    found = settings

    def look() -> Iterator[Finding]:
        services = open_services(found)
        try:
            yield from CarrierCheckup(services.carriers, name, addresses_of).findings()
        finally:
            services.close()

    return run([Check("carrier", CARRIER_SECONDS, look)], (), clock or SystemClock())


def addresses_of(host: str) -> list[str]:
    """The IPv4 addresses of a host, none where it has none."""
    try:
        answers = socket.getaddrinfo(host, None, socket.AF_INET, socket.SOCK_DGRAM)
    except OSError:
        return []
    return sorted({str(answer[4][0]) for answer in answers})
