"""What machines and people say when they take a call, as data. Own wording throughout.

Each entry is a regular expression for text without accents, punctuation and capitals (see
`plain`). A weight of 2 settles the matter; two entries of weight 1 do together.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Final

Entry = tuple[int, str]

VOICEMAIL: Final[Mapping[str, Sequence[Entry]]] = {
    "en": (
        (2, r"leave (\w+ ){0,3}(message|name|number|details)"),
        (2, r"(after|at|following) (the )?(tone|beep|signal)"),
        (2, r"voice ?mail|answering machine|mailbox"),
        (2, r"record (your |a )?message|when you (have|are) (finished|done)"),
        (1, r"you(r call| ve| have) (has )?(been )?(reached|forwarded)|you ve reached"),
        (1, r"(can ?not|cant|can t|unable to|not able to) (\w+ )?(take|answer|come to|get to)"),
        (1, r"(is not|isn t|not|are not) (available|here|in the office|home)"),
        (1, r"get back to you|call you back|return your call"),
        (1, r"away from (my|the|his|her) (phone|desk)|missed your call"),
        (1, r"\b(message|tone|beep)\b"),
    ),
    "de": (
        (2, r"(hinterlassen|hinterlasse|sprechen|sprich) .*(nachricht|namen|nummer|signalton|ton)"),
        (2, r"nach dem (signal|piep|ton)\w*"),
        (2, r"mailbox|anrufbeantworter|sprachbox"),
        (1, r"nicht (erreichbar|zu hause|ans telefon|da)|zurzeit nicht|gerade nicht"),
        (1, r"rufe\w* .*zuruck|ruckruf|melde\w* mich"),
        (1, r"sie sind verbunden mit|anschluss von"),
    ),
    "es": (
        (2, r"(deje|deja|dejar|dejenos|grabe) (\w+ ){0,2}(mensaje|nombre|recado|numero)"),
        (2, r"(despues|luego) (del? )?(la )?(tono|senal|bip)|al oir (el |la )?(tono|senal)"),
        (2, r"buzon de voz|contestador"),
        (1, r"no (puedo|podemos) (atender\w*|contestar\w*|responder\w*)|no (estoy|estamos)"),
        (1, r"le (devolver|llamar)\w+|te (devolver|llamar)\w+|ha llamado a"),
    ),
    "fr": (
        (2, r"laisse[rz]? (\w+ ){0,2}(message|nom|coordonnees|numero)"),
        (2, r"apres (le )?(bip|signal|ton\w*)"),
        (2, r"messagerie|repondeur|boite vocale"),
        (1, r"(pas|ne suis pas|sommes pas) (disponible|joignable|la)\w*|actuellement (absent|pas)"),
        (1, r"(vous|te) rappel\w+|vous etes bien (chez|sur)"),
    ),
    "it": (
        (2, r"lascia\w* (\w+ ){0,3}(messaggio|nome|recapito)"),
        (2, r"dopo (il )?(segnale|bip|tono)"),
        (2, r"segreteria( telefonica)?|casella vocale"),
        (1, r"non (posso|possiamo|sono|siamo) (rispondere|in casa|disponibil\w|raggiungibil\w)"),
        (1, r"(vi|ti|la) richiam\w+"),
    ),
    "pt": (
        (2, r"deixe (\w+ ){0,3}(mensagem|recado|nome|numero)"),
        (2, r"(apos|depois) (d?o )?(sinal|bip|tom)"),
        (2, r"caixa postal|correio de voz|secretaria eletronica"),
        (1, r"nao (posso|podemos|estou|estamos) (atender|disponive\w+|no momento|em casa)"),
        (1, r"(retornarei|retornaremos|ligo de volta|ligaremos)"),
    ),
    "nl": (
        (2, r"(spreek|laat) .*(bericht|boodschap|naam|nummer|toon|piep)"),
        (2, r"na (de )?(toon|piep|pieptoon)"),
        (2, r"voicemail|antwoordapparaat"),
        (1, r"niet (bereikbaar|aanwezig|thuis|opnemen|aannemen|beschikbaar)"),
        (1, r"bel\w* .*terug|u bent verbonden met"),
    ),
}

CHOICES: Final[Mapping[str, Sequence[Entry]]] = {
    "en": (
        (2, r"press (\w+ )?(one|two|three|four|five|six|seven|eight|nine|zero|star|pound|hash|\d)"),
        (
            2,
            r"say or (press|enter)|enter your (\w+ )?(number|extension|pin)|dial an? extension",
        ),
        (2, r"(you can|please|just|or) say \w+ (or|for|to)\b|in a few words|direct your call"),
    ),
    "de": (
        (2, r"(drucken|wahlen) sie .*(eins|zwei|drei|null|taste|\d)|drucken sie"),
        (2, r"(sagen|nennen) sie (bitte )?(\w+ ){0,2}(oder|stichwort|anliegen)|kurzen worten"),
    ),
    "es": (
        (2, r"(pulse|marque|presione|oprima) (el |la )?(\w+ )?(uno|dos|tres|cero|\d)"),
        (2, r"en pocas palabras|(puede decir|diga) \w+ (o|para)\b"),
    ),
    "fr": (
        (2, r"(appuyez|tapez|composez) (sur |le )?(la )?(touche )?(un|deux|trois|zero|\d)"),
        (2, r"en quelques mots|(vous pouvez dire|dites) \w+ (ou|pour)\b"),
    ),
    "it": (
        (2, r"(prema|premere|premi|digit\w+) (il |tasto )*(uno|due|tre|zero|\d)"),
        (2, r"in poche parole|(puo dire|dica) \w+ (o|per)\b"),
    ),
    "pt": (
        (2, r"(digite|tecle|pressione|disque) (a |o )?(\w+ )?(um|dois|tres|zero|\d)"),
        (2, r"em poucas palavras|(pode dizer|diga) \w+ (ou|para)\b"),
    ),
    "nl": (
        (2, r"(toets|kies|druk) (op )?(een|twee|drie|nul|\d)"),
        (2, r"in een paar woorden|(u kunt|zeg) \w+ (of|voor)\b"),
    ),
}
"""A menu asks to choose, by keys or by voice."""

QUEUE: Final[Mapping[str, Sequence[Entry]]] = {
    "en": (
        (2, r"all (of )?(our|the) (\w+ )?(agents|representatives|operators|lines) are"),
        (1, r"your call is important|please (hold|stay on the line)|next available"),
    ),
    "de": (
        (2, r"alle (unsere )?(mitarbeiter|platze|leitungen|berater)"),
        (1, r"bitte (warten|bleiben) sie|nachste freie"),
    ),
    "es": (
        (2, r"todos nuestros (agentes|operadores|asesores)"),
        (1, r"(permanezca|espere) en (la )?linea|llamada .*importante"),
    ),
    "fr": (
        (2, r"tous nos (conseillers|agents|operateurs)"),
        (1, r"(patientez|patienter|restez en ligne)|appel .*important"),
    ),
    "it": (
        (2, r"tutti i nostri operatori"),
        (1, r"(attendere|resti|rimanga) in linea|chiamata .*importante"),
    ),
    "pt": (
        (2, r"todos os nossos (atendentes|operadores|assistentes)"),
        (1, r"(aguarde|permaneca) na linha|(ligacao|chamada) .*importante"),
    ),
    "nl": (
        (2, r"al onze (medewerkers|lijnen)"),
        (1, r"(blijf|blijft) (u )?aan de lijn|een moment geduld"),
    ),
}
"""A telephone system has its callers wait."""

_GREETINGS: Final[Mapping[str, Sequence[Entry]]] = {
    "en": (
        (2, r"(main|following) (menu|options)|menu options|listen (carefully )?to the"),
        (1, r"calls? (may|will|is|are) (be )?(being )?(recorded|monitored)"),
        (1, r"(thank you|thanks) for calling|welcome to|para espanol"),
    ),
    "de": (
        (2, r"hauptmenu|folgenden? (auswahl|optionen|moglichkeiten)"),
        (1, r"gesprach\w* .*(aufgezeichnet|mitgeschnitten)"),
        (1, r"willkommen (bei|beim)"),
    ),
    "es": (
        (2, r"menu principal|siguientes opciones"),
        (1, r"llamada .*grabada"),
        (1, r"bienvenido\w* a|gracias por llamar"),
    ),
    "fr": (
        (2, r"menu principal|choix suivants"),
        (1, r"appel .*enregistre"),
        (1, r"bienvenue (chez|a|au)"),
    ),
    "it": (
        (2, r"menu principale|seguenti opzioni"),
        (1, r"chiamata .*registrata"),
        (1, r"benvenut\w (in|al|alla|a)"),
    ),
    "pt": (
        (2, r"menu principal|seguintes opcoes"),
        (1, r"(ligacao|chamada) .*gravada"),
        (1, r"bem vindo\w? (a|ao)"),
    ),
    "nl": (
        (2, r"hoofdmenu|volgende (keuzes|opties)|keuzemenu"),
        (1, r"gesprek .*(opgenomen)"),
        (1, r"welkom bij"),
    ),
}

IVR: Final[Mapping[str, Sequence[Entry]]] = {
    language: (*CHOICES[language], *QUEUE[language], *entries)
    for language, entries in _GREETINGS.items()
}

SCREENING: Final[Mapping[str, Sequence[Entry]]] = {
    "en": (
        (
            2,
            r"screening (service|assistant|calls?|this)|screens? ((their|his|her|my|its) )?calls?",
        ),
        (2, r"(record|say|state|give) your name and (the )?(reason|why|purpose)"),
        (2, r"your name and (the )?(reason|why)|reason for calling"),
        (2, r"see if (this person|they|he|she|the person) (is|are) (available|able)"),
        (2, r"before i (try to )?connect you|(virtual|call|google|digital) assistant"),
        (1, r"who is calling and (why|what)|what (your call|it) is about"),
    ),
    "de": (
        (2, r"namen und (den )?(grund|anlass)|grund (ihres|deines|fur (ihren|den)) anruf\w*"),
        (2, r"anrufassistent|nimmt anrufe .*entgegen|(ob|wenn) die person"),
    ),
    "es": (
        (2, r"nombre y (el )?(motivo|la razon)|motivo de (su|tu|la) llamada"),
        (2, r"asistente .*llamadas|filtra\w* (sus |las )?llamadas"),
    ),
    "fr": (
        (2, r"nom et (la raison|le motif|l objet)|(raison|motif|objet) de votre appel"),
        (2, r"assistant .*appels?|filtr\w+ (ses |les )?appels"),
    ),
    "it": (
        (2, r"nome e (il )?motivo|motivo della (chiamata|telefonata)"),
        (2, r"assistente .*chiamat\w+|filtra\w* le chiamate"),
    ),
    "pt": (
        (2, r"nome e (o )?motivo|motivo d[ae] (sua )?(ligacao|chamada)"),
        (2, r"assistente .*(chamadas|ligacoes)|filtra\w* (as )?(chamadas|ligacoes)"),
    ),
    "nl": (
        (2, r"naam en (de )?reden|reden van (uw|je) (telefoontje|oproep|gesprek)"),
        (2, r"(oproep|bel)assistent|filtert (\w+ )?(oproepen|telefoontjes)"),
    ),
}

INTERCEPT: Final[Mapping[str, Sequence[Entry]]] = {
    "en": (
        (2, r"(not|no longer) in service|been disconnected|is disconnected"),
        (2, r"can ?not be completed|could not be completed|check the number"),
        (
            2,
            r"number (\w+ ){0,4}(is|has|was) (\w+ )?(not assigned|changed|invalid|incorrect|wrong)",
        ),
        (2, r"circuits are busy|not a (valid|working) number"),
        (1, r"(the )?number you (have |ve )?(dialed|called|reached)"),
    ),
    "de": (
        (2, r"(rufnummer|nummer) .*(nicht vergeben|nicht bekannt|nicht erreichbar|geandert)"),
        (2, r"kein anschluss"),
        (1, r"gewahlte (ruf)?nummer"),
    ),
    "es": (
        (
            2,
            r"numero .*(no existe|no esta en servicio|incorrecto|no corresponde|fuera de servicio)",
        ),
        (1, r"numero (que ha|marcado)"),
    ),
    "fr": (
        (2, r"numero .*(n est pas (attribue|en service)|n est plus|incorrect)"),
        (2, r"n est (pas|plus) (attribue|en service)"),
        (1, r"numero (que vous avez|demande|compose)"),
    ),
    "it": (
        (2, r"numero .*(inesistente|non (e )?(attivo|raggiungibile|corretto|esiste))"),
        (1, r"numero (selezionato|da lei|chiamato)"),
    ),
    "pt": (
        (2, r"numero .*(nao existe|nao esta em (servico|uso)|incorreto|inexistente)"),
        (1, r"numero (discado|que voce|chamado)"),
    ),
    "nl": (
        (2, r"nummer .*(niet in gebruik|bestaat niet|is gewijzigd|niet aangesloten)"),
        (1, r"(gekozen|gedraaide) nummer"),
    ),
}

HUMAN: Final[Mapping[str, Sequence[Entry]]] = {
    "en": (
        (2, r"^(um |oh )?(hello|hi|hey|yes|yeah|yep)( hello| hi| yes| yeah){0,2}( there)?$"),
        (2, r"(thank you|thanks) for calling .*this is (?!the |a |an |our |your )\w+"),
        (2, r"how (can|may|could) (i|we|help)\b|what can (i|we) do for you"),
        (2, r"who (is|s) (this|calling|there|that)|speaking$|can i help you"),
        (1, r"^good (morning|afternoon|evening)\b|^this is \w+$|^\w+( \w+)? here$"),
    ),
    "de": (
        (2, r"^(hallo|ja|ja bitte|ja hallo|hallo ja|guten tag|moin|servus)$"),
        (
            2,
            r"am apparat|wie kann ich (ihnen )?(weiter)?helfen|was kann ich fur sie|wer ist da",
        ),
    ),
    "es": (
        (2, r"^(hola|(si )?(diga|digame)|si|bueno|alo|quien es|hola buenos dias)$"),
        (
            2,
            r"en que (puedo|podemos) (ayudar|servir)\w*|con quien hablo|de parte de quien|al habla",
        ),
    ),
    "fr": (
        (2, r"^(allo|oui|oui allo|allo oui|bonjour|j ecoute|allo bonjour)$"),
        (2, r"que puis je faire|comment puis je vous|en quoi puis je|a l appareil|qui est"),
    ),
    "it": (
        (2, r"^(pronto|si|si pronto|pronto si|buongiorno|chi parla)$"),
        (2, r"come (posso|possiamo) (aiutar|esser)\w*|in cosa posso|mi dica"),
    ),
    "pt": (
        (2, r"^((alo|oi|ola) )?(alo|oi|ola|sim|estou|estou sim|pronto|bom dia|quem fala)$"),
        (2, r"em que posso|como posso (ajudar|ser)\w*|com quem (eu )?falo|pois nao"),
    ),
    "nl": (
        (2, r"^(hallo|ja|ja hallo|goedemorgen|goedemiddag|met wie|hoi)$"),
        (2, r"waarmee kan ik|hoe kan ik (u|je)|wat kan ik voor|spreekt u mee"),
    ),
}


def plain(text: str) -> str:
    """Lower case, letters and digits only, one space between words, no accents."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    kept = (c if c.isalnum() else " " for c in letters if not unicodedata.combining(c))
    return " ".join("".join(kept).split())


def weight_of(table: Mapping[str, Sequence[Entry]], text: str) -> int:
    """The weight of all entries, of the language they fit best, that `text` (made `plain`) has."""
    scores = (
        sum(weight for weight, pattern in entries if pattern.search(text))
        for entries in _compiled(id(table))
    )
    return max(scores, default=0)


_TABLES = {
    id(table): table for table in (VOICEMAIL, IVR, CHOICES, QUEUE, SCREENING, INTERCEPT, HUMAN)
}


@cache
def _compiled(table: int) -> tuple[tuple[tuple[int, re.Pattern[str]], ...], ...]:
    return tuple(
        tuple((weight, re.compile(rf"(?:{pattern})")) for weight, pattern in entries)
        for entries in _TABLES[table].values()
    )
