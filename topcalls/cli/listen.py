"""`topcalls listen`: an account's webhooks on this machine, without an address of its own."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from typing import Any

import click
from standardwebhooks import Webhook, WebhookVerificationError

from topcalls.cli.client import ApiClient, ApiError
from topcalls.config import Settings

WAIT_SECONDS = 20
PAUSE_SECONDS = 2.0
FORWARD_SECONDS = 10.0


@click.command()
@click.option("--forward", metavar="URL", default=None, help="Post each one to this address too.")
@click.option("--event", "events", multiple=True, help="Only this event; may be repeated.")
@click.option("--json", "as_json", is_flag=True, help="Print the bodies, one a line.")
@click.pass_obj
def listen(settings: Settings, forward: str | None, events: tuple[str, ...], as_json: bool) -> None:
    """Print the account's webhooks as they happen, until Ctrl-C.

    Nothing has to be subscribed to. Each is signed with a secret that is made for this session:
    give it to the receiver that --forward names. Needs a key with webhooks:read and webhooks:write.
    """
    client = ApiClient.from_settings(settings)
    listener = client.post("/v1/webhooks/listeners")
    click.echo(f"Listening. Signing secret of this session: {listener['secret']}", err=True)
    try:
        _follow(client, listener, forward, events, as_json)
    except KeyboardInterrupt:
        client.delete(f"/v1/webhooks/listeners/{listener['id']}")


def _follow(
    client: ApiClient,
    listener: dict[str, Any],
    forward: str | None,
    events: tuple[str, ...],
    as_json: bool,
) -> None:
    cursor, path = listener["cursor"], f"/v1/webhooks/listeners/{listener['id']}/messages"
    while True:
        try:
            page = client.get(path, cursor=cursor, wait=WAIT_SECONDS)
        except ApiError as error:
            if error.extra.get("status") is not None:
                raise
            click.echo(f"{error.message} Trying again.", err=True)
            time.sleep(PAUSE_SECONDS)
            continue
        for message in page["data"]:
            if not events or message["event"] in events:
                show(message, listener["secret"], forward, as_json)
        cursor = page["next_cursor"]


def show(message: dict[str, Any], secret: str, forward: str | None, as_json: bool) -> None:
    """Print one message, after it was verified, and post it to `forward` where that is given.

    Raises:
        ApiError: the signature is wrong: what came was changed on its way.
    """
    try:
        Webhook(secret).verify(message["body"], message["headers"])
    except WebhookVerificationError as error:
        raise ApiError(f"A message is not signed as it should be: {error}.") from None
    answer = f"  > {forward_to(forward, message)}" if forward else ""
    if as_json:
        click.echo(message["body"])
        return
    body = json.loads(message["body"])
    number = f"#{body['sequence']}" if "sequence" in body else ""
    click.echo(f"{message['event']:<28} {message['call_id'] or '-':<36} {number:<4}{answer}")


def forward_to(url: str, message: dict[str, Any]) -> str:
    """Post a message as it came; what the local server answered, in words."""
    request = urllib.request.Request(  # noqa: S310 - the user's own address
        url, data=message["body"].encode(), headers=message["headers"], method="POST"
    )
    try:
        with urllib.request.urlopen(request, timeout=FORWARD_SECONDS) as answer:  # noqa: S310
            return str(answer.status)
    except urllib.error.HTTPError as error:
        return str(error.code)
    except (OSError, ValueError) as error:
        return f"no answer: {getattr(error, 'reason', error)}"
