"""One exchange with a carrier's API: JSON back, and every failure in words with a remedy.

Texts of ours, so that nothing of a key is ever repeated; a carrier's own words are added where it
refuses for a reason that only it can name.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from topcalls import __version__
from topcalls.net.http import HttpClient, HttpError, HttpResponse
from topcalls.providers.telephony.base import CarrierApiError, Trouble

USER_AGENT = f"TopCalls/{__version__}"
LONGEST_QUOTE = 200
_LONGEST_WAIT = 3600
_TOO_LATE = (408,)

Query = Sequence[tuple[str, str]]


class CarrierHttp:
    """Sends requests to one carrier; `carrier` is its name in messages."""

    def __init__(self, http: HttpClient, carrier: str, authorization: str) -> None:
        self._http = http
        self._carrier = carrier
        self._headers = {
            "Authorization": authorization,
            "Accept": "application/json",
            "User-Agent": USER_AGENT,
        }

    def get(self, url: str, query: Query = ()) -> tuple[HttpResponse, Any]:
        """GET; the answer and its JSON."""
        return self._send("GET", f"{url}?{urlencode(query)}" if query else url)

    def delete(self, url: str) -> tuple[HttpResponse, Any]:
        """DELETE; the answer and its JSON, None where it is empty."""
        return self._send("DELETE", url)

    def send_json(self, method: str, url: str, body: Mapping[str, Any]) -> tuple[HttpResponse, Any]:
        """A request with a JSON body."""
        return self._send(method, url, json.dumps(body).encode(), "application/json")

    def post_form(self, url: str, fields: Mapping[str, str]) -> tuple[HttpResponse, Any]:
        """POST, with the body of a web form."""
        kind = "application/x-www-form-urlencoded"
        return self._send("POST", url, urlencode(fields).encode(), kind)

    def _send(
        self, method: str, url: str, body: bytes = b"", content_type: str = ""
    ) -> tuple[HttpResponse, Any]:
        headers = {**self._headers, **({"Content-Type": content_type} if content_type else {})}
        try:
            answer = self._http.request(method, url, body, headers)
        except HttpError as error:
            raise self._no_answer(error, changes=method != "GET") from None
        return answer, self._parsed(answer, changes=method != "GET")

    def _parsed(self, answer: HttpResponse, *, changes: bool) -> Any:
        if not answer.body.strip():
            return None
        try:
            return json.loads(answer.body)
        except ValueError:
            if answer.status >= 400:
                return None  # a proxy's page, say: the status tells enough
            raise CarrierApiError(
                Trouble.UNAVAILABLE,
                f"{self._carrier} answered something that is no JSON.",
                "Look at its status page.",
                may_have_happened=changes,
            ) from None

    def _no_answer(self, error: HttpError, *, changes: bool) -> CarrierApiError:
        return CarrierApiError(
            Trouble.UNAVAILABLE,
            f"{self._carrier} cannot be reached ({error.kind}).",
            "Check that this machine reaches it by HTTPS, and its status page.",
            may_have_happened=changes and error.may_have_arrived,
        )


def by_status(carrier: str, setting: str, answer: HttpResponse, said: str) -> CarrierApiError:
    """What any HTTP error means. `setting` names the key's setting, `said` is the carrier's own
    word for it."""
    if answer.status == 401:
        return CarrierApiError(
            Trouble.WRONG_KEY,
            f"{carrier} does not accept the API key.",
            f"Check {setting}, and that the key was not revoked.",
        )
    if answer.status == 402:
        return no_funds(carrier)
    if answer.status == 429:
        wait = retry_after(answer)
        return CarrierApiError(
            Trouble.RATE_LIMITED,
            f"{carrier} takes no more requests just now.",
            f"Try again after {wait or 'some'} seconds.",
            retry_after=wait,
        )
    if answer.status >= 500 or answer.status in _TOO_LATE:
        return CarrierApiError(
            Trouble.UNAVAILABLE,
            f"{carrier} is out of order (HTTP {answer.status}).",
            "Look at its status page.",
            may_have_happened=True,
        )
    return CarrierApiError(
        Trouble.REFUSED,
        f"{carrier} refused (HTTP {answer.status}): {quoted(said)}",
        f"Check the permissions of the key in {carrier}'s console, and what was asked for.",
    )


def no_funds(carrier: str) -> CarrierApiError:
    """The account at the carrier has no credit left."""
    return CarrierApiError(
        Trouble.NO_FUNDS, f"The {carrier} account has too little credit.", "Top it up there."
    )


def documents(carrier: str, said: str) -> CarrierApiError:
    """The law wants an address or documents first."""
    return CarrierApiError(
        Trouble.DOCUMENTS,
        f"{carrier} needs documents or an address for this number: {quoted(said)}",
        f"Hand them in at {carrier}'s console, or choose a number without requirements.",
    )


def gone(carrier: str) -> CarrierApiError:
    """Somebody else was quicker."""
    return CarrierApiError(
        Trouble.GONE, f"{carrier} does not offer this number any more.", "Search for another one."
    )


def retry_after(answer: HttpResponse) -> int | None:
    """Seconds that a 429 asks to wait, where it says so in seconds."""
    value = answer.headers.get("retry-after", "")
    return min(int(value), _LONGEST_WAIT) if value.isascii() and value.isdigit() else None


def quoted(said: str) -> str:
    """A carrier's words, on one line and short."""
    line = " ".join(said.split())
    return line[:LONGEST_QUOTE] if line else "no reason was given."
