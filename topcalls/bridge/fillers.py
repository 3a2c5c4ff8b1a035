"""What is said while the mind takes its time, by language."""

from __future__ import annotations

from typing import Final

_FILLERS: Final = {
    "ar": "لحظة من فضلك.",
    "cs": "Moment, prosím.",
    "da": "Et øjeblik, tak.",
    "de": "Einen Moment, bitte.",
    "en": "One moment, please.",
    "es": "Un momento, por favor.",
    "fi": "Hetkinen, kiitos.",
    "fr": "Un instant, s'il vous plaît.",
    "hi": "एक क्षण, कृपया।",
    "it": "Un attimo, per favore.",
    "ja": "少々お待ちください。",
    "nb": "Et øyeblikk, takk.",
    "nl": "Een ogenblik, alstublieft.",
    "pl": "Chwileczkę, proszę.",
    "pt": "Um momento, por favor.",
    "ru": "Одну минуту, пожалуйста.",
    "sv": "Ett ögonblick, tack.",
    "tr": "Bir saniye lütfen.",
    "uk": "Одну хвилину, будь ласка.",
    "zh": "请稍等。",
}


def filler_text(language: str | None) -> str:
    """For a BCP 47 tag; "" for a language that we cannot say it in. None counts as English."""
    return _FILLERS.get((language or "en").partition("-")[0].lower(), "")
