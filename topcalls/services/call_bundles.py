"""A call in one file, for a bug report: everything that is known of it, and of who ran it.

Without what identifies people unless that is wanted; secrets never. Sound only if it is asked for.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import orjson

from topcalls.clock import Clock
from topcalls.core.bundle_redaction import Redaction
from topcalls.core.switch_log import LogLine
from topcalls.json_texts import texts_in
from topcalls.services.call_facts import CallFacts, numbers_of, read_facts
from topcalls.services.decision_records import shown
from topcalls.services.root_cause_text import as_lines
from topcalls.services.root_causes import report_on
from topcalls.store.database import Database

FORM: Final = 1
"""Of the bundle, in its manifest."""

_FREE_COLUMNS: Final = ("metadata", "request_data", "keywords")


@dataclass(frozen=True)
class Surroundings:
    """What a bundle tells beside the call: `settings` by name, without secrets, `versions` of
    packages, and the `secrets` that must not be in it. `log`: lines of the switch's about the
    call; `trace`: what was kept of its messages, a JSON value a line; `sound`: its recording."""

    settings: Mapping[str, Any]
    versions: Mapping[str, str]
    secrets: Sequence[str] = ()
    log: Sequence[LogLine] = ()
    trace: bytes = b""
    sound: bytes = b""


class CallBundles:
    """Puts bundles together."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    def parts(
        self, call_id: str, around: Surroundings, *, unredacted: bool = False
    ) -> dict[str, bytes]:
        """The files of the bundle of a call, by name, the manifest first. Raises NotFound."""
        facts = self._db.read(read_facts, call_id)
        clean = Redaction(numbers_of(facts), words_of(facts), around.secrets, unredacted=unredacted)
        files = {**_rows(facts, clean), **_reports(facts, around, clean, unredacted)}
        files |= _extras(around, clean)
        manifest = {
            "form": FORM,
            "call_id": call_id,
            "made_at": self._clock.now(),
            "redacted": not unredacted,
            "versions": around.versions,
            "settings": clean.prose(dict(around.settings)),
            "missing": [name for name in ("switch.log", "trace.jsonl") if name not in files],
            "parts": [_entry(name, data) for name, data in files.items()],
        }
        return {"manifest.json": _json(manifest), **files}


def words_of(facts: CallFacts) -> Iterator[str]:
    """What people said, wrote or are called, as far as the rows of a call know."""
    request = facts.call.request
    yield from (turn.text for turn in facts.turns)
    yield from texts_in([request.get(name) for name in _FREE_COLUMNS])
    yield from texts_in((request.get("redaction") or {}).get("names"))
    for row in facts.tools:
        yield from _values(row.arguments)
        yield from _values(row.output)
    yield from texts_in([facts.call.call_summary, facts.call.analysis])
    yield from texts_in([row.summary for row in facts.transfers])


def _values(text: str | None) -> Iterator[str]:
    """The texts in a JSON text; all of it where it is none."""
    try:
        yield from texts_in(orjson.loads(text or "null"))
    except orjson.JSONDecodeError:
        yield text or ""


def _rows(facts: CallFacts, clean: Redaction) -> dict[str, bytes]:
    wrap_up = [facts.wrap_up] if facts.wrap_up is not None else []
    tools = [{**_columns(row), **_read(row)} for row in facts.tools]
    told = {
        "call.json": _columns(facts.call),
        "trail.json": [_columns(row) for row in facts.events],
        "dials.json": [_columns(row) for row in facts.attempts],
        "decisions.json": [{**asdict(row), **shown(row)} for row in facts.decisions],
        "transcript.json": [_columns(row) for row in facts.turns],
        "timings.json": [asdict(timing) for timing in facts.timings],
        "tool_calls.json": tools,
        "transfers.json": [_columns(row) for row in facts.transfers],
        "webhooks.json": [asdict(one) for one in facts.deliveries],
        "wrap_up.json": [_columns(row) for row in wrap_up],
    }
    return {name: _json(clean.row(_plain(value))) for name, value in told.items()}


def _read(row: Any) -> dict[str, Any]:
    """Of a tool's call what is JSON as such."""
    return {name: list(_values(getattr(row, name))) for name in ("arguments", "output")}


def _reports(
    facts: CallFacts, around: Surroundings, clean: Redaction, unredacted: bool
) -> dict[str, bytes]:
    report = report_on(facts, around.log, numbers=unredacted)
    text = "".join(f"{clean.text(line)}\n" for line in as_lines(report))
    return {"rca.txt": text.encode(), "rca.json": _json(clean.prose(_plain(asdict(report))))}


def _extras(around: Surroundings, clean: Redaction) -> dict[str, bytes]:
    found = {}
    if around.log:
        lines = (f"{line.at or ''} {line.text}" for line in around.log)
        found["switch.log"] = "".join(f"{clean.text(line)}\n" for line in lines).encode()
    if around.trace:
        found["trace.jsonl"] = _lines(around.trace.splitlines(), clean)
    if around.sound:
        found["recording.wav"] = around.sound
    return found


def _lines(lines: Iterable[bytes], clean: Redaction) -> bytes:
    return b"".join(orjson.dumps(clean.prose(orjson.loads(line))) + b"\n" for line in lines)


def _entry(name: str, data: bytes) -> dict[str, Any]:
    return {"name": name, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def _columns(row: Any) -> dict[str, Any]:
    return dict(row.__data__)


def _plain(value: Any) -> Any:
    """The JSON value that it is written as."""
    return orjson.loads(_json(value))


def _json(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z, default=str)
