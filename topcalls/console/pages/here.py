"""What every page needs of its request."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, cast
from uuid import UUID

from flask import current_app, flash, g, request

from topcalls.console import sessions
from topcalls.console.backend import Backend, Refused
from topcalls.console.forms import Field, Form
from topcalls.core.audit import AuditAction

PAGE: Final = 50
"""How many of a list are shown at once."""

_MOST_CHOICES: Final = 200


def backend() -> Backend:
    """The API, as whoever is signed in."""
    return cast(Backend, g.backend)


def now() -> datetime:
    """The moment of this request."""
    return cast(datetime, current_app.extensions["topcalls.console.now"]())


def attempt(action: Callable[[], Any], done: str) -> bool:
    """Carry out an action and tell what became of it on the page that follows; whether it was
    done."""
    try:
        action()
    except Refused as refused:
        told = str(refused)
        parts = [told, *(f"{path}: {words}" for path, words in refused.faults.items())]
        kept = [part for part in parts if part is told or part not in told]
        flash(" ".join(kept), "fault")
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


def reveal_numbers(path: str, subject_id: UUID, action: AuditAction) -> None:
    """Show this session the telephone numbers of what the API has at `path`, for a while; that is
    written down. Raises `Refused` where this key may not see it."""
    api = backend()
    api.get(path)
    api.note(action, str(subject_id))
    sessions.show_numbers(str(subject_id), now())


def filled(fields: Sequence[Field], body: Mapping[str, Any] | None = None) -> Form:
    """A form that shows a body, or nothing yet."""
    return Form.of(fields, body or {}, g.zone)


def sent(fields: Sequence[Field]) -> Form:
    """The form of this request."""
    return Form.sent(fields, request.form, g.zone)


def taken(form: Form, action: Callable[[dict[str, Any]], Any]) -> Any:
    """What an action makes of the body of a form; None where the form is wrong, or was refused:
    it tells so itself."""
    body = form.body()
    if form.is_wrong:
        return None
    try:
        return action(body)
    except Refused as refused:
        form.refuse(refused)
        return None


def searched(path: str, form: Form) -> Any:
    """What the API lists by the fields of a form, page by page; None where it refuses one of them,
    which the form tells."""
    try:
        cursor = request.args.get("cursor")
        return backend().get(path, limit=PAGE, cursor=cursor, **dict(form.carried()))
    except Refused as refused:
        if refused.status != 400:
            raise
        form.refuse(refused)
        return None


def choices(path: str) -> list[tuple[str, str]]:
    """Ids and names of what the API lists there, the newest; none where this key may not see
    them."""
    found = or_none(lambda: backend().get(path, limit=_MOST_CHOICES))
    return [(one["id"], one["name"]) for one in found["data"]] if found else []
