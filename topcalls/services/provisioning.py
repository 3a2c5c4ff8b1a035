"""Buying numbers and giving them back, as customers ask for it.

The verbs store intents and touch nothing but the database; `services.number_orders` carries them
out. Only `search` asks a carrier.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from topcalls.clock import Clock
from topcalls.core.number_orders import Kind, plain
from topcalls.core.suggestions import did_you_mean
from topcalls.errors import ConfigError, Conflict, FieldError, InvalidRequest, RateLimited
from topcalls.ids import new_id
from topcalls.providers.telephony.base import (
    FEATURES,
    CarrierApiError,
    NumberCarrier,
    Search,
    Trouble,
)
from topcalls.services.number_orders import NumberCarriers
from topcalls.services.phone_numbers import PhoneNumbers, PhoneNumberView
from topcalls.store import carriers, number_orders
from topcalls.store.database import Database
from topcalls.store.locking import lock_account
from topcalls.store.models import Carrier

__all__ = [
    "FEATURES",
    "FIELDS",
    "HIGHEST_PRICE",
    "PROVIDERS",
    "OfferView",
    "Provisioning",
    "PurchaseRules",
]
PROVIDERS = ("telnyx", "twilio")
FIELDS = (
    "number",
    "provider",
    "voip_carrier_sid",
    "max_monthly_price",
    "currency",
    "label",
    "agent_id",
)
HIGHEST_PRICE = 1000
DAY = timedelta(days=1)
_SETTINGS = {
    "telnyx": "TELNYX_API_KEY",
    "twilio": "TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN",
}
_RETRY_AFTER = 5
_CURRENCY = re.compile("[A-Z]{3}")


@dataclass(frozen=True, slots=True)
class PurchaseRules:
    """What the operator allows. `trunks`: the installation's own trunk at each carrier, for numbers
    whose carrier names none."""

    max_per_day: int
    trunks: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OfferView:
    """A number that can be bought. Prices are decimal text; what is None the carrier does not
    tell."""

    number: str
    provider: str
    country: str
    region: str | None
    locality: str | None
    monthly_price: str | None
    upfront_price: str | None
    currency: str
    features: tuple[str, ...]
    requirements: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Where a number is bought, and what it is bound to."""

    provider: str
    carrier_id: str | None
    trunk_id: str


