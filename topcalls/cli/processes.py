"""The processes: each alone (`api`, `controller`, `worker`, `sandbox`), or all under `run`."""

from __future__ import annotations

from pathlib import Path

import click

from topcalls import compose, log, process
from topcalls.cli.front_door import FrontDoor
from topcalls.config import Settings

_scenarios = click.option(
    "--scenario",
    "scenarios",
    multiple=True,
    type=click.Path(exists=True, path_type=Path),
    help="A scenario file, or a directory of them; may be repeated.",
)
_supervised = click.option("--supervised", is_flag=True, hidden=True)


@click.command()
@click.option("--demo/--no-demo", default=False, help="Place a first call and show it.")
@_scenarios
@click.pass_obj
def run(settings: Settings, demo: bool, scenarios: tuple[Path, ...]) -> None:
    """Run everything on this machine, until Ctrl-C (which lets calls end first)."""
    FrontDoor(settings, scenarios).run(demo=demo)


@click.command()
@_supervised
@click.pass_obj
def api(settings: Settings, supervised: bool) -> None:
    """Serve the REST API."""
    log.configure(settings.log_level, process="api")
    server = compose.build_api(settings)
    server.start()
    process.say_ready("api", url=settings.effective_public_url, port=server.port)
    process.until_stopped(supervised)
    server.stop()


@click.command()
@_supervised
@click.pass_obj
def controller(settings: Settings, supervised: bool) -> None:
    """Claim calls, drive FreeSWITCH, run the AI bridges."""
    log.configure(settings.log_level, process="controller")
    telephony = compose.build_controller(settings)
    telephony.start()
    process.say_ready("controller", owner=telephony.owner)
    process.until_stopped(supervised, on_second=telephony.hurry)
    telephony.stop(settings.drain_seconds)


@click.command()
@_supervised
@click.pass_obj
def worker(settings: Settings, supervised: bool) -> None:
    """Run the task queue: webhooks, wrap-up, housekeeping."""
    log.configure(settings.log_level, process="worker")
    tasks = compose.build_worker(settings)
    tasks.start()
    process.say_ready("worker")
    process.until_stopped(supervised)
    tasks.stop()


@click.command()
@_scenarios
@_supervised
@click.pass_obj
def sandbox(settings: Settings, scenarios: tuple[Path, ...], supervised: bool) -> None:
    """Run the doubles of FreeSWITCH, of the AI and of a webhook receiver."""
    log.configure(settings.log_level, process="sandbox")
    doubles = compose.build_sandbox(settings, scenarios)
    doubles.start()
    process.say_ready("sandbox", **doubles.endpoints)
    if process.until_stopped(supervised):
        compose.wait_until_unused(doubles)
    doubles.stop()
