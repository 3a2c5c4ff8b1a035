"""Telnyx's API v2 as its public reference of 2026 shows it: numbers for sale, number orders, and
the account's numbers. Errors are in its form (`errors[]` with `code`, `title`, `detail`)."""

from __future__ import annotations

import re
from typing import Any

from topcalls.ids import new_id
from topcalls.sandbox.carriers.stock import Article, Quirk, Stock
from topcalls.sandbox.http_wire import Exchange

_PATH = re.compile(r"/v2/([a-z_]+)(?:/([^/]+))?")
_CONNECTION = re.compile(r"[0-9]{5,20}")
_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")
_MOMENT = "2026-11-23T12:00:00Z"
_LOOKS_WHILE_PENDING = 2

Answer = tuple[int, Any]


class Telnyx:
    """One account with one `api_key`."""

    def __init__(self, api_key: str) -> None:
        self.api_key = api_key
        self.stock = Stock()
        self.orders: list[dict[str, Any]] = []
        self._looks: dict[str, int] = {}

    def serve(self, exchange: Exchange) -> None:
        """Answer one request below `/v2/`."""
        request = exchange.request
        if request.headers.get("authorization") != f"Bearer {self.api_key}":
            exchange.respond_json(*_error(401, "10009", "Authentication failed"))
            return
        found = _PATH.fullmatch(request.path)
        room, key = found.groups() if found else ("", None)
        handler = getattr(self, f"_{request.method.lower()}_{room}", None)
        if handler is None:
            exchange.respond_json(*_error(404, "10005", "Resource not found"))
            return
        answer = handler(exchange, key)
        if answer is not None:
            status, content = answer
            headers = [("Retry-After", "1")] if status == 429 else []
            exchange.respond_json(status, content, headers)

    def _get_available_phone_numbers(self, exchange: Exchange, _: str | None) -> Answer:
        query = exchange.request.query
        country = query.get("filter[country_code]", "")
        limit = query.get("filter[limit]", "100")
        if not re.fullmatch("[A-Za-z]{2}", country) or not limit.isdigit():
            return _error(400, "10015", "Bad Request", "filter[country_code] is not valid.")
        found = self.stock.search(
            country,
            query.get("filter[national_destination_code]", ""),
            query.get("filter[phone_number][contains]", ""),
            query.get("filter[locality]", ""),
            tuple(filter(None, [query.get("filter[features][]")])),
        )
        data = [_available(article) for article in found[: int(limit)]]
        meta = {"total_results": len(data), "best_effort_results": 0}
        return 200, {"data": data, "metadata": meta, "meta": meta}

    def _post_number_orders(self, exchange: Exchange, _: str | None) -> Answer | None:
        try:
            body = exchange.request.json()
            (wanted,) = [item["phone_number"] for item in body["phone_numbers"]]
        except (ValueError, KeyError, TypeError):
            return _error(422, "10004", "Missing required parameter", "phone_numbers is missing.")
        if not _NUMBER.fullmatch(str(wanted)):
            return _error(422, "10016", "Phone number must be in +E.164 format")
        if not _CONNECTION.fullmatch(str(body.get("connection_id", ""))):
            return _error(422, "10017", "Associated resource does not exist", "No connection.")
        refused = self._refusal(wanted)
        if refused is not None:
            return refused
        order = self._order(self.stock.articles[wanted], body)
        if self.stock.articles[wanted].quirk is Quirk.LOST_ANSWER:
            exchange.drop()
            return None
        return 200, {"data": order}

    def _refusal(self, number: str) -> Answer | None:
        article = self.stock.articles.get(number)
        if article is None or article.quirk is Quirk.GONE or number in self.stock.sold:
            detail = f"The phone number {number} is not available."
            return _error(400, "85001", "Unable to order", detail)
        if self.stock.is_too_much(number):
            return _error(429, "10011", "Too many requests")
        if article.quirk is Quirk.NO_FUNDS:
            return _error(403, "20100", "Insufficient Funds", "Insufficient funds on the account.")
        return None

    def _order(self, article: Article, body: dict[str, Any]) -> dict[str, Any]:
        """Orders of numbers that need documents are taken, and wait for them."""
        met = not article.needs_documents
        order = {
            "id": new_id(),
            "record_type": "number_order",
            "phone_numbers_count": 1,
            "connection_id": body["connection_id"],
            "messaging_profile_id": None,
            "billing_group_id": None,
            "phone_numbers": [
                {
                    "id": new_id(),
                    "record_type": "number_order_phone_number",
                    "phone_number": article.number,
                    "regulatory_requirements": [] if met else [_REQUIREMENT],
                    "requirements_met": met,
                    "status": "pending",
                }
            ],
            "sub_number_orders_ids": [new_id()],
            "status": "pending",
            "customer_reference": body.get("customer_reference"),
            "created_at": _MOMENT,
            "updated_at": _MOMENT,
            "requirements_met": met,
        }
        self.orders.append(order)
        self.stock.sell(article.number, _owned(article, order))
        return order

    def _get_number_orders(self, exchange: Exchange, _: str | None) -> Answer:
        reference = exchange.request.query.get("filter[customer_reference]")
        found = [o for o in self.orders if reference in (None, o["customer_reference"])]
        for order in found:
            self._deliver(order)
        return 200, {"data": found, "meta": _meta(found)}

    def _deliver(self, order: dict[str, Any]) -> None:
        """What was ordered comes by itself, some of it after a few looks."""
        (wanted,) = order["phone_numbers"]
        article = self.stock.articles[wanted["phone_number"]]
        looks = self._looks[order["id"]] = self._looks.get(order["id"], 0) + 1
        is_slow = article.quirk is Quirk.SLOW and looks <= _LOOKS_WHILE_PENDING
        if order["requirements_met"] and not is_slow:
            order["status"] = wanted["status"] = "success"
            self.stock.sold[article.number]["status"] = "active"

    def _get_phone_numbers(self, exchange: Exchange, _: str | None) -> Answer:
        digits = exchange.request.query.get("filter[phone_number]", "")
        found = [
            record
            for number, record in self.stock.sold.items()
            if digits in number and record["status"] == "active"
        ]
        return 200, {"data": found, "meta": _meta(found)}

    def _patch_phone_numbers(self, exchange: Exchange, key: str | None) -> Answer:
        record = self._record(key)
        if record is None:
            return _error(404, "10005", "Resource not found")
        record["connection_id"] = exchange.request.json().get("connection_id")
        return 200, {"data": record}

    def _delete_phone_numbers(self, exchange: Exchange, key: str | None) -> Answer:
        record = self._record(key)
        if record is None:
            return _error(404, "10005", "Resource not found")
        del self.stock.sold[str(record["phone_number"])]
        return 200, {"data": {**record, "status": "deleted"}}

    def _record(self, key: str | None) -> dict[str, object] | None:
        return next((item for item in self.stock.sold.values() if item["id"] == key), None)


