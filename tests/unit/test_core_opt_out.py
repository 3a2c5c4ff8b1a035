"""Opt-outs in ten languages: what ends the calls, what is asked about, and what only sounds so."""

import pytest

from topcalls.core.opt_out import (
    HOLD_MS,
    OptOutEar,
    Tier,
    find,
    find_in_transcript,
    is_echo,
    wants_calls,
)

pytestmark = pytest.mark.unit

STOP = {
    "en": [
        "Stop calling me.",
        "Please stop calling this number!",
        "Would you please stop calling us?",
        "I told you to stop calling.",
        "I told you not to call me again.",
        "Quit calling my cell phone.",
        "Don't call me again.",
        "Do not call here anymore.",
        "Never call me again!",
        "Never, ever call this number again.",
        "Don't you ever call me again.",
        "Don't call me.",
        "Take me off your list.",
        "Take me off of your calling list.",
        "Take us off the list, please.",
        "Take my number off.",
        "Could you remove me from your list?",
        "Remove my number.",
        "Please delete my phone number from your system.",
        "Put me on your do not call list.",
        "Put me on the do-not-call.",
        "Add my number to your internal do not call list.",
        "I'm on the do not call registry.",
        "I am on the national do not call list.",
        "Unsubscribe.",
        "I want to opt out.",
        "Opt me out of all calls.",
        "Lose my number.",
        "Cease and desist.",
        "I revoke my consent.",
        "I withdraw my permission.",
        "No more calls, please.",
        "I don't want to be called again.",
        "We don't want any calls.",
        "I don't want you to call me anymore.",
        "How did you get my number? Stop calling!",
        "I'm not interested, don't call me again.",
        "Stop calling me now!",
        "Stop call",
    ],
    "es": [
        "No me llame más.",
        "¡No me llamen más!",
        "No me llamen nunca más.",
        "Deje de llamarme.",
        "Dejen de llamar.",
        "Quíteme de la lista.",
        "Bórreme de su lista, por favor.",
        "No quiero más llamadas.",
        "No quiero recibir más llamadas.",
        "Quiero darme de baja.",
        "Denme de baja.",
        "Retiro mi consentimiento.",
        "Estoy en la lista Robinson.",
        "No vuelva a llamarme.",
        "Borren mi número.",
        "No me llamen.",
    ],
    "fr": [
        "Ne m'appelez plus.",
        "Ne m'appelez plus jamais !",
        "M'appelez plus !",
        "Arrêtez de m'appeler.",
        "Arrêtez de me téléphoner.",
        "Retirez-moi de votre liste.",
        "Supprimez-moi de la liste.",
        "Supprimez mon numéro.",
        "Je ne veux plus être appelé.",
        "Je veux plus être appelée.",
        "Je ne veux plus recevoir d'appels.",
        "Je me désinscris.",
        "Je m'oppose au démarchage.",
        "Je retire mon consentement.",
        "Ne me rappelez plus.",
        "Je suis inscrit sur Bloctel.",
    ],
    "de": [
        "Rufen Sie mich nicht mehr an.",
        "Rufen Sie nicht mehr an!",
        "Rufen Sie hier nie wieder an.",
        "Ruf mich nicht mehr an.",
        "Hören Sie auf, mich anzurufen.",
        "Hören Sie auf anzurufen.",
        "Streichen Sie mich von der Liste.",
        "Löschen Sie mich.",
        "Löschen Sie bitte meine Nummer.",
        "Keine Anrufe mehr.",
        "Keine Werbeanrufe mehr!",
        "Ich will nicht mehr angerufen werden.",
        "Ich widerrufe.",
        "Ich widerrufe meine Einwilligung.",
        "Ich widerspreche.",
        "Ich widerspreche der Nutzung meiner Daten.",
    ],
    "it": [
        "Non chiamatemi più.",
        "Non mi chiami più.",
        "Non mi chiamate mai più!",
        "Smettete di chiamare.",
        "Smettetela di chiamarmi.",
        "Smetta di chiamarmi.",
        "Toglietemi dalla lista.",
        "Cancellatemi dalla vostra lista.",
        "Cancelli il mio numero.",
        "Non voglio più ricevere chiamate.",
        "Revoco il consenso.",
        "Sono iscritto al registro delle opposizioni.",
    ],
    "pt": [
        "Não me ligue mais.",
        "Não me liguem mais!",
        "Pare de me ligar.",
        "Parem de ligar.",
        "Tire meu número da lista.",
        "Remova meu número.",
        "Removam o meu número da lista.",
        "Não quero mais receber ligações.",
        "Retiro o meu consentimento.",
        "Não me perturbe.",
        "Me tire da lista.",
    ],
    "nl": [
        "Bel me niet meer.",
        "Belt u mij nooit meer.",
        "Stop met bellen.",
        "Hou op met bellen!",
        "Haal me van de lijst.",
        "Verwijder mijn nummer.",
        "Ik wil niet meer gebeld worden.",
    ],
    "pl": [
        "Proszę więcej nie dzwonić.",
        "Nie dzwońcie do mnie.",
        "Proszę nie dzwonić więcej.",
        "Proszę usunąć mój numer.",
        "Wycofuję zgodę.",
        "Przestańcie dzwonić.",
        "Nie dzwoń do mnie nigdy.",
    ],
    "ro": [
        "Nu mă mai sunați.",
        "Încetați să mă sunați.",
        "Scoateți-mă de pe listă.",
        "Ștergeți numărul meu.",
        "Nu mai vreau să fiu sunat.",
        "Îmi retrag consimțământul.",
    ],
    "hi": [
        "Dobara call mat karna.",
        "Dobara call mat karo!",
        "Mujhe call mat kijiye.",
        "Mera number hata do.",
        "Phone karna band karo.",
        "मुझे कॉल मत कीजिए।",
        "दोबारा कॉल मत करना",
        "मेरा नंबर हटा दो",
    ],
}

