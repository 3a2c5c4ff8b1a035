"""The sandbox's numbers that the tests of this folder call, and what was said in a call."""

import re

NUMBERS = {
    "talk": "+12025550100",
    "busy": "+12025550101",
    "no answer": "+12025550102",
    "rejected": "+12025550103",
    "voicemail": "+12025550104",
    "menu": "+12025550105",
    "hangs up": "+12025550106",
    "interrupts": "+12025550107",
    "silent": "+12025550108",
    "dropped stream": "+12025550109",
    "failing model": "+12025550110",
    "tool call": "+12025550111",
    "opt out": "+12025550112",
    "blocked": "+12025550125",
    "overloaded": "+12025550126",
}


def words(details, speaker):
    """Everything one side said, in lower case, without punctuation."""
    said = " ".join(turn["text"] for turn in details["transcript"] if turn["user"] == speaker)
    return re.sub(r"[^a-z0-9' ]", "", said.lower())
