"""Can a call be held in a language? BCP 47 tags, and what the engines of an installation know."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from topcalls.errors import FieldError

LANGUAGE_PATTERN = (
    r"^[A-Za-z]{2,3}(-[A-Za-z]{4})?(-([A-Za-z]{2}|[0-9]{3}))?"
    r"(-([A-Za-z0-9]{5,8}|[0-9][A-Za-z0-9]{3}))*$"
)
_SAME = {"no": "nb", "nn": "nb", "tl": "fil", "iw": "he", "in": "id", "cmn": "zh"}


def primary(tag: str) -> str:
    """The language of a tag without script, region and variants: one code for each language."""
    code = tag.partition("-")[0].lower()
    return _SAME.get(code, code)


@dataclass(frozen=True)
class Engine:
    """What hears or speaks. `languages` are primary codes, None where they are not known to us;
    `regional` are the tags whose region it minds."""

    name: str
    languages: frozenset[str] | None = None
    regional: frozenset[str] = frozenset()

    def knows(self, tag: str) -> bool:
        """Whether it serves this language; what is not known to us it may."""
        return self.languages is None or primary(tag) in self.languages


@dataclass(frozen=True)
class LanguageRules:
    """The engines of an installation: speech to speech, and those of the chain in their order. A
    voice of the chain has the name of its provider."""

    realtime: Engine = Engine("realtime")  # noqa: RUF009 - it is frozen
    hears: tuple[Engine, ...] = field(default_factory=tuple)
    speaks: tuple[Engine, ...] = field(default_factory=tuple)

    def faults(self, tag: str, mode: str, provider: str | None) -> Iterator[FieldError]:
        """Why a call of this mode cannot be held in this language. `provider` is that of the voice
        it names, None where it names none."""
        if mode == "realtime":
            if not self.realtime.knows(tag):
                yield _fault(f"Is not spoken by speech to speech. {_LISTED}")
            return
        if not _anybody(self.hears, tag):
            yield _fault(f"Is understood by none of {_names(self.hears)}. {_LISTED}")
        elif provider is not None:
            if not _anybody([engine for engine in self.speaks if engine.name == provider], tag):
                yield _fault(
                    f"Is not spoken by the voice, which is one of {provider}. "
                    f"GET /v1/voices/builtin?mode=legacy&language={tag} lists those that speak it."
                )
        elif not _anybody(self.speaks, tag):
            yield _fault(f"Is spoken by none of {_names(self.speaks)}. {_LISTED}")


_LISTED = "GET /v1/languages tells who knows which language."


def _anybody(engines: Sequence[Engine], tag: str) -> bool:
    """Without engines nothing is known of them, and nothing is refused."""
    return not engines or any(engine.knows(tag) for engine in engines)


def _names(engines: Sequence[Engine]) -> str:
    return ", ".join(engine.name for engine in engines)


def _fault(message: str) -> FieldError:
    return FieldError("language", message, "language_not_spoken")
