"""Pages of the web, fetched as a guest behaves: by the rules of each site, and not too fast.

Addresses are customers' wishes: nothing that is not on the public Internet is reached, and each
redirect is judged like the address before it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from topcalls import __version__
from topcalls.clock import Clock
from topcalls.core.knowledge import MOST_FILE_BYTES, Failure
from topcalls.core.knowledge_web import MOST_REDIRECTS, belongs, normal
from topcalls.documents.forms import form_of_answer
from topcalls.documents.reading import DocumentFault
from topcalls.net.http import LOOP, NOBODY, HttpClient, HttpError, HttpResponse, Ourselves

try:
    import protego
except ImportError:  # the extra is not installed
    protego = None  # type: ignore[assignment]

AGENT = "TopCallsBot"
USER_AGENT = f"{AGENT}/{__version__}"
SECONDS = 20.0
PAUSE = timedelta(seconds=0.5)
LONGEST_PAUSE = timedelta(seconds=30)
"""Between two pages of one site: what its robots.txt asks for, up to this."""

RULES_SECONDS = 3600.0
MOST_RULES = 500
"""How long, and of how many sites, the rules are remembered."""

_KINDS = {
    "forbidden_address": Failure.PRIVATE,
    "own_address": Failure.OWN_ADDRESS,
    "invalid_url": Failure.REFUSED,
    "invalid_request": Failure.REFUSED,
    "too_large": Failure.TOO_LARGE,
}
_HEADERS = {
    "user-agent": USER_AGENT,
    "accept": "text/html, application/pdf, text/plain, text/markdown, text/csv, */*;q=0.1",
    "accept-encoding": "identity",
}


@dataclass(frozen=True, slots=True)
class Page:
    """What a server gave: under which address in the end, and how it is to be read."""

    url: str
    form: str
    body: bytes


class Pages:
    """`allow_private` and `ourselves`: see `HttpClient`."""

    def __init__(
        self,
        clock: Clock,
        allow_private: bool | Callable[[str, int], bool] = False,
        seconds: float = SECONDS,
        ourselves: Ourselves = NOBODY,
    ) -> None:
        self._clock = clock
        self._http = HttpClient(seconds, MOST_FILE_BYTES, allow_private, ourselves=ourselves)
        self._rules: OrderedDict[str, tuple[float, Any]] = OrderedDict()

    def fetch(self, url: str) -> Page:
        """A page, wherever its address leads. Raises DocumentFault."""
        if protego is None:
            raise DocumentFault(Failure.READER_MISSING, "protego")
        at = url
        for _ in range(MOST_REDIRECTS + 1):
            if not self._is_allowed(at):
                raise DocumentFault(Failure.ROBOTS)
            answer = self._get(at)
            target = normal(answer.headers.get("location", ""), at)
            if answer.status not in (301, 302, 303, 307, 308):
                return _page(at, answer)
            if target is None:
                raise DocumentFault(Failure.REFUSED, "It redirects to nowhere.")
            at = target
        raise DocumentFault(Failure.REDIRECTS)

    def pause(self, url: str) -> timedelta:
        """How long to wait before the next page of the same site."""
        _, rules = self._rules.get(_site(url), (0.0, None))
        wanted = rules.crawl_delay(AGENT) if rules is not None else None
        return min(LONGEST_PAUSE, timedelta(seconds=float(wanted))) if wanted else PAUSE

    def _is_allowed(self, url: str) -> bool:
        site = _site(url)
        read_at, rules = self._rules.get(site, (float("-inf"), None))
        if self._clock.monotonic() - read_at > RULES_SECONDS:
            rules = self._read_rules(site)
            self._rules[site] = (self._clock.monotonic(), rules)
            self._rules.move_to_end(site)
            while len(self._rules) > MOST_RULES:
                self._rules.popitem(last=False)
        return rules is None or bool(rules.can_fetch(url, AGENT))

    def _read_rules(self, site: str) -> Any:
        """By RFC 9309: a site without rules allows everything, one that fails to tell nothing."""
        answer = self._get(f"{site}/robots.txt")
        if answer.status in (429, *range(500, 600)):
            raise DocumentFault(Failure.UNREACHABLE, "It does not tell its robots.txt.")
        if answer.status != 200:
            return None
        return protego.Protego.parse(answer.body[:512_000].decode("utf-8", "replace"))

    def _get(self, url: str) -> HttpResponse:
        try:
            answer = self._http.request("GET", url, headers=_HEADERS)
        except HttpError as error:
            failure = _KINDS.get(error.kind, Failure.UNREACHABLE)
            raise DocumentFault(failure, f"{str(error).capitalize()}.") from None
        if answer.status == LOOP:
            raise DocumentFault(Failure.OWN_ADDRESS)
        return answer


def ensure_of_site(page: Page, roots: list[str]) -> None:
    """A page that was found on a site may not lead out of it. Raises DocumentFault."""
    if not any(belongs(page.url, root) for root in roots):
        raise DocumentFault(Failure.NOT_FOUND, "It leads to another site.")


def _site(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _page(url: str, answer: HttpResponse) -> Page:
    status = answer.status
    if status in (404, 410):
        raise DocumentFault(Failure.NOT_FOUND)
    if status == 429 or status >= 500:
        raise DocumentFault(Failure.UNREACHABLE, f"It answered {status}.")
    if status != 200:
        raise DocumentFault(Failure.REFUSED, f"It answered {status}.")
    form = form_of_answer(answer.headers.get("content-type", "text/html"))
    if form is None:
        raise DocumentFault(Failure.UNSUPPORTED)
    return Page(url, "page" if form == "html" else form, answer.body)
