"""Twilio's REST API of 2010-04-01 and Pricing API v1 as its public reference of 2026 shows them:
numbers for sale, the account's numbers, and what they cost. Errors are in its form (`code`,
`message`, `more_info`, `status`)."""

from __future__ import annotations

import base64
import re
from typing import Any
from urllib.parse import parse_qsl

from topcalls.ids import new_id
from topcalls.sandbox.carriers.stock import Article, Quirk, Stock
from topcalls.sandbox.http_wire import Exchange

_AVAILABLE = re.compile(r"/AvailablePhoneNumbers/([A-Za-z]{2})/Local\.json")
_OWNED = re.compile(r"/IncomingPhoneNumbers/(PN[0-9a-f]{32})\.json")
_ALL_OWNED = "/IncomingPhoneNumbers.json"
_PRICES = re.compile(r"/v1/PhoneNumbers/Countries/([A-Za-z]{2})")
_TRUNK = re.compile(r"TK[0-9a-fA-F]{32}")
_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")
_MOMENT = "Mon, 23 Nov 2026 12:00:00 +0000"
_FEATURES = {"voice": "VoiceEnabled", "sms": "SmsEnabled", "mms": "MmsEnabled"}
_REFUSALS = {
    Quirk.GONE: (400, 21422, "{number} is not available."),
    Quirk.NO_FUNDS: (402, 20402, "The account has insufficient funds."),
    Quirk.DOCUMENTS: (400, 21631, "Phone Number Requires an Address but the AddressSid is empty."),
}

Answer = tuple[int, Any]


