"""The languages that are listed, who serves them, and how vendors spell their tags."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from topcalls.core.languages import LANGUAGE_PATTERN, primary
from topcalls.providers import languages
from topcalls.providers.local import voice_process

pytestmark = pytest.mark.unit


def test_at_least_36_languages_with_their_dialects_each_once() -> None:
    tags = [language.tag for language in languages.LANGUAGES]
    assert len({primary(tag) for tag in tags}) >= 36
    assert len(tags) == len(set(tags))
    assert tags == sorted(tags)
    assert all(re.fullmatch(LANGUAGE_PATTERN, tag) for tag in tags)
    assert {"en-GB", "en-US", "de-CH", "pt-BR", "zh-TW"} <= set(tags)


def test_each_language_is_heard_and_spoken_by_somebody() -> None:
    speakers = [languages.speaker("elevenlabs", "eleven_v3"), languages.speaker("openai", "")]
    for language in languages.LANGUAGES:
        assert any(ears.knows(language.tag) for ears in languages.RECOGNIZERS.values()), language
        assert any(voice.knows(language.tag) for voice in speakers), language


def test_a_region_that_an_engine_minds_is_one_of_a_language_that_it_knows() -> None:
    listed = {language.tag for language in languages.LANGUAGES}
    for engine in (*languages.RECOGNIZERS.values(), languages.speaker("local", "")):
        for tag in engine.regional:
            assert engine.knows(tag)
            assert tag in listed


@pytest.mark.parametrize(
    ("tag", "name"),
    [
        ("de-CH", "German (Switzerland)"),
        ("DE-ch", "German (Switzerland)"),
        ("de", "German"),
        ("es-PE", "Spanish"),
        ("no", "Norwegian"),
        ("tlh", None),
    ],
)
def test_a_language_is_named_by_tag_or_by_its_base(tag: str, name: str | None) -> None:
    assert languages.language_name(tag) == name


def test_tags_as_vendors_spell_them() -> None:
    assert [languages.language_code(tag) for tag in ("nb-NO", "fil", "de-AT", None)] == [
        "no",
        "tl",
        "de",
        "",
    ]
    assert languages.elevenlabs_code("fil-PH") == "fil"
    assert languages.elevenlabs_code("nb") == "no"
    regional = languages.RECOGNIZERS["deepgram-nova"].regional
    assert languages.with_known_region("de-CH", regional) == "de-CH"
    assert languages.with_known_region("de-AT", regional) == "de"


def test_an_unknown_model_of_a_voice_may_speak_anything() -> None:
    assert languages.speaker("elevenlabs", "eleven_v9").knows("tlh")
    assert not languages.speaker("elevenlabs", "eleven_flash_v2_5").knows("et")
    assert languages.speaker("elevenlabs", "eleven_v3").knows("et")


def test_the_local_voice_has_the_languages_it_is_listed_with() -> None:
    """In a process of its own: the engine has one state and one listener in each."""
    pytest.importorskip("espeakng_loader")
    local = languages.speaker("local", "")
    listed = [item.tag for item in languages.LANGUAGES if local.knows(item.tag)]
    asked = f"has = Speaker().has; print([tag for tag in {[*listed, 'fil']!r} if not has(tag)])"
    program = f"from {voice_process.__name__} import Speaker; {asked}"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "['fil']"
