"""How languages say numbers, amounts of money, dates and times. `core/spoken_forms.py` finds them.

The words of numbers are num2words'; what stands around them is here. A language without a class of
its own says numbers and leaves the rest to the voice: a wrong ending is worse than a figure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from num2words import num2words

SIGNS = {"$": "USD", "US$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY", "R$": "BRL"}
CODES = ("USD", "EUR", "GBP", "JPY", "BRL", "CHF")
_SPACES = " \u00a0\u202f"


@dataclass(frozen=True)
class Money:
    """A currency's words: one and many of its unit and of its hundredth, which it may lack."""

    one: str
    many: str
    cent: str = ""
    cents: str = ""
    feminine: bool = False


class Language:
    """Says numbers as num2words does. What is None or empty the language does not say."""

    code = ""
    decimal, thousands = ",", "." + _SPACES
    point = percent = until = ""
    plus, minus = "plus", "minus"
    months: tuple[str, ...] = ()
    date_signs = ""
    month_first = False
    scales: tuple[str, ...] = ()
    money: Mapping[str, Money] = {}
    ordinal_endings = ""
    time_sign, time_tail = ":", ""  # regular expressions
    reads_pairs = False
    names_years = False

    def __init__(self, code: str = "") -> None:
        self.code = code or self.code

    def cardinal(self, number: int) -> str:
        """As in counting."""
        return str(num2words(number, lang=self.code))

    def nth(self, number: int) -> str:
        """The ordinal."""
        return str(num2words(number, lang=self.code, to="ordinal"))

    def year(self, number: int) -> str:
        """As in a date."""
        named = self.names_years and 1100 <= number < 2100
        return str(num2words(number, lang=self.code, to="year" if named else "cardinal"))

    def number(self, text: str) -> str:
        """Digits as this language writes them, with its signs in them."""
        whole, _, fraction = text.partition(self.decimal)
        for sign in self.thousands:
            whole = whole.replace(sign, "")
        words = self.cardinal(int(whole))
        return f"{words} {self.point} {self.digits(fraction)}" if fraction else words

    def digits(self, text: str) -> str:
        """Each figure for itself."""
        return " ".join(self.cardinal(int(digit)) for digit in text)

    def counted(self, number: int, *, feminine: bool = False) -> str:
        """A number before what it counts."""
        return self.cardinal(number)

    def amount(self, units: int, cents: int, money: Money) -> str:
        """As in twelve dollars and fifty cents."""
        unit = money.one if units == 1 else money.many
        words = f"{self.counted(units, feminine=money.feminine)} {unit}"
        return f"{words} {self.cardinal(cents)}" if cents else words

    def scaled(self, number: str, scale: str, money: Money) -> str:
        """As in three million dollars."""
        return f"{self.number(number)} {scale} {money.many}"

    def date(self, day: int, month: int, year: int | None, before: str) -> str:
        """`before` is the text before it."""
        said = f"{self.cardinal(day)} {self.months[month - 1]}"
        return f"{said} {self.year(year)}" if year else said

    def time(self, hour: int, minute: int, half: str) -> str:
        """`half` is "am", "pm" or ""."""
        raise NotImplementedError


class English(Language):
    code, decimal, thousands, point = "en", ".", ",", "point"
    percent, until = "percent", "to"
    months = (
        *("January", "February", "March", "April", "May", "June", "July", "August"),
        *("September", "October", "November", "December"),
    )
    date_signs, scales = "/", ("thousand", "million", "billion", "trillion")
    ordinal_endings = "st|nd|rd|th"
    names_years = True
    money = {
        "USD": Money("dollar", "dollars", "cent", "cents"),
        "EUR": Money("euro", "euros", "cent", "cents"),
        "GBP": Money("pound", "pounds", "penny", "pence"),
        "JPY": Money("yen", "yen"),
        "BRL": Money("real", "reais", "centavo", "centavos"),
        "CHF": Money("franc", "francs", "centime", "centimes"),
    }

    def __init__(self, region: str) -> None:
        super().__init__()
        self.month_first = region in ("", "US")

    def amount(self, units: int, cents: int, money: Money) -> str:
        small = f"{self.cardinal(cents)} {money.cent if cents == 1 else money.cents}"
        if cents and not units:
            return small
        words = f"{self.cardinal(units)} {money.one if units == 1 else money.many}"
        return f"{words} and {small}" if cents else words

    def date(self, day: int, month: int, year: int | None, before: str) -> str:
        name, nth = self.months[month - 1], self.nth(day)
        if self.month_first:
            return f"{name} {nth}, {self.year(year)}" if year else f"{name} {nth}"
        the = "" if before.lower().endswith("the ") else "the "
        return f"{the}{nth} of {name}" + (f" {self.year(year)}" if year else "")

    def time(self, hour: int, minute: int, half: str) -> str:
        words = self.cardinal(hour)
        if 0 < minute < 10:
            words += f" oh {self.cardinal(minute)}"
        elif minute:
            words += f" {self.cardinal(minute)}"
        if half:
            return f"{words} {'a.m.' if half == 'am' else 'p.m.'}"
        if minute:
            return words
        return f"{words} o'clock" if 0 < hour <= 12 else f"{words} hundred hours"


