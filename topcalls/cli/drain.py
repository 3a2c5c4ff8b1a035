"""`topcalls drain`: have controllers take no more calls, and wait until theirs are over."""

from __future__ import annotations

import sys
from collections.abc import Iterable

import click
import gevent

from topcalls import compose
from topcalls.config import Settings

LOOK_SECONDS = 1.0


@click.command()
@click.option("--node", default=None, help="All controllers of this node; else of our own.")
@click.option("--owner", default=None, help="One controller by its name, on whatever node.")
@click.option(
    "--hand-over",
    "hand_over",
    is_flag=True,
    help="Have them give their calls to another controller of the node, once there is one.",
)
@click.option("--resume", is_flag=True, help="Have them take calls again.")
@click.option(
    "--wait",
    "seconds",
    type=click.IntRange(0),
    default=0,
    help="Wait so many seconds at most until none of them carries a call.",
)
@click.pass_obj
def drain(
    settings: Settings,
    node: str | None,
    owner: str | None,
    hand_over: bool,
    resume: bool,
    seconds: int,
) -> None:
    """Ask controllers to take no more calls; they learn it within five seconds.

    Their live calls go on, and so do they, until they are stopped or resumed. Exits with 1 when
    --wait was too short.
    """
    services = compose.open_services(settings)
    try:
        names = services.nodes.drain(
            services.clock.now(),
            node=node or settings.node,
            owner=owner,
            asked=not resume,
            hand_over=hand_over,
        )
        for name in names:
            click.echo(f"{name}  {'takes calls again' if resume else 'drains'}")
        if seconds and not resume:
            sys.exit(0 if _wait_empty(services, names, seconds) else 1)
    finally:
        services.close()


def _wait_empty(services: compose.Services, names: Iterable[str], seconds: float) -> bool:
    """Wait until all of them say that they drain, and carry no call."""
    deadline = services.clock.monotonic() + seconds
    while True:
        alive = services.nodes.alive(services.clock.now())
        deaf = {one.id for one in alive if not one.draining}
        live = {name: len(services.calls.live(name)) for name in names}
        if not any(live.values()) and not deaf & set(live):
            click.echo("no calls are left")
            return True
        if services.clock.monotonic() > deadline:
            click.echo(f"{sum(live.values())} calls are left", err=True)
            return False
        gevent.sleep(LOOK_SECONDS)
