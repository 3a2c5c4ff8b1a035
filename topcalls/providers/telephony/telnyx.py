"""Numbers of Telnyx, by its API v2.

Bought by a *number order*, which carries our reference as `customer_reference` and the SIP
connection as `connection_id`. An order is worked on after it is taken: it is found again by its
reference. Only numbers that a search showed lately can be ordered, so a quote is a search.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from topcalls.core.phone_numbers import national_number, region
from topcalls.net.http import HttpClient, HttpResponse
from topcalls.providers.telephony import wire
from topcalls.providers.telephony.base import (
    CarrierApiError,
    Offer,
    Order,
    OrderState,
    Search,
)

NAME = "Telnyx"
BASE_URL = "https://api.telnyx.com/v2"
_NO_FUNDS = ("20100",)
_GONE = ("85001", "85006")
_QUOTE_LIMIT = 10


class TelnyxNumbers:
    """A `NumberCarrier`; `base_url` is another one for a double."""

    def __init__(self, http: HttpClient, api_key: str, base_url: str = BASE_URL) -> None:
        self._wire = wire.CarrierHttp(http, NAME, f"Bearer {api_key}")
        self._base = base_url

    def search(self, wanted: Search) -> list[Offer]:
        """See `NumberCarrier`."""
        query = [("filter[country_code]", wanted.country), ("filter[limit]", str(wanted.limit))]
        for name, value in (
            ("filter[national_destination_code]", wanted.area_code),
            ("filter[phone_number][contains]", wanted.contains),
            ("filter[locality]", wanted.locality),
        ):
            if value:
                query.append((name, value))
        query += [("filter[features][]", feature) for feature in wanted.features]
        found = self._data(*self._wire.get(f"{self._base}/available_phone_numbers", query))
        return [_offer(item, wanted.country) for item in found]

    def quote(self, number: str) -> Offer | None:
        """See `NumberCarrier`."""
        wanted = Search(
            region(number) or "US", contains=national_number(number), limit=_QUOTE_LIMIT
        )
        return next((offer for offer in self.search(wanted) if offer.number == number), None)

    def owned(self, number: str) -> Order | None:
        """See `NumberCarrier`."""
        query = [("filter[phone_number]", number.removeprefix("+"))]
        found = self._data(*self._wire.get(f"{self._base}/phone_numbers", query))
        for item in found:
            if item.get("phone_number") == number:
                return Order(OrderState.DONE, str(item["id"]), item.get("connection_id"))
        return None

    def buy(self, number: str, trunk_id: str, reference: str) -> Order:
        """See `NumberCarrier`."""
        body = {
            "phone_numbers": [{"phone_number": number}],
            "connection_id": trunk_id,
            "customer_reference": reference,
        }
        answer, content = self._wire.send_json("POST", f"{self._base}/number_orders", body)
        self._data(answer, content)
        return Order(OrderState.PENDING)

    def find(self, number: str, reference: str) -> Order | None:
        """See `NumberCarrier`."""
        query = [("filter[customer_reference]", reference)]
        found = self._data(*self._wire.get(f"{self._base}/number_orders", query))
        mine = [item for item in found if item.get("customer_reference") == reference]
        return self._order(number, mine[0]) if mine else None

    def assign(self, provider_id: str, trunk_id: str) -> None:
        """See `NumberCarrier`."""
        url = f"{self._base}/phone_numbers/{provider_id}"
        self._data(*self._wire.send_json("PATCH", url, {"connection_id": trunk_id}))

    def release(self, provider_id: str) -> None:
        """See `NumberCarrier`."""
        answer, content = self._wire.delete(f"{self._base}/phone_numbers/{provider_id}")
        if answer.status != 404:
            self._data(answer, content)

    def _order(self, number: str, order: Mapping[str, Any]) -> Order:
        """An order is `pending`, `success` or `failure`. Done is what can be used: the number has
        to be in the account as well, which comes a little later."""
        status = order.get("status")
        if status == "failure":
            return Order(OrderState.FAILED, why=f"{NAME} could not deliver the number.")
        if status == "success":
            return self.owned(number) or Order(OrderState.PENDING)
        if order.get("requirements_met") is False:
            error = wire.documents(NAME, "the order waits for them.")
            return Order(OrderState.PENDING, why=str(error))
        return Order(OrderState.PENDING)

    def _data(self, answer: HttpResponse, content: Any) -> Any:
        if answer.status >= 400 or not isinstance(content, dict):
            raise _refusal(answer, content)
        return content.get("data") or []


def _refusal(answer: HttpResponse, content: Any) -> CarrierApiError:
    errors = content.get("errors") if isinstance(content, dict) else None
    first = errors[0] if isinstance(errors, list) and errors else {}
    code, said = str(first.get("code", "")), str(first.get("detail") or first.get("title") or "")
    words = said.lower()
    if code in _NO_FUNDS or "insufficient funds" in words:
        return wire.no_funds(NAME)
    if code in _GONE or "not available" in words or "no longer available" in words:
        return wire.gone(NAME)
    if "requirement" in words:
        return wire.documents(NAME, said)
    return wire.by_status(NAME, "TELNYX_API_KEY", answer, f"{said} ({code})" if code else said)


def _offer(item: Mapping[str, Any], country: str) -> Offer:
    costs = item.get("cost_information") or {}
    where = {
        part.get("region_type"): part.get("region_name")
        for part in item.get("region_information") or ()
    }
    return Offer(
        number=str(item["phone_number"]),
        country=str(where.get("country_code") or country).upper(),
        region=where.get("state"),
        locality=where.get("location") or where.get("rate_center"),
        monthly_price=amount(costs.get("monthly_cost")),
        upfront_price=amount(costs.get("upfront_cost")),
        currency=str(costs.get("currency") or "USD").upper(),
        features=tuple(str(part["name"]).lower() for part in item.get("features") or ()),
        requirements=None,  # told by an order only
    )


def amount(value: object) -> Decimal | None:
    """A price as carriers write it; None for none."""
    try:
        return None if value is None else Decimal(str(value))
    except InvalidOperation:
        return None
