"""The processes: each alone (`api`, `controller`, `worker`, `sandbox`), or all under `run`."""

from __future__ import annotations

import atexit
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from topcalls import census, compose, log, log_files, metric_files, metrics, process, tracing
from topcalls.cli.front_door import FrontDoor
from topcalls.config import Settings
from topcalls.forking.server import serve

_scenarios = click.option(
    "--scenario",
    "scenarios",
    multiple=True,
    type=click.Path(exists=True, path_type=Path),
    help="A scenario file, or a directory of them; may be repeated.",
)
_log_file = click.option("--log-file", type=click.Path(path_type=Path), hidden=True)


def _supervised(command: Callable[..., Any]) -> Callable[..., Any]:
    """What only the supervisor says: it watches, and standard error is this file."""
    return click.option("--supervised", is_flag=True, hidden=True)(_log_file(command))


def _begin(settings: Settings, name: str, log_file: Path | None) -> None:
    """What every process does first."""
    log.configure(settings.log_level, process=name)
    if log_file is not None:
        size, keep = settings.log_file_bytes, settings.log_files_kept
        log_files.keep_small(log_files.LogFile(log_file, sys.stderr.fileno(), size, keep))
    elif (directory := metrics.shared_directory()) is not None:
        metric_files.bury_dead(directory)
    metrics.begin()
    census.publish(name)
    tracing.start(name)
    atexit.register(tracing.stop)


@click.command()
@click.option("--demo/--no-demo", default=False, help="Place a first call and show it.")
@_scenarios
@click.option("--fork-server", type=int, hidden=True)
@click.pass_obj
def run(
    settings: Settings, demo: bool, scenarios: tuple[Path, ...], fork_server: int | None
) -> None:
    """Run everything on this machine, until Ctrl-C (which lets calls end first)."""
    FrontDoor(settings, scenarios, fork_server).run(demo=demo)


@click.command(hidden=True)
@click.argument("channel", type=int)
@click.pass_context
def fork_server(ctx: click.Context, channel: int) -> None:
    """Start the processes that `run` asks for by this descriptor."""
    arguments = serve(socket.socket(fileno=channel), compose.PROCESSES)
    if arguments is not None:  # in one of them
        main = ctx.find_root().command
        main.main([*arguments], prog_name="topcalls")


@click.command()
@_supervised
@click.pass_obj
def api(settings: Settings, supervised: bool, log_file: Path | None) -> None:
    """Serve the REST API."""
    _begin(settings, "api", log_file)
    server = compose.build_api(settings)
    server.start()
    process.say_ready("api", url=settings.effective_public_url, port=server.port)
    process.until_stopped(supervised)
    server.stop()


@click.command()
@_supervised
@click.pass_obj
def controller(settings: Settings, supervised: bool, log_file: Path | None) -> None:
    """Claim calls, drive FreeSWITCH, run the AI bridges."""
    _begin(settings, "controller", log_file)
    telephony = compose.build_controller(settings)
    telephony.start()
    process.say_ready("controller", owner=telephony.owner)
    process.until_stopped(supervised, on_second=telephony.hurry)
    telephony.stop(settings.drain_seconds)


@click.command()
@_supervised
@click.pass_obj
def worker(settings: Settings, supervised: bool, log_file: Path | None) -> None:
    """Run the task queue: webhooks, wrap-up, housekeeping."""
    _begin(settings, "worker", log_file)
    tasks = compose.build_worker(settings)
    tasks.start()
    process.say_ready("worker")
    process.until_stopped(supervised, or_when=tasks.ended)
    tasks.stop()
    if tasks.has_failed:
        sys.exit(1)  # to be started again


@click.command()
@_scenarios
@_supervised
@click.pass_obj
def sandbox(
    settings: Settings, scenarios: tuple[Path, ...], supervised: bool, log_file: Path | None
) -> None:
    """Run the doubles of FreeSWITCH, of the AI and of a webhook receiver."""
    _begin(settings, "sandbox", log_file)
    doubles = compose.build_sandbox(settings, scenarios)
    doubles.start()
    process.say_ready("sandbox", **doubles.endpoints)
    if process.until_stopped(supervised):
        compose.wait_until_unused(doubles)
    doubles.stop()
