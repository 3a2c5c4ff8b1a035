"""The scenario language: what it accepts, how it refuses, and the scenarios that ship."""

import json
import re

import phonenumbers
import pytest

from topcalls.sandbox import magic_numbers, scenario_steps
from topcalls.sandbox.magic_numbers import NumberPlan
from topcalls.sandbox.scenario import (
    ModelRule,
    ScenarioError,
    ToolUse,
    builtin_scenarios,
    load_scenario,
    load_scenarios,
    parse_scenario,
)
from topcalls.sandbox.scenario_steps import (
    FAULTS,
    STEPS,
    Answer,
    Beep,
    Busy,
    DelayEvent,
    DropStream,
    HangUp,
    Interrupt,
    Listen,
    Menu,
    NoAnswer,
    Press,
    Ring,
    Say,
)

HEAD = "name: x\ndescription: d\n"


def callee(text):
    return parse_scenario(HEAD + "callee:\n" + text).callee


def test_a_whole_scenario():
    scenario = parse_scenario(
        """
        name: demo
        number: "+12025550199"
        description: all parts
        callee:
          - ring: 1.5
          - answer
          - say: "Hello?"
          - listen
          - interrupt: {after: 1, say: "Wait."}
          - press: "12#"
          - beep: 0.5
          - hang_up
        model:
          - when: "hello"
            speak: "Good morning."
            tool: {name: end_call}
          - {when: anything, fail: cut, repeat: true}
        faults:
          - drop_stream: {at: 4}
          - delay_event: CHANNEL_ANSWER
        """
    )
    assert scenario.callee == (
        Ring(1.5),
        Answer(),
        Say("Hello?"),
        Listen(),
        Interrupt(1.0, "Wait."),
        Press("12#"),
        Beep(0.5),
        HangUp(),
    )
    assert scenario.model == (
        ModelRule("hello", speak="Good morning.", tool=ToolUse("end_call")),
        ModelRule("anything", fail="cut", repeat=True),
    )
    assert scenario.faults == (DropStream(4.0), DelayEvent("CHANNEL_ANSWER", 2.0))
    assert scenario.spoken_texts() == ["Hello?", "Wait."]


def test_a_menu_holds_steps():
    (_, menu) = callee(
        '- answer\n- menu: {say: "Press one.", keys: {"1": [{say: "Yes"}, hang_up]}}'
    )
    assert menu == Menu("Press one.", {"1": (Say("Yes"), HangUp())})


def test_refusals_need_no_answer():
    assert callee("- busy") == (Busy(),)
    assert callee("- ring: 1\n- no_answer: 5") == (Ring(1.0), NoAnswer(5.0))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("callee: [", "s.yaml: not YAML"),
        ("- a", "s.yaml: must be a mapping"),
        ("nmae: x", "s.yaml: unknown 'nmae'; allowed are: name, number, description, callee"),
        (HEAD, "s.yaml: callee: must be a list"),
        (HEAD + "callee: [ring: 1]", "callee: must hold 'answer', or end with a refusal: busy,"),
        (HEAD + "callee: [answer, sya: x]", "callee, step 2: unknown 'sya'; allowed are: ring,"),
        (HEAD + "callee: [answer, {say: x, wait: 1}]", "step 2: must be one of: ring,"),
        (HEAD + "callee: [answer, say]", "step 2 (say): 'text' is missing"),
        (HEAD + "callee: [answer, {say: {txt: x}}]", "unknown 'txt'; allowed are: text"),
        (HEAD + "callee: [answer, say: 3]", "step 2 (say): text: must be a text in quotes; got 3"),
        (HEAD + "callee: [answer, tone: 50]", "must be frequencies of 200 to 3400 Hz; got 50"),
        (HEAD + "callee: [answer, tone: []]", "must be one to four frequencies; got []"),
        (HEAD + "callee: [answer, noise: -5]", "must be a number of decibels, -60 to -20; got -5"),
        (HEAD + "callee: [answer, wait: -1]", "must be a number of seconds, 0 to 3600; got -1"),
        (HEAD + "callee: [answer, wait: true]", "must be a number of seconds"),
        (HEAD + "callee: [answer, press: 12]", "step 2 (press): digits: must be keys 0-9"),
        (HEAD + "callee: [answer, hang_up: 3]", "step 2 (hang_up): takes no value; got 3"),
        (HEAD + "callee: [answer: 3]", "step 1 (answer): telephone_events: must be true or false"),
        (HEAD + "callee: [answer, expect_keys: 1]", "step 2 (expect_keys): digits: must be keys"),
        (HEAD + "callee: [say: x, answer]", "step 1: 'say' comes before 'answer'"),
        (HEAD + "callee: [answer, ring: 1]", "step 2: 'ring' comes after 'answer'"),
        (HEAD + "callee: [busy, answer]", "step 1: nothing can follow 'busy'"),
        (HEAD + "callee: [answer, hang_up, wait: 1]", "step 2: nothing can follow 'hang_up'"),
        (HEAD + "callee: [fail: busy]", "cause: must be a hang-up cause such as NORMAL_"),
        (
            HEAD + 'callee: [answer, {menu: {say: x, keys: {"1": [answer]}}}]',
            "step 2 (menu): keys '1', step 1: unknown 'answer'; allowed are: say,",
        ),
        (HEAD + "callee: [answer]\nmodel: [{when: x}]", "rule 1: must have one of: speak, tool,"),
        (HEAD + "callee: [answer]\nmodel: [{when: '(', speak: x}]", "not a regular expression"),
        (HEAD + "callee: [answer]\nmodel: [{when: x, fail: bang}]", "allowed are: server_error,"),
        (HEAD + "callee: [answer]\nmodel: [{when: x, speak: y, then: z}]", "'then' needs 'tool'"),
        (HEAD + "callee: [answer]\nfaults: [drop: 1]", "fault 1: unknown 'drop'; allowed are: dr"),
        (HEAD + "number: 12025550100\ncallee: [answer]", "number: must be a telephone number"),
    ],
)
def test_mistakes_are_named_with_their_place(text, message):
    with pytest.raises(ScenarioError) as caught:
        parse_scenario(text, source="s.yaml")
    assert message in str(caught.value)


