"""The command group: settings are loaded once, errors become one sentence and an exit code.

Exit codes: 0 done, 1 the work failed, 2 the command line or the settings are wrong.
"""

from __future__ import annotations

import sys
from pathlib import Path

import click
import gevent

from topcalls import __version__, config
from topcalls.errors import ConfigError, TopCallsError
from topcalls.loading import load

_COMMANDS = {
    "processes": ("run", "api", "controller", "worker", "sandbox", "fork-server"),
    "administration": ("migrate", "openapi"),
    "limits": ("accounts", "keys"),
    "secrets": ("secrets",),
    "calls": ("call", "calls"),
    "call_in": ("call-in",),
    "campaigns": ("campaign",),
    "agents": ("agents",),
    "analysis": ("analysis",),
    "answers": ("answers",),
    "numbers": ("numbers",),
    "softphones": ("softphones",),
    "compliance": ("ledger", "people"),
    "doctor": ("doctor",),
    "latency": ("latency",),
    "listen": ("listen",),
    "drain": ("drain",),
    "mcp": ("mcp",),
    "status": ("status",),
    "alerts": ("alerts",),
    "rca": ("rca",),
    "bundle": ("bundle",),
    "voices": ("voices",),
    "replay": ("replay",),
}
"""The commands, by the module of this package that holds them: one command loads one module."""

_MODULE_OF = {name: module for module, names in _COMMANDS.items() for name in names}


class _Group(click.Group):
    """Shows our errors as a sentence with its remedy, never as a traceback."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_MODULE_OF)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _MODULE_OF:
            return None
        module = load(f"topcalls.cli.{_MODULE_OF[cmd_name]}")
        command: click.Command = getattr(module, cmd_name.replace("-", "_"))
        return command

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except ConfigError as error:
            click.echo(f"Error: {error}", err=True)
            sys.exit(2)
        except TopCallsError as error:
            click.echo(f"Error: {error}", err=True)
            sys.exit(1)
        except BrokenPipeError:
            raise  # click ends quietly: whoever read our output has gone
        except OSError as error:
            where = f": {error.filename}" if error.filename else ""
            click.echo(f"Error: {error.strerror or error}{where}.", err=True)
            sys.exit(1)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="topcalls")
@click.option(
    "--config",
    "config_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Settings file (TOML); without it TOPCALLS_CONFIG, then ./topcalls.toml.",
)
@click.pass_context
def main(ctx: click.Context, config_file: Path | None) -> None:
    """AI on the phone: a gateway between a SIP trunk and AI models.

    With nothing configured, everything runs in a sandbox on this machine.
    """
    hub = gevent.get_hub()
    hub.NOT_ERROR = (*hub.NOT_ERROR, KeyboardInterrupt)  # Ctrl-C is no error to print
    try:
        ctx.obj = config.load(config_file)
    except ConfigError as error:
        if ctx.invoked_subcommand != "doctor":
            raise
        ctx.obj = error  # the first of its findings
