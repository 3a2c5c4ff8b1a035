"""Embeddings: what is asked, what servers answer, and the double as the vendor's client sees it."""

import json
import time

import numpy as np
import openai
import pytest
from gevent.pywsgi import WSGIServer
from sandbox_openai_realtime import double, scenario

from topcalls.compose.knowledge import embedder
from topcalls.config import Settings
from topcalls.errors import ProviderError
from topcalls.providers.embeddings import OpenAIEmbeddings

pytestmark = pytest.mark.unit

MODEL = "text-embedding-3-small"


class Server:
    """Answers every request with `body`, and remembers what it was asked."""

    def __init__(self):
        self.status, self.body, self.delay = "200 OK", b"{}", 0.0
        self.requests, self.keys = [], []
        self._server = WSGIServer(("127.0.0.1", 0), self._answer, log=None, error_log=None)
        self._server.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1"

    def vectors(self, *vectors, order=None):
        order = order or range(len(vectors))
        data = [{"index": index, "embedding": vectors[index]} for index in order]
        self.body = json.dumps({"data": data}).encode()

    def stop(self):
        self._server.stop(timeout=1)

    def _answer(self, environ, start):
        self.requests.append(json.loads(environ["wsgi.input"].read()))
        self.keys.append(environ.get("HTTP_AUTHORIZATION"))
        start(self.status, [("Content-Type", "application/json")])
        return [self.body]


@pytest.fixture
def server():
    server = Server()
    yield server
    server.stop()


def test_texts_become_vectors_of_unit_length_in_their_order(server):
    server.vectors([3.0, 4.0], [0.0, 2.0], order=(1, 0))
    found = OpenAIEmbeddings(server.url, "key", MODEL).embed(["a", "b"], 5)
    assert np.allclose(found, [[0.6, 0.8], [0.0, 1.0]])
    assert server.requests == [{"model": MODEL, "input": ["a", "b"]}]
    assert server.keys == ["Bearer key"]


def test_shorter_vectors_are_another_model(server):
    server.vectors([1.0])
    model = OpenAIEmbeddings(server.url, "", MODEL, 512)
    model.embed(["a"], 5)
    assert server.requests[0]["dimensions"] == 512
    assert (model.name, server.keys) == (f"{MODEL}:512", [None])


@pytest.mark.parametrize(
    "body",
    [
        b"nonsense",
        b"{}",
        b'{"data": [{"index": 0, "embedding": [1]}]}',
        b'{"data": [{"index": 0, "embedding": [1]}, {"index": 1, "embedding": [1, 2]}]}',
        b'{"data": [{"index": 0, "embedding": [NaN]}, {"index": 1, "embedding": [1]}]}',
        b'{"data": [{"index": 0, "embedding": [0, 0]}, {"index": 1, "embedding": [1, 2]}]}',
        b'{"data": [{"index": 0, "embedding": "AAAA"}, {"index": 1, "embedding": "AAAA"}]}',
    ],
)
def test_an_answer_that_is_none_is_an_error(server, body):
    server.body = body
    with pytest.raises(ProviderError):
        OpenAIEmbeddings(server.url, "", MODEL).embed(["a", "b"], 5)


@pytest.mark.parametrize(
    ("status", "retryable"), [("401 No", False), ("429 X", True), ("500 X", True)]
)
def test_a_refusal_says_whether_to_try_again_and_no_secret(server, status, retryable):
    server.status = status
    with pytest.raises(ProviderError) as caught:
        OpenAIEmbeddings(server.url, "sk-secret", MODEL).embed(["a"], 5)
    assert caught.value.retryable is retryable
    assert "secret" not in str(caught.value)


def test_a_server_that_is_away_is_given_up_in_time():
    began = time.monotonic()
    with pytest.raises(ProviderError) as caught:
        OpenAIEmbeddings("http://127.0.0.1:9/v1", "", MODEL).embed(["a"], 0.5)
    assert caught.value.retryable
    assert time.monotonic() - began < 5


@pytest.fixture
def sandbox():
    server = double(scenario())
    yield server
    server.stop()


def test_the_double_is_what_the_vendors_client_expects(sandbox):
    with openai.OpenAI(api_key="sk-test", base_url=sandbox.base_url, timeout=5) as client:
        made = client.embeddings.create(
            model=MODEL, input=["parking lot", "Parking!", "bells"], encoding_format="float"
        )
        first, second, third = (np.array(item.embedding) for item in made.data)
        assert first @ second > first @ third
        with pytest.raises(openai.BadRequestError):
            client.embeddings.create(model=MODEL, input=[], encoding_format="float")


def test_the_settings_name_the_server(sandbox):
    assert embedder(Settings()) is None
    settings = Settings(
        embedding_model=MODEL,
        embedding_base_url=sandbox.base_url,
        embedding_api_key="sk-test",
        embedding_dimensions=32,
    )
    model = embedder(settings)
    assert model.embed(["a", "b"], 5).shape == (2, 32)
    assert model.name == f"{MODEL}:32"


def test_a_sandbox_that_does_not_run_is_a_failure_that_passes(tmp_path):
    settings = Settings(ai="sandbox", telephony="sandbox", data_dir=tmp_path, embedding_model=MODEL)
    with pytest.raises(ProviderError) as caught:
        embedder(settings).embed(["a"], 1)
    assert caught.value.retryable
