"""What people say to show that they listen, and what they say to stop a speaker, by language.

Phrases are separated by commas and written as a recogniser writes them, in small letters. Words of
the first kind mean "go on"; those of the second take the floor all by themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple


class Lists(NamedTuple):
    """`going_on` lets the speaker go on, `stopping` interrupts."""

    going_on: str
    stopping: str


EVERYWHERE: Final = "ok, okay, okey, aha, ah, oh, uh, eh, hm, mm, mhm, huh, oho, wow"
"""Heard in every language, and written so by most recognisers."""

LANGUAGES: Final[Mapping[str, Lists]] = {
    "ar": Lists(
        "نعم, أيوه, ايوه, أيوا, ايوا, إي, اه, آه, طيب, تمام, حسنا, حسناً, أكيد, اكيد, طبعا, "
        "طبعاً, صحيح, فهمت, مفهوم, ماشي, أوكي, اوكي, صح, بالضبط, بالتأكيد, جيد, ممتاز, شكرا, "
        "شكراً, حاضر, إن شاء الله, ان شاء الله",
        "لا, توقف, قف, انتظر, انتظري, لحظة, دقيقة, عفوا, عفواً, آسف, اسف, معذرة, لو سمحت, ماذا, "
        "اسمع, كفى, غير مهتم",
    ),
    "bg": Lists(
        "да, добре, окей, ок, ясно, разбирам, разбрах, точно, точно така, разбира се, сигурно, "
        "супер, чудесно, отлично, благодаря, мерси, вярно, така, аха, ъхъ, естествено, става, "
        "съгласен, съгласна",
        "не, стоп, чакайте, чакай, момент, един момент, секунда, извинете, съжалявам, какво, "
        "слушайте, стига, не ме интересува",
    ),
    "ca": Lists(
        "sí, d'acord, val, vale, molt bé, bé, exacte, exactament, clar, és clar, entenc, "
        "ho entenc, entesos, perfecte, correcte, ja, ja veig, i tant, per descomptat, gràcies, "
        "moltes gràcies, genial",
        "no, espera, esperi, un moment, un segon, perdó, perdoni, disculpi, escolti, què, com, "
        "prou, no m'interessa",
    ),
    "cs": Lists(
        "ano, jo, jasně, dobře, dobrá, okej, fajn, rozumím, chápu, přesně, přesně tak, "
        "samozřejmě, určitě, správně, v pořádku, výborně, super, no, no jo, no jasně, "
        "to je pravda, děkuji, děkuju, díky, tak, jistě, souhlasím",
        "ne, stop, počkejte, počkej, moment, momentík, okamžik, vteřinku, promiňte, pardon, co, "
        "cože, poslouchejte, dost, nemám zájem",
    ),
    "da": Lists(
        "ja, jo, jep, præcis, netop, nemlig, selvfølgelig, klart, forstået, jeg forstår, "
        "det forstår jeg, godt, fint, super, perfekt, nå, nå ja, sikkert, naturligvis, rigtigt, "
        "det er rigtigt, fedt, tak, det er fint, det er godt, i orden, javel",
        "nej, stop, vent, vent lidt, et øjeblik, lige et øjeblik, øjeblik, undskyld, hvad, hør, "
        "hov, ikke interesseret",
    ),
    "de": Lists(
        "ja, jo, jep, jup, jawohl, genau, richtig, klar, alles klar, na klar, gut, sehr gut, "
        "schön, prima, super, stimmt, verstehe, ich verstehe, verstanden, ach, ach so, achso, "
        "ach ja, eben, natürlich, sicher, gern, gerne, in ordnung, einverstanden, passt, danke, "
        "danke schön, vielen dank, na gut, nun ja, wunderbar, perfekt, tja",
        "stopp, stop, halt, nein, nee, moment, moment mal, einen moment, sekunde, warten sie, "
        "warte, entschuldigung, entschuldigen sie, wie bitte, was, hören sie, kein interesse",
    ),
    "el": Lists(
        "ναι, μάλιστα, εντάξει, οκέι, οκ, σωστά, ακριβώς, βέβαια, βεβαίως, φυσικά, κατάλαβα, "
        "καταλαβαίνω, καλά, πολύ καλά, ωραία, πολύ ωραία, τέλεια, α, αχά, μμ, σύμφωνοι, έτσι, "
        "έτσι είναι, ευχαριστώ, όντως, προφανώς",
        "όχι, σταμάτα, σταματήστε, στοπ, περίμενε, περιμένετε, μισό λεπτό, ένα λεπτό, μια στιγμή, "
        "συγγνώμη, με συγχωρείτε, τι, ακούστε, δεν ενδιαφέρομαι",
    ),
    "en": Lists(
        "um, umm, er, yeah, yes, yep, yup, ya, yeah yeah, right, sure, exactly, indeed, true, "
        "fine, good, very good, great, cool, nice, perfect, alright, all right, i see, got it, "
        "gotcha, i understand, understood, of course, go on, go ahead, no problem, no worries, "
        "that's right, that's fine, that's correct, sounds good, correct, thank you, thanks, "
        "really, oh really, absolutely, definitely, certainly",
        "stop, wait, wait a minute, hold on, hang on, no, nope, excuse me, sorry, pardon, what, "
        "one moment, one second, just a moment, just a second, listen, not interested, say again",
    ),
    "es": Lists(
        "sí, si, vale, claro, claro que sí, exacto, exactamente, de acuerdo, bien, muy bien, "
        "bueno, entiendo, entendido, comprendo, ya, ya veo, perfecto, correcto, cierto, "
        "por supuesto, ajá, gracias, muchas gracias, genial, eso es, así es, dale, listo, "
        "está bien, órale, ándale, sale",
        "no, espere, espera, un momento, un segundo, perdón, perdone, disculpe, alto, basta, qué, "
        "cómo, oiga, escuche, no me interesa",
    ),
    "et": Lists(
        "jah, jaa, okei, hästi, selge, arusaadav, saan aru, täpselt, muidugi, õige, väga hea, "
        "tore, aitäh, just, loomulikult, kindlasti, nii, ahah",
        "ei, stopp, oota, oodake, hetk, üks hetk, vabandust, mis, kuulge, pole huvitatud",
    ),
    "fa": Lists(
        "بله, آره, خب, باشه, درسته, درست, اوکی, متوجه شدم, فهمیدم, البته, حتما, حتماً, دقیقا, "
        "دقیقاً, خوبه, عالی, عالیه, آهان, اهان, ممنون, مرسی, همینطوره, چشم",
        "نه, صبر کنید, صبر کن, یک لحظه, یه لحظه, ببخشید, چی, چه, بس کنید, گوش کنید",
    ),
    "fi": Lists(
        "joo, juu, kyllä, niin, niin on, okei, selvä, asia selvä, aivan, just, juuri niin, totta, "
        "totta kai, tietysti, toki, ymmärrän, hyvä, hyvä on, hienoa, jees, ahaa, jaa, jaaha, "
        "vai niin, nii, kiitos, mahtavaa, täsmälleen, sopii, pitää paikkansa",
        "ei, seis, stop, odota, odottakaa, hetki, hetkinen, pieni hetki, anteeksi, mitä, kuulkaa, "
        "kuule, en ole kiinnostunut",
    ),
    "fil": Lists(
        "oo, opo, oo nga, sige, sige po, tama, tama po, talaga, ganon ba, naiintindihan ko, gets, "
        "syempre, siyempre, salamat, salamat po, ayos",
        "hindi, hindi po, teka, teka lang, sandali, sandali lang, tigil, pasensya, pasensya na, "
        "ano, ayoko",
    ),
    "fr": Lists(
        "oui, ouais, d'accord, bien, très bien, bien sûr, voilà, exactement, tout à fait, "
        "c'est ça, je vois, je comprends, compris, entendu, parfait, super, bon, ah bon, "
        "mais oui, merci, certainement, effectivement, absolument, allez-y, vas-y, ça marche, "
        "pas de problème",
        "stop, non, attendez, attends, pardon, excusez-moi, excuse-moi, un instant, un moment, "
        "une seconde, quoi, comment, écoutez, arrêtez, pas intéressé, pas intéressée",
    ),
    "he": Lists(
        "כן, אוקיי, אוקי, בסדר, טוב, נכון, בטח, ברור, מבין, מבינה, הבנתי, בדיוק, מצוין, מעולה, "
        "אהה, אה, אהם, ממ, יופי, סבבה, כמובן, תודה, תודה רבה, בהחלט, אין בעיה",
        "לא, רגע, רק רגע, שנייה, חכה, חכי, עצור, תעצור, סליחה, מה, תקשיב, תקשיבי, די, לא מעוניין, "
        "לא מעוניינת",
    ),
    "hi": Lists(
        "हाँ, हां, जी, जी हाँ, जी हां, हाँ जी, हां जी, अच्छा, ठीक, ठीक है, सही, सही है, बिल्कुल, "
        "बिलकुल, ओके, समझ गया, समझ गई, समझा, हम्म, हूँ, हूं, ज़रूर, जरूर, बढ़िया, सच, धन्यवाद, "
        "शुक्रिया, haan, haan ji, ji, accha, theek hai, thik hai",
        "नहीं, ना, रुकिए, रुको, रुकें, एक मिनट, एक सेकंड, माफ़ कीजिए, माफ कीजिए, सुनिए, क्या, बस, "
        "नहीं चाहिए, nahi, nahin, ruko, rukiye, ek minute",
    ),
    "hr": Lists(
        "da, okej, dobro, u redu, jasno, jasno mi je, razumijem, točno, tako je, naravno, "
        "sigurno, super, odlično, hvala, može, istina, svakako, upravo tako",
        "ne, stani, stanite, čekaj, čekajte, trenutak, samo trenutak, oprostite, pardon, što, "
        "slušajte, dosta, ne zanima me",
    ),
    "hu": Lists(
        "igen, jó, na jó, jól van, rendben, oké, értem, persze, pontosan, így van, úgy van, "
        "helyes, ühüm, nagyon jó, szuper, világos, természetesen, biztosan, remek, köszönöm, "
        "hogyne, tényleg, igaz, egyetértek",
        "nem, állj, stop, várjon, várj, egy pillanat, pillanat, elnézést, bocsánat, mi, hogy, "
        "figyeljen, nem érdekel",
    ),
    "id": Lists(
        "ya, iya, oke, baik, baiklah, betul, benar, tentu, tentu saja, pasti, siap, mengerti, "
        "saya mengerti, paham, saya paham, begitu, oh begitu, bagus, sip, setuju, terima kasih, "
        "makasih, boleh, tepat, tepat sekali, memang",
        "tidak, bukan, jangan, nggak, enggak, tunggu, tunggu dulu, sebentar, berhenti, stop, "
        "maaf, permisi, apa, dengar, tidak tertarik",
    ),
    "it": Lists(
        "sì, si, va bene, bene, certo, certamente, esatto, esattamente, giusto, d'accordo, "
        "capisco, capito, ho capito, perfetto, ottimo, già, ecco, infatti, benissimo, grazie, "
        "chiaro, appunto, naturalmente, eh sì",
        "no, aspetti, aspetta, un attimo, un momento, un secondo, scusi, scusa, mi scusi, stop, "
        "basta, cosa, come, senta, senti, non mi interessa",
    ),
    "ja": Lists(
        "はい, ええ, えー, うん, うーん, ああ, あー, へえ, へー, ほう, そう, そうです, "
        "そうですね, そうですか, そうなんですね, なるほど, 了解, 了解です, 了解しました, "
        "わかりました, 分かりました, 承知しました, 確かに, たしかに, もちろん, 大丈夫です, "
        "いいですね, オッケー, オーケー, ふーん, ありがとう, ありがとうございます, ん, んー, "
        "はあ, まあ, よかった",
        "いいえ, いや, 待って, 待ってください, ちょっと待って, ちょっと待ってください, ちょっと, "
        "すみません, え, 何, なに, 違う, 違います, ストップ, やめて, やめてください, 結構です, "
        "けっこうです, ごめんなさい",
    ),
    "ko": Lists(
        "네, 넵, 예, 응, 어, 음, 아, 아하, 아 네, 그래, 그래요, 그렇죠, 그렇지요, 그렇군요, "
        "그렇구나, 맞아, 맞아요, 맞습니다, 알겠습니다, 알겠어요, 알았어, 알았어요, 좋아, 좋아요, "
        "좋습니다, 물론, 물론이죠, 오케이, 당연하죠, 이해했어요, 이해했습니다, 감사합니다, "
        "고맙습니다, 그럼요, 정말, 정말요",
        "아니, 아니요, 아뇨, 잠깐, 잠깐만, 잠깐만요, 잠시만요, 기다려, 기다리세요, 기다려 주세요, "
        "죄송합니다, 죄송하지만, 실례합니다, 뭐, 뭐라고요, 그만, 스톱, 저기요, 됐어요, 필요 없어요",
    ),
    "lt": Lists(
        "taip, gerai, aišku, suprantu, supratau, žinoma, tiksliai, teisingai, okei, labai gerai, "
        "puiku, ačiū, tikrai, būtent, sutinku",
        "ne, stop, palaukite, palauk, minutėlę, akimirką, vieną akimirką, atsiprašau, ką, kas, "
        "klausykite",
    ),
    "lv": Lists(
        "jā, labi, ļoti labi, skaidrs, saprotu, protams, tieši tā, pareizi, okei, paldies, "
        "noteikti, lieliski",
        "nē, stop, pagaidiet, pagaidi, mirklīti, vienu mirkli, atvainojiet, piedodiet, kas, ko, "
        "klausieties",
    ),
    "ms": Lists(
        "ya, okey, baik, baiklah, betul, betul tu, benar, tentu, sudah tentu, pasti, faham, "
        "saya faham, begitu, oh begitu, bagus, setuju, terima kasih, boleh, tepat, memang",
        "tidak, tak, bukan, jangan, tunggu, tunggu dulu, tunggu sekejap, sekejap, berhenti, maaf, "
        "apa, dengar, tak berminat",
    ),
    "nb": Lists(
        "ja, jo, jepp, okei, akkurat, nettopp, riktig, selvfølgelig, klart, skjønner, "
        "jeg skjønner, forstår, jeg forstår, bra, fint, flott, supert, perfekt, jaha, javel, "
        "greit, helt greit, stemmer, det stemmer, absolutt, sikkert, takk, i orden, ikke sant",
        "nei, stopp, vent, vent litt, et øyeblikk, øyeblikk, unnskyld, beklager, hva, hør, "
        "ikke interessert",
    ),
    "nl": Lists(
        "ja, jawel, jazeker, oké, oke, goed, heel goed, is goed, prima, precies, juist, klopt, "
        "dat klopt, inderdaad, natuurlijk, tuurlijk, zeker, duidelijk, begrepen, ik begrijp het, "
        "ik snap het, snap ik, helder, uitstekend, mooi, fijn, akkoord, dank u, dank je, bedankt, "
        "ach ja, top, absoluut",
        "nee, stop, wacht, wacht even, wacht eens, moment, momentje, een moment, een ogenblik, "
        "pardon, sorry, wat, luister, ho, geen interesse",
    ),
    "pl": Lists(
        "tak, no, no tak, okej, dobrze, dobra, jasne, pewnie, rozumiem, oczywiście, dokładnie, "
        "zgadza się, racja, w porządku, świetnie, super, właśnie, no właśnie, no dobrze, "
        "dziękuję, dzięki, zgoda, naturalnie, słusznie",
        "nie, stop, stój, czekaj, proszę czekać, proszę zaczekać, chwila, chwileczkę, moment, "
        "momencik, przepraszam, co, nie jestem zainteresowany, nie jestem zainteresowana",
    ),
    "pt": Lists(
        "sim, tá, tá bom, está bem, está bom, certo, claro, exato, exatamente, isso, isso mesmo, "
        "pois, pois é, entendo, entendi, percebo, compreendo, perfeito, bom, muito bem, ótimo, "
        "beleza, com certeza, obrigado, obrigada, aham, uhum, tudo bem, combinado, legal, é, "
        "correto, sei, já",
        "não, espere, espera, um momento, um segundo, um instante, desculpe, desculpa, "
        "com licença, pare, como, o quê, quê, escute, ouça, chega, não quero, não me interessa",
    ),
    "ro": Lists(
        "da, bine, foarte bine, sigur, desigur, exact, așa, așa e, așa este, corect, înțeleg, "
        "am înțeles, clar, perfect, bun, mda, normal, firește, mulțumesc, mersi, de acord, "
        "în regulă, e în regulă, super, evident, adevărat",
        "nu, stop, stai, stați, așteptați, așteaptă, un moment, o clipă, o secundă, scuze, "
        "scuzați, scuzați-mă, mă scuzați, pardon, ce, poftim, ascultați, nu mă interesează",
    ),
    "ru": Lists(
        "да, ну да, ага, угу, ок, окей, хорошо, ладно, понятно, понял, поняла, понимаю, ясно, "
        "конечно, точно, верно, правильно, именно, так, так точно, отлично, прекрасно, "
        "замечательно, супер, разумеется, согласен, согласна, всё ясно, все ясно, всё понятно, "
        "все понятно, спасибо, естественно, м, мм, хм, э, эм, ну, ах, ох, вот как, здорово, "
        "договорились",
        "нет, не надо, стоп, подождите, подожди, погодите, минуту, минутку, одну минуту, секунду, "
        "секундочку, извините, простите, что, как, послушайте, стойте, хватит, не интересно, "
        "неинтересно",
    ),
    "sk": Lists(
        "áno, hej, jasné, no jasné, dobre, okej, rozumiem, chápem, presne, presne tak, "
        "samozrejme, určite, správne, v poriadku, fajn, výborne, ďakujem, vďaka, iste",
        "nie, stop, počkajte, počkaj, moment, sekundu, prepáčte, pardon, čo, dosť, nemám záujem",
    ),
    "sl": Lists(
        "ja, da, v redu, dobro, seveda, točno, tako je, razumem, jasno, prav, super, odlično, "
        "hvala, drži, zagotovo, se strinjam",
        "ne, stop, počakajte, počakaj, trenutek, samo trenutek, oprostite, pardon, kaj, "
        "poslušajte, dovolj, ne zanima me",
    ),
    "sr": Lists(
        "да, ок, океј, добро, у реду, јасно, разумем, тачно, тако је, наравно, сигурно, супер, "
        "одлично, хвала, може, свакако, da, dobro, u redu, jasno, razumem, tačno, tako je, "
        "naravno, sigurno, super, odlično, hvala, može, svakako",
        "не, стани, станите, чекај, чекајте, тренутак, само тренутак, извините, пардон, шта, "
        "слушајте, доста, ne, stani, stanite, čekaj, čekajte, trenutak, samo trenutak, izvinite, "
        "šta, slušajte, dosta",
    ),
    "sv": Lists(
        "ja, jo, japp, okej, precis, just det, exakt, visst, självklart, förstår, jag förstår, "
        "bra, mycket bra, jättebra, toppen, perfekt, jaha, jaså, klart, såklart, så klart, "
        "absolut, javisst, stämmer, det stämmer, tack, fint",
        "nej, nä, stopp, sluta, vänta, ett ögonblick, ögonblick, en sekund, ursäkta, förlåt, vad, "
        "va, lyssna, inte intresserad",
    ),
    "ta": Lists(
        "ஆமா, ஆமாம், ஆம், சரி, சரிங்க, ஓகே, புரிந்தது, புரியுது, நிச்சயமாக, நல்லது, ம், ம்ம், நன்றி",
        "இல்லை, வேண்டாம், நிறுத்துங்க, இருங்க, ஒரு நிமிடம், மன்னிக்கவும், என்ன, கேளுங்க",
    ),
    "th": Lists(
        "ครับ, ค่ะ, คะ, ใช่, ใช่ครับ, ใช่ค่ะ, อืม, อือ, อ๋อ, เออ, โอเค, ได้, ได้ครับ, ได้ค่ะ, ดี, "
        "ดีครับ, ดีค่ะ, เข้าใจ, เข้าใจแล้ว, เข้าใจครับ, เข้าใจค่ะ, แน่นอน, ถูกต้อง, จริง, จ้ะ, "
        "จ้า, ขอบคุณ, ขอบคุณครับ, ขอบคุณค่ะ, ทราบแล้ว, รับทราบ, ไม่เป็นไร",
        "ไม่, ไม่ครับ, ไม่ค่ะ, ไม่ใช่, เดี๋ยว, เดี๋ยวก่อน, รอ, รอก่อน, รอสักครู่, หยุด, ขอโทษ, "
        "ขอโทษครับ, ขอโทษค่ะ, อะไร, อะไรนะ",
    ),
    "tr": Lists(
        "evet, tamam, peki, tabii, tabi, tabii ki, elbette, anladım, anlıyorum, doğru, aynen, "
        "aynen öyle, kesinlikle, olur, iyi, güzel, çok iyi, harika, hı hı, hıhı, ha, he, öyle mi, "
        "teşekkürler, teşekkür ederim, sağ olun, oldu, süper, haklısınız",
        "hayır, yok, dur, durun, bekle, bekleyin, bir dakika, bir saniye, pardon, affedersiniz, "
        "özür dilerim, ne, dinleyin, istemiyorum, ilgilenmiyorum",
    ),
    "uk": Lists(
        "так, ну так, ага, угу, ок, окей, добре, гаразд, зрозуміло, зрозумів, зрозуміла, розумію, "
        "ясно, звичайно, звісно, точно, вірно, правильно, саме так, авжеж, чудово, прекрасно, "
        "супер, згоден, згодна, дякую, певно, все ясно, домовились",
        "ні, стоп, зачекайте, почекайте, хвилинку, хвилину, одну хвилину, секунду, секундочку, "
        "вибачте, перепрошую, що, як, послухайте, стійте, досить, не цікаво",
    ),
    "vi": Lists(
        "vâng, dạ, dạ vâng, ừ, ừm, ờ, được, được rồi, đúng, đúng rồi, đúng vậy, phải, phải rồi, "
        "hiểu, hiểu rồi, tôi hiểu, tôi hiểu rồi, tốt, tốt lắm, tất nhiên, chắc chắn, à, ồ, thế à, "
        "vậy à, cảm ơn, cám ơn, rồi",
        "không, khoan, khoan đã, chờ, chờ đã, chờ chút, đợi, đợi đã, đợi chút, dừng, dừng lại, "
        "xin lỗi, gì, cái gì, nghe này, không cần, không quan tâm, thôi",
    ),
    "zh": Lists(
        "嗯, 嗯哼, 恩, 对, 对的, 对啊, 对吧, 是, 是的, 是啊, 好, 好的, 好吧, 好啊, 行, 可以, "
        "没错, 当然, 明白, 明白了, 我明白, 知道, 知道了, 我知道了, 了解, 懂了, 哦, 噢, 喔, 啊, "
        "呃, 唔, 没问题, 太好了, 谢谢, 原来如此, 真的, 對, 對的, 對啊, 沒錯, 當然, 沒問題, 瞭解, "
        "謝謝, 原來如此",
        "不, 不是, 不对, 不對, 不要, 不用, 不需要, 等等, 等一下, 等一等, 停, 停一下, 慢着, 什么, "
        "什麼, 对不起, 對不起, 不好意思, 抱歉",
    ),
}