_REQUIREMENT = {
    "record_type": "phone_number_regulatory_requirement",
    "requirement_id": "8ffb3622-7c6b-4ccc-b65f-7a3dc0099576",
    "field_value": "",
    "field_type": "address",
}


def _available(article: Article) -> dict[str, Any]:
    return {
        "record_type": "available_phone_number",
        "phone_number": article.number,
        "vanity_format": None,
        "best_effort": False,
        "quickship": True,
        "reservable": True,
        "region_information": [
            {"region_type": "country_code", "region_name": article.country},
            {"region_type": "state", "region_name": article.region},
            {"region_type": "rate_center", "region_name": article.locality},
        ],
        "cost_information": {
            "upfront_cost": "1.00000",
            "monthly_cost": article.price,
            "currency": "USD",
        },
        "features": [{"name": name} for name in article.features],
    }


def _owned(article: Article, order: dict[str, Any]) -> dict[str, object]:
    return {
        "id": article.number.removeprefix("+") + "0000000",
        "record_type": "phone_number",
        "phone_number": article.number,
        "status": "purchase_pending",
        "connection_id": order["connection_id"],
        "connection_name": "sandbox",
        "customer_reference": order["customer_reference"],
        "phone_number_type": "local",
        "country_iso_alpha2": article.country,
        "tags": [],
        "purchased_at": _MOMENT,
        "created_at": _MOMENT,
    }


def _meta(found: list[Any]) -> dict[str, int]:
    return {"total_pages": 1, "total_results": len(found), "page_number": 1, "page_size": 20}


def _error(status: int, code: str, title: str, detail: str = "") -> Answer:
    url = f"https://developers.telnyx.com/docs/overview/errors/{code}"
    error = {"code": code, "title": title, "detail": detail or title, "meta": {"url": url}}
    return status, {"errors": [error]}
