"""What leaves the house in a bundle: nothing that identifies people, and no secret.

Rows are brought into their shape (`core/shapes.py`); texts that are written for people lose
telephone numbers, addresses of e-mail, and whatever is known to be somebody's words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

from topcalls.core.hidden_numbers import NumberVeil
from topcalls.core.shapes import SECRET, shaped
from topcalls.json_texts import with_texts

LEAST_WORDS: Final = 4
"""Characters of a text that is looked for: shorter ones are found by chance."""

_EMAIL: Final = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_KEY: Final = re.compile(r"\b(?:sk|tc_live|tc_test|whsec|Bearer|Token)[-_ ][A-Za-z0-9+/=_*.-]{8,}")
_WORDS: Final = "<words>"


class Redaction:
    """Takes out what is known of one call. `numbers`: its telephone numbers; `words`: texts that
    people said or wrote; `secrets`: of this installation. `unredacted`: only secrets go."""

    def __init__(
        self,
        numbers: Iterable[str | None],
        words: Iterable[str],
        secrets: Iterable[str],
        *,
        unredacted: bool = False,
    ) -> None:
        self._veil = None if unredacted else NumberVeil(numbers)
        self._secrets = _longest_first(secrets, 6)
        self._words = () if unredacted else _longest_first(words, LEAST_WORDS)

    def text(self, text: str) -> str:
        """A text for people."""
        text = _KEY.sub(SECRET, text)
        for secret in self._secrets:
            text = text.replace(secret, SECRET)
        for words in self._words:
            text = text.replace(words, _WORDS)
        return text if self._veil is None else _EMAIL.sub("<e-mail>", self._veil.text(text))

    def row(self, value: Any) -> Any:
        """A row, or rows, as JSON values."""
        return self.prose(value if self._veil is None else shaped(value))

    def prose(self, value: Any) -> Any:
        """A JSON value whose texts are sentences of ours."""
        return with_texts(value, self.text)


def _longest_first(texts: Iterable[str], least: int) -> tuple[str, ...]:
    kept = {text for text in texts if len(text.strip()) >= least}
    return tuple(sorted(kept, key=len, reverse=True))
