"""Does the AI server answer, accept the key, and have the model that calls will ask for?

Only an operator's look imports this module: the `openai` package takes a while to load.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import openai

from topcalls.clock import Clock
from topcalls.core.checkup import Finding, fault, judge_clock, judge_shutdown, ok, warning
from topcalls.providers import registry

SECONDS = 5.0
SLOW_SECONDS = 1.5
VENDORS_OWN = "api.openai.com"
_KEY_REMEDY = "Set OPENAI_API_KEY to a key of this server's account that is not revoked."


def model(name: str, today: date) -> Iterator[Finding]:
    """What is known of the model of calls that name none, without asking anybody."""
    known = registry.find_model(name)
    if known is None:
        yield ok("ai_model", f"{name}: not on our list; the server decides.")
    elif known.mode != "realtime":
        yield fault(
            "ai_model",
            f"{name} cannot hold calls: it is no speech-to-speech model.",
            f"Set TOPCALLS_REALTIME_MODEL={registry.DEFAULT_REALTIME_MODEL}.",
        )
    else:
        yield judge_shutdown("ai_model", name, known.shutdown_date, known.replacement, today)


@dataclass(frozen=True)
class ServerCheckup:
    """Which server, with which key, for which model."""

    base_url: str
    key: str
    model: str
    clock: Clock

    def findings(self) -> Iterator[Finding]:
        """One request, `GET /models`, and all that its answer tells."""
        if urlsplit(self.base_url).scheme not in ("http", "https"):
            yield fault(
                "ai_server",
                "The base URL of the AI server is no web address.",
                "Set TOPCALLS_OPENAI_BASE_URL as in https://api.openai.com/v1.",
            )
            return
        try:
            with openai.OpenAI(
                api_key=self.key, base_url=self.base_url, max_retries=0, timeout=SECONDS
            ) as client:
                answer = client.models.with_raw_response.list()
            models = _listed(answer.text)
        except openai.APIStatusError as error:
            yield self._refused(error)
            yield from self._clock(error.response.headers.get("Date"))
            return
        except (openai.OpenAIError, ValueError) as error:
            yield self._unreachable(error)
            return
        yield self._reached(answer.elapsed.total_seconds())  # not what our client takes to load
        yield self._offered(models)
        yield from self._clock(answer.headers.get("Date"))

    def _reached(self, seconds: float) -> Finding:
        found = f"{self._host} accepts the key, answers in {seconds * 1000:.0f} ms."
        if seconds > SLOW_SECONDS:
            return warning("ai_server", found, "Look at the network to it: callers hear it.")
        return ok("ai_server", found)

    def _refused(self, error: openai.APIStatusError) -> Finding:
        status = error.status_code
        if status == 401:
            return fault("ai_server", f"{self._host} does not accept the key.", _KEY_REMEDY)
        if status in (403, 404, 405):
            return warning(
                "ai_server",
                f"{self._host} answers, but not the question which models it has ({status}).",
                "Check the base URL; a key may also be kept from listing models. A call tells.",
            )
        if status == 429:
            return warning(
                "ai_server",
                f"{self._host} limits our rate, or the account has no credit.",
                "Look at the account's limits and credit.",
            )
        return fault(
            "ai_server", f"{self._host} is out of order ({status}).", "Look at its status page."
        )

    def _unreachable(self, error: Exception) -> Finding:
        if isinstance(error, openai.APITimeoutError):
            how = f"does not answer within {SECONDS:g} s"
        elif isinstance(error, openai.APIConnectionError):
            how = "cannot be reached"
        else:
            how = "answers what no such server answers"
        return fault(
            "ai_server",
            f"{self._host} {how}.",
            "Check TOPCALLS_OPENAI_BASE_URL, DNS, the firewall and HTTPS_PROXY.",
        )

    def _offered(self, models: dict[str, dict[str, Any]]) -> Finding:
        entry = models.get(self.model)
        if entry is not None:
            ends = _date(entry.get("shutdown_date"))
            known = registry.find_model(self.model)
            instead = known.replacement if known else None
            today = self.clock.now().date()
            return judge_shutdown("ai_model_offered", self.model, ends, instead, today)
        found = f"{self._host} does not list {self.model}."
        remedy = "Set TOPCALLS_REALTIME_MODEL to a model that this key may use."
        if self._host == VENDORS_OWN:
            return fault("ai_model_offered", found, remedy)
        return warning("ai_model_offered", found, remedy)

    def _clock(self, sent: str | None) -> Iterator[Finding]:
        try:
            theirs = parsedate_to_datetime(sent or "")
        except ValueError:
            return
        if theirs.tzinfo is None:
            theirs = theirs.replace(tzinfo=UTC)
        yield judge_clock(
            "clock_of_ai",
            (theirs - self.clock.now()).total_seconds(),
            "The AI server's clock",
            "Keep this machine's clock by NTP (timedatectl set-ntp true).",
        )

    @property
    def _host(self) -> str:
        """Without port, path and whatever else a URL may hold."""
        return urlsplit(self.base_url).hostname or "The AI server"


def _listed(text: str) -> dict[str, dict[str, Any]]:
    """Name to entry of the answer to `GET /models`. Raises ValueError where it is none."""
    answer = json.loads(text)
    entries = answer.get("data") if isinstance(answer, dict) else None
    if not isinstance(entries, list):
        raise ValueError("no list of models")
    models = [entry for entry in entries if isinstance(entry, dict)]
    return {entry["id"]: entry for entry in models if isinstance(entry.get("id"), str)}


def _date(value: Any) -> date | None:
    """`2027-01-20`, or seconds since 1970; None for anything else."""
    try:
        if isinstance(value, int | float):
            return datetime.fromtimestamp(value, UTC).date()
        return date.fromisoformat(str(value)[:10])
    except (ValueError, OverflowError, OSError):
        return None
