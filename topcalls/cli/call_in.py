"""`topcalls call-in`: somebody of the sandbox calls one of our numbers."""

from __future__ import annotations

import json
import sys
import urllib.error
import urllib.request
from typing import Any

import click
import gevent

from topcalls import compose
from topcalls.cli.calls import follow_to_the_end
from topcalls.cli.client import ApiClient
from topcalls.config import Settings
from topcalls.errors import TopCallsError

LOOK_SECONDS = 0.2
TIMEOUT_SECONDS = 10.0
_MEANING = {
    403: "a softphone that belongs to no account",
    404: "no such number here, or none of this trunk or softphone",
    480: "the number takes no calls now",
    486: "busy: the account has as many calls as it may",
    488: "no codec in common",
    503: "no controller took the call, or the AI did not work",
}


def _pairs(ctx: click.Context, param: click.Parameter, given: tuple[str, ...]) -> dict[str, str]:
    pairs = [text.partition("=") for text in given]
    if any(not name or not sign for name, sign, _ in pairs):
        raise click.BadParameter("Write it as in X-Customer-Id=7.")
    return {name: value for name, _, value in pairs}


@click.command("call-in")
@click.argument("number")
@click.option("--from", "caller", default=None, help="The caller's number; chooses the scenario.")
@click.option("--scenario", default=None, help="Name of the scenario that the caller plays.")
@click.option("--name", default=None, help="Display name that the caller shows.")
@click.option("--codec", default=None, help="The one codec that is offered: PCMU, PCMA, G729.")
@click.option("--user", default=None, help="A softphone's (or carrier's) user name, if it calls.")
@click.option("--password", default=None, help="Its password.")
@click.option(
    "--header",
    "headers",
    metavar="NAME=VALUE",
    multiple=True,
    callback=_pairs,
    help="A SIP header of the call; may be repeated.",
)
@click.pass_obj
def call_in(settings: Settings, /, number: str, **wishes: Any) -> None:
    """Have somebody of the sandbox call NUMBER, and follow the call live.

    Exits with 0 when the call was completed, with 1 when it was not.
    """
    url = compose.sandbox_endpoints(settings)["callers_url"]
    body = {"to": number, **{name: value for name, value in wishes.items() if value}}
    state = _send(url, "PUT", body)
    channel = state["channel_id"]
    while not state["call_id"] and state["state"] != "over":
        gevent.sleep(LOOK_SECONDS)
        state = _send(url + channel, "GET")
    if not state["call_id"]:
        status = state["sip_status"]
        click.echo(f"  Not taken: the caller gets {status} ({state['cause']})")
        click.echo(f"  Which means: {_MEANING.get(status, 'see docs/inbound.md')}.")
        sys.exit(1)
    details = follow_to_the_end(ApiClient.from_settings(settings), state["call_id"])
    sys.exit(0 if details["status"] == "completed" else 1)


def _send(url: str, method: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, method=method)  # noqa: S310 - our own sandbox
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310
            told: dict[str, Any] = json.load(answer)
            return told
    except urllib.error.HTTPError as error:
        raise TopCallsError(json.load(error)["error"]) from None
    except OSError as error:
        raise TopCallsError(f"The sandbox cannot be reached: {error}.") from None
