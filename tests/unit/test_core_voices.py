"""Voices that a call may have, and what is said of one that it may not."""

import pytest

from topcalls.core.voices import FixedVoices, KnownVoice, address_of, voice_faults

pytestmark = pytest.mark.unit

BOOK = FixedVoices({"realtime": ("alloy", "verse"), "legacy": ("rachel", "josh")})


class Labelled(FixedVoices):
    """Names for people that are not what calls name."""

    def names(self, mode):
        return {"Sarah": "EXAVITQu4vr4xnSDxMaL", "Sara": "other", "josh": "josh"}


def message(name, mode, book=BOOK):
    (fault,) = voice_faults(name, mode, book)
    assert (fault.path, fault.code) == ("voice", "unknown_voice")
    return fault.message


def test_a_known_voice_is_right():
    assert list(voice_faults("alloy", "realtime", BOOK)) == []
    assert list(voice_faults("anything", "other", BOOK)) == []


def test_a_misspelt_one_is_answered_with_the_nearest():
    assert "Did you mean 'rachel'?" in message("rachael", "legacy")
    assert "GET /v1/voices/builtin" in message("rachael", "legacy")
    assert "Did you mean" not in message("zzz", "legacy")


def test_a_voice_of_the_other_mode_says_so():
    assert "Is a voice of mode 'realtime'." in message("alloy", "legacy")


def test_people_are_suggested_by_name_and_named_by_id():
    found = message("sarah", "legacy", Labelled({"legacy": ()}))
    assert "'EXAVITQu4vr4xnSDxMaL' (Sarah) or 'other' (Sara)" in found


def test_a_very_long_name_is_no_trouble():
    assert "Is not a known voice." in message("x" * 10_000, "legacy")


def test_an_address_comes_back():
    for voice in (KnownVoice("openai", "alloy"), KnownVoice("local", ""), KnownVoice("x", "a:b")):
        assert address_of(voice.address) == voice