class Twilio:
    """One account, and its auth token."""

    def __init__(self, account_sid: str, auth_token: str) -> None:
        self.account_sid = account_sid
        self.auth_token = auth_token
        self.stock = Stock()

    def serve(self, exchange: Exchange) -> None:
        """Answer one request."""
        request = exchange.request
        secret = base64.b64encode(f"{self.account_sid}:{self.auth_token}".encode()).decode()
        if request.headers.get("authorization") != f"Basic {secret}":
            exchange.respond_json(*_error(401, 20003, "Authenticate"))
            return
        answer = self._answer(exchange)
        if answer is None:
            return
        status, content = answer
        headers = [("Retry-After", "1")] if status == 429 else []
        if status == 204:
            exchange.respond(204)
        else:
            exchange.respond_json(status, content, headers)

    def _answer(self, exchange: Exchange) -> Answer | None:
        request = exchange.request
        if found := _PRICES.fullmatch(request.path):
            return self._prices(found[1])
        path = request.path.removeprefix(f"/2010-04-01/Accounts/{self.account_sid}")
        if (found := _AVAILABLE.fullmatch(path)) and request.method == "GET":
            return self._available(found[1], request.query)
        if path == _ALL_OWNED:
            return self._buy(exchange) if request.method == "POST" else self._list(request.query)
        if found := _OWNED.fullmatch(path):
            return self._one(exchange, found[1])
        return _error(404, 20404, f"The requested resource {request.path} was not found")

    def _available(self, country: str, query: dict[str, str]) -> Answer:
        limit = query.get("PageSize", "50")
        if not limit.isdigit():
            return _error(400, 20001, "PageSize is not a number")
        wanted = tuple(name for name, key in _FEATURES.items() if query.get(key) == "true")
        found = self.stock.search(
            country,
            query.get("AreaCode", ""),
            query.get("Contains", ""),
            query.get("InLocality", ""),
            wanted,
        )
        shown = [_for_sale(article) for article in found[: int(limit)]]
        uri = f"/2010-04-01/Accounts/{self.account_sid}/AvailablePhoneNumbers/{country}/Local.json"
        return 200, {"available_phone_numbers": shown, "uri": uri}

    def _prices(self, country: str) -> Answer:
        """By country: a number that is dearer than the others is Telnyx's only."""
        price = {"number_type": "local", "base_price": "1.15", "current_price": "1.15"}
        return 200, {
            "country": country,
            "iso_country": country.upper(),
            "phone_number_prices": [price],
            "price_unit": "USD",
            "url": f"https://pricing.twilio.com/v1/PhoneNumbers/Countries/{country}",
        }

    def _buy(self, exchange: Exchange) -> Answer | None:
        form = dict(parse_qsl(exchange.request.body.decode("utf-8", "replace")))
        number, trunk = form.get("PhoneNumber", ""), form.get("TrunkSid", "")
        if not _NUMBER.fullmatch(number):
            return _error(400, 21421, f"PhoneNumber is invalid: {number}")
        if trunk and not _TRUNK.fullmatch(trunk):
            return _error(400, 20001, "TrunkSid is invalid")
        article = self.stock.articles.get(number)
        refused = self._refusal(number, article)
        if refused is not None or article is None:
            return refused
        record = self._record(number, form.get("FriendlyName") or number, trunk)
        self.stock.sell(number, record)
        if article.quirk is Quirk.LOST_ANSWER:
            exchange.drop()
            return None
        return 201, record

    def _refusal(self, number: str, article: Article | None) -> Answer | None:
        if article is None or number in self.stock.sold:
            quirk = Quirk.GONE
        else:
            quirk = Quirk.DOCUMENTS if article.needs_documents else article.quirk
        if self.stock.is_too_much(number):
            return _error(429, 20429, "Too Many Requests")
        if quirk not in _REFUSALS:
            return None
        status, code, message = _REFUSALS[quirk]
        return _error(status, code, message.format(number=number))

    def _list(self, query: dict[str, str]) -> Answer:
        wanted = query.get("PhoneNumber", "").removeprefix("+")
        found = [record for number, record in self.stock.sold.items() if wanted in number]
        page = {"page": 0, "page_size": 50, "start": 0, "end": max(0, len(found) - 1)}
        return 200, {"incoming_phone_numbers": found, **page, "next_page_uri": None}

    def _one(self, exchange: Exchange, sid: str) -> Answer:
        record = next((item for item in self.stock.sold.values() if item["sid"] == sid), None)
        if record is None:
            return _error(404, 20404, f"The requested resource {sid} was not found")
        method = exchange.request.method
        if method == "DELETE":
            del self.stock.sold[str(record["phone_number"])]
            return 204, None
        if method == "POST":
            form = dict(parse_qsl(exchange.request.body.decode("utf-8", "replace")))
            record["trunk_sid"] = form.get("TrunkSid", record["trunk_sid"])
        return 200, record

    def _record(self, number: str, name: str, trunk: str) -> dict[str, object]:
        sid = "PN" + new_id().replace("-", "")
        return {
            "sid": sid,
            "account_sid": self.account_sid,
            "phone_number": number,
            "friendly_name": name,
            "trunk_sid": trunk or None,
            "address_requirements": "none",
            "capabilities": {"voice": True, "sms": True, "mms": False, "fax": False},
            "status": "in-use",
            "origin": "twilio",
            "beta": False,
            "api_version": "2010-04-01",
            "date_created": _MOMENT,
            "date_updated": _MOMENT,
            "uri": f"/2010-04-01/Accounts/{self.account_sid}/IncomingPhoneNumbers/{sid}.json",
        }


def _for_sale(article: Article) -> dict[str, Any]:
    return {
        "friendly_name": article.number,
        "phone_number": article.number,
        "lata": None,
        "locality": article.locality.title(),
        "rate_center": article.locality,
        "latitude": None,
        "longitude": None,
        "region": article.region,
        "postal_code": None,
        "iso_country": article.country,
        "address_requirements": "any" if article.needs_documents else "none",
        "beta": False,
        "capabilities": {
            "voice": "voice" in article.features,
            "SMS": "sms" in article.features,
            "MMS": False,
            "fax": False,
        },
    }


def _error(status: int, code: int, message: str) -> Answer:
    more = f"https://www.twilio.com/docs/errors/{code}"
    return status, {"code": code, "message": message, "more_info": more, "status": status}
