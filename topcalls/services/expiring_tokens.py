"""Tokens that open one thing for a time: signed by this install, void when their time is over."""

from __future__ import annotations

import re
from datetime import datetime

from topcalls.errors import Unauthorized
from topcalls.services.signing import Signer


class ExpiringTokens:
    """Signs and checks the tokens of one purpose: `1.<until>[.<word>…].<signature>`.

    `secret_keys`, `purpose`: see `Signer`. `words`: a pattern of what a token says beside its time,
    each word a group behind a dot. `foreign` is what is told to whoever shows one that was not made
    here, or for something else, `over` to whoever comes too late.
    """

    def __init__(
        self, secret_keys: str, purpose: bytes, *, words: str = "", foreign: str, over: str
    ) -> None:
        self._signer = Signer(secret_keys, purpose)
        self._form = re.compile(rf"1\.([0-9]{{1,12}}){words}\.([0-9a-f]{{64}})")
        self._foreign = foreign
        self._over = over

    def issue(self, subject: str, until: datetime, *words: str) -> str:
        """A token for `subject`, which whoever shows it names beside it."""
        said = ".".join(("1", str(int(until.timestamp())), *words))
        return f"{said}.{self._signer.sign(f'{subject} {said}')}"

    def check(self, subject: str, token: str, now: datetime) -> tuple[str, ...]:
        """The words of a token that opens `subject`.

        Raises:
            Unauthorized: it was not made here, not for this, or its time is over.
        """
        said, _, signature = token.rpartition(".")
        genuine = self._signer.is_genuine(f"{subject} {said}", signature)
        parts = self._form.fullmatch(token)
        if parts is None or not genuine:
            raise Unauthorized(self._foreign)
        until, *words, _ = parts.groups()
        if int(until) < now.timestamp():
            raise Unauthorized(self._over)
        return tuple(words)
