"""What the doctor says of the chain, against the doubles."""

import pytest

from topcalls.clock import SystemClock
from topcalls.compose.doctor import Doctor, LocalFiles, diagnose
from topcalls.compose.models import Stages, Vendors
from topcalls.config import Settings
from topcalls.core.checkup import Level
from topcalls.sandbox.server import Sandbox

pytestmark = pytest.mark.service
CHAIN = {"chain_hears", "chain_answers", "chain_speaks"}


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    """The directory of a sandbox that runs."""
    directory = tmp_path_factory.mktemp("sandbox")
    sandbox = Sandbox(directory)
    sandbox.start()
    yield directory
    sandbox.stop()


def look(directory, **settings):
    settings = Settings(data_dir=directory, **settings)
    checkup = Stages(settings, Vendors.of(settings)).checkup(SystemClock())
    return [*checkup.hears(), *checkup.answers(), *checkup.speaks()]


def test_every_stage_is_opened(running):
    found = look(running)
    assert {finding.check for finding in found} == CHAIN
    assert {finding.level for finding in found} == {Level.OK}
    said = " ".join(finding.found for finding in found)
    for name in ("deepgram:flux", "deepgram:nova-3", "openai:gpt-transcribe", "elevenlabs:"):
        assert name in said


def test_one_of_several_that_fails_is_a_warning_and_the_only_one_a_fault(running):
    broken = {"elevenlabs_model": "eleven_flash_v2_5+quota"}
    found = [item for item in look(running, **broken) if item.check == "chain_speaks"]
    assert [item.level for item in found] == [Level.WARNING, Level.OK]
    (found,) = (
        item
        for item in look(running, legacy_voices="elevenlabs", **broken)
        if item.check == "chain_speaks"
    )
    assert found.level is Level.FAULT


def test_a_server_that_is_not_there(running):
    found = look(running, chat_base_url="http://127.0.0.1:9/v1")
    (answers,) = (item for item in found if item.check == "chain_answers")
    assert answers.level is Level.FAULT


def test_it_is_looked_at_where_calls_can_be_on_it(tmp_path):
    def names(**settings):
        files = LocalFiles(None, None)
        checks = Doctor(Settings(data_dir=tmp_path, **settings), files, SystemClock()).checks()
        return {check.name for check in checks}

    assert not CHAIN & names()
    assert names(realtime_fallback=True) >= CHAIN
    assert names(deepgram_api_key="dg-x") >= CHAIN


def test_a_missing_key_is_named_and_none_is_shown(tmp_path):
    settings = Settings(
        data_dir=tmp_path,
        ai="live",
        openai_api_key="sk-secret",
        openai_base_url="http://127.0.0.1:9/v1",
        legacy_voices="elevenlabs",
    )
    found = [item for item in diagnose(settings) if item.check in CHAIN]
    assert {item.level for item in found} == {Level.FAULT}
    said = " ".join(f"{item.found} {item.remedy}" for item in found)
    assert "elevenlabs_api_key" in said
    assert "sk-secret" not in said
