"""Calls in which one thing goes wrong, and plain ones for faults that hit everybody."""

TALKS_FOR_3_S = """
callee:
  - ring: 0.3
  - answer
  - wait: 3
  - hang_up
"""
TALKS_FOR_6_S = TALKS_FOR_3_S.replace("wait: 3", "wait: 6")
ASKS = """
callee:
  - answer
  - listen: {silence: 0.5, limit: 8}
  - say: "Is this a good time?"
  - listen: {silence: 1.5, limit: 25}
  - say: "Well, goodbye then."
  - listen: {silence: 12, limit: 20}
  - hang_up
"""
SAYS_GOODBYE = """
  - when: anything
    speak: "Thank you for your time today, and goodbye."
    tool: {name: end_call}
    repeat: true
"""
ALWAYS_CUT = "  - when: {}\n    fail: cut\n    repeat: true\n"

DONE = ("completed", "completed", "callee_hung_up")
AGENT_DONE = ("completed", "completed", "agent_ended")
NO_STREAM = ("failed", "failed", "stream_lost")
MUTE = ("failed", "failed", "playback_failed")
NO_AI = ("failed", "failed", "provider_failed")
LOST = ("failed", "failed", "channel_lost")


def model_fails(how):
    return f"{ASKS}model:\n  - when: good time\n    fail: {how}\n{SAYS_GOODBYE}"


def faults(*lines, callee=TALKS_FOR_3_S):
    return callee + "faults:\n" + "".join(f"  - {line}\n" for line in lines)


# What happens, the scenario, and how the call ends. Its number is +120255502.. by position.
CASES = {
    "events twice": (
        faults(
            "duplicate_event: CHANNEL_PROGRESS",
            "duplicate_event: CHANNEL_ANSWER",
            "duplicate_event: CHANNEL_HANGUP_COMPLETE",
        ),
        DONE,
    ),
    "answer late": (faults("delay_event: {event: CHANNEL_ANSWER, seconds: 1.5}"), DONE),
    "ringing after the answer": (
        faults("swap_events: {event: CHANNEL_PROGRESS, after: CHANNEL_ANSWER}"),
        DONE,
    ),
    "answer after the hang-up": (
        faults("swap_events: {event: CHANNEL_ANSWER, after: CHANNEL_HANGUP_COMPLETE}"),
        DONE,
    ),
    "answer and hang-up in one packet": (faults("join_events: CHANNEL_ANSWER"), DONE),
    "hang-up late": (faults("delay_event: {event: CHANNEL_HANGUP_COMPLETE, seconds: 2}"), DONE),
    "ringing lost": (faults("lose_event: CHANNEL_PROGRESS"), DONE),
    "answer lost": (faults("lose_event: CHANNEL_ANSWER"), DONE),
    "hang-up lost": (faults("lose_event: CHANNEL_HANGUP_COMPLETE"), DONE),
    "no UTF-8": (
        faults("falsify_header: {event: CHANNEL_ANSWER, header: Caller-Name, value: '%FF%FE%C3('}"),
        DONE,
    ),
    "a line break": (
        faults(
            "falsify_header: {event: CHANNEL_ANSWER, header: variable_x, "
            "value: 'x%0D%0AEvent-Name: CHANNEL_HANGUP_COMPLETE%0A%0AContent-Length: 99999%0A%0A'}"
        ),
        DONE,
    ),
    "a look-alike body": (
        faults(
            "falsify_header: {event: CHANNEL_PROGRESS, header: Caller-Name, "
            "value: '%22%2C%22Event-Name%22%3A%22CHANNEL_HANGUP_COMPLETE'}"
        ),
        DONE,
    ),
    "originate never done": (faults("lose_job_result: originate"), DONE),
    "stream never attached": (
        faults("lose_job_result: uuid_audio_stream", callee=TALKS_FOR_6_S),
        DONE,
    ),
    "carrier fails": (
        "callee: [{ring: 0.3}, {fail: NETWORK_OUT_OF_ORDER}]\n",
        ("failed", "failed", "dial_failed"),
    ),
    "stream refused": (
        faults("refuse_command: uuid_audio_stream", callee=TALKS_FOR_6_S),
        NO_STREAM,
    ),
    "recording refused": (faults("refuse_command: uuid_record"), DONE),
    "stream half closed": (faults("half_close_stream: 3", callee=TALKS_FOR_6_S), DONE),
    "stream half closed at once": (
        faults("half_close_stream: 0.5", callee=TALKS_FOR_6_S),
        NO_STREAM,
    ),
    "stream slow": (faults("stall_stream: {at: 1, seconds: 2}", callee=TALKS_FOR_6_S), DONE),
    "stream floods": (faults("flood_stream: {at: 1, seconds: 60}", callee=TALKS_FOR_6_S), DONE),
    "model cut in mid-sentence": (model_fails("cut"), AGENT_DONE),
    "model too busy": (model_fails("rate_limit"), AGENT_DONE),
    "model sends garbage": (model_fails("garbage"), AGENT_DONE),
    "model silent": (model_fails("silent"), NO_AI),
    "model fails for good": (
        f"{ASKS}model:\n{ALWAYS_CUT.format('anything')}{ALWAYS_CUT.format('silence')}",
        NO_AI,
    ),
}
NUMBERS = {name: f"+12025550{index}" for index, name in enumerate(CASES, 200)}

SHORT, MIDDLE, LONG, RINGS, TALKS, STAYS = (f"+1202555015{last}" for last in range(6))
PLAIN = {
    SHORT: "callee: [{ring: 0.2}, answer, {wait: 1}, hang_up]\n",
    MIDDLE: "callee: [{ring: 0.2}, answer, {wait: 4}, hang_up]\n",
    LONG: "callee: [{ring: 0.2}, answer, {wait: 7}, hang_up]\n",
    STAYS: "callee: [{ring: 0.2}, answer, {wait: 90}, hang_up]\n",
    RINGS: "callee: [{ring: 1.5}, answer, {wait: 1}, hang_up]\n",
    TALKS: f"""
callee:
  - ring: 2
  - answer
  - say: "Hello?"
  - silence: 30
  - hang_up
model:
{SAYS_GOODBYE}""",
}
SCENARIOS = {**PLAIN, **{NUMBERS[name]: text for name, (text, _) in CASES.items()}}