PURPOSE = [
    "Stop calling me about the warranty.",
    "Don't call me again about this.",
    "No me llame más sobre esto.",
    "Ne m'appelez plus pour ça.",
    "Rufen Sie mich nicht mehr an wegen der Versicherung.",
    "Non mi chiami più per questo.",
    "Não me ligue mais sobre isso.",
    "Bel me niet meer over die energie.",
    "Nu mă mai sunați pentru asta.",
]

ASK = [
    "I'm not interested.",
    "Sorry, not interested.",
    "I'm busy.",
    "Who is this?",
    "Leave me alone.",
    "How did you get my number?",
    "I want to opt out of the insurance.",
    "Can I unsubscribe from the newsletter?",
    "Stop calling me so often.",
    "Stop calling me at night.",
    "Don't call me again today.",
    "Don't call me at work.",
    "You said stop calling me works.",
    "No me interesa.",
    "Estoy ocupado.",
    "Ça ne m'intéresse pas.",
    "Je n'ai pas le temps.",
    "Kein Interesse.",
    "Ich habe keine Zeit.",
    "Non mi interessa.",
    "Sono occupato.",
    "Não tenho interesse.",
    "Estou ocupada.",
    "Geen interesse.",
    "Nie jestem zainteresowany.",
    "Nu mă interesează.",
    "Abhi busy hoon.",
]

NOTHING = [
    "Don't stop calling until you reach me.",
    "Please don't ever stop calling me!",
    "Call me again tomorrow, don't call today.",
    "Don't call me today, call me tomorrow.",
    "Don't call me before nine.",
    "Please do not call me now, I am driving.",
    "Don't call me again today, call me back tomorrow.",
    "Why don't you call me tomorrow?",
    "You never call me anymore, said my mother.",
    "They don't call me on time.",
    "Yes, you can call me any time.",
    "What does stop loss mean?",
    "I want to stop by the shop.",
    "The bus stop is on the list.",
    "Remove the item from my order.",
    "Take me off speaker.",
    "Please put me on hold.",
    "I would like to cancel my appointment.",
    "Can you call the doctor?",
    "No me llame hoy, llámeme mañana.",
    "No deje de llamarme.",
    "No me deje de llamar, por favor.",
    "Me dejó de llamar mi hijo.",
    "Llámeme más tarde.",
    "Appelez-moi plus tard.",
    "N'arrêtez pas de m'appeler.",
    "Ne m'appelez pas ce soir, rappelez demain.",
    "Rufen Sie mich heute nicht an, morgen gern.",
    "Rufen Sie mich nicht heute an.",
    "Hören Sie nicht auf anzurufen.",
    "Da muss ich Ihnen widersprechen.",
    "Non smettete di chiamare.",
    "Non mi chiami adesso, richiami domani.",
    "Não pare de me ligar.",
    "Não me ligue agora, me ligue amanhã.",
    "Bel me niet vandaag, bel morgen.",
    "Proszę nie dzwonić dzisiaj.",
    "Nu mă sunați acum.",
    "Aaj call mat karo, kal call karo, mujhe.",
    "",
    "…",
]


@pytest.mark.parametrize(
    ("language", "text"), [(name, text) for name, texts in STOP.items() for text in texts]
)
def test_a_clear_word_stops_all_calls(language, text):
    found = find(text)
    assert found is not None and found.tier is Tier.STOP, found
    assert found.language == language


@pytest.mark.parametrize("text", PURPOSE)
def test_a_word_about_one_subject_holds_for_it(text):
    found = find(text)
    assert found is not None and found.tier is Tier.PURPOSE, found


@pytest.mark.parametrize("text", ASK)
def test_what_may_mean_it_is_asked_about(text):
    found = find(text)
    assert found is not None and found.tier is Tier.ASK, found


