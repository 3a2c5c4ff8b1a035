"""How calls on a real switch begin, end and are steered: each once, timed.

Started by `real_switch.py --scenarios`. Times are the telephones' and this process's, by one
monotonic clock; from outside, so they hold everything: database, queue, controller, switch, wire.
"""

from __future__ import annotations

import time
from typing import Any

from common import say, wait_for
from switch_lab import Lab

from topcalls.core.call_request import CallRequest, Recording
from topcalls.errors import Conflict

ANSWERS, BUSY, DECLINES, RINGS, ANNOUNCES = "54326"
"""The digit of a number that says what its telephone does (`stand_in/telephones.h`)."""

LIMIT = 60.0
FINAL = ("completed", "failed", "cancelled")
INBOUND_NUMBER = "+12025550142"

Facts = dict[str, Any]


class Caller:
    """Places calls in a lab, and asks what became of them."""

    def __init__(self, built: Lab) -> None:
        self.lab = built
        self._next = 1

    def place(self, fate: str, **request: Any) -> tuple[str, int, float]:
        """A call to a telephone with a fate; its id, its line, and when it was asked for."""
        line, self._next = self._next, self._next + 1
        made = self.lab.made
        began = time.monotonic()
        view = made.services.calls.create(
            made.principal,
            CallRequest(
                phone_number=number_of(line, fate),
                task=f"Line {line:04d}. Make an appointment with the caller.",
                first_sentence="Hello, this is the practice. How can I help you?",
                recording=Recording(enabled=False),
                **request,
            ),
        )
        return view.id, line, began

    def talk(self, **request: Any) -> tuple[str, int]:
        """A call in which the agent is heard."""
        call, line, _ = self.place(ANSWERS, **request)
        self.until(line, "first_voice")
        wait_for(lambda: self.view(call).call_status == "in-progress", LIMIT, "the conversation")
        return call, line

    def view(self, call: str) -> Any:
        """The call as its owner sees it."""
        made = self.lab.made
        return made.services.calls.get(made.principal.account_id, call)

    def until(self, line: int, fact: str) -> Facts:
        """Wait for something to happen on a telephone."""

        def seen() -> Facts | None:
            facts = self.lab.line(line)
            return facts if facts[fact] else None

        found: Facts = wait_for(seen, LIMIT, f"{fact} on line {line}")
        return found

    def over(self, call: str) -> str:
        """Wait until a call is over; how it ended."""
        wait_for(lambda: self.view(call).status in FINAL, LIMIT, "the end of a call")
        view = self.view(call)
        return f"{view.status}, {view.call_status}, {view.end_reason}"

    def stop(self, call: str) -> None:
        """End a call as a user does, if it is not over yet."""
        made = self.lab.made
        try:
            made.services.calls.stop(made.principal.account_id, call)
        except Conflict:
            return
        self.over(call)


def number_of(line: int, fate: str = ANSWERS) -> str:
    """The number of a telephone."""
    return f"+1415{fate}55{line:04d}"


def ms(seconds: float) -> str:
    """For the table."""
    return f"{seconds * 1e3:.0f} ms"


def row(what: str, *found: str) -> None:
    """One line of the table."""
    say(f"  {what:<24}{'; '.join(found)}")


# --- how calls begin


def outbound_talk(by: Caller) -> None:
    """Answered, talked, hung up by the callee."""
    call, line, began = by.place(ANSWERS)
    heard = by.until(line, "first_voice")
    time.sleep(3)
    by.lab.world.tell(f"hang_up {line}")
    left = time.monotonic()
    end = by.over(call)
    row(
        "outbound talk",
        end,
        f"created -> INVITE {ms(heard['invited'] - began)}",
        f"200 OK -> first word {ms(heard['first_voice'] - heard['answered'])}",
        f"BYE -> row {ms(time.monotonic() - left)}",
    )


def refused(by: Caller, what: str, fate: str) -> None:
    """Busy, or declined."""
    call, line, began = by.place(fate)
    end = by.over(call)
    ended = time.monotonic()
    facts = by.until(line, "ended")
    row(
        what,
        end,
        f"created -> INVITE {ms(facts['invited'] - began)}",
        f"SIP answer -> row {ms(ended - facts['ended'])}",
    )


def no_answer(by: Caller) -> None:
    """Rings for its five seconds."""
    call, line, _ = by.place(RINGS, ring_timeout_seconds=5)
    end = by.over(call)
    facts = by.until(line, "ended")
    row("no answer", end, f"INVITE -> CANCEL {facts['ended'] - facts['invited']:.2f} s of 5")


