"""Languages that calls are held in, who serves them, and tags as vendors spell them.

The lists of engines are the vendors' own of 2026-11; a language that a vendor adds later is refused
until it is added here, except on servers that are not the vendor's.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass

from topcalls.core.languages import Engine, primary


@dataclass(frozen=True)
class Language:
    """A language a call may be held in: BCP 47 tag, English name, own name."""

    tag: str
    name: str
    native_name: str


_TABLE = """
af     | Afrikaans | Afrikaans
ar     | Arabic | العربية
ar-AE  | Arabic (United Arab Emirates) | العربية (الإمارات)
ar-EG  | Arabic (Egypt) | العربية (مصر)
ar-SA  | Arabic (Saudi Arabia) | العربية (السعودية)
az     | Azerbaijani | Azərbaycanca
be     | Belarusian | Беларуская
bg     | Bulgarian | Български
bn     | Bengali | বাংলা
bs     | Bosnian | Bosanski
ca     | Catalan | Català
cs     | Czech | Čeština
cy     | Welsh | Cymraeg
da     | Danish | Dansk
de-AT  | German (Austria) | Deutsch (Österreich)
de-CH  | German (Switzerland) | Deutsch (Schweiz)
de-DE  | German (Germany) | Deutsch (Deutschland)
el     | Greek | Ελληνικά
en-AU  | English (Australia) | English (Australia)
en-CA  | English (Canada) | English (Canada)
en-GB  | English (United Kingdom) | English (United Kingdom)
en-IE  | English (Ireland) | English (Ireland)
en-IN  | English (India) | English (India)
en-NZ  | English (New Zealand) | English (New Zealand)
en-US  | English (United States) | English (United States)
en-ZA  | English (South Africa) | English (South Africa)
es-419 | Spanish (Latin America) | Español (Latinoamérica)
es-AR  | Spanish (Argentina) | Español (Argentina)
es-CO  | Spanish (Colombia) | Español (Colombia)
es-ES  | Spanish (Spain) | Español (España)
es-MX  | Spanish (Mexico) | Español (México)
es-US  | Spanish (United States) | Español (Estados Unidos)
et     | Estonian | Eesti
fa     | Persian | فارسی
fi     | Finnish | Suomi
fil    | Filipino | Filipino
fr-BE  | French (Belgium) | Français (Belgique)
fr-CA  | French (Canada) | Français (Canada)
fr-CH  | French (Switzerland) | Français (Suisse)
fr-FR  | French (France) | Français (France)
gl     | Galician | Galego
he     | Hebrew | עברית
hi     | Hindi | हिन्दी
hr     | Croatian | Hrvatski
hu     | Hungarian | Magyar
hy     | Armenian | Հայերեն
id     | Indonesian | Bahasa Indonesia
is     | Icelandic | Íslenska
it     | Italian | Italiano
ja     | Japanese | 日本語
ka     | Georgian | ქართული
kk     | Kazakh | Қазақша
kn     | Kannada | ಕನ್ನಡ
ko     | Korean | 한국어
lt     | Lithuanian | Lietuvių
lv     | Latvian | Latviešu
mk     | Macedonian | Македонски
ml     | Malayalam | മലയാളം
mr     | Marathi | मराठी
ms     | Malay | Bahasa Melayu
nb     | Norwegian | Norsk bokmål
ne     | Nepali | नेपाली
nl-BE  | Dutch (Belgium) | Nederlands (België)
nl-NL  | Dutch (Netherlands) | Nederlands (Nederland)
pa     | Punjabi | ਪੰਜਾਬੀ
pl     | Polish | Polski
pt-BR  | Portuguese (Brazil) | Português (Brasil)
pt-PT  | Portuguese (Portugal) | Português (Portugal)
ro     | Romanian | Română
ru     | Russian | Русский
sk     | Slovak | Slovenčina
sl     | Slovenian | Slovenščina
sr     | Serbian | Српски
sv     | Swedish | Svenska
sw     | Swahili | Kiswahili
ta     | Tamil | தமிழ்
te     | Telugu | తెలుగు
th     | Thai | ไทย
tr     | Turkish | Türkçe
uk     | Ukrainian | Українська
ur     | Urdu | اردو
vi     | Vietnamese | Tiếng Việt
zh-CN  | Chinese (Mandarin, China) | 中文（中国大陆）
zh-HK  | Chinese (Cantonese, Hong Kong) | 粵語（香港）
zh-TW  | Chinese (Mandarin, Taiwan) | 中文（台灣）
"""
LANGUAGES = tuple(
    Language(*(cell.strip() for cell in line.split("|"))) for line in _TABLE.strip().splitlines()
)


def language_name(tag: str) -> str | None:
    """The English name behind a tag: exact, or of the language without its region."""
    wanted = tag.lower()
    for language in LANGUAGES:
        if language.tag.lower() == wanted:
            return language.name
    for language in LANGUAGES:
        if primary(language.tag) == primary(tag):
            return language.name.partition(" (")[0]
    return None


# --- who serves them


def _codes(text: str) -> frozenset[str]:
    return frozenset(primary(code) for code in text.split())


_OPENAI = _codes(
    "af ar hy az be bs bg ca zh hr cs da nl en et fi fr gl de el he hi hu is id it ja kn kk ko lv "
    "lt mk ms mr mi ne no fa pl pt ro ru sr sk sl es sw sv tl ta th tr uk ur vi cy"
)
_NOVA = _codes(
    "ar be bg bn bs ca cs da de el en es et fa fi fr he hi hr hu id it ja kn ko lt lv mk mr ms ne "
    "nl no pa pl pt ro ru sk sl sr sv ta te th tl tr uk ur vi zh"
)
_FLUX = _codes("en es fr de hi ru pt ja it nl")
_SCRIBE = _codes(
    "af am ar as az be bg bn bs ca ceb cs cy da de el en es et fa ff fi fil fr ga gl gu ha he hi "
    "hr hu hy id ig is it ja jv ka kk km kn ko ku ky lb lg ln lo lt lv mi mk ml mn mr ms mt my ne "
    "nl no ny oc or pa pl ps pt ro ru sd sk sl sn so sr sv sw ta te tg th tr uk ur uz vi wo xh yue "
    "zh zu"
)
_MULTILINGUAL_V2 = (
    "en ja zh de hi fr ko pt it es id nl tr fil pl sv bg ro ar cs el fi hr ms sk da ta uk ru"
)
_SPEAKING_MODELS = {
    "eleven_multilingual_v2": _codes(_MULTILINGUAL_V2),
    "eleven_flash_v2_5": _codes(f"{_MULTILINGUAL_V2} hu no vi"),
    "eleven_turbo_v2_5": _codes(f"{_MULTILINGUAL_V2} hu no vi"),
    "eleven_flash_v2": _codes("en"),
    "eleven_turbo_v2": _codes("en"),
    "eleven_v3": _codes(
        "af ar as az be bg bn bs ca ceb cs cy da de el en es et fa fi fil fr ga gl gu ha he hi hr "
        "hu hy id is it ja jv ka kk kn ko ky lb ln lt lv mk ml mr ms ne nl no ny pa pl ps pt ro ru "
        "sd sk sl so sr sv sw ta te th tr uk ur vi zh"
    ),
}
_ESPEAK = _codes(
    "af am an ar as az ba be bg bn bs ca cs cv cy da de el en eo es et eu fa fi fo fr ga gd gu he "
    "hi hr ht hu hy ia id is it ja ka kk kl kn ko kok ku ky la lb lt lv mi mk ml mr ms mt my nb ne "
    "nl om or pa pap pl pt qu ro ru sd si sk sl sq sr sv sw ta te th ti tk tn tr tt ug uk ur uz vi "
    "zh"
)
_NOVA_REGIONS = frozenset(
    (
        *("en-AU", "en-GB", "en-IN", "en-NZ", "en-US", "de-CH", "es-419", "fr-CA", "nl-BE"),
        *("pt-BR", "pt-PT", "zh-CN", "zh-HK", "zh-TW"),
    )
)
_ESPEAK_REGIONS = frozenset(
    ("en-GB", "en-US", "es-419", "es-MX", "fr-BE", "fr-CH", "fr-FR", "pt-BR", "pt-PT")
)

REALTIME = Engine("openai-realtime", _OPENAI)
RECOGNIZERS = {
    "deepgram-flux": Engine("deepgram-flux", _FLUX),
    "deepgram-nova": Engine("deepgram-nova", _NOVA, _NOVA_REGIONS),
    "elevenlabs": Engine("elevenlabs", _SCRIBE),
    "openai": Engine("openai", _OPENAI),
    "local": Engine("local", _codes("en")),
}


def speaker(provider: str, model: str) -> Engine:
    """The voices of a provider, as this model of it speaks."""
    if provider == "elevenlabs":
        return Engine(provider, _SPEAKING_MODELS.get(model))
    if provider == "local":
        return Engine(provider, _ESPEAK, _ESPEAK_REGIONS)
    return Engine(provider, _OPENAI if provider == "openai" else None)


# --- how vendors spell tags

_SPELT = {"nb": "no", "nn": "no", "fil": "tl", "iw": "he", "in": "id"}


def language_code(tag: str | None) -> str:
    """The language without its region, as ISO 639-1 and most vendors have it; "" for none."""
    code = (tag or "").partition("-")[0].lower()
    return _SPELT.get(code, code)


def elevenlabs_code(tag: str | None) -> str:
    """As ElevenLabs has it: Filipino is its own."""
    code = language_code(tag)
    return "fil" if code == "tl" else code


def with_known_region(tag: str | None, regional: Container[str]) -> str:
    """The whole tag where the vendor knows it, else the language alone; "" for none."""
    return tag if tag and tag in regional else language_code(tag)
