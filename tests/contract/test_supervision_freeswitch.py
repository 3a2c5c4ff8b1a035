"""Supervisors on a real FreeSWITCH: who hears whom, by the audio of every telephone.

See `own_switch.py` for what has to be set. SIPp is the person who is called, the person to whom the
call is handed over, and each softphone.
"""

import os
import shutil
from time import time

import gevent
import own_switch
import pytest
from freeswitch_lab import Address, LiveProduct, outcome, show, talking
from offices import Office, wait_until
from telephones import EVERYBODYS, Callee, Caller, Telephone, filled
from unit.sandbox_openai_speech import spoken

from topcalls.core import notes
from topcalls.esl.connection import EventSocketConnection

OURS, THEIRS = "+12025550142", "+12025550143"
CALLED, TARGET = "+12025550100", "+12025550177"
SUPPORT = {"destinations": [{"name": "support", "number": TARGET}]}
DOMAIN = "topcalls.invalid"
HERE = "127.0.0.1"

pytestmark = [
    pytest.mark.freeswitch,
    pytest.mark.timeout(240),
    pytest.mark.skipif(not os.environ.get(own_switch.PROGRAM), reason=f"set {own_switch.PROGRAM}"),
    pytest.mark.skipif(shutil.which("sipp") is None, reason="sipp is not installed"),
]


@pytest.fixture(scope="module")
def switch(tmp_path_factory):
    made = own_switch.OwnSwitch(
        tmp_path_factory.mktemp("supervision"),
        FREESWITCH_RTP_START="18000",
        FREESWITCH_RTP_END="18500",
    )
    yield made.start()
    made.stop()


@pytest.fixture(scope="module")
def product(switch, tmp_path_factory):
    port = switch.ports["esl"]
    made = LiveProduct(
        tmp_path_factory.mktemp("live"),
        Address(HERE, port, own_switch.PASSWORD, own_switch.GATEWAY),
        port,
        TOPCALLS_SWITCH_DIR=str(switch.directory / "state"),
    )
    yield made.start()
    assert made.stop() == 0


@pytest.fixture(scope="module")
def office(product, switch):
    """An account with a supervisor's softphone, a clerk's, and one that no telephone has."""
    made = Office(product, OURS)
    made.ann = made.softphone("201", name="Ann")
    made.clerk = made.softphone("202", may_supervise=False)
    made.away = made.softphone("203")
    wait_known(switch, 3)
    return made


def wait_known(switch, count):
    """Until the switch has read the files of so many softphones."""
    files = switch.directory / "state" / "users"
    wait_until(lambda: len(list(files.glob("sp_*.xml"))) >= count, "the files are not written")
    with EventSocketConnection(HERE, switch.ports["esl"], own_switch.PASSWORD) as line:
        names = [file.read_text().split('user id="')[1].split('"')[0] for file in files.iterdir()]
        for name in names:
            ask = f"api user_exists id {name} {DOMAIN}"
            wait_until(lambda ask=ask: line.send(ask).data == "true", f"{name} is not known")


@pytest.fixture
def callee(switch, tmp_path):
    """Whoever is called by a number."""
    made = Callee((HERE, switch.ports["callee"]), tmp_path / "callee", "answers", pause=500)
    yield made
    made.close()


@pytest.fixture
def dial(switch, tmp_path):
    """A softphone dials; the telephone."""
    made = []

    def call(phone, number):
        made.append(
            Caller(
                f"{HERE}:{switch.ports['phones']}",
                tmp_path / f"softphone{len(made)}",
                "phone_calls",
                number,
                pause=120_000,
                user=phone["username"],
                password=phone["password"],
                domain=DOMAIN,
            )
        )
        return made[-1]

    yield call
    for telephone in made:
        telephone.close()


@pytest.fixture
def live(office, callee):
    """A call in progress whose agent has said its first sentence; its id, and the line of whoever
    is called."""
    made = []

    def call(**wishes):
        call_id = office.place(CALLED, silence_timeout_seconds=60, **wishes)
        made.append(call_id)
        caller = callee.lines.wait(15)
        caller.wait_for_voice(10)
        office.wait(call_id, talking, "it does not talk")
        caller.wait_for_quiet(15)
        return call_id, caller

    yield call
    for call_id in made:
        if office.call(call_id)["status"] == "in_progress":
            office.post(f"/v1/calls/{call_id}/stop")
            office.wait(call_id, lambda call: call["completed"], "it does not end")


