"""Dialplan applications that `sendmsg` and `execute_on_answer` can run, beside `playback`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from topcalls.log import get_logger
from topcalls.sandbox.freeswitch.causes import cause_name

if TYPE_CHECKING:
    from topcalls.sandbox.freeswitch.call import Call

log = get_logger("sandbox.applications")


def run_application(call: Call, application: str, argument: str) -> bool:
    """Carry out one application; True if it lasts. An unknown one is logged, as the switch does."""
    if application == "eavesdrop":
        return _eavesdrop(call, argument)
    run = _APPLICATIONS.get(application)
    if run is None:
        log.warning("There is no such application.", application=application)
        return False
    run(call, argument)
    return False


def schedule_hangup(call: Call, when: str, cause: str) -> None:
    """`+<seconds>`, or seconds since the epoch: one more timer beside those there are."""
    number = when.removeprefix("+")
    if not number.isdigit():
        return
    name = cause_name(cause) if cause else "ALLOTTED_TIMEOUT"
    seconds = float(number) if when.startswith("+") else float(number) - call.epoch_seconds()
    if seconds <= 0:
        call.hang_up(name)
    else:
        call.schedule_hangup(seconds, name)


def _eavesdrop(call: Call, uuid: str) -> bool:
    """Listen to another call. Nothing happens where there is none, or one of the two has no
    audio."""
    spied = call.find(uuid)
    if spied is None or spied is call or not (spied.channel.has_media and call.channel.has_media):
        return False
    whispers = ("eavesdrop_whisper_aleg", "eavesdrop_whisper_bleg")
    said, heard = (call.channel.is_true(name) for name in whispers)
    call.audio.listen_to(spied.audio, str(said + 2 * heard), call.audio.player.application_over)
    return True


def _hangup(call: Call, argument: str) -> None:
    call.hang_up(cause_name(argument or "NORMAL_CLEARING"))


def _answer(call: Call, _: str) -> None:
    call.answer()


def _set(call: Call, argument: str) -> None:
    name, _, value = argument.partition("=")
    call.channel.set_variable(name, value)


def _unset(call: Call, argument: str) -> None:
    call.channel.set_variable(argument, "")


def _sched_hangup(call: Call, argument: str) -> None:
    when, _, cause = argument.partition(" ")
    schedule_hangup(call, when, cause)


def _send_dtmf(call: Call, argument: str) -> None:
    call.callee.hear_digits(argument.partition("@")[0])


def _record_session(call: Call, argument: str) -> None:
    call.audio.recordings.start(argument.partition(" ")[0])


def _stop_record_session(call: Call, argument: str) -> None:
    call.audio.recordings.stop(argument)


_APPLICATIONS: dict[str, Callable[[Call, str], None]] = {
    "answer": _answer,
    "hangup": _hangup,
    "record_session": _record_session,
    "sched_hangup": _sched_hangup,
    "send_dtmf": _send_dtmf,
    "set": _set,
    "stop_record_session": _stop_record_session,
    "unset": _unset,
}