class Provisioning:
    """See the module's text."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        numbers: PhoneNumbers,
        number_carriers: NumberCarriers,
        rules: PurchaseRules,
    ) -> None:
        self._db = db
        self._clock = clock
        self._numbers = numbers
        self._carriers = number_carriers
        self._rules = rules

    def search(self, query: Mapping[str, Any]) -> Sequence[OfferView]:
        """Numbers that can be bought. `query` holds fields of `Search`, and `provider`; without it
        the first carrier configured is asked.

        Raises:
            InvalidRequest: that carrier's API is not configured.
            ProviderError: the carrier refused, or cannot be reached.
            RateLimited: it takes no more requests just now.
        """
        wanted = Search(**{key: item for key, item in query.items() if key != "provider"})
        name, carrier = self._carrier(query.get("provider"))
        try:
            offers = carrier.search(wanted)
        except CarrierApiError as error:
            raise _told(error) from None
        return [
            OfferView(
                number=offer.number,
                provider=name,
                country=offer.country,
                region=offer.region,
                locality=offer.locality,
                monthly_price=_text(offer.monthly_price),
                upfront_price=_text(offer.upfront_price),
                currency=offer.currency,
                features=offer.features,
                requirements=offer.requirements,
            )
            for offer in offers[: wanted.limit]
        ]

    def purchase(self, account_id: str, body: Mapping[str, Any]) -> PhoneNumberView:
        """Store the intent to buy a number. It is `pending` until the carrier has answered.

        Raises:
            Conflict: the number is in this installation already.
            InvalidRequest: names every field at fault.
            RateLimited: the account bought as many numbers as it may today.
        """
        now = self._clock.now()

        def verb() -> PhoneNumberView:
            lock_account(account_id)
            faults = [*_unknown(body), *_price_faults(body), *_provider_faults(body)]
            number = self._numbers.check_new(account_id, body, faults)
            wanted = self._wanted(account_id, body)
            self._within_limit(account_id, now)
            return self._store(account_id, number, body, wanted, now)

        return self._db.run(verb)

    def release(self, account_id: str, number_id: str) -> PhoneNumberView:
        """Store the intent to give a number back; calls to it are refused from now on.

        Raises:
            Conflict: it was not bought here, or is being bought or given back.
            NotFound: no such number in this account.
        """
        now = self._clock.now()

        def verb() -> PhoneNumberView:
            lock_account(account_id)
            row = self._numbers.settled(account_id, number_id)
            if row.provider_id is None:
                raise Conflict(
                    "The number was not bought here, so it cannot be given back here.",
                    remedy="Release it at its carrier, and delete it here without 'release'.",
                )
            carriers.update_number(number_id, status="inactive", error_message=None, updated_at=now)
            number_orders.insert(
                now,
                id=new_id(),
                account=account_id,
                number_id=number_id,
                number=row.number,
                kind=Kind.RELEASE,
                provider=row.source,
                provider_id=row.provider_id,
            )
            return self._numbers.get(account_id, number_id)

        return self._db.run(verb)

    # --- parts

    def _carrier(self, provider: str | None) -> tuple[str, NumberCarrier]:
        name = provider or next(iter(self._carriers), None)
        if name is None or name not in self._carriers:
            raise InvalidRequest(_not_configured(name), field="provider")
        try:
            return name, self._carriers[name]()
        except ConfigError as error:
            raise InvalidRequest(str(error), field="provider") from None

    def _wanted(self, account_id: str, body: Mapping[str, Any]) -> _Wanted:
        carrier = self._carrier_for(account_id, body)
        preset = carrier.preset if carrier and carrier.preset in PROVIDERS else None
        provider = body.get("provider") or preset or next(iter(self._carriers), None)
        if provider is None or provider not in self._carriers:
            raise InvalidRequest(_not_configured(provider), field="provider")
        if preset is not None and provider != preset:
            message = f"The carrier is {preset}'s; leave this out, or name a carrier of {provider}."
            raise InvalidRequest(message, field="provider")
        trunk = (carrier.provider_trunk_id if carrier else None) or self._rules.trunks.get(provider)
        if not trunk:
            raise InvalidRequest(
                "It is not known which trunk the number should be bound to.",
                field="voip_carrier_sid",
                remedy="Set provider_trunk_id of the carrier: Telnyx's connection id, Twilio's "
                "trunk SID.",
            )
        return _Wanted(provider, carrier.id if carrier else None, trunk)

    def _carrier_for(self, account_id: str, body: Mapping[str, Any]) -> Carrier | None:
        """The carrier named; else the account's first of the provider wanted, or of any. None: the
        installation's own trunk."""
        if body.get("voip_carrier_sid") is not None:
            return carriers.get(body["voip_carrier_sid"])
        able = (body["provider"],) if body.get("provider") else tuple(self._carriers)
        rows = carriers.of_account(account_id)
        return next((row for row in rows if row.preset in able), None)

    def _within_limit(self, account_id: str, now: datetime) -> None:
        bought = number_orders.purchases_since(account_id, now - DAY)
        limit = self._rules.max_per_day
        if len(bought) < limit:
            return
        free_at = bought[-limit] + DAY if limit else now + DAY
        raise RateLimited(
            f"This account bought {len(bought)} numbers within a day; {limit} are allowed.",
            remedy="Wait, or have the operator raise max_number_purchases_per_day.",
            limit="max_number_purchases_per_day",
            retry_after=max(1, int((free_at - now).total_seconds())),
        )

    def _store(
        self,
        account_id: str,
        number: str,
        body: Mapping[str, Any],
        wanted: _Wanted,
        now: datetime,
    ) -> PhoneNumberView:
        number_id = new_id()
        carriers.insert_number(
            id=number_id,
            account=account_id,
            number=number,
            carrier=wanted.carrier_id,
            agent_id=body.get("agent_id"),
            label=body.get("label"),
            source=wanted.provider,
            status="pending",
            created_at=now,
            updated_at=now,
        )
        number_orders.insert(
            now,
            id=new_id(),
            account=account_id,
            number_id=number_id,
            number=number,
            kind=Kind.PURCHASE,
            provider=wanted.provider,
            trunk_id=wanted.trunk_id,
            max_price=plain(Decimal(str(body["max_monthly_price"]))),
            currency=body.get("currency") or "USD",
        )
        return self._numbers.get(account_id, number_id)


def _told(error: CarrierApiError) -> Exception:
    """A carrier's trouble as the API tells it."""
    if error.trouble is Trouble.RATE_LIMITED:
        return RateLimited(
            error.message, limit="carrier", retry_after=error.retry_after or _RETRY_AFTER
        )
    return error


def _not_configured(name: str | None) -> str:
    if name is None:
        return "No carrier's API is configured here: the operator sets TELNYX_API_KEY, or Twilio's."
    return f"The API of {name} is not configured here: the operator sets {_SETTINGS[name]}."


def _text(price: Decimal | None) -> str | None:
    return None if price is None else plain(price)


def _unknown(body: Mapping[str, Any]) -> list[FieldError]:
    return [
        FieldError(name, f"Cannot be given here.{did_you_mean(name, FIELDS)}", "unknown")
        for name in body
        if name not in FIELDS
    ]


def _price_faults(body: Mapping[str, Any]) -> list[FieldError]:
    price, currency = body.get("max_monthly_price"), body.get("currency")
    faults = []
    if price is None:
        words = "Say what it may cost a month, as in 2.00: no number that costs more is bought."
        faults.append(FieldError("max_monthly_price", words, "required"))
    elif isinstance(price, bool) or not isinstance(price, int | float):
        faults.append(FieldError("max_monthly_price", "Must be a number.", "invalid_type"))
    elif not 0 < price <= HIGHEST_PRICE:
        words = f"Must be above 0, and at most {HIGHEST_PRICE}."
        faults.append(FieldError("max_monthly_price", words, "range"))
    if currency is not None and not (isinstance(currency, str) and _CURRENCY.fullmatch(currency)):
        faults.append(FieldError("currency", "Must be three capitals, as in USD.", "choice"))
    return faults


def _provider_faults(body: Mapping[str, Any]) -> list[FieldError]:
    provider = body.get("provider")
    if provider is None or provider in PROVIDERS:
        return []
    return [FieldError("provider", f"Must be one of {', '.join(PROVIDERS)}.", "choice")]
