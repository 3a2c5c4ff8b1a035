"""The scripted person, frame by frame, and the faults that events can suffer. No sockets."""

import audioop

import numpy as np
import pytest
from sandbox_peers import frequency_of, tone

from topcalls.sandbox import faults, scenario_steps
from topcalls.sandbox.faults import Faults
from topcalls.sandbox.freeswitch.callee import Callee, ringback
from topcalls.sandbox.freeswitch.wire import Event
from topcalls.sandbox.scenario import parse_scenario

LOUD, QUIET = 3000, 60


class Person:
    """A callee whose words are tones of 0.1 s, moved by hand."""

    def __init__(self, steps, missing=()):
        scenario = parse_scenario(f"name: x\ndescription: d\ncallee:\n- answer\n{steps}")
        self.missing = set(missing)
        self.pressed = []
        self.spoken = []
        self.gone = False
        self.frame = 0
        self.callee = Callee(
            scenario,
            scenario.callee[1:],
            self,
            on_utterance=lambda text, audio: self.spoken.append((text, audio, self.frame)),
            rendered=lambda text: None if text in self.missing else tone(500, 0.1),
        )

    def press(self, digit):
        self.pressed.append((digit, self.frame))

    def put_down(self):
        self.gone = True

    def live(self, seconds, hears=0):
        """The frames spoken meanwhile."""
        said = []
        for _ in range(round(seconds * 50)):
            said.append(self.callee.speak_frame())
            self.callee.hear(hears, self.frame * 0.02)
            self.frame += 1
        return said

    def words(self):
        return [text for text, _, _ in self.spoken]


def test_words_are_spoken_whole_and_announced_when_they_begin():
    person = Person('- wait: 0.1\n- say: "Hello."\n- hang_up')
    said = person.live(0.5)
    assert said[:5] == [None] * 5
    assert b"".join(said[5:10]) == tone(500, 0.1)
    assert said[10:] == [None] * 15
    assert [(text, audio, at) for text, audio, at in person.spoken] == [
        ("Hello.", tone(500, 0.1), 5)
    ]
    assert person.gone


def test_words_that_are_not_rendered_yet_are_waited_for():
    person = Person('- say: "Hello."', missing=["Hello."])
    assert person.live(0.2) == [None] * 10
    person.missing.clear()
    assert all(person.live(0.1))


def test_listening_ends_when_the_agent_has_spoken_and_is_silent():
    person = Person('- listen: 0.5\n- say: "Yes."')
    person.live(1.0)
    person.live(0.6, hears=LOUD)
    person.live(0.3, hears=QUIET)
    person.live(0.4, hears=LOUD)
    assert person.words() == []
    person.live(0.48, hears=QUIET)
    assert person.words() == []
    person.live(0.04, hears=QUIET)
    assert person.words() == ["Yes."]


def test_a_click_is_not_speech():
    person = Person('- listen: {silence: 0.5, limit: 2}\n- say: "Yes."')
    person.live(0.1, hears=LOUD)
    person.live(1.8)
    assert person.words() == []
    person.live(0.2)
    assert person.words() == ["Yes."], "the limit ends the step"


def test_a_silent_agent_is_prompted_once():
    person = Person('- listen: {silence: 0.5, prompt: "Hello?", prompt_after: 1, limit: 9}')
    person.live(0.98)
    assert person.words() == []
    person.live(3)
    assert person.words() == ["Hello?"]


def test_an_agent_who_speaks_is_not_prompted():
    person = Person('- listen: {silence: 2, prompt: "Hello?", prompt_after: 1}')
    person.live(0.5, hears=LOUD)
    person.live(1.5)
    assert person.words() == []


def test_an_interruption_comes_while_the_agent_speaks():
    person = Person('- interrupt: {after: 0.5, say: "Wait."}')
    person.live(2.0)
    person.live(0.3, hears=LOUD)
    person.live(0.1, hears=QUIET)
    assert person.words() == []
    person.live(0.1, hears=LOUD)
    person.live(0.04, hears=LOUD)
    assert person.words() == ["Wait."], "a short gap does not end a speech"


def test_keys_are_pressed_one_by_one():
    person = Person('- press: "1#"')
    person.live(1)
    assert person.pressed == [("1", 0), ("#", 10)]


def test_a_tone_has_its_frequencies_and_no_break():
    said = b"".join(Person("- tone: {hertz: 1428.5, seconds: 0.4}").live(0.4))
    samples = np.frombuffer(audioop.ulaw2lin(said, 2), "<i2").astype(float)
    power = np.abs(np.fft.rfft(samples * np.hanning(len(samples)))) ** 2
    hertz = np.fft.rfftfreq(len(samples), 1 / 8000)
    near = np.abs(hertz - 1428.5) < 10
    assert power[near].sum() > 0.99 * power.sum()
    pair = b"".join(Person("- tone: {hertz: [480, 620], seconds: 0.4}").live(0.4))
    assert len(pair) == len(said) and pair != said


def test_a_line_that_hisses_does_so_under_words_and_in_silence():
    said = Person('- noise: -30\n- wait: 0.2\n- say: "Hello."\n- wait: 5').live(1.0)
    levels = [audioop.rms(audioop.ulaw2lin(frame, 2), 2) for frame in said]
    assert levels[0] == pytest.approx(32768 * 10 ** (-30 / 20), rel=0.25)
    assert min(levels) > 0.7 * levels[0]
    assert said[10] != tone(500, 0.1)[:160]
    assert len(set(said[:10])) > 5


