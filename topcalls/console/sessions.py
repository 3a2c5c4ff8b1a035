"""Who is signed in: a cookie that is signed, ends by itself, and no script can read.

It holds the id of the key, never the key. A key that is revoked or expires ends its sessions, since
it is looked up for every page. No form of a page elsewhere, nor anything that it loads, has the
cookie with it, only a link that somebody follows, and links change nothing; the token in each form
stands beside it. (If links had none either, whoever follows one from a mail would be signed out.)
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from flask import Flask, session

from topcalls.errors import Unauthorized
from topcalls.services.signing import Signer

COOKIE: Final = "topcalls_console"
IDLE: Final = timedelta(hours=1)
"""A session that is not used ends after this."""

LONGEST: Final = timedelta(hours=12)
"""And any after this: whoever works longer signs in again."""

SHOWN_FOR: Final = timedelta(minutes=10)
"""Numbers of a call or a lead that somebody asked to see are shown to this session for so long."""

JOBS_KEPT: Final = 5
"""So many of the jobs that were begun in a session are remembered."""

_KEY, _BEGAN, _ZONE, _SHOWN, _JOBS = "key_id", "began", "zone", "shown", "jobs"
_MOST_SHOWN: Final = 20
"""A cookie has room for 4 KB."""


def install(app: Flask, secret_keys: str, *, secure: bool) -> None:
    """Sign sessions of `app`. `secure`: the cookie goes over TLS only."""
    first, *others = derived(secret_keys)
    app.config.update(
        SECRET_KEY=first,
        SECRET_KEY_FALLBACKS=others,
        SESSION_COOKIE_NAME=COOKIE,
        SESSION_COOKIE_PATH="/console",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=secure,
        PERMANENT_SESSION_LIFETIME=IDLE,
    )


def derived(secret_keys: str) -> list[str]:
    """What sessions are signed with, of each of the installation's keys."""
    keys = [key for key in secret_keys.split(",") if key.strip()]
    return [Signer(key, b"console sessions").sign("") for key in keys]


def begin(key_id: str, zone: str, now: datetime) -> None:
    """Sign somebody in, whoever was before."""
    session.clear()
    session.permanent = True
    session[_KEY], session[_ZONE], session[_BEGAN] = key_id, zone, int(now.timestamp())


def end() -> None:
    """Sign out."""
    session.clear()


def key_id(now: datetime) -> str | None:
    """The key of whoever is signed in; None: nobody is.

    Raises Unauthorized when the session has been going on for too long.
    """
    held = session.get(_KEY)
    if held is None:
        return None
    if now.timestamp() - session[_BEGAN] > LONGEST.total_seconds():
        raise Unauthorized("You were signed in for twelve hours.", remedy="Sign in again.")
    return str(held)


def zone() -> str:
    """The time zone of the account."""
    return str(session.get(_ZONE) or "UTC")


def show_numbers(subject_id: str, now: datetime) -> None:
    """From now on show this session the telephone numbers of a call or a lead, for a while."""
    ends = int((now + SHOWN_FOR).timestamp())
    shown = [one for one in _still_shown(now) if one[0] != subject_id]
    session[_SHOWN] = [*shown, [subject_id, ends]][-_MOST_SHOWN:]


def shows_numbers(subject_id: str, now: datetime) -> bool:
    """Whether this session sees the telephone numbers of a call or a lead."""
    return any(shown == subject_id for shown, _ in _still_shown(now))


def _still_shown(now: datetime) -> list[list[Any]]:
    """Ids, each with when showing ends; the last one asked for last."""
    return [one for one in session.get(_SHOWN) or () if now.timestamp() < one[1]]


def note_job(job_id: str) -> None:
    """Remember long work that was begun here, so that its reader finds the way back to it."""
    session[_JOBS] = [job_id, *(one for one in jobs() if one != job_id)][:JOBS_KEPT]


def jobs() -> list[str]:
    """Work that was begun in this session, the newest first."""
    return list(session.get(_JOBS, ()))
