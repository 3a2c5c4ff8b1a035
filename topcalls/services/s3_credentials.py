"""Who we are to an object store, where no keys are set: as the client's library finds it.

`environment`: `AWS_ACCESS_KEY_ID` and its like, or the profile of a credentials file. `instance`:
the role of the machine, container or pod, from the metadata service (EC2, ECS) or by its web
identity token (EKS). Credentials of a role end, and are asked for again before they do.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, timedelta
from importlib import import_module
from typing import Any, Literal

from topcalls.clock import Clock

Source = Literal["keys", "environment", "instance"]
CONNECT_SECONDS = 2.0
READ_SECONDS = 5.0
MARGIN = timedelta(minutes=5)
"""Before credentials end: a long upload must not outlive them."""

_REMEDIES = {
    "environment": "neither the environment nor a credentials file names an access key",
    "instance": "this machine, container or pod has no role that gives credentials",
}


class CredentialsMissing(Exception):
    """Nobody gives credentials; the text says why, as the end of a sentence."""


class FoundCredentials:
    """Credentials from outside, for the client of the library: it asks before every request."""

    def __init__(self, source: Source, clock: Clock) -> None:
        self._source = source
        self._clock = clock
        self._held: Any = None

    def retrieve(self) -> Any:
        """The library's `Credentials`. Raises `CredentialsMissing`."""
        held = self._held
        if held is None or self._ends(held):
            # Whoever finds them out of date asks: twice does no harm, and waits for nobody.
            held = self._held = self._asked()
        return held

    def _ends(self, held: Any) -> bool:
        if held.expiration is None:
            return False
        return bool(held.expiration.replace(tzinfo=UTC) - MARGIN < self._clock.now())

    def _asked(self) -> Any:
        providers = import_module("minio.credentials.providers")
        ways: dict[str, Callable[[], Any]] = {
            "environment": lambda: providers.ChainedProvider(
                [
                    providers.EnvAWSProvider(),
                    providers.EnvMinioProvider(),
                    providers.AWSConfigProvider(),
                ]
            ),
            "instance": lambda: providers.IamAwsProvider(http_client=_connections()),
        }
        try:
            return ways[self._source]().retrieve()
        except Exception as error:  # the library raises whatever its ways of asking do
            raise CredentialsMissing(_REMEDIES[self._source]) from error


def _connections() -> Any:
    """Of this one question: connections are of the thread and loop that make them."""
    urllib3 = import_module("urllib3")
    timeout = urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS)
    return urllib3.PoolManager(timeout=timeout, retries=urllib3.Retry(total=1, status=0))