def test_the_beep_is_a_1000_hz_tone():
    said = Person("- beep: 0.4").live(0.5)
    assert sum(frame is not None for frame in said) == 20
    linear = audioop.ulaw2lin(b"".join(said[:20]), 2)
    assert frequency_of(linear) == pytest.approx(1000, abs=2)


def test_ringback_comes_and_goes():
    frames = ringback()
    heard = [next(frames) is not None for _ in range(600)]
    assert heard == ([True] * 100 + [False] * 200) * 2


MENU = """
- menu: {say: "Press one.", wait: 0.5, times: 2, keys: {"1": [{say: "One."}]}, otherwise: [hang_up]}
"""


def test_a_key_chooses_in_a_menu_and_cuts_the_prompt_short():
    person = Person(MENU)
    person.live(0.04)
    person.callee.hear_digits("1")
    person.live(0.04)
    assert person.words() == ["Press one.", "One."]
    assert person.callee.digits_heard == ["1"]


def test_a_menu_repeats_and_gives_up():
    person = Person(MENU)
    person.live(0.7)
    assert person.words() == ["Press one.", "Press one."]
    person.callee.hear_digits("9")
    person.live(0.1)
    assert person.gone


def test_a_key_pressed_before_the_menu_does_not_count():
    person = Person("- wait: 0.1" + MENU)
    person.callee.hear_digits("1")
    person.live(0.4)
    assert person.words() == ["Press one."]


def test_what_was_heard_is_logged_with_its_time():
    person = Person("- silence: 1")
    person.live(0.04, hears=LOUD)
    person.live(0.02, hears=QUIET)
    log = person.callee.ear.log
    assert [(round(item.at, 2), item.level, item.audible) for item in log] == [
        (0.0, LOUD, True),
        (0.02, LOUD, True),
        (0.04, QUIET, False),
    ]


# --- faults


def event(name, uuid="u", **headers):
    return Event({"Event-Name": name, "Unique-ID": uuid, **headers})


def sent(fault, *events):
    """(names, delay) of each packet that leaves."""
    in_force = Faults()
    in_force.add(fault)
    packets = [packet for item in events for packet in in_force.outgoing(item)]
    return [([item.name for item in packet.events], packet.delay) for packet in packets]


A, B, C = event("A"), event("B"), event("C")


@pytest.mark.parametrize(
    ("fault", "packets"),
    [
        (faults.LoseEvents("A"), [(["B"], 0), (["A"], 0)]),
        (faults.LoseEvents("A", count=2), [(["B"], 0)]),
        (faults.DuplicateEvents("A"), [(["A"], 0), (["A"], 0), (["B"], 0), (["A"], 0)]),
        (faults.DelayEvents("A", seconds=3), [(["A"], 3), (["B"], 0), (["A"], 0)]),
        (faults.SwapEvents("A"), [(["B"], 0), (["A"], 0), (["A"], 0)]),
        (faults.JoinEvents("A", last="B"), [(["A", "B"], 0), (["A"], 0)]),
        (faults.LoseEvents("X"), [(["A"], 0), (["B"], 0), (["A"], 0)]),
    ],
)
def test_event_faults(fault, packets):
    assert sent(fault, A, B, A) == packets


def test_event_faults_may_concern_one_call_or_job_only():
    assert sent(faults.LoseEvents("A", uuid="v"), A, event("A", "v")) == [(["A"], 0)]
    job = event("BACKGROUND_JOB", **{"Job-Command": "originate"})
    other = event("BACKGROUND_JOB", **{"Job-Command": "uuid_kill"})
    lost = faults.LoseEvents("BACKGROUND_JOB", job_command="originate")
    assert sent(lost, job, other) == [(["BACKGROUND_JOB"], 0)]
    assert lost.fired == 1


def test_a_subclass_names_an_event_too():
    custom = event("CUSTOM", **{"Event-Subclass": "mod_audio_stream::connect"})
    assert sent(faults.LoseEvents("mod_audio_stream::connect"), custom, A) == [(["A"], 0)]


def test_commands_are_refused_once():
    in_force = Faults()
    in_force.add(faults.RefuseCommand("uuid_break", "-ERR no", uuid="u1"))
    assert in_force.refusal("api uuid_break u2 all") is None
    assert in_force.refusal("api uuid_break u1 all") == "-ERR no"
    assert in_force.refusal("api uuid_break u1 all") is None


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (scenario_steps.LoseEvent("A"), faults.LoseEvents("A", "u1")),
        (scenario_steps.DuplicateEvent("A"), faults.DuplicateEvents("A", "u1")),
        (scenario_steps.DelayEvent("A", 3.0), faults.DelayEvents("A", "u1", seconds=3.0)),
        (
            scenario_steps.RefuseCommand("uuid_break", "-ERR no"),
            faults.RefuseCommand("uuid_break", "-ERR no", "u1"),
        ),
        (scenario_steps.CutEventSocket(1.0), (1.0, faults.CutConnections())),
        (scenario_steps.FreezeEventSocket(1.0, 9.0), (1.0, faults.Freeze(9.0))),
        (scenario_steps.DropStream(1.0), None),
    ],
)
def test_every_fault_of_a_scenario_has_its_fault_at_the_socket(step, expected):
    """Dropping a stream is the only one that happens elsewhere."""
    assert (faults.event_fault(step, "u1") or faults.timed_fault(step)) == expected
