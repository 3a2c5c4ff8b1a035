"""The command line as a client of the REST API."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable
from typing import IO, Any
from urllib.parse import urlencode

from topcalls.config import Settings
from topcalls.errors import ConfigError, TopCallsError
from topcalls.net.multipart import FormFile, encoded

TIMEOUT_SECONDS = 30.0
UPLOAD_SECONDS = 300.0
_NO_CONTENT = 204


class ApiError(TopCallsError):
    """The API refused (`extra` holds its `status`), or could not be reached."""

    code = "api_error"


class ApiClient:
    """Sends one key's requests to one base URL."""

    def __init__(self, base_url: str, key: str) -> None:
        """Raises `ConfigError` when one of the two cannot be right. The key is never shown."""
        if not base_url.startswith(("http://", "https://")):
            raise ConfigError(
                f"{base_url!r} is no web address.",
                field="public_url",
                remedy="Set TOPCALLS_PUBLIC_URL as in https://calls.example.com.",
            )
        if not (key.isascii() and key.isprintable()):
            raise ConfigError(
                "The API key holds characters that no key has.",
                field="api_key",
                remedy="Set TOPCALLS_API_KEY to the key as it was shown.",
            )
        self._base_url = base_url
        self._key = key

    @classmethod
    def from_settings(cls, settings: Settings) -> ApiClient:
        """The API and key that the settings name."""
        if settings.api_key is None:
            raise ConfigError(
                "The command line has no API key.",
                field="api_key",
                remedy="Set TOPCALLS_API_KEY; `topcalls keys create` makes a key.",
            )
        return cls(settings.effective_public_url, settings.api_key.get_secret_value())

    def get(self, path: str, **query: Any) -> Any:
        """The JSON answer to GET `path`."""
        return self._send("GET", _with(path, query), None)

    def download(self, path: str, **query: Any) -> bytes:
        """What GET `path` answers, as it is."""
        data: bytes = self._send("GET", _with(path, query), None, lambda answer: answer.read())
        return data

    def post(
        self, path: str, body: dict[str, Any] | None = None, *, seconds: float = TIMEOUT_SECONDS
    ) -> Any:
        """The JSON answer to POST `path`, within so many seconds."""
        return self._send("POST", path, body, timeout=seconds)

    def upload(
        self, path: str, fields: Iterable[tuple[str, str]], files: Iterable[FormFile]
    ) -> Any:
        """The JSON answer to a form with files that is posted to `path`."""
        content_type, body = encoded(fields, files)
        return self._request("POST", path, body, content_type, timeout=UPLOAD_SECONDS)

    def patch(self, path: str, body: dict[str, Any]) -> Any:
        """The JSON answer to PATCH `path`."""
        return self._send("PATCH", path, body)

    def delete(self, path: str, **query: Any) -> Any:
        """The JSON answer to DELETE `path`; None where it is empty."""
        return self._send("DELETE", _with(path, query), None)

    def _send(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None,
        read: Callable[[IO[bytes]], Any] = json.load,
        timeout: float = TIMEOUT_SECONDS,
    ) -> Any:
        data = None if body is None else json.dumps(body).encode()
        return self._request(method, path, data, "application/json", read, timeout)

    def _request(
        self,
        method: str,
        path: str,
        data: bytes | None,
        content_type: str,
        read: Callable[[IO[bytes]], Any] = json.load,
        timeout: float = TIMEOUT_SECONDS,
    ) -> Any:
        request = urllib.request.Request(  # noqa: S310 - the user's own base URL
            self._base_url + path,
            method=method,
            data=data,
            headers={
                "Authorization": f"Bearer {self._key}",
                **({"Content-Type": content_type} if data is not None else {}),
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=timeout) as answer:  # noqa: S310
                return None if answer.status == _NO_CONTENT else read(answer)
        except urllib.error.HTTPError as error:
            raise _refusal(error) from None
        except (urllib.error.URLError, OSError, ValueError) as error:
            why = getattr(error, "reason", error)
            raise ApiError(
                f"The API at {self._base_url} cannot be reached: {why}.",
                remedy="Is `topcalls run` or `topcalls api` running? Check TOPCALLS_PUBLIC_URL.",
            ) from None


def _with(path: str, query: dict[str, Any]) -> str:
    given = {name: value for name, value in query.items() if value is not None}
    return f"{path}?{urlencode(given)}" if given else path


def _refusal(error: urllib.error.HTTPError) -> ApiError:
    try:
        problem = json.load(error)
    except ValueError:
        return ApiError(f"The API answered {error.code} {error.reason}.", status=error.code)
    lines = [problem.get("detail") or problem.get("title") or str(error.code)]
    lines += [f"  {item['path']}: {item['message']}" for item in problem.get("errors", [])]
    return ApiError("\n".join(lines), status=error.code)
