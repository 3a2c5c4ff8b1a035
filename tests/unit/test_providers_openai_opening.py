"""Opening a Realtime session on a real socket, and every way that can come to nothing."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import gevent
import pytest
from bridge_realtime_peer import (
    LIMIT,
    Heard,
    RealtimePeer,
    open_session,
    realtime_peer,
    unauthorized,
)

from topcalls.errors import ProviderError
from topcalls.net.websocket_handshake import Rejection
from topcalls.providers.base import SessionConfig
from topcalls.providers.openai.realtime import OpenAIRealtime

CONFIG = SessionConfig("gpt-realtime-2.1", "Be kind.")


@pytest.fixture
def peer() -> Iterator[RealtimePeer]:
    with realtime_peer() as peer:
        yield peer


@pytest.fixture
def heard() -> Heard:
    return Heard()


def test_it_connects_with_the_key_and_the_model(peer: RealtimePeer, heard: Heard) -> None:
    session = open_session(peer, CONFIG, heard, organization="org", project="proj")
    request = peer.requests[0]
    assert request.target == "/v1/realtime?model=gpt-realtime-2.1"
    assert request.headers["authorization"] == "Bearer sk-secret"
    assert request.headers["openai-organization"] == "org"
    assert request.headers["openai-project"] == "proj"
    assert "openai-beta" not in request.headers
    session.close()


def test_a_wrong_key_is_never_tried_again_and_never_repeated(peer: RealtimePeer) -> None:
    peer.refusal = unauthorized()
    with pytest.raises(ProviderError) as caught:
        OpenAIRealtime("sk-secret", peer.base_url).open(CONFIG, Heard())
    assert not caught.value.retryable
    assert caught.value.extra["provider_code"] == "invalid_api_key"
    assert "sk-" not in f"{caught.value!r} {caught.value.extra}"


def test_a_server_out_of_order_may_be_tried_again(peer: RealtimePeer) -> None:
    peer.refusal = Rejection(HTTPStatus.SERVICE_UNAVAILABLE)
    with pytest.raises(ProviderError) as caught:
        OpenAIRealtime("sk-secret", peer.base_url).open(CONFIG, Heard())
    assert caught.value.retryable


def test_a_server_that_is_not_there_may_be_tried_again(peer: RealtimePeer) -> None:
    model = OpenAIRealtime("sk-secret", peer.base_url)
    peer.stop()
    with pytest.raises(ProviderError) as caught:
        model.open(CONFIG, Heard())
    assert caught.value.retryable
    assert caught.value.extra["provider_code"] == "unreachable"


def open_in_background(peer: RealtimePeer, **options: Any) -> gevent.Greenlet:
    peer.answers_config = False
    model = OpenAIRealtime("sk-secret", peer.base_url, **options)
    opening = gevent.spawn(model.open, CONFIG, Heard())
    peer.expect("session.update")
    return opening


def refused_with(opening: gevent.Greenlet) -> ProviderError:
    opening.join(LIMIT)
    assert isinstance(opening.exception, ProviderError)
    return opening.exception


def test_a_refused_setting_is_named_and_the_socket_closed(peer: RealtimePeer) -> None:
    opening = open_in_background(peer)
    error = {"type": "invalid_request_error", "code": "invalid_value", "param": "session.voice"}
    peer.send({"type": "session.created", "session": {}}, {"type": "error", "error": error})
    refusal = refused_with(opening)
    assert refusal.field == "session.voice"
    assert not refusal.retryable
    assert peer.closed.get(timeout=LIMIT)[0] == 1000


def test_a_failing_server_is_not_a_wrong_setting(peer: RealtimePeer) -> None:
    opening = open_in_background(peer)
    peer.send({"type": "error", "error": {"type": "server_error", "code": None}})
    assert refused_with(opening).retryable


def test_a_server_that_closes_instead_of_answering(peer: RealtimePeer) -> None:
    opening = open_in_background(peer)
    assert peer.connection is not None
    peer.connection.close(4000, "beta")
    assert refused_with(opening).retryable


def test_a_server_that_says_nothing_is_given_up(peer: RealtimePeer) -> None:
    opening = open_in_background(peer, open_timeout=0.05)
    assert refused_with(opening).retryable
    assert peer.closed.get(timeout=LIMIT)[0] == 1000


def test_an_opening_that_is_killed_leaves_no_socket(peer: RealtimePeer) -> None:
    opening = open_in_background(peer)
    opening.kill()
    assert peer.closed.get(timeout=LIMIT)[0] == 1000
