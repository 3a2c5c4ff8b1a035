"""Numbers of Twilio, by its REST API of 2010-04-01; prices by its Pricing API v1.

A purchase takes effect with its answer. Our reference travels as the number's `FriendlyName`, and
what became of a purchase is told by the account's numbers. The trunk is an Elastic SIP trunk
(`TK...`).
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from topcalls.core.phone_numbers import region
from topcalls.net.http import HttpClient, HttpResponse
from topcalls.providers.telephony import wire
from topcalls.providers.telephony.base import (
    CarrierApiError,
    Offer,
    Order,
    OrderState,
    Search,
)
from topcalls.providers.telephony.telnyx import amount

NAME = "Twilio"
BASE_URL = "https://api.twilio.com"
PRICING_URL = "https://pricing.twilio.com"
_GONE = (21404, 21422)
_DOCUMENTS = (21613, 21615, 21616, 21617, 21631, 21649, 21651)
_FEATURES = {"voice": "VoiceEnabled", "sms": "SmsEnabled", "mms": "MmsEnabled"}
_FEATURES["fax"] = "FaxEnabled"
_REFERENCE = "TopCalls "


class TwilioNumbers:
    """A `NumberCarrier`; the two URLs are others for a double."""

    def __init__(
        self,
        http: HttpClient,
        account_sid: str,
        auth_token: str,
        base_url: str = BASE_URL,
        pricing_url: str = PRICING_URL,
    ) -> None:
        secret = base64.b64encode(f"{account_sid}:{auth_token}".encode()).decode()
        self._wire = wire.CarrierHttp(http, NAME, f"Basic {secret}")
        self._account = f"{base_url}/2010-04-01/Accounts/{account_sid}"
        self._pricing = f"{pricing_url}/v1/PhoneNumbers/Countries"

    def search(self, wanted: Search) -> list[Offer]:
        """See `NumberCarrier`."""
        query = [("PageSize", str(wanted.limit))]
        for name, value in (
            ("AreaCode", wanted.area_code),
            ("Contains", wanted.contains),
            ("InLocality", wanted.locality),
        ):
            if value:
                query.append((name, value))
        query += [(_FEATURES[feature], "true") for feature in wanted.features]
        url = f"{self._account}/AvailablePhoneNumbers/{wanted.country}/Local.json"
        content = self._content(*self._wire.get(url, query))
        found = content.get("available_phone_numbers") or []
        if not found:
            return []
        price, currency = self._price(wanted.country)
        return [_offer(item, price, currency) for item in found]

    def quote(self, number: str) -> Offer | None:
        """See `NumberCarrier`."""
        wanted = Search(region(number) or "US", contains=number, limit=1)
        return next((offer for offer in self.search(wanted) if offer.number == number), None)

    def owned(self, number: str) -> Order | None:
        """See `NumberCarrier`."""
        item = self._item(number)
        return None if item is None else _done(item)

    def buy(self, number: str, trunk_id: str, reference: str) -> Order:
        """See `NumberCarrier`."""
        fields = {
            "PhoneNumber": number,
            "TrunkSid": trunk_id,
            "FriendlyName": _REFERENCE + reference,
        }
        url = f"{self._account}/IncomingPhoneNumbers.json"
        return _done(self._content(*self._wire.post_form(url, fields)))

    def find(self, number: str, reference: str) -> Order | None:
        """See `NumberCarrier`."""
        item = self._item(number)
        if item is None:
            return None
        if item.get("friendly_name") != _REFERENCE + reference:
            why = f"The {NAME} account got this number by another purchase."
            return Order(OrderState.FAILED, why=why)
        return _done(item)

    def assign(self, provider_id: str, trunk_id: str) -> None:
        """See `NumberCarrier`."""
        url = f"{self._account}/IncomingPhoneNumbers/{provider_id}.json"
        self._content(*self._wire.post_form(url, {"TrunkSid": trunk_id}))

    def release(self, provider_id: str) -> None:
        """See `NumberCarrier`."""
        url = f"{self._account}/IncomingPhoneNumbers/{provider_id}.json"
        answer, content = self._wire.delete(url)
        if answer.status >= 400 and answer.status != 404:
            raise _refusal(answer, content)

    def _item(self, number: str) -> Mapping[str, Any] | None:
        url = f"{self._account}/IncomingPhoneNumbers.json"
        content = self._content(*self._wire.get(url, [("PhoneNumber", number)]))
        found = content.get("incoming_phone_numbers") or []
        return next((item for item in found if item.get("phone_number") == number), None)

    def _price(self, country: str) -> tuple[Decimal | None, str]:
        """What a local number of a country costs a month, and the currency."""
        content = self._content(*self._wire.get(f"{self._pricing}/{country}"))
        prices = {
            item.get("number_type"): item.get("current_price")
            for item in content.get("phone_number_prices") or ()
        }
        return amount(prices.get("local")), str(content.get("price_unit") or "USD").upper()

    def _content(self, answer: HttpResponse, content: Any) -> dict[str, Any]:
        if answer.status >= 400 or not isinstance(content, dict):
            raise _refusal(answer, content)
        return content


def _refusal(answer: HttpResponse, content: Any) -> CarrierApiError:
    told = content if isinstance(content, dict) else {}
    code, said = told.get("code"), str(told.get("message") or "")
    if code in _DOCUMENTS:
        return wire.documents(NAME, said)
    if code in _GONE:
        return wire.gone(NAME)
    if "funds" in said.lower() or "balance" in said.lower():
        return wire.no_funds(NAME)
    settings = "TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN"
    return wire.by_status(NAME, settings, answer, f"{said} ({code})" if code else said)


def _done(item: Mapping[str, Any]) -> Order:
    return Order(OrderState.DONE, str(item["sid"]), item.get("trunk_sid"))


def _offer(item: Mapping[str, Any], price: Decimal | None, currency: str) -> Offer:
    able = {str(name).lower() for name, has in (item.get("capabilities") or {}).items() if has}
    needed = item.get("address_requirements") or "none"
    return Offer(
        number=str(item["phone_number"]),
        country=str(item.get("iso_country") or ""),
        region=item.get("region"),
        locality=item.get("locality") or item.get("rate_center"),
        monthly_price=price,
        upfront_price=None,
        currency=currency,
        features=tuple(sorted(able)),
        requirements=() if needed == "none" else (f"address ({needed})",),
    )
