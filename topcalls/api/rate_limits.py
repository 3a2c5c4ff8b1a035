"""How much one key, and all keys of an account, may ask for, and how often one address may be wrong
about its key.

Counted in this process alone: several API processes behind one proxy allow as many times as much.
A token is remembered by its hash, and only once it was accepted, so memory is bounded and holds no
key.
"""

from __future__ import annotations

import hashlib
import ipaddress
import math
from collections import OrderedDict
from dataclasses import dataclass
from typing import NamedTuple

from topcalls.clock import Clock
from topcalls.core.token_bucket import TokenBucket
from topcalls.errors import RateLimited
from topcalls.services.keys import Principal

PER_KEY = "requests_per_key"
PER_ACCOUNT = "requests_per_account"
FAILURES = "failed_authentications"
MAX_KEYS = 10_000
MAX_ACCOUNTS = 10_000
MAX_ADDRESSES = 10_000
BURST_SECONDS = 2
"""How much of a rate of its own a key or an account may use at once after a pause."""
_LONGEST_NAME = 64
_IPV6_NETWORK = 64  # what one customer of a provider has: single addresses cost nothing


@dataclass(frozen=True, slots=True)
class Allowance:
    """What is left of the limit that leaves least; `reset` is in how many seconds all of it will be
    back.

    `retry_after` (seconds) is above 0 when nothing was left for this request; `name` says of which
    limit.
    """

    limit: int
    remaining: int
    reset: int
    retry_after: int = 0
    name: str = PER_KEY


class _Buckets:
    """One bucket per name, for the names heard of last. Each has the rate of all, or its own."""

    def __init__(self, rate: float, burst: int, most: int) -> None:
        self._default = _Pace(rate, burst)
        self._most = most
        self._held: OrderedDict[str, tuple[_Pace, TokenBucket]] = OrderedDict()

    def __contains__(self, name: str) -> bool:
        return name in self._held

    def __len__(self) -> int:
        return len(self._held)

    def of(self, name: str, own_rate: int | None = None) -> tuple[_Pace, TokenBucket]:
        """The bucket of `name`, and how fast it fills; a new one, or one of another rate than
        before, is full."""
        pace = self._default if own_rate is None else _Pace(own_rate, own_rate * BURST_SECONDS)
        held = self._held.get(name)
        if held is None or held[0] != pace:
            held = self._held[name] = (pace, TokenBucket(*pace))
            if len(self._held) > self._most:
                self._held.popitem(last=False)
        self._held.move_to_end(name)
        return held


class _Pace(NamedTuple):
    rate: float
    burst: int


class RateLimits:
    """The limits of one API process. `failures_per_minute` is both rate and burst."""

    def __init__(
        self,
        clock: Clock,
        *,
        requests_per_second: float = 100.0,
        burst: int = 200,
        failures_per_minute: int = 60,
    ) -> None:
        self._clock = clock
        self._keys = _Buckets(requests_per_second, burst, MAX_KEYS)
        self._accounts = _Buckets(requests_per_second, burst, MAX_ACCOUNTS)
        self._failures = _Buckets(failures_per_minute / 60, failures_per_minute, MAX_ADDRESSES)

    def refuse_guesses(self, address: str, token: str) -> None:
        """Call before a token is looked up. Raises RateLimited.

        An address that failed too often is not heard with a token that is new to this process.
        Tokens that were accepted are: nobody is shut out by a neighbour behind the same address.
        """
        name = _network(address)
        if name not in self._failures or _digest(token) in self._keys:
            return
        now = self._clock.monotonic()
        _, bucket = self._failures.of(name)
        if not bucket.available(now):
            raise RateLimited(
                "Too many requests with a wrong key came from this address.",
                remedy="Correct the key, and try again after Retry-After seconds.",
                limit=FAILURES,
                retry_after=_whole(bucket.seconds_until(1, now)),
            )

    def failed(self, address: str) -> None:
        """A token from `address` was refused."""
        _, bucket = self._failures.of(_network(address))
        bucket.take(1, self._clock.monotonic())

    def spend(self, token: str, principal: Principal) -> Allowance:
        """Count a request with the accepted `token` of a principal, unless nothing is left: see
        `retry_after`.

        A refused request costs nothing, so a client that keeps asking is served at its rate.
        """
        own = principal.limits.max_requests_per_second
        buckets = {PER_KEY: self._keys.of(_digest(token), own)}
        shared = principal.account_requests_per_second
        if shared is not None:
            buckets[PER_ACCOUNT] = self._accounts.of(principal.account_id, shared)
        now = self._clock.monotonic()
        granted = all(bucket.available(now) > 0 for _, bucket in buckets.values())
        if granted:
            for _, bucket in buckets.values():
                bucket.take(1, now)
        told = [
            _allowance(name, pace, bucket, now, granted) for name, (pace, bucket) in buckets.items()
        ]
        return min(told, key=lambda one: (-one.retry_after, one.remaining))


def _allowance(name: str, pace: _Pace, bucket: TokenBucket, now: float, granted: bool) -> Allowance:
    left = bucket.available(now)
    wait = 0 if granted or left else _whole(bucket.seconds_until(1, now))
    reset = math.ceil(bucket.seconds_until(pace.burst, now))
    return Allowance(pace.burst, left, reset, wait, name)


def _whole(seconds: float) -> int:
    return max(1, math.ceil(seconds))


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _network(address: str) -> str:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address[:_LONGEST_NAME]  # what some proxies write is an address with its port
    if parsed.version == 4:
        return address
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((int(parsed), _IPV6_NETWORK), strict=False))
