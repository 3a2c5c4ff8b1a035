"""Models, voices and languages a call may name; the data of the catalogue routes.

Nothing here is a closed list: a vendor has a new model or voice every month, and a compatible
server has its own, so an unknown name is let through. A name that is known to be dead is refused
with its replacement, because the call would only fail when it is already being made.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from topcalls.errors import InvalidRequest

DEFAULT_REALTIME_MODEL = "gpt-realtime-2.1"
CHEAP_REALTIME_MODEL = "gpt-realtime-2.1-mini"
DEFAULT_LEGACY_MODEL = "gpt-6-luna"
DEFAULT_VOICES = {"realtime": "alloy", "legacy": "rachel"}


@dataclass(frozen=True)
class Model:
    """A model and what it can do. `shutdown_date` is the day its vendor ends it, where known."""

    name: str
    mode: str
    description: str = ""
    vendor: str = "openai"
    supports_temperature: bool = False
    supports_reasoning: bool = False
    shutdown_date: date | None = None
    replacement: str | None = None

    def is_dead(self, today: date) -> bool:
        return self.shutdown_date is not None and self.shutdown_date <= today


@dataclass(frozen=True)
class Voice:
    """A built-in voice of one mode."""

    name: str
    mode: str
    vendor: str
    recommended: bool = False


@dataclass(frozen=True)
class Language:
    """A language a call may be held in: BCP 47 tag, English name, own name."""

    tag: str
    name: str
    native_name: str


_ALIVE = (
    Model(
        DEFAULT_REALTIME_MODEL,
        "realtime",
        "Speech to speech, best quality.",
        supports_reasoning=True,
    ),
    Model(
        CHEAP_REALTIME_MODEL,
        "realtime",
        "Speech to speech at a third of the price.",
        supports_reasoning=True,
    ),
    Model("gpt-realtime-2", "realtime", "Speech to speech.", supports_reasoning=True),
    Model("gpt-realtime-1.5", "realtime", "Speech to speech, without reasoning."),
    Model(DEFAULT_LEGACY_MODEL, "legacy", "Small and quick.", supports_reasoning=True),
)


def _ending(names: str, day: date, mode: str, replacement: str) -> tuple[Model, ...]:
    return tuple(
        Model(
            name,
            mode,
            supports_temperature=mode == "legacy" and not name.startswith(("gpt-5", "o")),
            shutdown_date=day,
            replacement=replacement,
        )
        for name in names.split()
    )


_ENDING = (
    *_ending(
        "gpt-realtime gpt-realtime-2025-08-28",
        date(2027, 1, 20),
        "realtime",
        DEFAULT_REALTIME_MODEL,
    ),
    *_ending(
        "gpt-realtime-mini gpt-realtime-mini-2025-12-15",
        date(2027, 1, 20),
        "realtime",
        CHEAP_REALTIME_MODEL,
    ),
    *_ending(
        "gpt-4o-realtime-preview gpt-4o-realtime-preview-2024-10-01 "
        "gpt-4o-realtime-preview-2024-12-17 gpt-4o-realtime-preview-2025-06-03",
        date(2026, 5, 7),
        "realtime",
        DEFAULT_REALTIME_MODEL,
    ),
    *_ending(
        "gpt-4o-mini-realtime-preview gpt-4o-mini-realtime-preview-2024-12-17",
        date(2026, 5, 7),
        "realtime",
        CHEAP_REALTIME_MODEL,
    ),
    *_ending(
        "gpt-4.1 gpt-4.1-mini gpt-4o gpt-4o-mini",
        date(2027, 1, 14),
        "legacy",
        DEFAULT_LEGACY_MODEL,
    ),
    *_ending("gpt-5 gpt-5-mini gpt-5-nano o3", date(2026, 12, 11), "legacy", DEFAULT_LEGACY_MODEL),
    *_ending(
        "gpt-4.1-nano gpt-4 gpt-4-turbo gpt-3.5-turbo o1 o3-mini o4-mini",
        date(2026, 10, 23),
        "legacy",
        DEFAULT_LEGACY_MODEL,
    ),
)
_MODELS = {model.name: model for model in _ALIVE + _ENDING}


def models(today: date, mode: str | None = None) -> list[Model]:
    """Every known model that can still be used, best first."""
    return [
        model
        for model in _MODELS.values()
        if mode in (None, model.mode) and not model.is_dead(today)
    ]


def find_model(name: str) -> Model | None:
    """What is known of a model; None for a name we have never heard of."""
    return _MODELS.get(name)


def default_model(mode: str) -> str:
    """The model of calls that name none."""
    return DEFAULT_LEGACY_MODEL if mode == "legacy" else DEFAULT_REALTIME_MODEL


def check_model(name: str, mode: str, today: date, *, field: str = "model") -> str | None:
    """A warning about a model that works today, or None. Raises `InvalidRequest` if it cannot."""
    model = _MODELS.get(name)
    if model is None:
        return None
    if model.is_dead(today):
        raise InvalidRequest(
            f"The model {name} was shut down on {model.shutdown_date}.",
            field=field,
            remedy=f"Use {model.replacement}.",
        )
    if model.mode != mode:
        raise InvalidRequest(
            f"The model {name} works in {model.mode} mode only.",
            field=field,
            remedy=f"Use {default_model(mode)}, or set mode to {model.mode!r}.",
        )
    if model.shutdown_date is None:
        return None
    return (
        f"The model {name} will be shut down on {model.shutdown_date}; "
        f"{model.replacement} replaces it."
    )


_REALTIME_VOICES = "alloy ash ballad coral echo sage shimmer verse marin cedar"
_LEGACY_VOICES = "rachel domi bella antoni elli josh arnold sam adam nicole matilda"
VOICES = (
    *(
        Voice(name, "realtime", "openai", recommended=name in ("marin", "cedar"))
        for name in _REALTIME_VOICES.split()
    ),
    *(Voice(name, "legacy", "elevenlabs") for name in _LEGACY_VOICES.split()),
)


def voices(mode: str | None = None) -> list[Voice]:
    """The built-in voices, of one mode or of all."""
    return [voice for voice in VOICES if mode in (None, voice.mode)]


LANGUAGES = tuple(
    Language(*row)
    for row in (
        ("ar", "Arabic", "العربية"),
        ("bg", "Bulgarian", "Български"),
        ("ca", "Catalan", "Català"),
        ("cs", "Czech", "Čeština"),
        ("da", "Danish", "Dansk"),
        ("de-AT", "German (Austria)", "Deutsch (Österreich)"),
        ("de-CH", "German (Switzerland)", "Deutsch (Schweiz)"),
        ("de-DE", "German (Germany)", "Deutsch (Deutschland)"),
        ("el", "Greek", "Ελληνικά"),
        ("en-AU", "English (Australia)", "English (Australia)"),
        ("en-GB", "English (United Kingdom)", "English (United Kingdom)"),
        ("en-IN", "English (India)", "English (India)"),
        ("en-US", "English (United States)", "English (United States)"),
        ("es-ES", "Spanish (Spain)", "Español (España)"),
        ("es-MX", "Spanish (Mexico)", "Español (México)"),
        ("et", "Estonian", "Eesti"),
        ("fa", "Persian", "فارسی"),
        ("fi", "Finnish", "Suomi"),
        ("fil", "Filipino", "Filipino"),
        ("fr-CA", "French (Canada)", "Français (Canada)"),
        ("fr-FR", "French (France)", "Français (France)"),
        ("he", "Hebrew", "עברית"),
        ("hi", "Hindi", "हिन्दी"),
        ("hr", "Croatian", "Hrvatski"),
        ("hu", "Hungarian", "Magyar"),
        ("id", "Indonesian", "Bahasa Indonesia"),
        ("it", "Italian", "Italiano"),
        ("ja", "Japanese", "日本語"),
        ("ko", "Korean", "한국어"),
        ("lt", "Lithuanian", "Lietuvių"),
        ("lv", "Latvian", "Latviešu"),
        ("ms", "Malay", "Bahasa Melayu"),
        ("nb", "Norwegian", "Norsk bokmål"),
        ("nl-BE", "Dutch (Belgium)", "Nederlands (België)"),
        ("nl-NL", "Dutch (Netherlands)", "Nederlands (Nederland)"),
        ("pl", "Polish", "Polski"),
        ("pt-BR", "Portuguese (Brazil)", "Português (Brasil)"),
        ("pt-PT", "Portuguese (Portugal)", "Português (Portugal)"),
        ("ro", "Romanian", "Română"),
        ("ru", "Russian", "Русский"),
        ("sk", "Slovak", "Slovenčina"),
        ("sl", "Slovenian", "Slovenščina"),
        ("sr", "Serbian", "Српски"),
        ("sv", "Swedish", "Svenska"),
        ("ta", "Tamil", "தமிழ்"),
        ("th", "Thai", "ไทย"),
        ("tr", "Turkish", "Türkçe"),
        ("uk", "Ukrainian", "Українська"),
        ("vi", "Vietnamese", "Tiếng Việt"),
        ("zh-CN", "Chinese (Mandarin, China)", "中文（中国大陆）"),
        ("zh-TW", "Chinese (Mandarin, Taiwan)", "中文（台灣）"),
    )
)


def language_name(tag: str) -> str | None:
    """The English name behind a tag: exact, or of the language without its region."""
    wanted = tag.lower()
    for language in LANGUAGES:
        if language.tag.lower() == wanted:
            return language.name
    primary = wanted.partition("-")[0]
    for language in LANGUAGES:
        if language.tag.lower().partition("-")[0] == primary:
            return language.name.partition(" (")[0]
    return None
