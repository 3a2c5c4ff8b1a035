"""A new secret key for what is stored already."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from topcalls.store import secrets
from topcalls.store.database import Database

BATCH = 100


@dataclass(frozen=True, slots=True)
class Rotation:
    """What a rotation met in one column, so far: `rewritten` of `seen` secrets."""

    column: str
    seen: int
    rewritten: int


class Secrets:
    """Secrets at rest."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def rotate(
        self,
        batch: int = BATCH,
        on_batch: Callable[[Rotation], None] = lambda _: None,
    ) -> list[Rotation]:
        """Write every secret again under the first of the configured keys.

        Each batch is a transaction of its own, and what is under the first key already is left
        alone: whoever was interrupted starts again. Processes that know both keys work on.

        Raises:
            ConfigError: no key is configured, or a secret is under none of them. The batches before
                are done.
        """
        return [self._column(column, batch, on_batch) for column in secrets.columns()]

    def _column(
        self, column: secrets.Column, batch: int, on_batch: Callable[[Rotation], None]
    ) -> Rotation:
        total, last = Rotation(str(column), 0, 0), None
        while True:
            done = self._db.run(secrets.rotate, column, last, batch)
            total = Rotation(total.column, total.seen + done.seen, total.rewritten + done.rewritten)
            on_batch(total)
            last = done.last
            if last is None:
                return total
