"""`topcalls replay`: hold calls of the past again, with another agent."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO
from uuid import UUID

import click
from gevent.pool import Pool

from topcalls import compose, log
from topcalls.cli import replay_report
from topcalls.cli.replay_file import ReplayFile
from topcalls.config import Settings
from topcalls.core.interruption import SENSITIVITIES
from topcalls.core.replay_script import Timing
from topcalls.errors import ConfigError, TopCallsError

MOST_AT_ONCE = 16
_INTERRUPTED = 130

Fields = dict[str, Any]


def _agent(
    ctx: click.Context, param: click.Parameter, given: str | None
) -> tuple[str, int | None] | None:
    if given is None:
        return None
    agent_id, _, version = given.partition("@")
    try:
        return str(UUID(agent_id)), int(version) if version else None
    except ValueError:
        raise click.BadParameter("Write it as ID or ID@VERSION.") from None


def _values(ctx: click.Context, param: click.Parameter, given: tuple[str, ...]) -> Fields:
    pairs = [text.partition("=") for text in given]
    if any(not name or not sign for name, sign, _ in pairs):
        raise click.BadParameter("Write it as in temperature=0.3.")
    return {name: _value(value) for name, _, value in pairs}


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _interruption(ctx: click.Context, param: click.Parameter, given: str | None) -> Fields | None:
    if given is None:
        return None
    value = _value(given)
    if isinstance(value, dict):
        return value
    if given in SENSITIVITIES:
        return {"sensitivity": given}
    raise click.BadParameter(f"Must be {', '.join(SENSITIVITIES)}, or a JSON object.")


def _text(ctx: click.Context, param: click.Parameter, file: TextIO | None) -> str | None:
    if file is None:
        return None
    with file:
        return file.read().strip()


_options = (
    click.option(
        "--instructions",
        type=click.File(encoding="utf-8"),
        callback=_text,
        help="A file with the whole system prompt; - is standard input.",
    ),
    click.option("--voice", help="Another voice."),
    click.option("--model", help="Another model."),
    click.option("--mode", type=click.Choice(("realtime", "legacy")), help="The other mode."),
    click.option(
        "--interruption", callback=_interruption, help="low, medium, high, or a JSON object."
    ),
    click.option(
        "--set",
        "values",
        multiple=True,
        metavar="FIELD=VALUE",
        callback=_values,
        help="Any field of a call, with dots: interruption.min_words=1. May be repeated.",
    ),
    click.option(
        "--agent",
        callback=_agent,
        metavar="ID[@VERSION]",
        help="By this agent: a version, its draft, or what is published. Where no calls are "
        "named, its own newest ones.",
    ),
    click.option(
        "--timing",
        type=click.Choice([timing.value for timing in Timing]),
        default=Timing.RELATIVE.value,
        show_default=True,
        help="The caller speaks so long after the agent as then, or at the moment when they did.",
    ),
    click.option("--exact", is_flag=True, help="Other words of the agent are a fork, always."),
    click.option(
        "--recording",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="The sound of CALL: a stereo WAV file, as exported.",
    ),
    click.option(
        "--calls", "list_file", type=click.File(), help="Many calls: their ids, one a line."
    ),
    click.option("--campaign", type=click.UUID, help="Many calls: the newest of a campaign."),
    click.option(
        "--limit", type=click.IntRange(1, 10_000), default=20, show_default=True, help="So many."
    ),
    click.option(
        "--parallel",
        type=click.IntRange(1, MOST_AT_ONCE),
        default=4,
        show_default=True,
        help="So many at once.",
    ),
    click.option(
        "--out",
        type=click.Path(dir_okay=False, path_type=Path),
        help="Keep the replays in this file; those that are in it are not made again.",
    ),
    click.option(
        "--scenario",
        "scenarios",
        multiple=True,
        type=click.Path(exists=True, path_type=Path),
        help="People of your own, where the AI is the sandbox's.",
    ),
    click.option("--json", "as_json", is_flag=True, help="Print JSON."),
)


def _all_options(command: Callable[..., None]) -> Callable[..., None]:
    for option in reversed(_options):
        command = option(command)
    return command


@click.command()
@click.argument("call_id", metavar="[CALL]", type=click.UUID, required=False)
@_all_options
@click.pass_obj
def replay(
    settings: Settings,
    /,
    call_id: UUID | None,
    timing: str,
    exact: bool,
    recording: Path | None,
    list_file: TextIO | None,
    campaign: UUID | None,
    limit: int,
    parallel: int,
    out: Path | None,
    scenarios: tuple[Path, ...],
    as_json: bool,
    **changes: Any,
) -> None:
    """Hold CALL, or many calls, again: the caller's side as it was recorded, with another agent.

    Nobody is called, nothing of the calls is changed, tools answer what they answered then. Once
    the conversation forks, the caller who is heard no longer reacts to the agent.
    """
    log.configure(settings.log_level, process="replay")
    _check(call_id, list_file, campaign, changes["agent"], recording)
    asked = _Asked(_fields(changes), changes["agent"], timing, exact)
    with closing(compose.ReplayRoom(settings, scenarios)) as desk:
        one = _one(desk, asked, recording)
        if call_id is not None:
            _show(one(str(call_id)), out, asked, as_json)
            return
        ids = _ids(desk, list_file, campaign, changes["agent"], limit)
        _Bulk(one, parallel, as_json).run(ids, out, asked)


@dataclass(frozen=True)
class _Asked:
    """What every replay of a command is asked."""

    fields: Fields
    agent: tuple[str, int | None] | None
    timing: str
    exact: bool


def _check(
    call_id: UUID | None,
    list_file: TextIO | None,
    campaign: UUID | None,
    agent: object,
    recording: Path | None,
) -> None:
    named = [one is not None for one in (call_id, list_file, campaign)]
    if sum(named) > 1 or not (any(named) or agent):
        raise click.UsageError("Name one of CALL, --calls, --campaign, or --agent for its calls.")
    if recording is not None and call_id is None:
        raise click.UsageError("--recording is the sound of one CALL: name it.")


def _fields(changes: Fields) -> Fields:
    """The options that are fields of a call, by their paths."""
    names = ("instructions", "voice", "model", "mode", "interruption")
    given = {name: changes[name] for name in names if changes[name] is not None}
    return {**given, **changes["values"]}


def _one(
    desk: compose.ReplayRoom, asked: _Asked, recording: Path | None
) -> Callable[[str], dict[str, Any]]:
    wishes = compose.replay_wishes(
        asked.fields, asked.agent, Timing(asked.timing), exact=asked.exact, recording=recording
    )
    return lambda call_id: desk.replay(call_id, wishes).plain()


def _ids(
    desk: compose.ReplayRoom,
    list_file: TextIO | None,
    campaign: UUID | None,
    agent: tuple[str, int | None] | None,
    limit: int,
) -> list[str]:
    if list_file is not None:
        with list_file:
            return list(dict.fromkeys(_listed(list_file)))[:limit]
    if campaign is not None:
        return desk.calls.ids(limit, campaign_id=str(campaign))
    assert agent is not None
    return desk.calls.ids(limit, agent_id=agent[0])


def _listed(file: TextIO) -> Iterator[str]:
    for number, line in enumerate(file, start=1):
        if word := line.split("#")[0].strip():
            try:
                yield str(UUID(word))
            except ValueError:
                message = f"{file.name}, line {number}: {word!r} is no id of a call."
                raise ConfigError(message, field="calls", remedy="One id a line.") from None


def _show(told: dict[str, Any], out: Path | None, asked: _Asked, as_json: bool) -> None:
    if out is not None:
        with closing(ReplayFile(out, vars(asked))) as file:
            file.add(told)
    for line in [json.dumps(told, indent=2)] if as_json else replay_report.lines(told):
        click.echo(line)


@dataclass
class _Bulk:
    """Many calls. `done` are those that are over, in whatever order."""

    one: Callable[[str], dict[str, Any]]
    parallel: int
    as_json: bool
    done: list[dict[str, Any]] = field(default_factory=list)

    def run(self, ids: list[str], out: Path | None, asked: _Asked) -> None:
        """Replay them, and show what they come to. Exits with 1 where none could be replayed."""
        file = ReplayFile(out, vars(asked)) if out is not None else None
        known = file.done if file is not None else {}
        self.done += [known[call_id] for call_id in ids if call_id in known]
        left = [call_id for call_id in ids if call_id not in known]
        pool = Pool(self.parallel)
        try:
            for told in pool.imap_unordered(self._tried, left, maxsize=self.parallel):
                self.done.append(told)
                if file is not None:
                    file.add(told)
                count = f"{len(self.done)}/{len(ids)}"
                click.echo(f"{count:>9}  {replay_report.row(told)}", err=True)
        except KeyboardInterrupt:
            pool.kill(block=False)
            self._show()
            again = "The same command goes on." if out else "--out FILE lets it go on later."
            click.echo(f"Stopped with {len(ids) - len(self.done)} calls left. {again}", err=True)
            sys.exit(_INTERRUPTED)
        finally:
            if file is not None:
                file.close()
        self._show()
        if ids and all("error" in one for one in self.done):
            sys.exit(1)

    def _tried(self, call_id: str) -> dict[str, Any]:
        try:
            return self.one(call_id)
        except ConfigError:
            raise
        except (TopCallsError, OSError) as error:
            return {"call_id": call_id, "error": str(error)}

    def _show(self) -> None:
        if self.as_json:
            told = {"replays": self.done, "summary": replay_report.summary(self.done)}
            click.echo(json.dumps(told, indent=2))
            return
        for line in replay_report.table(self.done):
            click.echo(line)
