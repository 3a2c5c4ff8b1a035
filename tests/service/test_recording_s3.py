"""Recordings in an object store: a real client, and a server of the protocol on this machine."""

from __future__ import annotations

import io
import json
import os
import socket
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from wsgiref.simple_server import make_server

import factories
import gevent
import pytest
from gevent.threadpool import ThreadPool
from minio import Minio
from minio.error import MinioException
from urllib3.exceptions import HTTPError

from topcalls.clock import ManualClock
from topcalls.errors import ConfigError, InvalidRequest
from topcalls.services import recording_s3
from topcalls.services.recording_cipher import MARK, PIECE, RecordingCipher
from topcalls.services.recording_s3 import Bucket, S3Store
from topcalls.services.recording_store import FinishedRecording, RecordingNotStored, digest_of
from topcalls.services.s3_credentials import CredentialsMissing, FoundCredentials

pytest_plugins = ("api_fixtures",)
pytestmark = pytest.mark.service
LIMIT = 60
BUCKET = "recordings"
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
SOUND = os.urandom(7 * 1024 * 1024 + 5)  # more than one part of an upload
NAME = "2026/11/23/5e5ae7e3-5d6b-4fbb-9ce0-9a44a3b5e7a5.wav"
RECORDING = FinishedRecording("c", NAME, len(SOUND), digest_of(io.BytesIO(SOUND)))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def server():
    """The URL of an S3 server without anything in it."""
    port = free_port()
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    client = Minio(f"127.0.0.1:{port}", access_key="key", secret_key="secret", secure=False)
    deadline = time.monotonic() + LIMIT
    while True:
        try:
            client.make_bucket(BUCKET)
            break
        except (MinioException, HTTPError, OSError):
            assert running.poll() is None
            assert time.monotonic() < deadline
    yield f"http://127.0.0.1:{port}"
    running.kill()
    running.wait()


@pytest.fixture
def bucket(server):
    return Bucket(server, BUCKET, "key", "secret", "us-east-1", prefix="calls/")


@pytest.fixture
def store(bucket):
    store = S3Store(bucket, RecordingCipher("key"))
    store.delete(NAME)
    return store


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "call.wav"
    path.write_bytes(SOUND)
    return path


def raw(bucket):
    """What lies in the bucket."""
    client = Minio(
        bucket.url.removeprefix("http://"), access_key="key", secret_key="secret", secure=False
    )
    answer = client.get_object(bucket.name, bucket.prefix + NAME)
    try:
        return answer.read()
    finally:
        answer.close()
        answer.release_conn()


def test_what_is_put_comes_back_whole_and_in_parts(store, bucket, file):
    assert store.problem() == ""
    assert (store.size(NAME), store.has(RECORDING)) == (0, False)
    store.put(file, RECORDING)
    store.put(file, RECORDING)
    assert raw(bucket) == SOUND
    assert (store.size(NAME), store.has(RECORDING)) == (len(SOUND), True)
    with store.open(NAME) as kept:
        assert kept.read() == SOUND
        kept.seek(-5, os.SEEK_END)
        assert kept.read() == SOUND[-5:]
        kept.seek(1000)
        assert kept.read(10) == SOUND[1000:1010]
    assert file.exists()


def test_it_is_encrypted_by_setting(bucket, file):
    store = S3Store(bucket, RecordingCipher("key"), encrypt=True)
    store.delete(NAME)
    store.put(file, RECORDING)
    data = raw(bucket)
    assert data.startswith(MARK)
    assert SOUND[:1000] not in data
    assert store.has(RECORDING)
    with store.open(NAME) as kept:
        kept.seek(3 * PIECE - 2)
        assert kept.read(4) == SOUND[3 * PIECE - 2 : 3 * PIECE + 2]


def test_what_is_not_as_announced_does_not_get_in(store, tmp_path):
    other = tmp_path / "other.wav"
    other.write_bytes(SOUND[:-1])
    with pytest.raises(InvalidRequest):
        store.accept(RECORDING, iter([SOUND[:-1]]))
    with pytest.raises(InvalidRequest):
        store.put(other, RECORDING)
    assert store.size(NAME) == 0
    store.accept(RECORDING, iter([SOUND[:9], SOUND[9:]]))
    assert store.has(RECORDING)


def test_what_is_deleted_is_gone(store, file):
    store.put(file, RECORDING)
    store.delete(NAME)
    store.delete(NAME)
    with pytest.raises(FileNotFoundError):
        store.open(NAME)


def test_a_store_that_is_away_or_refuses_is_told_in_words(bucket, file):
    away = S3Store(replace(bucket, url=f"http://127.0.0.1:{free_port()}"))
    missing = S3Store(replace(bucket, name="nothing-here"))
    for store, words in ((away, "cannot be reached"), (missing, "no such bucket")):
        assert words in store.problem()
        with pytest.raises(RecordingNotStored, match=words):
            store.put(file, RECORDING)
    with pytest.raises(RecordingNotStored):
        away.open(NAME)
    assert "secret" not in repr(bucket)


