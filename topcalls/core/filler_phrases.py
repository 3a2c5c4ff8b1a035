"""What is said to a caller who has to wait, by language: two phrases each, to take turns."""

from __future__ import annotations

from typing import Final

from topcalls.core.languages import primary

_PHRASES: Final = {
    "ar": ("لحظة من فضلك.", "دقيقة واحدة."),
    "cs": ("Moment, prosím.", "Hned to bude."),
    "da": ("Et øjeblik, tak.", "Jeg er der om lidt."),
    "de": ("Einen Moment, bitte.", "Ich bin gleich so weit."),
    "en": ("One moment, please.", "Just a second."),
    "es": ("Un momento, por favor.", "Un segundo, por favor."),
    "fi": ("Hetkinen, kiitos.", "Pieni hetki vielä."),
    "fr": ("Un instant, s'il vous plaît.", "Juste une seconde."),
    "hi": ("एक क्षण, कृपया।", "बस एक मिनट।"),
    "it": ("Un attimo, per favore.", "Solo un secondo."),
    "ja": ("少々お待ちください。", "もう少しお待ちください。"),
    "nb": ("Et øyeblikk, takk.", "Bare et sekund."),
    "nl": ("Een ogenblik, alstublieft.", "Eén seconde, alstublieft."),
    "pl": ("Chwileczkę, proszę.", "Jeszcze sekundę."),
    "pt": ("Um momento, por favor.", "Só um segundo."),
    "ru": ("Одну минуту, пожалуйста.", "Секундочку."),
    "sv": ("Ett ögonblick, tack.", "Bara en sekund."),
    "tr": ("Bir saniye lütfen.", "Hemen bakıyorum."),
    "uk": ("Одну хвилину, будь ласка.", "Секундочку."),
    "zh": ("请稍等。", "马上就好。"),
}


def phrases_of(language: str | None) -> tuple[str, ...]:
    """For a BCP 47 tag; none for a language that we cannot say it in. None counts as English."""
    return _PHRASES.get(primary(language or "en"), ())
