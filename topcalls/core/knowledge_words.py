"""Words that tell nothing of what a text is about, folded as `knowledge_terms.folded` folds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_EN = """a about after all also am an and any are as at be because been but by can could did do
does for from had has have he her him his how i if in into is it its just me more my no not now
of on or our out please she should so some than that the their them then there these they this
those to up us was we were what when where which who why will with would you your"""
_DE = """aber alle als also am an auch auf aus bei bin bis bitte da damit das dass dein dem den
der des die diese dieser doch du durch ein eine einem einen einer er es euch fur hab habe haben
hat ich ihr ihre im in ist ja kann kein keine konnen man mein mich mir mit muss nach nein nicht
noch nur oder schon sehr sich sie sind so uber um und uns unser vom von vor war warum was wann
wenn wer wie wir wird wo wurde zu zum zur"""
_FR = """a ai alors au aussi aux avec avez avoir c ce cela ces cette comme comment d dans de des
du elle elles en est et etes ete etre eux il ils j je l la le les leur leurs lui ma mais me meme
mes moi mon n ne nos notre nous on ont ou par pas peut plus pour pourquoi qu quand que quel
quelle qui quoi s sa se ses si son sont sur ta te tes toi ton tu un une vos votre vous y"""
_ES = """a al algo ante como con cual cuando de del desde donde el ella ellas ellos en entre era
es esa ese eso esta este esto estan fue ha hay la las le les lo los mas me mi mis mucho muy nada
ni no nos nosotros o os para pero poco por porque que quien se sea ser si sin sobre son soy su
sus tambien te tiene todo tu tus un una uno unos y ya yo"""
_IT = """a ad ai al alla alle allo anche avere c che chi ci come con cosa cui da dal dalla dei
del della delle dello di dove e ed era essere fra gli ha hai hanno ho i il in io l la le lei li
lo loro lui ma mi mia mio nei nel nella no noi non nostro o per perche piu puo quale quando
quello questa questo se sei si sia siamo sono su sua sul sulla suo te ti tra tu tuo un una uno
vi voi"""
_PT = """a ao aos as ate com como da das de dela dele do dos e ela elas ele eles em entre era
essa esse esta este eu foi ha isso isto ja la mais mas me mesmo meu minha muito na nao nas nem
no nos nos num numa o os ou para pela pelo pode por porque qual quando que quem se sem ser seu
sua sao tambem te tem tu tua um uma voce"""
_NL = """aan als ben bij da dan dat de der deze die dit doen door dus een en er ga geen had heb
hebben heeft het hier hij hoe hun ik in is ja je kan kunnen maar me meer men met mij mijn moet
na naar niet nog nu of om omdat onder ons ook op over te tegen toch toen tot u uit uw van veel
voor waar waarom wanneer want waren was wat we wel werd wie wij wil worden wordt ze zich zij
zijn zo zou"""

STOP_WORDS: Final[Mapping[str, frozenset[str]]] = {
    "en": frozenset(_EN.split()),
    "de": frozenset(_DE.split()),
    "fr": frozenset(_FR.split()),
    "es": frozenset(_ES.split()),
    "it": frozenset(_IT.split()),
    "pt": frozenset(_PT.split()),
    "nl": frozenset(_NL.split()),
}
