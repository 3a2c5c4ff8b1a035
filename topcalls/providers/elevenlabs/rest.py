"""ElevenLabs' REST API, as far as it is about the voices of an account.

`GET /v2/voices` gives up to 100 at a time and a token for the next page.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

from topcalls.errors import ProviderError
from topcalls.net.http import HttpClient, HttpError, HttpResponse
from topcalls.providers import vendor_errors
from topcalls.providers.elevenlabs.voice import BASE_URL, VENDOR
from topcalls.providers.voice_library import OfferedVoice

PAGE = 100
MOST_PAGES = 50
MAX_ANSWER_BYTES = 8 << 20


class ElevenLabsRest:
    """Requests with one key. `http` must take answers of `MAX_ANSWER_BYTES`."""

    def __init__(self, http: HttpClient, api_key: str, base_url: str = BASE_URL) -> None:
        self._http = http
        self._headers = {"xi-api-key": api_key, "Accept": "application/json"}
        self._base = base_url.rstrip("/")

    def json(self, method: str, path: str, body: bytes = b"", content_type: str = "") -> Any:
        """The JSON answer to a request. Raises `ProviderError`."""
        answer = self._send(method, path, body, content_type)
        try:
            found = json.loads(answer.body or b"null")
        except ValueError:
            found = None
            if answer.status < 400:
                raise vendor_errors.out_of_step(VENDOR) from None
        if answer.status >= 400:
            raise _refused(answer.status, found)
        return found

    def _send(self, method: str, path: str, body: bytes, content_type: str) -> HttpResponse:
        headers = {**self._headers, **({"Content-Type": content_type} if content_type else {})}
        try:
            return self._http.request(method, self._base + path, body, headers)
        except HttpError as error:
            raised = vendor_errors.from_http(VENDOR, error)
            raised.extra["may_have_happened"] = error.may_have_arrived
            raise raised from None


class ElevenLabsLibrary:
    """A `VoiceLibrary`."""

    def __init__(self, rest: ElevenLabsRest) -> None:
        self._rest = rest

    def voices(self, search: str = "") -> Iterator[OfferedVoice]:
        """See `VoiceLibrary`; `search`: those whose name or description holds this text."""
        query = {"page_size": str(PAGE), "include_total_count": "false"}
        query |= {"search": search} if search else {}
        for _ in range(MOST_PAGES):
            page = self._rest.json("GET", f"/v2/voices?{urlencode(query)}")
            yield from map(_offered, page["voices"])
            token = page.get("next_page_token")
            if not page.get("has_more") or not token:
                return
            query["next_page_token"] = token


def _refused(status: int, answer: Any) -> ProviderError:
    """`detail.status`, or `code` where it is gone, is the vendor's word for it; a request of the
    wrong form has neither."""
    detail = answer.get("detail") if isinstance(answer, Mapping) else None
    said = detail if isinstance(detail, Mapping) else {}
    code = said.get("status") or said.get("code")
    error = vendor_errors.refused(VENDOR, status, str(code)[:64] if code else "")
    error.extra["may_have_happened"] = status >= 500
    return error


def _offered(item: Mapping[str, Any]) -> OfferedVoice:
    labels = item.get("labels") or {}
    verified = item.get("verified_languages") or ()
    spoken = [one.get("locale") or one.get("language") for one in verified]
    return OfferedVoice(
        voice_id=item["voice_id"],
        name=item.get("name") or item["voice_id"],
        gender=labels.get("gender"),
        accent=labels.get("accent"),
        languages=tuple(dict.fromkeys(tag for tag in spoken if tag)),
        category=item.get("category"),
        description=item.get("description") or labels.get("description"),
        preview_url=item.get("preview_url"),
    )