def test_rules_match_words_silence_or_anything():
    assert ModelRule("^hello|bye$").matches("Hello there")
    assert not ModelRule("^hello|bye$").matches("goodbye then")
    assert not ModelRule("hello").matches(None)
    assert ModelRule("anything").matches("whatever")
    assert not ModelRule("anything").matches(None)
    assert ModelRule("silence").matches(None)
    assert not ModelRule("silence").matches("silence, please")


def test_a_directory_is_loaded_by_file_name_and_refuses_twins(tmp_path):
    (tmp_path / "b.yaml").write_text(HEAD + "callee: [busy]")
    (tmp_path / "a.yaml").write_text(HEAD.replace("x", "y", 1) + "callee: [reject]")
    assert [item.name for item in load_scenarios(tmp_path)] == ["y", "x"]
    (tmp_path / "c.yaml").write_text(HEAD + "callee: [busy]")
    with pytest.raises(ScenarioError, match=r"c\.yaml: name or number is taken by 'x'"):
        load_scenarios(tmp_path)


def numbers():
    return {
        name: value
        for name, value in vars(magic_numbers).items()
        if name.isupper() and isinstance(value, str)
    }


def test_every_magic_number_is_valid_and_has_a_scenario():
    by_number = {item.number: item for item in builtin_scenarios()}
    assert sorted(by_number) == sorted(numbers().values())
    for number in by_number:
        assert phonenumbers.is_valid_number(phonenumbers.parse(number))


def test_the_friendly_talk_answers_every_sentence_of_the_person():
    """Each thing the person says is met by its own rule, and the agent ends the call."""
    talk = NumberPlan().scenario_for(magic_numbers.TALK)
    unused = list(talk.model)
    spoken = []
    for step in talk.callee:
        if isinstance(step, Say):
            rule = next(rule for rule in unused if rule.matches(step.text))
            spoken.append(rule)
            unused.remove(rule)
    assert len(spoken) == 4
    assert all(rule.speak and rule.when != "anything" for rule in spoken)
    assert [rule.tool.name for rule in spoken if rule.tool] == ["end_call"]
    assert spoken[-1].tool


def test_other_numbers_get_a_plain_talk_and_own_scenarios_come_first():
    plan = NumberPlan()
    assert plan.scenario_for("+442079460000").callee == plan.scenario_for("12025550100").callee
    assert plan.scenario_for("+442079460000").number == "+442079460000"
    own = parse_scenario('name: mine\nnumber: "+12025550101"\ndescription: d\ncallee: [reject]')
    assert NumberPlan([own]).scenario_for("+12025550101") is own
    assert "busy" not in {item.name for item in NumberPlan([own]).scenarios}


def test_a_scenario_is_found_by_name():
    assert NumberPlan().by_name("busy").callee == (Busy(),)
    with pytest.raises(ScenarioError, match="No scenario 'bussy'; there are: friendly talk, busy,"):
        NumberPlan().by_name("bussy")


def test_every_keyword_is_registered():
    kinds = [item for item in vars(scenario_steps).values() if isinstance(item, type)]
    words = [item for item in kinds if "keyword" in vars(item)]
    assert set(words) == {*STEPS, *FAULTS}
    assert all(re.fullmatch("[a-z_]+", item.keyword) and item.__doc__ for item in words)


def test_a_scenario_file_names_itself_in_errors(tmp_path):
    path = tmp_path / "broken.yaml"
    path.write_text("name: 1")
    with pytest.raises(ScenarioError, match=r"^broken\.yaml: "):
        load_scenario(path)


RINGS = "callee:\n  - answer\n  - hang_up\n"
ANSWERS = '{"calls": [{"name": "look_up_order", "result": {"status": "lost"}}]}'


def test_a_scenario_brings_the_answers_of_its_tools(tmp_path):
    (tmp_path / "orders.json").write_text(ANSWERS)
    scenario = tmp_path / "asks.yaml"
    scenario.write_text(f"{HEAD}{RINGS}cassette: orders.json\n")
    assert load_scenario(scenario).cassette == json.loads(ANSWERS)
    assert parse_scenario(f"{HEAD}{RINGS}cassette: {ANSWERS}\n").cassette == json.loads(ANSWERS)
    assert parse_scenario(HEAD + RINGS).cassette is None


@pytest.mark.parametrize(
    ("cassette", "content", "told"),
    [
        ("orders.json", None, "cannot be read: No such file"),
        ("orders.json", "{", "is not JSON"),
        ("orders.json", "[]", "must be a mapping"),
        ("[1]", None, "must be the name of a file, or its content"),
    ],
)
def test_answers_that_are_none_are_told_with_file_and_reason(tmp_path, cassette, content, told):
    if content is not None:
        (tmp_path / "orders.json").write_text(content)
    scenario = tmp_path / "asks.yaml"
    scenario.write_text(f"{HEAD}{RINGS}cassette: {cassette}\n")
    with pytest.raises(ScenarioError, match=f"asks.yaml: cassette: .*{told}"):
        load_scenario(scenario)