def stay(office, call_id, condition, words):
    """The last stay on a call, once this is true of it."""

    def reached(call):
        return bool(call["supervisions"]) and condition(call["supervisions"][-1])

    return office.wait(call_id, reached, words)["supervisions"][-1]


def joined(office, call_id):
    return stay(office, call_id, lambda made: made["joined_at"], "nobody has joined")


def changed(office, call_id, mode):
    return stay(office, call_id, lambda made: made["modes"][-1]["mode"] == mode, f"no {mode}")


def heard(speaker, by, not_by=()):
    """Somebody speaks: these hear it, and those do not."""
    gevent.sleep(0.7)  # what was said before has arrived
    began = time()
    speaker.say(spoken("Hello there"))
    delays = []
    for number, line in enumerate(by):
        with gevent.Timeout(10, AssertionError(f"listener {number} hears nothing")):
            delays.append(line.wait_for_voice(30, after=began).at - began)
    gevent.sleep(1.5)
    for line in not_by:
        assert [packet for packet in line.voice if packet.at > began] == []
    assert all(delay < 2.0 for delay in delays), delays
    return delays


def agent_goes_on(caller, left):
    """The supervisor has left the conversation: the agent speaks again."""
    caller.wait_for_voice(15, after=left)
    caller.wait_for_quiet(20, quiet=1.0)


def test_listening_barging_in_and_leaving_by_keys(office, live, dial):
    call_id, caller = live()
    dialled = time()
    phone = dial(office.ann, "*30")
    answered = phone.wait_for("R", "200 OK")
    supervisor = phone.lines.wait(10)
    made = joined(office, call_id)
    show(dialled_to_answer_ms=(answered - dialled) * 1000)
    assert (made["extension"], made["name"], made["asked_by"]) == ("201", "Ann", "code")
    assert office.get("/v1/calls/live")["data"][0]["supervisors"] == [
        {"extension": "201", "mode": "listen"}
    ]
    heard(supervisor, by=(), not_by=[caller])
    heard(caller, by=[supervisor])

    supervisor.press("3")
    changed(office, call_id, "barge")
    heard(supervisor, by=[caller])
    heard(caller, by=[supervisor])
    left = time()
    supervisor.press("0")
    changed(office, call_id, "listen")
    agent_goes_on(caller, left)
    heard(supervisor, by=(), not_by=[caller])

    supervisor.press("*")
    phone.wait_for("R", "BYE")
    made = stay(office, call_id, lambda made: made["outcome"], "it does not end")
    assert made["outcome"] == "left"
    assert [told["mode"] for told in made["modes"]] == ["listen", "barge", "listen"]
    said = [turn["text"] for turn in office.call(call_id)["transcript"]]
    assert said.count(notes.SUPERVISOR_JOINED) == said.count(notes.SUPERVISOR_LEFT) == 1


def test_a_supervisor_whispers_to_the_person_who_has_the_call(office, live, callee, dial):
    call_id, caller = live(transfer=SUPPORT)
    phone = dial(office.ann, "*31" + office.call(call_id)["live_code"])
    supervisor = phone.lines.wait(10)
    joined(office, call_id)
    heard(supervisor, by=(), not_by=[caller])
    office.post(f"/v1/calls/{call_id}/transfer", {"destination": "support"})
    callee.lines.wait(15, count=2)
    person = [line for line in callee.lines.lines.values() if line is not caller][0]
    office.wait(call_id, lambda call: call["transfers"][0]["connected_at"], "no connection")
    gevent.sleep(0.5)
    heard(supervisor, by=[person], not_by=[caller])
    heard(person, by=[caller, supervisor])
    heard(caller, by=[person, supervisor])
    supervisor.press("3")
    changed(office, call_id, "barge")
    heard(supervisor, by=[person, caller])


