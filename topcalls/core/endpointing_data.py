"""Words that tell whether a speaker has finished, by language. Phrases are separated by commas."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple


class Lists(NamedTuple):
    """`leading_on` is never the last word of a sentence, `rarely_last` is so now and then; where
    `unspaced`, they are endings of a text. `digits` are the figures 0 to 9 and what stands beside
    them when one reads out a number. The next three are what an agent says that asks for a number,
    an e-mail address, or a name; `at` and `dot` are how an address is said.
    """

    leading_on: str
    rarely_last: str
    digits: str
    number: str
    email: str
    name: str
    at: str
    dot: str
    unspaced: bool = False


HESITATING: Final = "um, umm, uh, uhm, uhh, er, erm, ehm, euh, ähm, äh, öh, öhm, ööh, э, эм, ээ"
"""Said in the middle of a thought, in whatever language."""

LANGUAGES: Final[Mapping[str, Lists]] = {
    "cs": Lists(
        "a, ale, nebo, protože, že, který, která, které, když, jestli, takže, můj, moje",
        "v, ve, na, do, od, s, se, pro, o, u, k, po, je, jsem, to je, mám",
        "nula, jedna, dva, tři, čtyři, pět, šest, sedm, osm, devět, nulka, krát",
        "číslo, telefon, psč, kód, datum narození, rodné",
        "e-mail, email, mail, mejl",
        "jméno, jmenujete, příjmení, hláskovat, vyhláskovat",
        "zavináč",
        "tečka",
    ),
    "da": Lists(
        "og, men, eller, fordi, at, som, når, hvis, en, et, mit, mine",
        "i, på, til, fra, med, for, om, af, den, det, de, er, har, vil, så, der, min",
        "nul, en, et, to, tre, fire, fem, seks, syv, otte, ni",
        "nummer, telefonnummer, postnummer, kode, fødselsdato, cpr",
        "e-mail, email, mail, mailadresse",
        "navn, hedder, efternavn, stave",
        "snabel a, snabel-a, krølle a",
        "punktum, prik",
    ),
    "de": Lists(
        "und, aber, oder, weil, dass, wenn, ob, als, denn, sondern, den, dem, des, eine, einen, "
        "einem, einer, mein, meine, meinen, ihre, im, vom, zum, zur, zum beispiel",
        "da, also, ihr, an, am, auf, bei, mit, nach, von, zu, um, ist, sind, hat, habe, wäre, "
        "ich, in, für, über, unter, das, die, der",
        "null, eins, ein, zwei, zwo, drei, vier, fünf, sechs, sieben, acht, neun, doppel",
        "nummer, telefonnummer, rufnummer, kundennummer, vertragsnummer, bestellnummer, "
        "postleitzahl, geburtsdatum, iban, zählerstand, pin, code",
        "e-mail, email, e-mail-adresse, mailadresse, mail",
        "name, namen, heißen, nachname, vorname, buchstabieren, buchstabier",
        "at, ät, klammeraffe",
        "punkt",
    ),
    "en": Lists(
        "and, but, or, because, so that, if, although, unless, i, i'm, i am, the, a, an, my, "
        "your, of, i mean",
        "which, who, when, while, since, than, we, they, our, their, his, to, in, on, at, for, "
        "with, from, about, by, into, is, are, was, were, it's, that's, have, has, had, will, "
        "would, could, can, should, want, need, let me see, well, so",
        "zero, oh, o, one, two, three, four, five, six, seven, eight, nine, double, triple, "
        "hundred",
        "number, phone number, account number, zip, zip code, postcode, postal code, "
        "date of birth, birthday, digits, pin, code, reading",
        "e-mail, email, e-mail address, email address",
        "name, spell, spelling, spelled",
        "at",
        "dot, point",
    ),
    "es": Lists(
        "y, e, pero, o, porque, que, si, aunque, el, la, los, las, un, una, unos, mi, mis, de, "
        "del, es que",
        "a, al, en, con, por, para, sobre, es, son, está, tengo, quiero, pues, o sea, su, sus, "
        "como, cuando",
        "cero, uno, una, dos, tres, cuatro, cinco, seis, siete, ocho, nueve, doble",
        "número, numero, teléfono, código, código postal, fecha de nacimiento, dni, cuenta",
        "correo, correo electrónico, email, e-mail",
        "nombre, apellido, apellidos, deletrear, deletrea, deletreármelo, llama usted",
        "arroba",
        "punto",
    ),
    "fi": Lists(
        "ja, mutta, tai, koska, että, niin että, vaikka, minun, mun, eli",
        "se on, on, olen, sekä, jos, kun, joka",
        "nolla, yksi, kaksi, kolme, neljä, viisi, kuusi, seitsemän, kahdeksan, yhdeksän, tupla",
        "numero, numeron, puhelinnumero, postinumero, koodi, syntymäaika, henkilötunnus",
        "sähköposti, sähköpostiosoite, meili, email",
        "nimi, nimen, nimesi, sukunimi, tavata, tavaisitko",
        "ät, miukumauku",
        "piste",
    ),
    "fr": Lists(
        "et, mais, ou, parce que, que, si, je, un, une, des, du, de, mon, ma, mes, votre, au, "
        "aux, à, c'est à dire",
        "le, la, les, en, dans, avec, pour, sur, par, chez, est, c'est, suis, ai, voudrais, "
        "alors, en fait, quand, qui, car, donc, comme",
        "zéro, un, deux, trois, quatre, cinq, six, sept, huit, neuf, double, dix, vingt, trente, "
        "quarante, cinquante, soixante",
        "numéro, téléphone, code, code postal, date de naissance, compte",
        "e-mail, email, mail, courriel, adresse électronique",
        "nom, prénom, épeler, épelez, appelez-vous",
        "arobase, arrobase, at",
        "point",
    ),
    "it": Lists(
        "e, ed, ma, o, perché, che, se, anche se, il, lo, la, gli, un, uno, una, di, del, della, "
        "al, alla, nel, nella, dal",
        "i, le, con, per, su, da, è, sono, ho, vorrei, cioè, allora, a, in, mia, mio, quando, come",
        "zero, uno, due, tre, quattro, cinque, sei, sette, otto, nove, doppio",
        "numero, telefono, codice, cap, data di nascita, codice fiscale, conto",
        "e-mail, email, mail, posta elettronica",
        "nome, cognome, si chiama, compitare, sillabare",
        "chiocciola, at",
        "punto",
    ),
    "ja": Lists(
        "ので, けど, けれど, けれども, えーと, ええと, あの, あのー, えっと, それで, そして, "
        "または",
        "で, て, と, の, も, は, を, に, が, から, でも",
        "ゼロ, れい, まる, いち, に, さん, よん, ご, ろく, なな, はち, きゅう, 〇, 一, 二, 三, "
        "四, 五, 六, 七, 八, 九",
        "番号, 電話番号, 郵便番号, 生年月日, 暗証番号, コード",
        "メール, メールアドレス",
        "お名前, 名前, 名字, 綴り, つづり",
        "アット, アットマーク",
        "ドット",
        unspaced=True,
    ),
    "nb": Lists(
        "og, men, eller, fordi, at, som, hvis, en, et, ei, mitt, mine",
        "i, på, til, fra, med, for, om, av, den, det, de, er, har, vil, så, når, min",
        "null, en, ett, to, tre, fire, fem, seks, syv, sju, åtte, ni, dobbel",
        "nummer, telefonnummer, postnummer, kode, fødselsdato, personnummer",
        "e-post, epost, e-postadresse, mail",
        "navn, heter, etternavn, stave",
        "krøllalfa",
        "punktum",
    ),
    "nl": Lists(
        "en, maar, of, omdat, want, als, terwijl, dus, ik, de, het, een, mijn, uw",
        "van, in, op, aan, bij, met, voor, naar, over, is, zijn, heb, heeft, wil, zou, dat is, "
        "nou, die, dat, wanneer",
        "nul, een, één, twee, drie, vier, vijf, zes, zeven, acht, negen, dubbel",
        "nummer, telefoonnummer, klantnummer, postcode, geboortedatum, code, meterstand",
        "e-mail, email, e-mailadres, mailadres, mail",
        "naam, heet, achternaam, spellen, spelt",
        "apenstaartje, at",
        "punt",
    ),
    "pl": Lists(
        "i, a, ale, lub, albo, bo, ponieważ, że, który, która, jeśli, czy, więc, to jest",
        "w, we, na, do, od, z, ze, dla, o, u, po, przy, mam, jest, to, kiedy, mój, moja",
        "zero, jeden, dwa, trzy, cztery, pięć, sześć, siedem, osiem, dziewięć",
        "numer, telefon, kod, kod pocztowy, data urodzenia, datę urodzenia, pesel",
        "e-mail, email, mail, mejl",
        "imię, nazwisko, nazywa, przeliterować, literować",
        "małpa, małpka",
        "kropka",
    ),
    "pt": Lists(
        "e, mas, ou, porque, que, se, embora, o, a, os, as, um, uma, de, do, da, no, na",
        "em, com, por, para, sobre, é, são, está, tenho, quero, então, tipo, quando, como, meu, "
        "minha, seu, sua",
        "zero, um, uma, dois, duas, três, quatro, cinco, seis, meia, sete, oito, nove",
        "número, telefone, telemóvel, código, código postal, cep, cpf, data de nascimento, conta",
        "e-mail, email, correio eletrónico, correio eletrônico",
        "nome, apelido, sobrenome, soletrar, soletra, chama",
        "arroba",
        "ponto",
    ),
    "ru": Lists(
        "и, а, но, или, потому что, что, который, которая, если, чтобы, хотя",
        "в, во, на, к, от, до, с, со, для, о, об, у, по, при, за, мне, это, я, ну, как, когда, "
        "мой, моя",
        "ноль, нуль, один, раз, два, три, четыре, пять, шесть, семь, восемь, девять, двадцать, "
        "тридцать, сорок, пятьдесят, шестьдесят, семьдесят, восемьдесят, девяносто, сто",
        "номер, телефон, индекс, код, дата рождения, дату рождения",
        "почта, почту, электронная почта, адрес почты, имейл, email, e-mail",
        "имя, имени, фамилия, фамилию, зовут, по буквам",
        "собака, собачка",
        "точка",
    ),
    "sv": Lists(
        "och, men, eller, för att, eftersom, att, som, om, en, ett, mina",
        "i, på, till, från, med, för, av, den, det, de, är, har, vill, så, när, min, mitt",
        "noll, en, ett, två, tre, fyra, fem, sex, sju, åtta, nio, dubbel",
        "nummer, telefonnummer, postnummer, kod, födelsedatum, personnummer",
        "e-post, mejl, mail, e-postadress, mejladress",
        "namn, heter, efternamn, bokstavera",
        "snabel-a, snabel a, at",
        "punkt",
    ),
    "tr": Lists(
        "ve, ama, veya, ya da, çünkü, ki, eğer, benim, şey",
        "için, ile, o, şu, bu, de, da, yani, bir",
        "sıfır, bir, iki, üç, dört, beş, altı, yedi, sekiz, dokuz, çift",
        "numara, numaranız, numaranızı, telefon, posta kodu, kod, doğum tarihi, doğum tarihiniz, "
        "kimlik",
        "e-posta, eposta, e-mail, mail adresi",
        "adınız, adınızı, isminiz, isminizi, soyadınız, soyadı, heceler, kodlar",
        "et, kuyruklu a",
        "nokta",
    ),
    "uk": Lists(
        "і, й, та, а, але, або, бо, тому що, що, який, яка, якщо, щоб, хоча",
        "в, у, на, до, від, з, із, для, про, по, при, за, мені, це, я, ну, як, коли, мій, моя",
        "нуль, один, два, три, чотири, п'ять, шість, сім, вісім, дев'ять, двадцять, тридцять, "
        "сорок, сто",
        "номер, телефон, індекс, код, дата народження, дату народження",
        "пошта, пошту, електронна пошта, імейл, email, e-mail",
        "ім'я, імені, прізвище, звати, по літерах",
        "равлик, собачка",
        "крапка",
    ),
    "zh": Lists(
        "和, 但是, 可是, 不过, 因为, 所以, 如果, 或者, 还有, 然后, 就是, 嗯那个, 而且, 因為, "
        "還有, 然後",
        "在, 是, 把, 给, 給, 想, 要, 但, 这个, 那个, 這個, 那個, 我的, 跟",
        "零, 一, 二, 三, 四, 五, 六, 七, 八, 九, 幺, 两, 〇",
        "号码, 电话, 手机号, 邮编, 验证码, 生日, 出生日期, 號碼, 電話, 手機",
        "邮箱, 邮件, 电子邮件, 郵箱, 電子郵件",
        "名字, 姓名, 贵姓, 怎么称呼, 貴姓, 怎麼稱呼",
        "艾特, 小老鼠",
        "点, 點",
        unspaced=True,
    ),
}
