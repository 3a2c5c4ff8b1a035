"""What every page needs of its request."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, cast

from flask import current_app, flash, g

from topcalls.console.backend import Backend, Refused


def backend() -> Backend:
    """The API, as whoever is signed in."""
    return cast(Backend, g.backend)


def now() -> datetime:
    """The moment of this request."""
    return cast(datetime, current_app.extensions["topcalls.console.now"]())


def attempt(action: Callable[[], Any], done: str) -> bool:
    """Carry out an action and tell what became of it on the page that follows; whether it was
    done. A refusal is told with its remedy."""
    try:
        action()
    except Refused as refused:
        parts = [str(refused), *(f"{path}: {words}" for path, words in refused.faults.items())]
        flash(" ".join([*parts, refused.remedy]).strip(), "fault")
        return False
    flash(done, "done")
    return True


def or_none(question: Callable[[], Any]) -> Any:
    """What the API says; None where it refuses this key the answer."""
    try:
        return question()
    except Refused as refused:
        if refused.status in (403, 404):
            return None
        raise
