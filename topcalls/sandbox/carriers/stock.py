"""The numbers that the doubles sell, and whose they are.

Every US area code below has the numbers of fiction (555-0120 to 555-0196), London the numbers that
Ofcom keeps for drama. What happens to one that is bought is in its last digits:

- `0190` somebody else is quicker
- `0191` the account has no funds
- `0192` documents are needed, as for every number of London
- `0193` it is sold, and the answer is lost
- `0194` too many requests, the first time
- `0195` it costs 25 a month
- `0196` Telnyx takes a while to deliver it
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

AREAS = {
    "202": ("WASHINGTON", "DC"),
    "212": ("NEW YORK", "NY"),
    "305": ("MIAMI", "FL"),
    "312": ("CHICAGO", "IL"),
    "415": ("SAN FRANCISCO", "CA"),
}
_FIRST, _LAST = 120, 196
_US_FEATURES = ("voice", "sms")
_GB_FEATURES = ("voice",)


class Quirk(StrEnum):
    """What happens when a number is bought."""

    NONE = ""
    GONE = "0190"
    NO_FUNDS = "0191"
    DOCUMENTS = "0192"
    LOST_ANSWER = "0193"
    BUSY = "0194"
    DEAR = "0195"
    SLOW = "0196"


@dataclass(frozen=True)
class Article:
    """A number for sale. `price` is a month's, in US dollars."""

    number: str
    country: str
    region: str
    locality: str
    features: tuple[str, ...]
    price: str
    quirk: Quirk

    @property
    def national(self) -> str:
        """Without the country code."""
        return self.number.removeprefix("+44" if self.country == "GB" else "+1")

    @property
    def area_code(self) -> str:
        """Of London two digits, else three."""
        return self.national[: 2 if self.country == "GB" else 3]

    @property
    def needs_documents(self) -> bool:
        return self.quirk is Quirk.DOCUMENTS or self.country == "GB"


@dataclass
class Stock:
    """One carrier's numbers: all there are, and those sold. `sold` holds what the double keeps of
    each; `refused_once` the numbers whose first order was turned away for being one too many."""

    articles: dict[str, Article] = field(default_factory=lambda: _articles())
    sold: dict[str, dict[str, object]] = field(default_factory=dict)
    refused_once: set[str] = field(default_factory=set)
    purchases: int = 0

    def search(
        self,
        country: str,
        area_code: str = "",
        contains: str = "",
        locality: str = "",
        features: tuple[str, ...] = (),
    ) -> list[Article]:
        """Numbers for sale."""
        wanted = contains.removeprefix("+")
        return [
            article
            for article in self.articles.values()
            if article.number not in self.sold
            and article.country == country.upper()
            and article.area_code.startswith(area_code)
            and wanted in article.number
            and locality.upper() in article.locality
            and set(features) <= set(article.features)
        ]

    def is_too_much(self, number: str) -> bool:
        """This order is one too many; the next one is not."""
        article = self.articles.get(number)
        if article is None or article.quirk is not Quirk.BUSY or number in self.refused_once:
            return False
        self.refused_once.add(number)
        return True

    def sell(self, number: str, record: dict[str, object]) -> None:
        """The number is the customer's from now on."""
        self.sold[number] = record
        self.purchases += 1


def _articles() -> dict[str, Article]:
    found = {}
    for area, (city, state) in AREAS.items():
        for line in range(_FIRST, _LAST + 1):
            found.update(_article(f"+1{area}555{line:04}", "US", state, city, _US_FEATURES))
    for line in range(_FIRST, _LAST + 1):
        found.update(_article(f"+4420794{60000 + line}", "GB", "LONDON", "LONDON", _GB_FEATURES))
    return found


def _article(
    number: str, country: str, region: str, city: str, features: tuple[str, ...]
) -> dict[str, Article]:
    ending = number[-4:]
    quirk = Quirk(ending) if ending in set(Quirk) else Quirk.NONE
    price = "25.00000" if quirk is Quirk.DEAR else "1.00000"
    return {number: Article(number, country, region, city, features, price, quirk)}