@pytest.mark.parametrize("text", NOTHING)
def test_what_only_sounds_so_is_left_alone(text):
    assert find(text) is None


def test_t98_to_t100():
    assert find("don't stop calling until you reach me") is None
    greeting = find("Hi, please do not call this number again.", by_machine=True)
    assert greeting.tier is Tier.NOTE
    assert find_in_transcript(["Hello?", "stop call—"]).tier is Tier.STOP


def test_the_word_that_the_opening_offered():
    assert find("Stop.").tier is Tier.STOP
    assert find("STOP!").tier is Tier.STOP
    assert find("Stop.", stop_was_offered=False).tier is Tier.ASK
    assert find("Please stop").tier is Tier.STOP
    assert find("Non-stop, really") is None


@pytest.mark.parametrize(
    "text",
    [
        "I will sue you.",
        "You'll hear from my lawyer.",
        "This violates the TCPA.",
        "I'm going to report you.",
        "Ich schalte meinen Anwalt ein.",
        "Voy a llamar a mi abogado.",
    ],
)
def test_whoever_speaks_of_the_law_is_not_called_again(text):
    found = find(text)
    assert (found.tier, found.litigation_risk) == (Tier.STOP, True)


def test_a_lawyer_who_is_only_mentioned_is_asked_about():
    found = find("I need a lawyer for my divorce")
    assert (found.tier, found.litigation_risk) == (Tier.ASK, False)


@pytest.mark.parametrize("text", ["Wrong number.", "Faux numéro", "Falsch verbunden", "Pomyłka!"])
def test_somebody_else_has_the_number(text):
    found = find(text)
    assert (found.tier, found.wrong_party) == (Tier.ASK, True)
    assert find(f"{text} Stop calling me.").wrong_party


def test_a_sentence_that_was_cut_in_two_is_found_afterwards():
    assert find("take me off") is None or find("take me off").tier is Tier.STOP
    assert find_in_transcript(["please take", "me off your list"]).tier is Tier.STOP
    assert find_in_transcript(["yes", "no", "fine"]) is None
    assert find_in_transcript([]) is None


@pytest.mark.parametrize(
    ("answer", "wants"),
    [
        ("No.", True),
        ("No, it's fine.", True),
        ("No thanks", True),
        ("You can call me", True),
        ("Yes.", False),
        ("No, don't call me again.", False),
        ("Whatever.", False),
        ("", False),
    ],
)
def test_only_a_clear_no_keeps_the_calls(answer, wants):
    assert wants_calls(answer) is wants


def test_the_agents_own_words_are_no_opt_out():
    spoken = "Hello, this is an AI assistant. To stop all calls, say stop or press 9."
    assert is_echo("to stop all calls say stop", spoken)
    assert not is_echo("stop", spoken)
    assert not is_echo("stop calling me right now", spoken)


class TestTheEar:
    def test_final_words_count_at_once(self):
        ear = OptOutEar()
        assert ear.hear("Stop calling me.", 1000, is_final=True).tier is Tier.STOP
        assert ear.hear("Stop calling me.", 3000, is_final=True) is None

    def test_words_that_may_change_have_to_stand(self):
        ear = OptOutEar()
        assert ear.hear("don't call me", 1000, is_final=False) is None
        assert ear.due_at_ms == 1000 + HOLD_MS
        assert ear.elapsed(1000 + HOLD_MS - 1) is None
        assert ear.elapsed(1000 + HOLD_MS).tier is Tier.STOP
        assert ear.due_at_ms is None

    def test_words_that_changed_their_meaning_do_not_count(self):
        ear = OptOutEar()
        ear.hear("don't call me", 1000, is_final=False)
        assert ear.hear("don't call me today", 1400, is_final=False) is None
        assert ear.due_at_ms is None
        assert ear.elapsed(9000) is None

    def test_more_of_the_same_does_not_start_it_anew(self):
        ear = OptOutEar()
        ear.hear("stop calling", 1000, is_final=False)
        ear.hear("stop calling me", 1300, is_final=False)
        assert ear.hear("stop calling me please", 1700, is_final=False).tier is Tier.STOP

    def test_doubtful_words_wait_for_the_end_of_the_turn(self):
        ear = OptOutEar()
        assert ear.hear("not interested", 0, is_final=False) is None
        assert ear.elapsed(5000) is None
        assert ear.hear("not interested", 5000, is_final=True).tier is Tier.ASK
        assert ear.hear("not interested", 6000, is_final=True) is None
        assert ear.hear("stop calling me", 7000, is_final=True).tier is Tier.STOP

    def test_the_key(self):
        ear = OptOutEar()
        assert ear.key("1") is None
        assert ear.key("9").tier is Tier.STOP
        assert ear.key("9") is None