def early_media(by: Caller) -> None:
    """An announcement of one second, then the answer."""
    call, line, _ = by.place(ANNOUNCES)
    facts = by.until(line, "first_voice")
    row(
        "early media",
        f"announced {facts['answered'] - facts['announced']:.1f} s, nothing said into it",
        f"200 OK -> first word {ms(facts['first_voice'] - facts['answered'])}",
    )
    by.stop(call)


def inbound_talk(by: Caller) -> None:
    """A telephone calls us."""
    made, line = by.lab.made, 400
    services, account = made.services, made.principal.account_id
    body = {"task": f"Line {line:04d}. Take the call.", "first_sentence": "The practice, hello."}
    agent = services.agents.create(account, "Reception", body).agent.id
    services.agents.publish(account, agent)
    services.phone_numbers.add(account, {"number": INBOUND_NUMBER, "agent_id": agent})
    by.lab.world.tell(f"call {line} {INBOUND_NUMBER} {by.lab.switch.ports['sip']}")
    heard = by.until(line, "first_voice")
    time.sleep(3)
    by.lab.world.tell(f"hang_up {line}")
    (call,) = (
        item for item in services.calls.list(account, 50).data if item.direction == "inbound"
    )
    row(
        "inbound talk",
        by.over(call.id),
        f"INVITE -> 200 OK {ms(heard['answered'] - heard['invited'])}",
        f"200 OK -> first word {ms(heard['first_voice'] - heard['answered'])}",
    )


# --- what is done to calls


def keys(by: Caller) -> None:
    """Both ways."""
    call, line = by.talk()
    asked = time.monotonic()
    by.lab.world.tell(f"press {line} 12#")

    def told() -> float:
        at = float(by.lab.line(line)["item_at"])
        return at if at > asked else 0.0

    heard = wait_for(told, LIMIT, "keys at the model")
    made = by.lab.made
    pressed = time.monotonic()
    made.services.commands.press_keys(
        made.principal.account_id, call, "47#", 200, made.services.clock.now()
    )
    wait_for(lambda: by.lab.line(line)["keys"] == "47#", LIMIT, "keys at the telephone")
    row(
        "DTMF",
        f"theirs: three keys begun -> told to the model {ms(heard - asked)}",
        f"ours: asked for -> three keys heard {ms(time.monotonic() - pressed)}",
    )
    by.stop(call)


def blind_transfer(by: Caller) -> None:
    """The caller is connected with whoever answers."""
    call, line = by.talk()
    target = line + 500
    asked = ask_transfer(by, call, target, "blind")
    facts = by.until(target, "answered")
    joined = by.until(line, "person")
    by.lab.world.tell(f"hang_up {line}")
    row(
        "blind transfer",
        by.over(call),
        f"asked -> INVITE {ms(facts['invited'] - asked)}",
        f"200 OK -> person heard {ms(joined['person'] - facts['answered'])}",
    )


def warm_transfer(by: Caller) -> None:
    """The person hears the briefing, presses the key, and has the caller."""
    call, line = by.talk()
    target = line + 500
    ask_transfer(by, call, target, "warm")
    facts = by.until(target, "first_voice")
    time.sleep(1)
    by.lab.world.tell(f"press {target} 1")
    pressed = time.monotonic()
    joined = by.until(line, "person")
    by.lab.world.tell(f"hang_up {line}")
    row(
        "warm transfer",
        by.over(call),
        f"200 OK -> briefing {ms(facts['first_voice'] - facts['answered'])}",
        f"key -> person heard {ms(joined['person'] - pressed)}",
    )


def ask_transfer(by: Caller, call: str, target: int, kind: str) -> float:
    """As a user does."""
    made = by.lab.made
    wanted = {"number": number_of(target), "kind": kind}
    asked = time.monotonic()
    made.services.calls.transfers.ask(made.principal, call, wanted, made.services.clock.now())
    return asked


def barge_in(by: Caller) -> None:
    """Two interruptions, of either kind."""
    call, _ = by.talk()
    by.lab.world.tell("reset")

    def both() -> Facts | None:
        seen = by.lab.world.report()
        return seen if seen["pause"] and seen["stop"] else None

    seen = wait_for(both, LIMIT, "two interruptions")
    row(
        "barge-in",
        f"sound reported -> last voice {seen['pause']['max']:.0f} ms",
        f"deciding words -> last voice {seen['stop']['max']:.0f} ms",
        f"voice after that {seen['leaked']} packets",
    )
    by.stop(call)
