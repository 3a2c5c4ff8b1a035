"""Does somebody say that they do not want to be called?

Only what the other side said is judged, never the agent's own words. Whatever the language of the
call, all are looked for. A clear word ends the call and holds for the account; one about a single
subject holds for its purpose; a word that may mean it is asked about once, and counts where the
answer is no clear no. Words that only put the call off ("do not call me today") are no such word.

Text that may still change counts once it has stood for `HOLD_MS`; the whole transcript is looked
through again when the call is over. A language model may find more, and takes nothing back.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import IntEnum
from functools import cache
from typing import Final

from topcalls.core.answer_phrases import plain
from topcalls.core.opt_out_phrases import BARE_WORDS, LANGUAGES, Phrases

HOLD_MS: Final = 700
"""For so long words that may still change have to stand."""

OPT_OUT_KEY: Final = "9"
OPTED_OUT: Final = ("account", "purpose")
"""For what somebody may want no calls: all of an account, or those for the purpose of this one."""

_EMPHATIC = frozenset(
    {"now", "right now", "ahora", "maintenant", "jetzt", "adesso", "ora", "agora", "nu", "teraz"}
    | {"acum", "abhi"}
)
_ECHO_WORDS = 4
_KEEPS = re.compile(
    r"(?:(?:oh )?(?:no|nope|nah|nein|non|nao|nee|nie|nu|nahi)"
    r"(?: (?:no|thanks|thank you|danke|gracias|merci|grazie|obrigad[oa]))*"
    r"|(?:no |nein |non |nao |nee )*(?:it s|that s|its|you re) (?:ok|okay|fine|alright)"
    r"|(?:no |yes )?(?:you|sie|puede|puedes|vous|pode) (?:can|may|konnen|llamar\w*|pouvez|ligar)"
    r"(?: \w+){0,5})"
)


class Tier(IntEnum):
    """How clear it is. `STOP`: no more calls of the account. `PURPOSE`: none about this. `ASK`: ask
    once. `NOTE`: a machine said it; a person has to look."""

    STOP = 1
    PURPOSE = 2
    ASK = 3
    NOTE = 4


@dataclass(frozen=True, slots=True)
class OptOut:
    """What was heard. `words`: without accents and capitals; `language`: by whose phrases.
    `wrong_party`: somebody else has the number. `litigation_risk`: they speak of going to law."""

    tier: Tier
    words: str
    language: str
    wrong_party: bool = False
    litigation_risk: bool = False


def find(text: str, *, stop_was_offered: bool = True, by_machine: bool = False) -> OptOut | None:
    """The clearest word of it in what somebody said.

    `stop_was_offered`: the opening said that "stop" ends all calls; elsewhere that word alone is
    asked about. `by_machine`: it is a voicemail's greeting, or another recording.
    """
    said = plain(text)
    found = list(_all(said))
    if said in BARE_WORDS:
        found.append(OptOut(Tier.STOP if stop_was_offered else Tier.ASK, said, ""))
    if not found:
        return None
    best = min(found, key=lambda one: one.tier)
    best = replace(
        best,
        wrong_party=any(one.wrong_party for one in found),
        litigation_risk=any(one.litigation_risk for one in found),
    )
    return replace(best, tier=Tier.NOTE) if by_machine else best


def find_in_transcript(texts: Iterable[str], *, stop_was_offered: bool = True) -> OptOut | None:
    """The same over all that somebody said, when the call is over: each turn by itself, and turns
    that follow each other as one, since a recogniser may have cut a sentence in two."""
    turns = list(texts)
    pairs = [f"{first} {second}" for first, second in zip(turns, turns[1:], strict=False)]
    heard = [find(text, stop_was_offered=stop_was_offered) for text in turns]
    heard += [find(text, stop_was_offered=False) for text in pairs]
    return min((one for one in heard if one), key=lambda one: one.tier, default=None)


def wants_calls(answer: str) -> bool:
    """Whether somebody who was asked "Do you want us not to call you again?" clearly says no. Any
    other answer counts as a yes."""
    if (heard := find(answer)) is not None and heard.tier is not Tier.ASK:
        return False
    return _KEEPS.fullmatch(plain(answer)) is not None


def is_echo(text: str, spoken: str) -> bool:
    """Whether words are the agent's own, that came back over the line. `spoken`: what the agent has
    said in the last seconds. Few words are never taken for an echo."""
    said = plain(text)
    return len(said.split()) >= _ECHO_WORDS and f" {said} " in f" {plain(spoken)} "


class OptOutEar:
    """Hears one side of a call, as a recogniser tells it: words that may still change, then those
    that stand. Tells of each opt-out once, at the clearest that it has become."""

    def __init__(self, *, stop_was_offered: bool = True) -> None:
        self._offered = stop_was_offered
        self._pending: tuple[OptOut, int] | None = None
        self._told = Tier.NOTE

    @property
    def due_at_ms(self) -> int | None:
        """When `elapsed` is worth asking; None where nothing waits."""
        return None if self._pending is None else self._pending[1] + HOLD_MS

    def hear(self, text: str, at_ms: int, *, is_final: bool) -> OptOut | None:
        """What is to be acted on now. `text`: all of the turn so far."""
        found = find(text, stop_was_offered=self._offered)
        if is_final:
            self._pending = None
            return self._tell(found)
        if found is None or found.tier > Tier.PURPOSE:
            self._pending = None
            return None
        if self._pending is None or self._pending[0].tier is not found.tier:
            self._pending = (found, at_ms)
        return self.elapsed(at_ms)

    def elapsed(self, at_ms: int) -> OptOut | None:
        """What has stood for long enough by then."""
        if self._pending is None or at_ms - self._pending[1] < HOLD_MS:
            return None
        found = self._pending[0]
        self._pending = None
        return self._tell(found)

    def key(self, digit: str) -> OptOut | None:
        """A key was pressed."""
        return self._tell(OptOut(Tier.STOP, digit, "") if digit == OPT_OUT_KEY else None)

    def _tell(self, found: OptOut | None) -> OptOut | None:
        if found is None or found.tier >= self._told:
            return None
        self._told = found.tier
        return found


def _all(said: str) -> Iterator[OptOut]:
    for language, phrases in _compiled().items():
        yield from _clear(said, language, phrases)
        for pattern in phrases.threats:
            if match := pattern.search(said):
                yield OptOut(Tier.STOP, match.group(), language, litigation_risk=True)
        for pattern in phrases.wrong_party:
            if match := pattern.search(said):
                yield OptOut(Tier.ASK, match.group(), language, wrong_party=True)
        for pattern in phrases.ask:
            if match := pattern.search(said):
                yield OptOut(Tier.ASK, match.group(), language)


def _clear(said: str, language: str, phrases: _Compiled) -> Iterator[OptOut]:
    """What means it by itself. A shorter phrase inside of a longer one says nothing more."""
    seen: list[tuple[int, int]] = []
    for patterns, is_clear in ((phrases.always, True), (phrases.unless_when, False)):
        for pattern in patterns:
            for match in pattern.finditer(said):
                if any(begins <= match.start() < ends for begins, ends in seen if not is_clear):
                    continue
                seen.append(match.span())
                tier = _tier(said, match, phrases, is_clear=is_clear)
                if tier is not None:
                    yield OptOut(tier, match.group(), language)


def _tier(said: str, match: re.Match[str], phrases: _Compiled, *, is_clear: bool) -> Tier | None:
    """How clear a word is where it stands; None where it means something else."""
    before, after = said[: match.start()].rstrip(), said[match.end() :].lstrip()
    if phrases.not_after.search(before):
        return None
    if when := phrases.when.match(after):
        if not is_clear or phrases.call_me.search(said):
            return None
        if when.group() not in _EMPHATIC:
            return Tier.ASK
    elif not is_clear and phrases.call_me.search(said):
        return None
    if phrases.reports.search(before):
        return Tier.ASK
    return Tier.PURPOSE if phrases.about.match(after) else Tier.STOP


@dataclass(frozen=True, slots=True)
class _Compiled:
    always: tuple[re.Pattern[str], ...]
    unless_when: tuple[re.Pattern[str], ...]
    ask: tuple[re.Pattern[str], ...]
    wrong_party: tuple[re.Pattern[str], ...]
    threats: tuple[re.Pattern[str], ...]
    not_after: re.Pattern[str]
    about: re.Pattern[str]
    when: re.Pattern[str]
    call_me: re.Pattern[str]
    reports: re.Pattern[str]


@cache
def _compiled() -> dict[str, _Compiled]:
    return {name: _compile(phrases) for name, phrases in LANGUAGES.items()}


def _compile(phrases: Phrases) -> _Compiled:
    def whole(texts: tuple[str, ...]) -> tuple[re.Pattern[str], ...]:
        return tuple(re.compile(rf"(?<!\S)(?:{text})(?!\S)") for text in texts)

    return _Compiled(
        always=whole(phrases.always),
        unless_when=whole(phrases.unless_when),
        ask=whole(phrases.ask),
        wrong_party=whole(phrases.wrong_party),
        threats=whole(phrases.threats),
        not_after=re.compile(rf"(?<!\S)(?:{phrases.not_after})$"),
        about=re.compile(rf"(?:{phrases.about})(?!\S)"),
        when=re.compile(rf"(?:{phrases.when})(?!\S)"),
        call_me=re.compile(rf"(?<!\S)(?:{phrases.call_me})"),
        reports=re.compile(rf"(?<!\S)(?:{phrases.reports})$"),
    )
