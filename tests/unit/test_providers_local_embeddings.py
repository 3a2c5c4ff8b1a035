"""The embedding model on the own machine: in a child process, with no network."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gevent
import numpy as np
import pytest

from topcalls.compose.knowledge import embedder, embeddings_finding
from topcalls.config import Settings
from topcalls.config.contradictions import refuse_contradictions
from topcalls.core.checkup import Level
from topcalls.errors import ConfigError, ProviderError
from topcalls.providers.local import embeddings
from topcalls.providers.local.embeddings import LocalEmbeddings

pytestmark = pytest.mark.unit

LIMIT = 60.0
LOCAL = Settings(embedding_model="local")
needs_model = pytest.mark.skipif(
    not embeddings.is_installed(), reason="the extra `embeddings` is not installed"
)


@pytest.fixture(scope="module")
def model() -> Iterator[Any]:
    model = LocalEmbeddings()
    yield model
    model.close()


@needs_model
def test_what_means_the_same_lies_near_also_in_another_language(model):
    texts = ["Where can I park my car?", "Wo kann ich mein Auto parken?", "Shoes can be returned."]
    found = model.embed(texts, LIMIT)
    assert found.dtype == np.float32
    assert np.allclose(np.linalg.norm(found, axis=1), 1, atol=1e-3)
    assert found[0] @ found[1] > 0.7 > found[0] @ found[2]


@needs_model
def test_many_who_ask_at_once_get_their_own(model):
    texts = ["parking", "returns", "opening hours", "prices"]
    asked = [gevent.spawn(model.embed, [text, text], LIMIT) for text in texts]
    gevent.joinall(asked, timeout=LIMIT)
    for text, one in zip(texts, asked, strict=True):
        assert np.allclose(one.value, model.embed([text, text], LIMIT), atol=1e-5)
    assert np.linalg.matrix_rank(np.concatenate([one.value[:1] for one in asked])) == len(texts)


@needs_model
def test_texts_of_any_kind_have_vectors(model):
    texts = ["", " ", "\0", "☎", "word " * 400]
    assert np.isfinite(model.embed(texts, LIMIT)).all()


@needs_model
def test_a_question_that_is_given_up_leaves_the_next_its_own_answer(model):
    wanted = model.embed(["parking"], LIMIT)
    with pytest.raises(ProviderError) as caught:
        model.embed(["word " * 200] * 4, 0.001)
    assert caught.value.retryable
    assert np.allclose(model.embed(["parking"], LIMIT), wanted, atol=1e-5)


@needs_model
def test_a_child_that_dies_is_told_and_replaced(model):
    model.embed(["parking"], LIMIT)
    waiting = gevent.spawn(model.embed, ["word " * 200] * 8, LIMIT)
    gevent.sleep(0)
    model._child._process.kill()
    with pytest.raises(ProviderError) as caught:
        waiting.get(timeout=LIMIT)
    assert caught.value.retryable
    assert len(model.embed(["parking"], LIMIT)) == 1


@needs_model
def test_the_settings_choose_it_and_the_doctor_tells():
    assert embedder(LOCAL).name == LocalEmbeddings.name
    finding = embeddings_finding(LOCAL)
    assert (finding.level, LocalEmbeddings.name in finding.found) == (Level.OK, True)


def test_without_it_knowledge_is_found_by_words():
    assert "words alone" in embeddings_finding(Settings()).found


def test_what_is_not_installed_is_named_with_its_remedy(monkeypatch):
    monkeypatch.setattr(embeddings, "is_installed", lambda: False)
    with pytest.raises(ConfigError) as refused:
        embedder(LOCAL)
    assert refused.value.field == "embedding_model"
    finding = embeddings_finding(LOCAL)
    assert finding.level is Level.FAULT
    assert "topcalls[embeddings]" in finding.remedy


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("embedding_base_url", "http://127.0.0.1:11434/v1"),
        ("embedding_api_key", "sk-test"),
        ("embedding_dimensions", 64),
    ],
)
def test_a_server_and_the_local_model_contradict(name, value):
    settings = Settings(embedding_model="local", **{name: value})
    with pytest.raises(ConfigError) as refused:
        refuse_contradictions(settings)
    assert refused.value.field == name
