"""How people say that they do not want to be called, in ten languages, as data. Own wording
throughout.

Each text is a regular expression for text without accents, punctuation and capitals
(`answer_phrases.plain`), matched at whole words. `always`: means it; with a time behind it, it is
asked about. `unless_when`: means it unless a time follows ("do not call me today"). `not_after`:
what before it turns it round. `about`: it is said of one subject only. `when`: a time. `call_me`:
they want to be called. `reports`: somebody else's words follow. `ask`: may mean it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from topcalls.core.answer_phrases import plain


@dataclass(frozen=True)
class Phrases:
    """Of one language."""

    always: tuple[str, ...]
    ask: tuple[str, ...]
    unless_when: tuple[str, ...] = ()
    not_after: str = r"(?!)"
    about: str = r"(?!)"
    when: str = r"(?!)"
    call_me: str = r"(?!)"
    wrong_party: tuple[str, ...] = ()
    threats: tuple[str, ...] = ()
    reports: str = r"(?!)"


_NOBODY = r"(?:(?:the|your|my|our|a|any|this) )?"
_ME = r"(?:me|us|here|(?:this|my|our) (?:\w+ )?(?:number|phone|house|home|line|cell)|my \w+)"
_ORDER = r"(?<!you )(?<!they )(?<!he )(?<!she )(?<!we )(?<!why )(?<!people )"
"""No order stands behind these."""

_NEVER = (
    rf"(?:{_ORDER}(?:don ?t|do not|never|not to|stop trying to)"
    r"|(?:told|tell|telling|asked|asking) you (?:guys |people )?(?:don ?t|do not|never|not to))"
)
_LIST = r"(?:list|lists|database|system|records|directory)"
_ON = r"(?:do not call|don ?t call|no call|dnc)"

_ENGLISH = Phrases(
    always=(
        rf"(?:stop|quit|cease) (?:calling|phoning|ringing|contacting|bothering)(?: {_ME})?",
        r"(?:stop|no more|enough of) (?:\w+ )?(?:phone )?calls?",
        rf"{_NEVER} (?:you )?(?:ever )?(?:call|phone|ring|contact|bother)(?: {_ME})?(?: back)?"
        r" (?:again|any ?more|ever)",
        rf"{_ORDER}never (?:ever )?(?:call|phone|ring|contact) {_ME}",
        r"take (?:my|our|this) (?:\w+ )?(?:number|name) off",
        rf"take (?:me|us) off (?:of )?{_NOBODY}(?:\w+ ){{0,2}}{_LIST}",
        rf"(?:remove|delete|erase|scratch|drop) (?:me|us|(?:my|this|our) (?:\w+ )?(?:number|name|"
        rf"info\w*|details))(?: from {_NOBODY}(?:\w+ ){{0,2}}{_LIST})?",
        rf"(?:put|add|place) (?:me|us|(?:my|this|our) (?:\w+ )?number) (?:on|to) {_NOBODY}"
        rf"(?:\w+ )?{_ON}",
        rf"(?:i|we|number)(?: m| am| re| are| is| s)? (?:already )?on the (?:\w+ )?{_ON}",
        r"unsubscribe(?! from (?:the|your) (?:news\w*|e ?mails?|channel))",
        r"opt(?:ing|ed)? (?:me |us )?out"
        r"(?! of (?:the|this|that|my|your|any) (?!call|list|\w+ call))",
        r"(?:lose|forget|throw away) (?:my|this) (?:phone )?number",
        r"cease and desist",
        r"(?:revoke|withdraw|take back) (?:my |all |any )*(?:consent|permission)",
        r"(?:don ?t|do not|never) want (?:you |anyone |anybody )?(?:to )?(?:be called|call me|"
        r"receive|get|any|your|these|those|more|getting|calls)(?: \w+){0,3}?(?: calls?| again|"
        r" any ?more)",
    ),
    unless_when=(
        rf"{_NEVER} (?:call|phone|ring|contact) {_ME}",
        r"(?:don ?t|do not) want (?:to be called|you to call|you calling)(?: me| us)?",
    ),
    not_after=r"(?:don ?t|do not|never|didn ?t|not|won ?t|can ?t)(?: ever| please| just| you| to)*",
    about=r"(?:about|regarding|concerning|for (?:this|that|your|the)|with (?:this|that|your))",
    when=r"(?:(?:right )?now|today|tonight|tomorrow|yet|before|after|until|till|unless|while|"
    r"during|at work|on my \w+|this (?:morning|afternoon|evening|week|month|early|late)|"
    r"on (?:\w+day|weekends?)|"
    r"at (?:night|this (?:hour|time)|dinner|lunch)|so (?:early|late|often|much)|"
    r"in the (?:morning|evening))",
    call_me=r"(?<!not )(?<!t )(?<!never )(?:call|ring|phone) (?:me |us )?(?:again |back )?"
    r"(?:tomorrow|later|next (?:week|month|\w+day)|on \w+day|in (?:an?|\w+) (?:hour|day|week)s?)",
    ask=(
        r"(?:i ?m |am |are )?not (?:really )?interested",
        r"no interest",
        r"leave (?:me|us) alone",
        r"who (?:is|s) this",
        r"i ?m (?:really |very )?busy",
        r"(?:lawyer|attorney)s?",
        r"how did you get (?:my|this) number",
        rf"(?:stop|quit) calling {_ME} so (?:often|much)",
        rf"(?:don ?t|do not) call {_ME} (?:at|on) (?:work|my \w+)",
        r"unsubscribe",
        r"opt(?:ing|ed)? (?:me |us )?out",
    ),
    wrong_party=(r"wrong (?:number|person)", r"(?:no one|nobody) (?:here )?by that name"),
    threats=(
        r"(?:my|our|a) (?:lawyer|attorney) (?:will|is going to|is gonna)",
        r"(?:call|calling|talk to|hear from|get|contact) (?:my|our) (?:lawyer|attorney)",
        r"(?:i ?ll|i will|going to|gonna) sue|suing you|sue (?:you|your)",
        r"tcpa",
        r"report(?:ing)? (?:you|this (?:call|number))",
        r"legal action|law ?suit",
    ),
    reports=r"(?:you|it|they|he|she|message|website|recording|script|letter) (?:just )?"
    r"(?:said|says?|told me|reads?|wrote)(?: \w+){0,4}?",
)

_SPANISH = Phrases(
    always=(
        r"no (?:me|nos) (?:llam|telefone|contact)\w+ (?:nunca )?(?:mas|jamas|otra vez|de nuevo)",
        r"(?:nunca|jamas) (?:mas )?(?:me|nos) (?:llam|vuelv)\w+(?: a llamar)?",
        r"no (?:me |nos )?vuelv\w+ a (?:llamar|contactar)(?:me|nos)?",
        r"(?:me |nos )?dej(?:e|en|a|ad|eis|es) de (?:llamar|molestar|contactar)(?:me|nos)?",
        r"(?:quit|borr|sac|elimin|tach|retir)\w{1,4}(?:me|nos) (?:de|del)\b",
        r"(?:quit|borr|elimin|retir)\w{1,3} mi (?:numero|telefono|nombre|datos)",
        r"no (?:quiero|deseo) (?:recibir )?(?:mas )?(?:sus )?llamadas",
        r"no (?:quiero|deseo) que (?:me|nos) (?:vuelv\w+ a )?llam\w+(?: mas)?",
        r"(?:quiero |denme |deme )?(?:dar(?:me|nos)? )?de baja",
        r"(?:retiro|revoco) mi (?:consentimiento|permiso)",
        r"lista robinson",
    ),
    unless_when=(r"no (?:me|nos) (?:llam)\w+",),
    not_after=r"no(?: me| nos)?",
    about=r"(?:sobre|por lo de|para (?:esto|eso))",
    when=r"(?:ahora|hoy|manana|antes|despues|hasta|todavia|esta (?:tarde|noche|semana)|"
    r"a esta hora|por la (?:manana|noche)|tan (?:temprano|tarde)|los \w+)",
    call_me=r"llam\w+ (?:manana|mas tarde|luego|despues|otro dia|la proxima)",
    ask=(r"no (?:me|nos) interesa", r"estoy (?:muy )?ocupad[oa]", r"no tengo interes"),
    wrong_party=(r"numero equivocado", r"se equivoc\w+ de (?:numero|persona)"),
    threats=(r"(?:mi|a un) abogad[oa]", r"(?:los|le|les) voy a (?:denunciar|demandar)"),
    reports=r"(?:usted|mensaje|grabacion|pagina) (?:dijo|dice|decia)(?: \w+){0,4}?",
)

_FRENCH = Phrases(
    always=(
        r"(?:ne )?(?:m|nous|me) ?(?:r?appel|contact|telephon|derang)\w* (?:plus|jamais)(?! tard)",
        r"n ?appelez plus",
        r"arret\w* (?:de |d )?(?:m |me |nous )?(?:appel|telephon|contact|derang|harcel)\w*",
        r"arret\w* (?:avec )?(?:vos|ces|les) appels",
        r"(?:retir|supprim|enlev|effac|ray|desinscri)\w* (?:moi|nous|mon (?:numero|nom)|mes \w+)",
        r"(?:ne )?veu[xt] plus (?:etre |d |que vous |recevoir )?(?:\w+ )?(?:r?appel)\w*",
        r"je (?:ne )?souhaite plus (?:etre |d |recevoir )?(?:\w+ )?(?:r?appel)\w*",
        r"je me desinscri\w+",
        r"je m ?oppose (?:au|a tout|a la|a votre|a ce) (?:demarchage|prospection|appel)?",
        r"je retire mon (?:consentement|accord)",
        r"(?:sur|inscrite?|a) (?:la liste )?bloctel",
    ),
    unless_when=(r"ne (?:m ?|me |nous )(?:r?appel|contact)\w* pas",),
    not_after=r"n ?(?:en )?",
    about=r"(?:a propos|au sujet|concernant|pour (?:ca|cela|votre))",
    when=r"(?:maintenant|aujourd hui|ce (?:soir|matin)|demain|avant|apres|cette (?:semaine|heure)|"
    r"a cette heure|si (?:tot|tard)|le (?:soir|matin|dimanche|samedi))",
    call_me=r"r?appel\w* (?:moi |nous )?(?:demain|plus tard|la semaine|lundi|mardi|mercredi|jeudi|"
    r"vendredi|dans \w+)",
    ask=(r"(?:ca |cela )?ne m ?interesse pas", r"ca m ?interesse pas", r"pas interesse\w*")
    + (r"pas le temps",),
    wrong_party=(r"faux numero", r"trompez? de numero|mauvais numero"),
    threats=(r"mon avocat", r"porter plainte|porte plainte"),
    reports=r"(?:vous|message|site|annonce) (?:avez dit|dites|dit|disait)(?: \w+){0,4}?",
)

_GERMAN = Phrases(
    always=(
        r"ruf\w* (?:sie )?(?:bitte )?(?:mich |uns |hier |bitte )*(?:nie|nicht|niemals)"
        r" (?:mehr|wieder|mehr wieder)(?: an)?",
        r"hor\w* (?:sie |endlich |bitte |jetzt )*auf(?: damit)?(?: mich| uns| hier)?"
        r" (?:anzurufen|zu telefonieren|mit (?:den|ihren|diesen|dem) \w*anruf\w*)",
        r"(?:streich|losch|entfern|nehm)\w* (?:sie )?(?:bitte )?(?:mich|uns|mein\w* (?:\w*nummer|"
        r"namen?|daten))(?! mit)",
        r"kein\w* (?:werbe ?|weiteren )?anrufe? mehr",
        r"(?:will|mochte|wunsche) (?:nicht|nie) (?:mehr|wieder) (?:von ihnen )?angerufen",
        r"(?:will|mochte|wunsche) keine (?:werbe ?|weiteren )?anrufe",
        r"(?:ich )?widerrufe (?:hiermit )?(?:mein\w* |die )?(?:einwilligung|zustimmung|erlaubnis)",
        r"ich widerrufe$",
        r"ich widerspreche (?:hiermit )?(?:der|jeder|den|weiteren|ihren)",
        r"ich widerspreche$",
    ),
    unless_when=(
        r"ruf\w* (?:sie )?(?:bitte )?(?:mich |uns |hier )+(?:bitte )?(?:nie|nicht|niemals)(?: an)?",
    ),
    not_after=r"nicht",
    about=r"(?:wegen|bezuglich|dazu|in dieser sache)",
    when=r"(?:jetzt|heute|morgen|vor|nach|bis|diese woche|um diese zeit|so (?:fruh|spat)|abends|"
    r"am (?:abend|\w+tag|wochenende)|vormittags|mittags)",
    call_me=r"(?:ruf\w* (?:sie )?(?:mich |bitte )*|melde\w* (?:sie )?sich )(?:lieber |doch )?"
    r"(?:morgen|spater|nachste|am \w+tag|in \w+ (?:stunde|tag|woche))",
    ask=(r"kein interesse", r"nicht interessiert", r"keine zeit", r"lassen sie mich in ruhe"),
    wrong_party=(r"falsch verbunden", r"falsche nummer", r"verwahlt"),
    threats=(r"mein\w* (?:rechts)?anwalt", r"(?:zeige|werde) sie an(?:zeigen)?|anzeige erstatten"),
    reports=r"(?:sie|ansage|seite|nachricht) (?:sagten|sagen|sagt|haben gesagt)(?: \w+){0,4}?",
)

_ITALIAN = Phrases(
    always=(
        r"non (?:mi |ci )?(?:chiam|telefon|contatt|richiam)\w+ (?:mai )?piu",
        r"(?:mi |ci )?(?:smett|finit)\w* di (?:chiamar|telefonar|contattar|disturbar)\w*",
        r"(?:togl|cancell|rimuov|elimin)\w*(?:mi|temi|ci|teci)(?: \w+){0,2}? (?:dal\w*|da)",
        r"(?:mi |ci )(?:tolga|tolgano|cancelli|cancellino|rimuova)",
        r"(?:togl|cancell|rimuov|elimin)\w* (?:il )?(?:mio|nostro) (?:numero|nome)",
        r"non voglio (?:piu )?(?:essere (?:piu )?(?:chiamat|contattat)\w|"
        r"ricevere (?:\w+ )?chiamate|chiamate|telefonate)",
        r"(?:revoco|ritiro) (?:il )?(?:mio )?(?:consenso|permesso)",
        r"registro (?:pubblico )?delle opposizioni",
    ),
    unless_when=(r"non (?:mi |ci )?chiam(?:i|ate|ino|atemi|ateci|armi)",),
    not_after=r"non(?: mi| ci)?",
    about=r"(?:per questo|riguardo|su questo|a proposito)",
    when=r"(?:adesso|ora|oggi|domani|stasera|prima|dopo|fino|questa (?:sera|settimana)|"
    r"a quest ora|cosi (?:presto|tardi)|di (?:sera|mattina)|la (?:sera|mattina|domenica))",
    call_me=r"(?:ri)?chiam\w+ (?:domani|piu tardi|dopo|la prossima|lunedi|martedi|mercoledi|"
    r"giovedi|venerdi|tra \w+)",
    ask=(r"non (?:mi|ci) interessa", r"non sono interessat\w", r"sono occupat\w", r"non ho tempo"),
    wrong_party=(r"(?:ha )?sbagliato numero", r"numero sbagliato"),
    threats=(r"mi[oa] avvocat\w|al avvocato", r"(?:vi|la) denuncio"),
    reports=r"(?:lei|messaggio|sito) (?:ha detto|dice|diceva)(?: \w+){0,4}?",
)

_PORTUGUESE = Phrases(
    always=(
        r"nao (?:me |nos )?(?:ligu|telefon|contat|chame)\w*(?: me)? (?:nunca )?mais",
        r"(?:nunca|jamais) mais (?:me |nos )?(?:ligu|telefon)\w*",
        r"nao (?:me |nos )?(?:volt|torn)\w* a (?:me )?ligar(?: me)?",
        r"(?:par|deix)\w{1,2} de (?:me |nos )?(?:ligar|telefonar|incomodar|perturbar)\w*",
        r"(?:me |nos )?(?:tire|tirem|remova|removam|retire|retirem|exclua|excluam|apague|apaguem|"
        r"delete)(?: me| nos)? (?:o )?(?:d[aeo]s?|meus? (?:numero|nome|telefone|dados))",
        r"nao quero (?:mais )?(?:receber )?(?:mais )?(?:suas )?(?:ligac|chamad|telefonem)\w+",
        r"nao quero (?:mais )?que (?:me|voces) (?:me )?ligu\w+",
        r"(?:retiro|revogo|cancelo) (?:o )?(?:meu )?(?:consentimento|permissao)",
        r"nao me perturbe",
        r"descadastr\w+",
    ),
    unless_when=(r"nao me ligu\w*",),
    not_after=r"nao(?: me| nos)?",
    about=r"(?:sobre|a respeito|por causa)",
    when=r"(?:agora|hoje|amanha|antes|depois|ate|esta (?:tarde|noite|semana)|a esta hora|"
    r"a essa hora|tao (?:cedo|tarde)|de (?:manha|noite)|no (?:domingo|sabado))",
    call_me=r"(?:me )?ligu\w+ (?:me )?(?:amanha|mais tarde|depois|na proxima|na \w+ feira)",
    ask=(r"nao (?:tenho|ha) interesse", r"nao (?:me|nos) interessa", r"estou (?:muito )?ocupad\w"),
    wrong_party=(r"numero errado", r"ligou errado|engano"),
    threats=(r"meu advogado", r"(?:vou|irei) (?:processar|denunciar)"),
    reports=r"(?:voce|mensagem|site|gravacao) (?:disse|diz|falou)(?: \w+){0,4}?",
)

_DUTCH = Phrases(
    always=(
        r"bel(?:t|len)? (?:u )?(?:me|mij|ons|hier)(?: alstublieft| alsjeblieft)? (?:niet|nooit)"
        r" (?:meer|weer)",
        r"(?:stop|hou(?:d|dt)? op|ophouden) met (?:me |mij |ons )?(?:te )?bellen",
        r"haal (?:me|mij|ons|mijn (?:nummer|naam)) (?:van|uit|weg)",
        r"(?:verwijder|schrap|wis) (?:me|mij|mijn (?:\w*nummer|naam|gegevens))",
        r"wil (?:niet|nooit) (?:meer|langer) (?:door u )?gebeld",
        r"(?:geen|niet meer) (?:\w+ )?telefoontjes meer",
        r"trek mijn toestemming in",
        r"bel me niet register",
    ),
    unless_when=(r"bel (?:u )?(?:me|mij|ons) (?:niet|nooit)",),
    not_after=r"niet",
    about=r"(?:over|hierover|daarover|vanwege)",
    when=r"(?:nu|vandaag|morgen|vanavond|voor|na|deze week|op dit (?:uur|tijdstip)|"
    r"zo (?:vroeg|laat)|s (?:avonds|ochtends))",
    call_me=r"bel (?:me |mij )?(?:maar |liever )?(?:morgen|later|volgende|terug)",
    ask=(r"geen interesse", r"niet geinteresseerd", r"geen tijd"),
    wrong_party=(r"verkeerd verbonden", r"verkeerd nummer"),
    threats=(r"mijn advocaat", r"aangifte doen"),
)

_POLISH = Phrases(
    always=(
        r"(?:prosze )?(?:wiecej |juz )?(?:nigdy )?nie dzwon\w* (?:do (?:mnie|nas) )?(?:wiecej|juz|"
        r"nigdy)",
        r"prosze (?:wiecej |juz |nigdy )+(?:do (?:mnie|nas) )?nie dzwonic",
        r"(?:nigdy|wiecej) (?:wiecej )?(?:do mnie )?nie dzwon\w*",
        r"prze?sta\w+ (?:do (?:mnie|nas) )?(?:juz )?(?:wy)?dzwonic",
        r"(?:usun|wykresl|skasuj|skasow|wykasuj)\w* (?:prosze )?(?:moj numer|mnie|nas|moje dane)",
        r"nie (?:chce|zycze sobie) (?:juz |wiecej )*(?:tych |waszych )?(?:telefon|polacz|dzwon)\w*",
        r"(?:wycofuje|cofam|odwoluje) (?:moja |swoja )?zgod\w+",
        r"lista robinsonow|liscie robinsonow",
    ),
    unless_when=(r"nie dzwon\w* do (?:mnie|nas)", r"prosze (?:do mnie )?nie dzwonic"),
    not_after=r"nie",
    about=r"(?:w (?:tej |sprawie)|w zwiazku|o (?:to|tym))",
    when=r"(?:teraz|dzis|dzisiaj|jutro|przed|po|do (?!mnie|nas)\w+|w tym tygodniu|o tej porze|"
    r"tak (?:wczesnie|pozno)|wieczorem|rano)",
    call_me=r"(?:prosze )?zadzwon\w* (?:jutro|pozniej|w przyszlym|za \w+)",
    ask=(r"nie jestem zainteresowan\w", r"nie interesuje mnie", r"nie mam czasu"),
    wrong_party=(r"pomy[lł]ka", r"z[lł]y numer"),
    threats=(r"moj (?:prawnik|adwokat)", r"zglosze (?:was|to|pana|pania)"),
)

_ROMANIAN = Phrases(
    always=(
        r"nu (?:ma|ne) mai (?:suna|apela|contacta|cauta|deranja)\w*",
        r"nu mai (?:suna|apela)\w*",
        r"(?:incetati|terminati|opriti(?: va)?) (?:sa |cu |din )(?:a )?(?:ma |ne |mai )*"
        r"(?:suna|apel|telefon)\w*",
        r"(?:scoat|stergeti|sterge|elimina)\w*(?: ma| ne| mi)? (?:va rog )?(?:de pe|din|numarul|"
        r"datele)",
        r"nu mai (?:vreau|doresc) (?:sa (?:fiu|ma|mai) |apel|telefoane)\w*",
        r"(?:imi )?(?:retrag|revoc) (?:consimtamantul|acordul)",
    ),
    unless_when=(r"nu ma suna\w*",),
    about=r"(?:despre|in legatura|pentru (?:asta|aceasta))",
    when=r"(?:acum|azi|astazi|maine|inainte|dupa|pana|diseara|saptamana asta|la ora asta|"
    r"asa (?:devreme|tarziu)|seara|dimineata)",
    call_me=r"suna\w* ma (?:maine|mai tarziu|saptamana|luni|marti|miercuri|joi|vineri|peste \w+)",
    ask=(r"nu ma intereseaza", r"nu sunt interesat\w?", r"nu am timp"),
    wrong_party=(r"numar gresit", r"ati gresit numarul"),
    threats=(r"avocatul meu", r"va (?:dau in judecata|reclam)"),
)


def _plain(*phrases: str) -> tuple[str, ...]:
    return tuple(map(plain, phrases))


_MAT = r"(?:mat|math|na|nahi|nahin)"
_DO = r"(?:karna|karo|kar|kijiye|kijiyega|kariye|karein|karen|kare)"
_HINDI = Phrases(
    always=(
        rf"(?:dobara|dubara|phir (?:se|kabhi)|fir se|aage se|kabhi bhi?) (?:mujhe )?"
        rf"(?:call|phone|fon) {_MAT} {_DO}",
        rf"(?:call|phone|fon) {_MAT} {_DO} (?:dobara|dubara|kabhi)",
        r"(?:mera|mere|apni list se mera) (?:phone )?(?:number|naam) (?:\w+ (?:list )?se )?"
        r"(?:hata|hatao|hataiye|delete|nikal|mita)\w*",
        rf"(?:call|phone|fon) karna (?:band|bandh) (?:{_DO}|kar do)",
        *_plain(
            "दोबारा कॉल मत",
            "दोबारा फोन मत",
            "फिर कभी कॉल मत",
            "मेरा नंबर हटा",
            "कॉल करना बंद",
            "फोन करना बंद",
        ),
    ),
    unless_when=(
        rf"(?:mujhe |muje )?(?:call|phone|fon) {_MAT} {_DO}",
        *_plain("मुझे कॉल मत", "मुझे फोन मत", "कॉल मत कीजिए", "फोन मत कीजिए"),
    ),
    when=r"(?:aaj|abhi|kal|subah|shaam|raat)",
    call_me=rf"(?:kal|baad me\w*|agle \w+) (?:mujhe )?(?:call|phone|fon) (?!{_MAT}){_DO}",
    ask=(r"(?:abhi )?busy hoo?n", r"interest(?:ed)? nahi\w*", *_plain("मैं व्यस्त हूँ", "रुचि नहीं")),
    wrong_party=(r"galat number", r"wrong number", *_plain("गलत नंबर")),
)

LANGUAGES: Final[Mapping[str, Phrases]] = {
    "en": _ENGLISH,
    "es": _SPANISH,
    "fr": _FRENCH,
    "de": _GERMAN,
    "it": _ITALIAN,
    "pt": _PORTUGUESE,
    "nl": _DUTCH,
    "pl": _POLISH,
    "ro": _ROMANIAN,
    "hi": _HINDI,
}

BARE_WORDS: Final = frozenset(
    {"stop", "stop it", "please stop", "stop please", "stop stop", "stop calls", "quit", "revoke"}
    | {"alto", "pare", "arretez", "aufhoren", "stopp"}
)
"""Whole utterances that stop all calls where the opening said that they do."""