class German(Language):
    code, point, percent, until = "de", "Komma", "Prozent", "bis"
    thousands = ".'’" + _SPACES
    months = (
        *("Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August"),
        *("September", "Oktober", "November", "Dezember"),
    )
    date_signs, scales = ".", ("Tausend", "Millionen", "Milliarden")
    time_tail = r"(?:\s?Uhr)?"
    names_years = True
    money = {
        "USD": Money("Dollar", "Dollar"),
        "EUR": Money("Euro", "Euro"),
        "GBP": Money("Pfund", "Pfund"),
        "JPY": Money("Yen", "Yen"),
        "CHF": Money("Franken", "Franken"),
    }
    _DATIVE = ("am", "vom", "zum", "den", "dem", "ab", "bis", "seit", "beim")

    def counted(self, number: int, *, feminine: bool = False) -> str:
        return "ein" if number == 1 else self.cardinal(number)

    def date(self, day: int, month: int, year: int | None, before: str) -> str:
        last = (before.lower().split() or [""])[-1]
        ending = "n" if last in self._DATIVE else "" if last == "der" else "r"
        said = f"{self.nth(day)}{ending} {self.months[month - 1]}"
        return f"{said} {self.year(year)}" if year else said

    def time(self, hour: int, minute: int, half: str) -> str:
        words = f"{self.counted(hour)} Uhr"
        return f"{words} {self.cardinal(minute)}" if minute else words


class French(Language):
    code, point, percent, until = "fr", "virgule", "pour cent", "à"
    months = (
        *("janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août"),
        *("septembre", "octobre", "novembre", "décembre"),
    )
    date_signs, scales = "/", ("mille", "millions", "milliards")
    time_sign = r"\s?[:h]\s?"
    minus = "moins"
    reads_pairs = True
    money = {
        "USD": Money("dollar", "dollars"),
        "EUR": Money("euro", "euros"),
        "GBP": Money("livre", "livres", feminine=True),
        "JPY": Money("yen", "yens"),
        "CHF": Money("franc", "francs"),
    }

    def counted(self, number: int, *, feminine: bool = False) -> str:
        words = self.cardinal(number)
        is_one = words == "un" or words.endswith((" un", "-un"))
        return f"{words}e" if feminine and is_one else words

    def scaled(self, number: str, scale: str, money: Money) -> str:
        joint = " " if scale == "mille" else " d'" if money.many[0] in "aeiouy" else " de "
        return f"{self.number(number)} {scale}{joint}{money.many}"

    def date(self, day: int, month: int, year: int | None, before: str) -> str:
        first = f"premier {self.months[month - 1]}"
        said = first if day == 1 else super().date(day, month, None, before)
        return f"{said} {self.year(year)}" if year else said

    def time(self, hour: int, minute: int, half: str) -> str:
        words = f"{self.counted(hour, feminine=True)} heure{'s' if hour > 1 else ''}"
        return f"{words} {self.counted(minute, feminine=True)}" if minute else words


class Romance(Language):
    """What Spanish, Italian and Portuguese have in common."""

    one = two = ("", "")  # masculine and feminine
    first = ""  # of a month
    of = ""  # between the parts of a date
    joint = ""  # before the cents, and before the minutes

    def counted(self, number: int, *, feminine: bool = False) -> str:
        words = self.cardinal(number)
        for forms, ending in ((self.one, self.cardinal(1)), (self.two, self.cardinal(2))):
            if forms[0] and (words == ending or words.endswith(f" {ending}")):
                return words[: -len(ending)] + forms[feminine]
        return words

    def amount(self, units: int, cents: int, money: Money) -> str:
        words = super().amount(units, 0, money)
        return f"{words} {self.joint} {self.cardinal(cents)}" if cents else words

    def date(self, day: int, month: int, year: int | None, before: str) -> str:
        of = f" {self.of} " if self.of else " "
        number = self.first if day == 1 else self.cardinal(day)
        said = f"{number}{of}{self.months[month - 1]}"
        return f"{said}{of}{self.year(year)}" if year else said

    def time(self, hour: int, minute: int, half: str) -> str:
        words = self.counted(hour, feminine=True)
        return f"{words} {self.joint} {self.cardinal(minute)}" if minute else words


