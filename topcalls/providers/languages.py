"""Languages that calls are held in, and BCP 47 tags as vendors spell them."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass


@dataclass(frozen=True)
class Language:
    """A language a call may be held in: BCP 47 tag, English name, own name."""

    tag: str
    name: str
    native_name: str


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


_SPELT = {"nb": "no", "nn": "no", "fil": "tl", "iw": "he", "in": "id"}


def language_code(tag: str | None) -> str:
    """The language without its region; "" for none."""
    primary = (tag or "").partition("-")[0].lower()
    return _SPELT.get(primary, primary)


def with_known_region(tag: str | None, regional: Container[str]) -> str:
    """The whole tag where the vendor knows it, else the language alone; "" for none."""
    return tag if tag and tag in regional else language_code(tag)
