"""What `topcalls run` finds out before it starts anything."""

import os
import socket

import pytest

from topcalls import compose, process
from topcalls.cli.front_door import FrontDoor
from topcalls.compose.playback import playback_dir
from topcalls.config import Settings
from topcalls.errors import ConfigError

pytestmark = pytest.mark.unit
LIVE = {
    "esl_host": "switch",
    "esl_password": "secret",
    "gateway": "trunk",
    "openai_api_key": "sk-x",
}


def test_only_one_holds_a_directory_and_the_next_may_have_it_after_him(tmp_path):
    lock = tmp_path / "run.lock"
    refused = pytest.raises(ConfigError, match=f"process {os.getpid()}")
    with process.only_one(lock), refused, process.only_one(lock):
        raise AssertionError("two hold it")
    with process.only_one(lock):
        assert lock.read_text() == str(os.getpid())


def test_a_port_in_use_is_named():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings = Settings(api_port=taken.getsockname()[1])
        with pytest.raises(ConfigError, match="in use") as refused:
            compose.ensure_port_is_free(settings)
    assert refused.value.field == "api_port"
    compose.ensure_port_is_free(settings)


def test_a_data_directory_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="cannot be written to") as refused:
        compose.ensure_data_dir(Settings(data_dir=tmp_path / "file" / "var"))
    assert refused.value.field == "data_dir"


def test_a_full_disk_is_told(tmp_path):
    with pytest.raises(ConfigError, match="is full"):
        compose.ensure_data_dir(Settings(data_dir=tmp_path), free_bytes=1 << 62)


def test_the_sandbox_plays_from_a_directory_of_this_user():
    assert playback_dir(Settings()).name == f"topcalls-{os.getuid()}"


def test_a_configured_playback_directory_is_taken_as_it_is(tmp_path):
    assert playback_dir(Settings(playback_dir=tmp_path)) == tmp_path
    live = Settings(**LIVE)
    assert playback_dir(live) == live.playback_dir


def test_without_a_tmpfs_the_temporary_directory_serves(monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert playback_dir(Settings()).parent.is_dir()


def test_scenarios_for_real_telephones_are_refused(tmp_path):
    with pytest.raises(ConfigError, match="sandbox"):
        FrontDoor(Settings(**LIVE), [tmp_path])


def test_who_learns_the_sandboxs_address_is_restarted_with_it(tmp_path):
    children = FrontDoor(Settings(data_dir=tmp_path), [tmp_path])._supervisor.children
    assert [child.name for child in children] == ["sandbox", "worker", "controller", "api"]
    assert children[0].arguments == ["sandbox", "--scenario", str(tmp_path)]
    assert children[2].needs == ["sandbox"]
