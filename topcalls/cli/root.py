"""The command group: settings are loaded once, errors become one sentence and an exit code.

Exit codes: 0 done, 1 the work failed, 2 the command line or the settings are wrong.
"""

from __future__ import annotations

import sys
from pathlib import Path

import click
import gevent

from topcalls import __version__, config
from topcalls.cli.administration import accounts, keys, migrate, openapi
from topcalls.cli.agents import agents
from topcalls.cli.answers import answers
from topcalls.cli.call_in import call_in
from topcalls.cli.calls import call, calls
from topcalls.cli.doctor import doctor
from topcalls.cli.drain import drain
from topcalls.cli.numbers import numbers
from topcalls.cli.processes import api, controller, run, sandbox, worker
from topcalls.cli.secrets import secrets
from topcalls.cli.status import status
from topcalls.errors import ConfigError, TopCallsError


class _Group(click.Group):
    """Shows our errors as a sentence with its remedy, never as a traceback."""

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
        if ctx.invoked_subcommand != doctor.name:
            raise
        ctx.obj = error  # the first of its findings


for command in (
    run,
    api,
    controller,
    worker,
    sandbox,
    migrate,
    accounts,
    keys,
    secrets,
    openapi,
    call,
    call_in,
    calls,
    agents,
    answers,
    numbers,
    doctor,
    drain,
    status,
):
    main.add_command(command)
