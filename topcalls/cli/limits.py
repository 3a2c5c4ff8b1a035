"""What accounts and keys may do at once, and what accounts may spend."""

from __future__ import annotations

import re
from contextlib import closing
from dataclasses import replace
from typing import Any

import click

from topcalls import compose
from topcalls.cli.administration import accounts, keys
from topcalls.config import Settings
from topcalls.core.budgets import ACCOUNT_PERIODS, Measure, Period, told
from topcalls.core.rates import AMOUNT_PATTERN
from topcalls.services.accounts import AccountView
from topcalls.services.budgets import BudgetView
from topcalls.services.keys import KeyLimits

__all__ = ["accounts", "keys"]


def _dollars(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    if value is not None and not re.fullmatch(AMOUNT_PATTERN, value):
        raise click.BadParameter("Give US dollars as in 25.00.")
    return value


@accounts.command("limits")
@click.argument("account_id")
@click.option("--max-concurrent-calls", type=click.IntRange(1), help="Live calls.")
@click.option("--max-calls-per-minute", type=click.IntRange(1), help="Calls dialled in a minute.")
@click.option("--inbound-reserve", type=click.IntRange(0), help="Places kept for inbound calls.")
@click.option(
    "--max-requests-per-second",
    type=click.IntRange(0),
    help="Of all keys together; 0: no such limit.",
)
@click.pass_obj
def account_limits(settings: Settings, /, account_id: str, **changes: int | None) -> None:
    """Show what ACCOUNT_ID may do at once, and change what is given."""
    with closing(compose.open_administration(settings)) as desk:
        account = desk.accounts.set_limits(account_id, **changes)
    for line in _lines(account):
        click.echo(line)


def _lines(account: AccountView) -> list[str]:
    requests = account.max_requests_per_second
    return [
        f"{account.max_concurrent_calls} calls at once, "
        f"{account.inbound_reserve} of them kept for calls that come in",
        f"{account.max_calls_per_minute} calls dialled in a minute",
        f"{requests} requests a second of all keys" if requests else "requests of each key alone",
    ]


@accounts.command("budget")
@click.argument("account_id")
@click.option("--period", type=click.Choice([*map(str, ACCOUNT_PERIODS)]), default=str(Period.DAY))
@click.option("--minutes", type=click.FloatRange(0), help="Minutes of talk.")
@click.option("--calls", type=click.IntRange(0), help="Calls.")
@click.option("--cost", callback=_dollars, help="US dollars, as in 25.00.")
@click.option("--clear", is_flag=True, help="Take the period's budget away.")
@click.pass_obj
def account_budget(
    settings: Settings, /, account_id: str, period: str, clear: bool, **amounts: Any
) -> None:
    """Show the budgets of ACCOUNT_ID, or set that of one period to what is given.

    Days and months begin in the account's time zone ('accounts set-time-zone').
    """
    given = {name: amount for name, amount in amounts.items() if amount is not None}
    if clear and given:
        raise click.UsageError("--clear takes no amounts.")
    with closing(compose.open_administration(settings)) as desk:
        if clear or given:
            desk.budgets.put_period(account_id, Period(period), given or None)
        view = desk.budgets.get(account_id)
    click.echo(f"in {view.time_zone}")
    for one in view.periods.values():
        for line in _budget_lines(one):
            click.echo(line)


def _budget_lines(view: BudgetView) -> list[str]:
    purse = view.purse
    lines = []
    for measure in Measure:
        limit = purse.budget.of(measure)
        of = "no limit" if limit is None else f"of {told(measure, limit)}"
        spent, held = (told(measure, amount.of(measure)) for amount in (purse.spent, purse.held))
        lines.append(f"{view.period:<6} {measure:<8} {spent} spent, {held} held, {of}")
    return lines


@keys.command("limits")
@click.argument("key_id")
@click.option("--max-concurrent-calls", type=click.IntRange(0), help="Live calls it created.")
@click.option("--max-new-calls-per-minute", type=click.IntRange(0), help="Calls it creates.")
@click.option("--max-requests-per-second", type=click.IntRange(0), help="Requests it makes.")
@click.pass_obj
def key_limits(settings: Settings, /, key_id: str, **changes: int | None) -> None:
    """Show the limits of a key beside those of its account, and change what is given; 0: none."""
    with closing(compose.open_administration(settings)) as desk:
        limits = desk.keys.limits(key_id)
        given = {name: value or None for name, value in changes.items() if value is not None}
        if given:
            limits = replace(limits, **given)
            desk.keys.set_limits(key_id, limits)
    for name, value in _told(limits).items():
        click.echo(f"{name:<26} {'none of its own' if value is None else value}")


def _told(limits: KeyLimits) -> dict[str, int | None]:
    return {
        "calls at once": limits.max_concurrent_calls,
        "new calls in a minute": limits.max_new_calls_per_minute,
        "requests a second": limits.max_requests_per_second,
    }