def test_threads_of_a_controller_and_a_loop_use_it_side_by_side(store, file):
    """A connection of one must not be used by another: gevent's belong to their thread."""
    names = [NAME.replace("5e5", f"{n}e5") for n in range(4)]
    threads = ThreadPool(2)
    works = [threads.spawn(store.put, file, replace(RECORDING, name=name)) for name in names]
    gevent.joinall(works, timeout=LIMIT, raise_error=True)
    for name in names:
        with store.open(name) as kept:
            assert kept.read(100) == SOUND[:100]
    threads.kill()


def test_the_api_serves_it_as_from_a_disk(api, bucket):
    api.services.recordings.store = S3Store(bucket, RecordingCipher("key"), encrypt=True)
    call_id = factories.finished_call(api.services, api.owner)
    now = api.services.clock.now()
    api.services.spooled_recordings.begun(call_id, "node-1", now)
    api.services.recordings.receive(call_id, len(SOUND), RECORDING.sha256, [SOUND], now)
    path = f"/v1/calls/{call_id}/recording"
    with api.get(path, headers={"Range": "bytes=70000-70009"}) as answer:
        assert (answer.status_code, answer.get_data()) == (206, SOUND[70000:70010])
    with api.get(path) as answer:
        assert answer.get_data() == SOUND
    assert api.send("DELETE", path).status_code == 204
    assert api.get(path).status_code == 404


def test_a_store_that_is_away_is_a_503(api, bucket):
    call_id = factories.finished_call(api.services, api.owner)
    now = api.services.clock.now()
    api.services.spooled_recordings.begun(call_id, "node-1", now)
    api.services.recordings.receive(call_id, 3, digest_of(io.BytesIO(b"abc")), [b"abc"], now)
    away = S3Store(replace(bucket, url=f"http://127.0.0.1:{free_port()}"))
    api.services.recordings.store = away
    refused = api.get(f"/v1/calls/{call_id}/recording")
    assert (refused.status_code, "cannot be reached" in refused.json["detail"]) == (503, True)


@pytest.fixture
def no_keys(monkeypatch, tmp_path):
    """No credentials in the environment."""
    for name in [one for one in os.environ if one.startswith(("AWS_", "MINIO_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    return monkeypatch


def test_the_environment_or_a_credentials_file_may_give_the_keys(bucket, file, no_keys, tmp_path):
    keyless = replace(bucket, access_key="", secret_key="")
    found = FoundCredentials("environment", ManualClock(NOW))
    assert "names an access key" in S3Store(keyless, credentials=found).problem()
    text = "[default]\naws_access_key_id = filed\naws_secret_access_key = secret\n"
    (tmp_path / "credentials").write_text(text)
    assert found.retrieve().access_key == "filed"
    no_keys.setenv("AWS_ACCESS_KEY_ID", "named")
    no_keys.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    found = FoundCredentials("environment", ManualClock(NOW))
    assert found.retrieve().access_key == "named"
    store = S3Store(keyless, credentials=found)
    store.put(file, RECORDING)
    assert store.has(RECORDING)


def test_the_role_of_a_container_is_asked_again_before_its_credentials_end(no_keys):
    asked = []

    def metadata(environ, start_response):
        asked.append(environ["PATH_INFO"])
        start_response("200 OK", [("Content-Type", "application/json")])
        held = {"AccessKeyId": f"key-{len(asked)}", "SecretAccessKey": "s", "Token": "t"}
        return [json.dumps(held | {"Expiration": "2026-11-23T13:00:00Z"}).encode()]

    clock = ManualClock(NOW)
    found = FoundCredentials("instance", clock)
    with make_server("127.0.0.1", 0, metadata) as service:
        service.timeout = LIMIT
        url = f"http://127.0.0.1:{service.server_port}/role"
        no_keys.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", url)
        work = gevent.spawn(lambda: [service.handle_request() for _ in range(2)])
        assert [found.retrieve().access_key for _ in range(2)] == ["key-1", "key-1"]
        clock.advance(56 * 60)
        assert found.retrieve().access_key == "key-2"
        work.join(LIMIT)
    assert asked == ["/role", "/role"]
    clock.advance(3600)
    with pytest.raises(CredentialsMissing, match="has no role"):
        found.retrieve()


def test_without_the_extra_its_name_is_told(bucket, monkeypatch):
    monkeypatch.setattr(recording_s3, "minio", None)
    with pytest.raises(ConfigError) as refused:
        S3Store(bucket)
    assert "topcalls[s3]" in refused.value.remedy
