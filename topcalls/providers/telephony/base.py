"""What we ask of any carrier that sells numbers by an API.

A purchase carries our `reference`. Where the answer to it is lost, `find` tells what became of it:
`buy` is never repeated to find out.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from topcalls.errors import ProviderError

FEATURES = ("voice", "sms", "mms", "fax")


@dataclass(frozen=True, slots=True)
class Search:
    """What numbers are wanted. `country` is ISO 3166-1 alpha-2; `area_code` and `contains` are
    digits, without the country code."""

    country: str
    area_code: str | None = None
    contains: str | None = None
    locality: str | None = None
    features: tuple[str, ...] = ("voice",)
    limit: int = 20


@dataclass(frozen=True, slots=True)
class Offer:
    """A number that can be bought. Prices are None where the carrier tells none; `requirements`
    are what must be proven to the carrier first, in its words, and None where it tells none in a
    search."""

    number: str
    country: str
    region: str | None
    locality: str | None
    monthly_price: Decimal | None
    upfront_price: Decimal | None
    currency: str
    features: tuple[str, ...]
    requirements: tuple[str, ...] | None


class OrderState(StrEnum):
    """How far a purchase is at the carrier."""

    PENDING = "pending"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Order:
    """A purchase as the carrier knows it. `provider_id` names the number there, once it is ours;
    `trunk_id` the trunk that its calls go to; `why` is in words."""

    state: OrderState
    provider_id: str | None = None
    trunk_id: str | None = None
    why: str | None = None


class Trouble(StrEnum):
    """Why a carrier did not do what it was asked."""

    WRONG_KEY = "wrong_key"
    NO_FUNDS = "no_funds"
    DOCUMENTS = "documents_needed"
    GONE = "number_gone"
    RATE_LIMITED = "rate_limited"
    REFUSED = "refused"
    UNAVAILABLE = "unavailable"


class CarrierApiError(ProviderError):
    """A carrier refused, or did not answer.

    `may_have_happened`: nobody knows whether it did what it was asked. `retry_after` in seconds,
    where the carrier names a time.
    """

    def __init__(
        self,
        trouble: Trouble,
        message: str,
        remedy: str,
        *,
        retry_after: int | None = None,
        may_have_happened: bool = False,
    ) -> None:
        retryable = trouble in (Trouble.RATE_LIMITED, Trouble.UNAVAILABLE)
        super().__init__(message, retryable=retryable, remedy=remedy)
        self.trouble = trouble
        self.retry_after = retry_after
        self.may_have_happened = may_have_happened


class NumberCarrier(Protocol):
    """One carrier's API, with one key. Every method blocks, and raises `CarrierApiError`."""

    def search(self, wanted: Search) -> list[Offer]:
        """Numbers that can be bought now."""
        ...

    def quote(self, number: str) -> Offer | None:
        """This number as it is offered now; None when it is not."""
        ...

    def owned(self, number: str) -> Order | None:
        """This number, if the carrier's account has it."""
        ...

    def buy(self, number: str, trunk_id: str, reference: str) -> Order:
        """Buy a number for a trunk. `reference` is ours, and told back by `find`."""
        ...

    def find(self, number: str, reference: str) -> Order | None:
        """What became of the purchase with this reference; None: the carrier knows of none."""
        ...

    def assign(self, provider_id: str, trunk_id: str) -> None:
        """Have calls to a number go to a trunk."""
        ...

    def release(self, provider_id: str) -> None:
        """Give a number back. One that is not there any more is well, too."""
        ...
