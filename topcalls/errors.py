"""Errors that cross a layer.

Each carries a stable `code` (the slug of the API's problem documents), says whether the same
request may succeed later (`retryable`, decided once, here), names the `field` at fault where
there is one, and the `remedy`: what the reader can do about it. The data layer never knows
HTTP; `api/problems.py` maps codes to statuses.
"""

from __future__ import annotations

from typing import Any, NamedTuple


class FieldError(NamedTuple):
    """One wrong input: where (dotted path), what, and a machine-readable code."""

    path: str
    message: str
    code: str = "invalid"


class TopCallsError(Exception):
    """Root of every error this package raises on purpose."""

    code = "internal_error"
    retryable = False

    def __init__(
        self,
        message: str,
        *,
        field: str | None = None,
        remedy: str | None = None,
        **extra: Any,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.remedy = remedy
        self.extra = extra

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}" if self.remedy else self.message


class ConfigError(TopCallsError):
    """A setting is missing, unknown or wrong. `field` names it."""

    code = "invalid_configuration"


class InvalidRequest(TopCallsError):
    """The caller's input is wrong; `errors` lists every field at fault."""

    code = "invalid_request"

    def __init__(self, message: str, errors: list[FieldError] | None = None, **kwargs: Any):
        super().__init__(message, **kwargs)
        if errors is None and self.field:
            errors = [FieldError(self.field, message)]
        self.errors = errors or []


class Unauthorized(TopCallsError):
    """No key, or one that is unknown, expired, revoked or of the other kind of install."""

    code = "unauthorized"


class InsufficientScope(TopCallsError):
    """The key is good but lacks `extra["scope"]`."""

    code = "insufficient_scope"


class InsufficientQuota(TopCallsError):
    """The account's minutes, or a budget, have less than is needed. `extra` names the `limit`, its
    `consumer`, what is `needed` and `left` of which `unit`, whether it is `exhausted` or held by
    calls that are open, and `frees_at`; of minutes `minutes_needed` and `minutes_left` as well."""

    code = "insufficient_quota"


class NotFound(TopCallsError):
    """No such object in this account."""

    code = "not_found"


class Conflict(TopCallsError):
    """The object's state does not allow this."""

    code = "conflict"


class IdempotencyConflict(TopCallsError):
    """The idempotency key was used before with another request."""

    code = "idempotency_conflict"


class NotCallable(TopCallsError):
    """A rule forbids this call; `extra["rule"]` names it."""

    code = "not_callable"


class RateLimited(TopCallsError):
    """A limit is reached: `extra` holds `limit` (its name), whose it is (`consumer`), and
    `retry_after` (seconds)."""

    code = "rate_limited"
    retryable = True


class NoCapacity(TopCallsError):
    """Nothing can take the work now."""

    code = "no_capacity"
    retryable = True


class LoopDetected(TopCallsError):
    """A request of ours came back to us."""

    code = "loop_detected"


class SwitchError(TopCallsError):
    """FreeSWITCH refused a command, did not answer in time or is not connected."""

    code = "switch_error"
    retryable = True


class ProviderError(TopCallsError):
    """An AI vendor failed. `retryable` is per error: 408, 429 and 5xx may be tried again."""

    code = "provider_error"

    def __init__(self, message: str, *, retryable: bool = False, **kwargs: Any):
        super().__init__(message, **kwargs)
        self.retryable = retryable


class StoreUnavailable(TopCallsError):
    """The database is locked, gone or read-only."""

    code = "store_unavailable"
    retryable = True
