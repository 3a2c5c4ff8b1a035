"""Settings that load and yet contradict each other, or the world they are used in."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from datetime import date
from urllib.parse import urlsplit

from topcalls.config import Settings
from topcalls.core import phone_numbers
from topcalls.core.checkup import Finding, Level, fault, judge_shutdown, ok, warning
from topcalls.core.prices import PriceBook
from topcalls.providers import registry
from topcalls.services.lineup import Lineup

_EVERYWHERE = ("", "0.0.0.0", "::")
_LOCAL_NAMES = ("localhost", "")


def contradictions(settings: Settings) -> Iterator[Finding]:
    """One finding per contradiction; a single good one where there is none."""
    found = [
        *_ignored(settings),
        *_public_url(settings),
        *_reach(settings),
        *_safety(settings),
    ]
    yield from found
    if not found:
        modes = f"telephony {settings.telephony_mode}, AI {settings.ai_mode}"
        yield ok("settings", f"Loaded: {modes}.")


def from_number(settings: Settings) -> Finding:
    """The caller ID of calls that name none."""
    number = settings.from_number
    if not number:
        if settings.telephony_mode == "sandbox":
            return ok("from_number", "None is set; the sandbox has one of its own.")
        return warning(
            "from_number",
            "None is set: calls that name none are refused.",
            "Set FROM_NUMBER to a number that your trunk lets you show, in E.164.",
        )
    wrong = phone_numbers.fault(number, "from_number")
    if wrong is not None:
        return fault(
            "from_number", wrong.message, "Set FROM_NUMBER in E.164: '+', country code, number."
        )
    region = phone_numbers.region(number) or "no single country"
    return ok("from_number", f"{phone_numbers.mask(number)} ({region}).")


def stages(lineup: Lineup, today: date) -> Iterator[Finding]:
    """The models of the chain that calls meet without naming them; one finding where all is well.

    Speech to speech has a check of its own.
    """
    found = [
        judge_shutdown("chain_models", name, known.shutdown_date, known.replacement, today, setting)
        for name, setting in lineup.models_in_use()
        if setting != "realtime_model" and (known := registry.find_model(name))
    ]
    trouble = [finding for finding in found if finding.level is not Level.OK]
    yield from trouble or [ok("chain_models", "No model of the chain is shut down soon.")]


def prices(lineup: Lineup, book: PriceBook) -> Iterator[Finding]:
    """At what the models are reckoned that calls meet without naming them."""
    used = sorted({name for name, _ in lineup.models_in_use()})
    unknown = [name for name in used if not book.of(name)]
    doubted = [name for name in used if any(not price.confirmed for price in book.of(name))]
    remedy = "Name your own prices in a file: TOPCALLS_PRICES_FILE, docs/costs.md."
    if unknown:
        words = f"Not known of {', '.join(unknown)}: what calls cost is told without them."
        yield warning("prices", words, remedy)
    if doubted:
        words = f"Not confirmed by the vendor of {', '.join(doubted)}."
        yield warning("prices", words, remedy)
    if not unknown and not doubted:
        days = [price.as_of for name in used for price in book.of(name) if price.as_of]
        since = f", the oldest read on {min(days)}" if days else ""
        yield ok("prices", f"Known of all {len(used)} models in use{since}.")


def is_loopback(host: str) -> bool:
    """The name or address means the machine it is used on."""
    if host.lower() in _LOCAL_NAMES:
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _ignored(settings: Settings) -> Iterator[Finding]:
    if settings.telephony_mode == "sandbox" and settings.esl_host:
        yield warning(
            "settings",
            "esl_host names a switch, but telephony is the sandbox: no call reaches it.",
            "Unset TOPCALLS_TELEPHONY, or unset TOPCALLS_ESL_HOST.",
        )
    if settings.ai_mode == "sandbox" and settings.openai_api_key is not None:
        yield warning(
            "settings",
            "There is an AI key, but the AI is the sandbox: a scripted model talks.",
            "Unset TOPCALLS_AI, or unset OPENAI_API_KEY.",
        )
    if settings.playback == "stream" and "playback_dir" in settings.model_fields_set:
        yield warning(
            "settings",
            "playback_dir is set, but speech is streamed: the directory is not used.",
            "Unset TOPCALLS_PLAYBACK_DIR, or set TOPCALLS_PLAYBACK=file.",
        )


def _public_url(settings: Settings) -> Iterator[Finding]:
    url = settings.effective_public_url
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        parts, host, port = urlsplit(""), "", None
    if parts.scheme not in ("http", "https") or host in _EVERYWHERE or port == 0:
        yield warning(
            "settings",
            "Links to recordings start with an address that nobody can open.",
            "Set TOPCALLS_PUBLIC_URL to how the world reaches the API: https://calls.example.com.",
        )
    elif parts.scheme == "http" and not is_loopback(host):
        yield warning(
            "settings",
            "public_url is http: API keys and recordings travel readably.",
            "Put a TLS proxy before the API, and set TOPCALLS_PUBLIC_URL to its https address.",
        )


def _reach(settings: Settings) -> Iterator[Finding]:
    if settings.telephony_mode == "sandbox" or is_loopback(settings.esl_host):
        return
    if is_loopback(settings.media_advertised_host or settings.media_host):
        yield warning(
            "settings",
            "The switch is on another host, and is told to send audio to its own loopback.",
            "Set TOPCALLS_MEDIA_HOST=0.0.0.0 and TOPCALLS_MEDIA_ADVERTISED_HOST to this machine's "
            "address as the switch sees it.",
        )


def _safety(settings: Settings) -> Iterator[Finding]:
    if settings.telephony_mode == "live" and settings.allow_private_webhooks:
        yield warning(
            "settings",
            "Customers' webhook URLs may reach private addresses of this network.",
            "Unset TOPCALLS_ALLOW_PRIVATE_WEBHOOKS unless every customer is you.",
        )
