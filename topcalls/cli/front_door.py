"""`topcalls run`: every process of one machine under one supervisor, with a call to listen to.

The banner says which install this is; a fresh API key is shown once, at the first start.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import click
import gevent
from gevent.event import Event
from gevent.util import wrap_errors

from topcalls import compose, log, log_files, metric_files, metrics, process
from topcalls.cli.calls import call_body, follow_to_the_end
from topcalls.cli.client import ApiClient
from topcalls.config import Settings
from topcalls.errors import ConfigError, TopCallsError
from topcalls.forking.client import Forked, ForkServer
from topcalls.supervisor import Child, Supervisor

DEMO_NUMBER = "+12025550100"
DEMO_SECONDS = 150.0
STOP_SECONDS = 25.0
FREE_BYTES = 20_000_000
LOCK_FILE = "run.lock"
FORK_SERVER = (sys.executable, "-m", "topcalls", "fork-server")
DATA_DIR_SECONDS = 2.0
_DEMO_KEY_DAYS = 1
_PUT_BACK = "Stop TopCalls, put it back or restore a backup, and start it again."


class FrontDoor:
    """Starts the product, shows what a newcomer needs, and stops it in good order.

    `scenarios`: files or directories of them for the sandbox. `fork_server`: the descriptor of one
    that is there already. Raises `ConfigError` when there is no sandbox to play the scenarios.
    """

    def __init__(
        self,
        settings: Settings,
        scenarios: Sequence[Path] = (),
        fork_server: int | None = None,
    ) -> None:
        self._settings = settings
        self._is_sandbox = settings.telephony_mode == "sandbox"
        self._needs_sandbox = self._is_sandbox or settings.ai_mode == "sandbox"
        if scenarios and not self._needs_sandbox:
            raise ConfigError(
                "Scenarios are played by the sandbox, and calls go to real telephones.",
                field="telephony",
                remedy="Leave --scenario out, or set TOPCALLS_TELEPHONY=sandbox.",
            )
        self._logs = settings.data_dir / "logs"
        self._fork_server = ForkServer(FORK_SERVER, self._logs / "fork-server.log", fork_server)
        self._supervisor = Supervisor(
            self._children(scenarios), on_restart=self._tell_restart, launch=self._launch
        )
        self._interruptions = 0

    def run(self, demo: bool) -> None:
        """Serve until Ctrl-C.

        Raises `ChildFailed` when a process does not start, and `ConfigError` before anything is
        started when the directory or the port is somebody else's.
        """
        self._banner()
        compose.ensure_data_dir(self._settings, free_bytes=FREE_BYTES)
        with process.only_one(self._settings.data_dir / LOCK_FILE) as is_there:
            self._log_to_file()
            self._begin_metrics()
            self._fork_server.start()  # the longest: it loads what all processes need
            compose.ensure_port_is_free(self._settings)
            compose.migrate(self._settings)
            self._serve(demo, process.stop_asked(on_further=self._hurry), is_there)

    def _serve(self, demo: bool, asked: Event, is_there: Callable[[], bool]) -> None:
        opening = gevent.spawn(wrap_errors(TopCallsError, self._open), demo)
        try:
            gevent.wait([asked, opening], count=1)
            if opening.ready():
                if isinstance(problem := opening.get(), TopCallsError):
                    raise problem
                self._watch_data_dir(asked, is_there)
                asked.wait()
        finally:
            opening.kill()
            self._supervisor.stop(on_stop=self._tell_stop)

    def _watch_data_dir(self, asked: Event, is_there: Callable[[], bool]) -> None:
        """Return when asked to stop, or when the data directory is gone, which is told once."""
        while not asked.wait(DATA_DIR_SECONDS):
            if not is_there():
                log.get_logger("supervisor").error("The data directory is gone", remedy=_PUT_BACK)
                where = self._settings.data_dir
                click.echo(f"  {where} was deleted or moved while it is in use. {_PUT_BACK}")
                return

    def _open(self, demo: bool) -> None:
        self._supervisor.start(on_ready=self._tell_ready)
        key = self._show_entrance()
        if demo and self._is_sandbox:
            self._demo(key)
        click.echo("\n  Serving. Ctrl-C stops, and lets calls end first.")

    def _children(self, scenarios: Sequence[Path]) -> list[Child]:
        def child(name: str, stop_seconds: float, *more: str, needs: Sequence[str] = ()) -> Child:
            return Child(name, [name, *more], self._logs / f"{name}.log", stop_seconds, needs)

        drain = self._settings.drain_seconds + STOP_SECONDS
        children = [
            child("worker", STOP_SECONDS),
            child("controller", drain, needs=["sandbox"]),
            child("api", STOP_SECONDS),
        ]
        if self._needs_sandbox:
            wishes = [word for path in scenarios for word in ("--scenario", str(path))]
            children.insert(0, child("sandbox", STOP_SECONDS, *wishes))
        return children

    def _launch(self, words: Sequence[str], errors: int) -> Forked:
        return self._fork_server.fork(words, stderr=errors)

    def _log_to_file(self) -> None:
        """The terminal is for people."""
        self._logs.mkdir(exist_ok=True)
        path = self._logs / "supervisor.log"
        stream = path.open("a", buffering=1)
        log.configure(self._settings.log_level, stream, process="supervisor")
        size, keep = self._settings.log_file_bytes, self._settings.log_files_kept
        log_files.keep_small(log_files.LogFile(path, stream.fileno(), size, keep))

    def _begin_metrics(self) -> None:
        """Metrics of this run only: what the processes of earlier ones counted is dropped."""
        metrics.share_between_processes(self._metrics_dir)
        metric_files.begin(self._metrics_dir)

    @property
    def _metrics_dir(self) -> Path:
        return (self._settings.data_dir / "metrics").resolve()

    def _banner(self) -> None:
        if not self._is_sandbox:
            click.secho("  TopCalls, LIVE: calls go to real telephones.", bold=True)
            return
        click.secho("  TopCalls SANDBOX", bold=True)
        model = "a scripted model" if self._settings.ai_mode == "sandbox" else "the live AI"
        click.echo(
            "  No trunk is configured: calls go to scripted people on this machine, who talk\n"
            f"  to {model}. Nothing leaves this machine's loopback but what you configure.\n"
        )

    def _show_entrance(self) -> str:
        """Print URLs and, at the first start, a key. Returns a key for the demonstration."""
        url = self._settings.effective_public_url
        click.echo(f"\n  API    {url}/v1\n  Docs   {url}/docs\n  Pages  {url}/console")
        first, key = compose.front_door_key(self._settings, demo_days=_DEMO_KEY_DAYS)
        if first:
            click.echo(f"  Key    {click.style(key, bold=True)}   (shown this once)")
        else:
            click.echo("  Key    was shown at the first start; `topcalls keys create` makes more")
        click.echo(f"  Logs   {self._logs}")
        return key

    def _demo(self, key: str) -> None:
        client = ApiClient(self._local_url(), key)
        click.secho(f"\n  A first call, to {DEMO_NUMBER}:\n", bold=True)
        webhook = compose.sandbox_endpoints(self._settings)["webhook_url"]
        try:
            with gevent.Timeout(DEMO_SECONDS, TopCallsError("It does not end. See the logs.")):
                created = client.post("/v1/calls", call_body(DEMO_NUMBER, webhook_url=webhook))
                recordings = self._settings.effective_recordings_dir
                follow_to_the_end(client, created["call_id"], recordings)
        except TopCallsError as error:
            click.echo(f"  The first call failed: {error}", err=True)

    def _local_url(self) -> str:
        """The API from this machine: its public address may only lead here from elsewhere."""
        host = self._settings.api_host
        host = "127.0.0.1" if host in ("", "0.0.0.0", "::") else host  # noqa: S104
        port = next(
            child.ready["port"] for child in self._supervisor.children if child.name == "api"
        )
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    def _tell_ready(self, child: Child) -> None:
        click.echo(click.style(f"  {child.name} is ready", dim=True))

    def _tell_restart(self, child: Child) -> None:
        if child.process is not None:
            metric_files.bury(self._metrics_dir, child.process.pid)
        click.echo(f"  {child.name} ended unexpectedly and is started again: {child.log_file}")

    def _tell_stop(self, child: Child) -> None:
        drain = self._settings.drain_seconds
        waits = f"; calls may talk on for {drain} s" if child.name == "controller" and drain else ""
        click.echo(click.style(f"  stopping {child.name}{waits}", dim=True))

    def _hurry(self) -> None:
        self._interruptions += 1
        if self._interruptions == 1:
            click.echo("  Ending calls now. Ctrl-C once more kills every process.")
            self._supervisor.hurry()
        else:
            self._supervisor.kill()
