"""A reader of the console: a browser's cookies and forms, without a browser."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from api_client import Api
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.test import Client, TestResponse

from topcalls.console.app import MOUNTED_AT, create_console

_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
SECRET = "a-secret-key-of-this-test,an-older-one"

ON_SQLITE = pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
"""What the API answers is tried on both databases elsewhere."""


class Reader:
    """Opens pages of the console of an API. `tls`: the world reaches it by https."""

    def __init__(self, api: Api, secret: str = SECRET, *, tls: bool = False) -> None:
        console = create_console(
            api.app,
            secret,
            api.services.clock.now,
            public_url="https://calls.example.com" if tls else "",
        )
        self.browser = Client(DispatcherMiddleware(api.app, {MOUNTED_AT: console}))
        self.last: TestResponse | None = None

    def open(self, path: str, **options: Any) -> TestResponse:
        """A page, redirects not followed."""
        self.last = self.browser.get(MOUNTED_AT + path, buffered=True, **options)
        return self.last

    def read(self, path: str) -> str:
        """The words of a page that there is."""
        answer = self.open(path)
        assert answer.status_code == 200, (answer.status_code, answer.text[:2000])
        return unescape(answer.text)

    def send(self, path: str, form: Any = None, *, since: str | None = None) -> TestResponse:
        """A form, with the token of the page `since`; without: of the page that has been read."""
        if since is not None:
            self.open(since)
        assert self.last is not None
        token = _TOKEN.search(self.last.text)
        data = {"csrf_token": token.group(1) if token else "", **(form or {})}
        return self.browser.post(MOUNTED_AT + path, data=data)

    def sign_in(self, token: str) -> TestResponse:
        """Show a key."""
        return self.send("/sign-in", {"key": token}, since="/sign-in")