class Spanish(Romance):
    code, point, percent, until = "es", "coma", "por ciento", "a"
    plus, minus = "más", "menos"
    months = (
        *("enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto"),
        *("septiembre", "octubre", "noviembre", "diciembre"),
    )
    date_signs, scales = "/", ("mil", "millones")
    one, first, of, joint = ("un", "una"), "uno", "de", "y"
    money = {
        "USD": Money("dólar", "dólares"),
        "EUR": Money("euro", "euros"),
        "GBP": Money("libra", "libras", feminine=True),
        "CHF": Money("franco", "francos"),
    }

    def __init__(self, region: str) -> None:
        super().__init__()
        if region in ("MX", "US", "419"):
            self.decimal, self.thousands, self.point = ".", "," + _SPACES, "punto"
            self.first = "primero"

    def counted(self, number: int, *, feminine: bool = False) -> str:
        words = super().counted(number, feminine=feminine)
        if words.endswith("veintiuno"):
            return words.removesuffix("uno") + ("una" if feminine else "ún")
        return words

    def amount(self, units: int, cents: int, money: Money) -> str:
        words = super().amount(units, 0, money)
        return f"{words} con {self.cardinal(cents)}" if cents else words

    def scaled(self, number: str, scale: str, money: Money) -> str:
        joint = " " if scale == "mil" else " de "
        return f"{self.number(number)} {scale}{joint}{money.many}"


class Italian(Romance):
    code, point, percent, until = "it", "virgola", "per cento", "a"
    plus, minus = "più", "meno"
    months = (
        *("gennaio", "febbraio", "marzo", "aprile", "maggio", "giugno", "luglio", "agosto"),
        *("settembre", "ottobre", "novembre", "dicembre"),
    )
    date_signs, scales = "/", ("milioni", "miliardi")
    one, first, joint = ("un", "una"), "primo", "e"
    money = {
        "USD": Money("dollaro", "dollari"),
        "EUR": Money("euro", "euro"),
        "GBP": Money("sterlina", "sterline", feminine=True),
        "CHF": Money("franco", "franchi"),
    }

    def scaled(self, number: str, scale: str, money: Money) -> str:
        return f"{self.number(number)} {scale} di {money.many}"


class Portuguese(Romance):
    code, point, percent, until = "pt", "vírgula", "por cento", "a"
    plus, minus = "mais", "menos"
    months = (
        *("janeiro", "fevereiro", "março", "abril", "maio", "junho", "julho", "agosto"),
        *("setembro", "outubro", "novembro", "dezembro"),
    )
    date_signs, scales = "/", ("mil", "milhões", "bilhões")
    one, two, first, of, joint = ("um", "uma"), ("dois", "duas"), "um", "de", "e"
    time_sign = r"\s?[:h]\s?"
    money = {
        "USD": Money("dólar", "dólares"),
        "EUR": Money("euro", "euros"),
        "GBP": Money("libra", "libras", feminine=True),
        "BRL": Money("real", "reais"),
    }

    def __init__(self, region: str) -> None:
        brazil = region in ("", "BR")
        super().__init__("pt_BR" if brazil else "pt")
        self.first = "primeiro" if brazil else "um"

    def scaled(self, number: str, scale: str, money: Money) -> str:
        joint = " " if scale == "mil" else " de "
        return f"{self.number(number)} {scale}{joint}{money.many}"

    def time(self, hour: int, minute: int, half: str) -> str:
        words = f"{self.counted(hour, feminine=True)} hora{'' if hour == 1 else 's'}"
        return f"{words} e {self.cardinal(minute)}" if minute else words


class Dutch(Language):
    code, point, percent, until = "nl", "komma", "procent", "tot"
    minus = "min"
    months = (
        *("januari", "februari", "maart", "april", "mei", "juni", "juli", "augustus"),
        *("september", "oktober", "november", "december"),
    )
    date_signs, scales = "-/", ("duizend", "miljoen", "miljard")
    time_tail = r"(?:\s?uur)?"
    money = {
        "USD": Money("dollar", "dollar"),
        "EUR": Money("euro", "euro"),
        "GBP": Money("pond", "pond"),
        "CHF": Money("frank", "frank"),
    }

    def time(self, hour: int, minute: int, half: str) -> str:
        words = f"{self.cardinal(hour)} uur"
        return f"{words} {self.cardinal(minute)}" if minute else words


_ALONE = {
    "da": "komma",
    "nb": "komma",
    "sv": "komma",
    "fi": "pilkku",
    "cs": "celá",
    "sk": "celá",
    "sl": "celih",
    "pl": "przecinek",
    "tr": "virgül",
    "id": "koma",
    "hu": "egész",
    "ro": "virgulă",
    "ca": "coma",
    "vi": "phẩy",
    "uk": "кома",
}
"""Languages that only say numbers, and their word for the decimal sign."""


def speech_of(tag: str) -> Language | None:
    """How a language says numbers; None where that is left to the voice."""
    code, *rest = tag.split("-")
    code = code.lower()
    region = next((part.upper() for part in rest if len(part) in (2, 3)), "")
    if code in ("en", "es", "pt"):
        kind = {"en": English, "es": Spanish, "pt": Portuguese}[code]
        return kind(region)
    own = {"de": German, "fr": French, "it": Italian, "nl": Dutch}.get(code)
    if own is not None:
        return own()
    if code in _ALONE:
        spoken = Language("no" if code == "nb" else code)
        spoken.point = _ALONE[code]
        return spoken
    return None
