"""`topcalls run`: every process of one machine under one supervisor, with a call to listen to.

The banner says which install this is; a fresh API key is shown once, at the first start.
"""

from __future__ import annotations

import click

from topcalls import compose, metrics, process
from topcalls.cli.calls import call_body, follow_to_the_end
from topcalls.cli.client import ApiClient
from topcalls.config import Settings
from topcalls.errors import TopCallsError
from topcalls.supervisor import Child, Supervisor

DEMO_NUMBER = "+12025550100"
STOP_SECONDS = 15.0
_DEMO_KEY_DAYS = 1


class FrontDoor:
    """Starts the product, shows what a newcomer needs, and stops it in good order."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._is_sandbox = settings.telephony_mode == "sandbox"
        self._supervisor = Supervisor(self._children(), on_restart=self._tell_restart)

    def run(self, demo: bool) -> None:
        """Serve until Ctrl-C. Raises `ChildFailed` when a process does not start."""
        self._banner()
        compose.migrate(self._settings)
        metrics.share_between_processes(self._settings.data_dir / "metrics")
        try:
            self._supervisor.start(on_ready=self._tell_ready)
            key = self._show_entrance()
            if demo and self._is_sandbox:
                self._demo(key)
            click.echo("\n  Serving. Ctrl-C stops, and lets calls end first.")
            process.until_stopped(supervised=False, on_second=self._supervisor.kill)
        finally:
            self._supervisor.stop(on_stop=self._tell_stop)

    def _children(self) -> list[Child]:
        drain = self._settings.drain_seconds + STOP_SECONDS
        seconds = {"worker": STOP_SECONDS, "controller": drain, "api": STOP_SECONDS}
        if self._is_sandbox or self._settings.ai_mode == "sandbox":
            seconds = {"sandbox": STOP_SECONDS, **seconds}
        logs = self._settings.data_dir / "logs"
        return [Child(name, [name], logs / f"{name}.log", stop) for name, stop in seconds.items()]

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
        click.echo(f"\n  API    {url}/v1\n  Docs   {url}/docs")
        first, key = compose.front_door_key(self._settings, demo_days=_DEMO_KEY_DAYS)
        if first:
            click.echo(f"  Key    {click.style(key, bold=True)}   (shown this once)")
        else:
            click.echo("  Key    was shown at the first start; `topcalls keys create` makes more")
        click.echo(f"  Logs   {self._settings.data_dir / 'logs'}")
        return key

    def _demo(self, key: str) -> None:
        client = ApiClient(self._settings.effective_public_url, key)
        click.secho(f"\n  A first call, to {DEMO_NUMBER}:\n", bold=True)
        webhook = compose.sandbox_endpoints(self._settings)["webhook_url"]
        try:
            created = client.post("/v1/calls", call_body(DEMO_NUMBER, webhook_url=webhook))
            recordings = self._settings.effective_recordings_dir
            follow_to_the_end(client, created["call_id"], recordings)
        except TopCallsError as error:
            click.echo(f"  The first call failed: {error}", err=True)

    def _tell_ready(self, child: Child) -> None:
        click.echo(click.style(f"  {child.name} is ready", dim=True))

    def _tell_restart(self, child: Child) -> None:
        click.echo(f"  {child.name} ended unexpectedly and is started again: {child.log_file}")

    def _tell_stop(self, child: Child) -> None:
        click.echo(click.style(f"  stopping {child.name}", dim=True))
