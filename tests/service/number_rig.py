"""Numbers bought from the doubles by the services of a test; a worker's looks are made by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import factories
from api_client import SCOPES, Api, api_services, serving
from carriers_at_hand import TRUNKS, client, double

from topcalls.services.number_orders import NumberOrders
from topcalls.services.provisioning import Provisioning, PurchaseRules

PROVIDERS = ("telnyx", "twilio")
MOST_LOOKS = 40


def api_of(numbers: Numbers) -> Api:
    """The API of the account that buys, and a key that may do all."""
    token = numbers.services.keys.create(numbers.account, name="k", scopes=SCOPES).token
    owner = numbers.services.keys.authenticate(token)
    return Api(serving(api_services(numbers.services)), numbers.services, owner, token)


class Numbers:
    """One account that buys. `services` is what the API and the worker of a test should use."""

    def __init__(self, services: factories.Services, desk: Any, *, per_day: int = 10) -> None:
        self.desk = desk
        self.clock = services.clock
        self.sellers: dict[str, Any] = {name: partial(client, desk, name) for name in PROVIDERS}
        rules = PurchaseRules(per_day, TRUNKS)
        provisioning = Provisioning(
            services.db, services.clock, services.phone_numbers, self.sellers, rules
        )
        self.services = replace(
            services, provisioning=provisioning, number_orders=self.worker(services)
        )
        self.account = factories.principal(services).account_id

    def worker(self, services: factories.Services, owner: str = "workers") -> NumberOrders:
        """Another worker on the same rows."""
        return NumberOrders(services.db, self.sellers, owner)

    def buy(self, number: str, provider: str = "telnyx", **fields: Any) -> str:
        """Ask for a number; its id."""
        body = {"number": number, "provider": provider, "max_monthly_price": 2, **fields}
        return self.services.provisioning.purchase(self.account, body).id

    def get(self, number_id: str) -> Any:
        return self.services.phone_numbers.get(self.account, number_id)

    def look(self, seconds: float = 0, worker: NumberOrders | None = None) -> int:
        """What a worker does after `seconds`; how many orders it looked at."""
        self.clock.advance(seconds)
        worker = worker or self.services.number_orders
        due = worker.due(self.clock.now())
        for order_id in due:
            worker.run(order_id, self.clock.now())
        return len(due)

    def settle(self, number_id: str) -> Any:
        """Let the worker look until the order is over; the number then."""
        for _ in range(MOST_LOOKS):
            self.look(timedelta(hours=1).total_seconds())
            view = self.get(number_id)
            if view.provisioning.finished_at is not None:
                return view
        raise AssertionError(f"not over: {view}")

    def purchases(self, provider: str) -> int:
        """How many numbers the carrier sold."""
        return int(double(self.desk, provider).stock.purchases)