def test_a_supervisor_takes_over_from_the_agent(office, live, dial, switch):
    call_id, caller = live()
    phone = dial(office.ann, f"*39*{CALLED[-4:]}")
    supervisor = phone.lines.wait(10)
    made = stay(office, call_id, lambda made: made["taken_over_at"], "no connection")
    gevent.sleep(0.5)
    heard(supervisor, by=[caller])
    heard(caller, by=[supervisor])
    assert office.get("/v1/calls/live")["data"][0]["talks_with"] == "person"
    with EventSocketConnection(HERE, switch.ports["esl"], own_switch.PASSWORD) as line:
        assert line.send(f"api uuid_kill {made['channel_id']}").data.startswith("+OK")
    call = office.wait(call_id, lambda call: call["completed"], "it does not end")
    assert outcome(call) == ("completed", "completed", "transfer_ended")
    assert call["ended_by"] == "transferee"
    phone.wait_for("R", "BYE")


def test_the_caller_who_was_taken_over_hangs_up_and_the_softphone_is_let_go(office, live, dial):
    call_id, _ = live()
    phone = dial(office.ann, "*30")
    supervisor = phone.lines.wait(10)
    joined(office, call_id)
    supervisor.press("9")
    stay(office, call_id, lambda made: made["taken_over_at"], "no connection")
    office.post(f"/v1/calls/{call_id}/stop")
    phone.wait_for("R", "BYE")
    office.wait(call_id, lambda call: call["completed"], "it does not end")


@pytest.mark.parametrize(
    ("who", "code", "status"),
    [("ann", "*309999", "404"), ("ann", "*30*777", "404"), ("clerk", "*30", "403")],
)
def test_who_is_not_let_on_the_line(office, live, dial, who, code, status):
    call_id, _ = live()
    dial(getattr(office, who), code).wait_for("R", f"SIP/2.0 {status}")
    assert office.call(call_id)["supervisions"] == []


def test_another_accounts_call_cannot_be_named(office, live, dial, product, switch):
    call_id, _ = live()
    other = Office(product, THEIRS)
    phone = other.softphone("201")
    wait_known(switch, 4)
    for code in ("*30", "*39" + office.call(call_id)["live_code"], f"*33*{CALLED[-4:]}"):
        dial(phone, code).wait_for("R", "SIP/2.0 404")
    assert office.call(call_id)["supervisions"] == []


def supervise(office, call_id, mode, phone):
    body = {"mode": mode, "extension": phone["extension"]}
    office.post(f"/v1/calls/{call_id}/supervise", body)


@pytest.fixture
def registered(office, switch, tmp_path):
    """Ann's softphone waits to be rung."""
    port = switch.ports["softphone"]
    made = Callee((HERE, port), tmp_path / "rung", "answers", pause=500)
    contact = {"[local_ip]:[local_port];transport=[transport]>": f"{HERE}:{port}>"}
    login = {"user": office.ann["username"], "password": office.ann["password"], "domain": DOMAIN}
    text = filled((EVERYBODYS / "phone_registers.xml").read_text(), contact, login)
    registrar = Telephone(
        *(tmp_path / "registers", text, "-i", HERE, "-p", "0", "-m", "1"),
        f"{HERE}:{switch.ports['phones']}",
    )
    assert registrar.ended_well()
    yield made
    registrar.close()
    made.close()


def test_a_softphone_is_rung_and_put_on_the_call(office, live, registered):
    call_id, caller = live()
    supervise(office, call_id, "barge", office.ann)
    registered.wait_for("R", "INVITE")
    supervisor = registered.lines.wait(10)
    assert joined(office, call_id)["asked_by"] == "api"
    heard(supervisor, by=[caller])
    left = time()
    supervise(office, call_id, "listen", office.ann)
    changed(office, call_id, "listen")
    agent_goes_on(caller, left)
    heard(supervisor, by=(), not_by=[caller])
    supervise(office, call_id, "take_over", office.ann)
    stay(office, call_id, lambda made: made["taken_over_at"], "no connection")
    gevent.sleep(0.5)
    heard(caller, by=[supervisor])
    office.post(f"/v1/calls/{call_id}/stop")
    registered.wait_for("R", "BYE")


def test_a_softphone_that_is_not_there_is_not_reached(office, live):
    call_id, _ = live()
    supervise(office, call_id, "listen", office.away)
    made = stay(office, call_id, lambda made: made["outcome"], "it does not end")
    assert (made["outcome"], made["failure"]) == ("failed", "not_registered")
    assert office.call(call_id)["call_status"] == "in-progress"
