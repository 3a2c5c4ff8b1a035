"""What the agent says to somebody who does not want to be called, in fixed words.

They are said as they stand, by the voice of the call, whatever its model would have said.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from topcalls.core.languages import primary
from topcalls.core.opt_out import OptOut, Tier


@dataclass(frozen=True, slots=True)
class OptOutWords:
    """`stopped`: no more calls at all. `purpose`: none about this. `question`: is it meant so?"""

    stopped: str
    purpose: str
    question: str


@dataclass(frozen=True, slots=True)
class OptOutPlan:
    """Whether a call `listens` for it at all; whether it `asks` about words that may mean it, and
    takes the key 9 for it (`by_key`); whether its opening `offers` the word "stop" for it."""

    listens: bool = False
    asks: bool = True
    by_key: bool = True
    offers: bool = False


DEFAULT: Final = "en"
WORDS: Final[dict[str, OptOutWords]] = {
    "en": OptOutWords(
        "I understand. We will not call you again. Goodbye.",
        "I understand. We will not call you about this again. Goodbye.",
        "Do you want us not to call you again?",
    ),
    "es": OptOutWords(
        "Entendido. No volveremos a llamarle. Adiós.",
        "Entendido. No volveremos a llamarle por este asunto. Adiós.",
        "¿Desea que no volvamos a llamarle?",
    ),
    "fr": OptOutWords(
        "C'est compris. Nous ne vous rappellerons plus. Au revoir.",
        "C'est compris. Nous ne vous rappellerons plus à ce sujet. Au revoir.",
        "Souhaitez-vous que nous ne vous appelions plus ?",
    ),
    "de": OptOutWords(
        "Ich habe verstanden. Sie werden nicht mehr angerufen. Auf Wiederhören.",
        "Ich habe verstanden. Sie werden deswegen nicht mehr angerufen. Auf Wiederhören.",
        "Möchten Sie, dass wir Sie nicht mehr anrufen?",
    ),
    "it": OptOutWords(
        "Ho capito. Non la chiameremo più. Arrivederci.",
        "Ho capito. Non la chiameremo più per questo motivo. Arrivederci.",
        "Desidera che non la chiamiamo più?",
    ),
    "pt": OptOutWords(
        "Entendi. Não voltaremos a ligar. Adeus.",
        "Entendi. Não voltaremos a ligar sobre este assunto. Adeus.",
        "Deseja que não voltemos a ligar?",
    ),
    "nl": OptOutWords(
        "Ik begrijp het. U wordt niet meer gebeld. Tot ziens.",
        "Ik begrijp het. U wordt hierover niet meer gebeld. Tot ziens.",
        "Wilt u dat wij u niet meer bellen?",
    ),
    "pl": OptOutWords(
        "Rozumiem. Nie będziemy więcej dzwonić. Do widzenia.",
        "Rozumiem. Nie będziemy więcej dzwonić w tej sprawie. Do widzenia.",
        "Czy mamy więcej do Państwa nie dzwonić?",
    ),
    "ro": OptOutWords(
        "Am înțeles. Nu vă vom mai suna. La revedere.",
        "Am înțeles. Nu vă vom mai suna despre acest lucru. La revedere.",
        "Doriți să nu vă mai sunăm?",
    ),
    "hi": OptOutWords(
        "मैं समझ गया। आपको फिर कॉल नहीं किया जाएगा। नमस्ते।",
        "मैं समझ गया। आपको इस बारे में फिर कॉल नहीं किया जाएगा। नमस्ते।",
        "क्या आप चाहते हैं कि हम आपको फिर कॉल न करें?",
    ),
}
"""By language: those whose phrases are looked for."""


def words_for(call_language: str | None, heard: OptOut) -> OptOutWords:
    """In the call's language; where it names none, or one without words here, in the one that was
    heard."""
    for language in (primary(call_language or ""), heard.language):
        if language in WORDS:
            return WORDS[language]
    return WORDS[DEFAULT]


def confirmation(words: OptOutWords, tier: Tier) -> str:
    """What confirms it."""
    return words.purpose if tier is Tier.PURPOSE else words.stopped
