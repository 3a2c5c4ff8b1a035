"""How well and how fast knowledge is found: questions to passages among 10,000, on each database.

    python benchmarks/knowledge.py [--passages 10000] [--database sqlite|postgresql|both]

Quality: recall at 5 and mean reciprocal rank of the passage that answers, for questions in its
words and in other words. By words alone; by meaning as well where TOPCALLS_EMBEDDING_MODEL (and
_BASE_URL, _API_KEY) name a model. Speed: without any network, vectors of 384 dimensions made of
words stand in for a model's. Meanwhile the event loop's own delay is measured: a search may not
hold it up.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import random
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import common  # first: it patches the standard library
import gevent
import numpy as np
import yaml

from topcalls import config
from topcalls.clock import SystemClock
from topcalls.compose.database import new_secret_key
from topcalls.compose.knowledge import embedder
from topcalls.compose.services import wire
from topcalls.config import Settings
from topcalls.core.knowledge_terms import terms_of
from topcalls.services.knowledge_ingestion import Ingestion
from topcalls.services.knowledge_pages import Pages
from topcalls.services.knowledge_search import KnowledgeSearch
from topcalls.store.database import open_database
from topcalls.store.migrations import migrate

TEXTS = Path(__file__).parent / "knowledge_texts.yaml"
DIMENSIONS = 384
ROUNDS = 5
WANTED = 5


class WordVectors:
    """Stands in for a model where only speed is measured."""

    name = f"words:{DIMENSIONS}"

    def embed(self, texts: Any, timeout: float) -> Any:
        found = np.full((len(texts), DIMENSIONS), 1e-3, np.float32)
        for row, text in zip(found, texts, strict=True):
            for term in terms_of(text, "en"):
                digest = hashlib.blake2b(term.encode(), digest_size=4).digest()
                row[int.from_bytes(digest, "big") % DIMENSIONS] += 1
        return found / np.linalg.norm(found, axis=1, keepdims=True)


@dataclass
class Question:
    """`passage` is the beginning of the passage that answers."""

    text: str
    kind: str
    passage: str


@dataclass
class Library:
    """A filled base."""

    account_id: str
    base_id: str
    database: Any


def questions() -> list[Question]:
    """All of them, with where the answer stands."""
    return [
        Question(passage[kind], kind, passage["text"][:40])
        for topic in yaml.safe_load(TEXTS.read_text())
        for passage in topic["passages"]
        for kind in ("plain", "other")
    ]


def fillers(count: int) -> list[dict[str, str]]:
    """Passages about other houses, in the words of the texts: what there is to confuse."""
    rng = random.Random(7)  # noqa: S311 - alike every time
    topics = yaml.safe_load(TEXTS.read_text())
    passages = [passage["text"] for topic in topics for passage in topic["passages"]]
    words = " ".join(passages).split()
    return [
        {"branch": f"No. {number}", "about": " ".join(rng.choices(words, k=rng.randint(25, 60)))}
        for number in range(count)
    ]


@contextlib.contextmanager
def database(kind: str, directory: Path) -> Iterator[Any]:
    """An empty, migrated one."""
    with contextlib.ExitStack() as stack:
        settings = stack.enter_context(common.database(kind))
        url = settings.get("database_url", f"sqlite:///{directory / 'knowledge.db'}")
        opened = open_database(url, encryption_key=new_secret_key(), pool_size=8)
        migrate(opened)
        stack.callback(opened.close)
        yield opened


def fill(opened: Any, directory: Path, passages: int, model: Any) -> Library:
    """The texts, and what is around them, taken in as workers do."""
    settings = Settings(telephony="sandbox", ai="sandbox", data_dir=directory)
    clock = SystemClock()
    services = wire(opened, clock, settings)
    account = services.accounts.create("Benchmark", minutes=1).id
    topics = yaml.safe_load(TEXTS.read_text())
    text = "\n\n".join(
        f"# {topic['title']}: {passage['heading']}\n\n{passage['text']}"
        for topic in topics
        for passage in topic["passages"]
    )
    base = services.knowledge.create(account, {"type": "text", "name": "House", "text": text})
    rest = fillers(passages - sum(len(topic["passages"]) for topic in topics))
    if rest:
        body = {"type": "data", "name": "Branches", "rows": rest}
        services.knowledge.sources.add(account, base.id, body)
    reading = Ingestion(opened, clock, Pages(clock), model)
    began = time.monotonic()
    while due := reading.due(clock.now()):
        for source_id in due:
            reading.run(source_id)
    sizes = services.knowledge.get(account, base.id).sizes
    took = time.monotonic() - began
    if sizes.passages < passages:
        raise SystemExit(f"only {sizes.passages} passages were taken in: the model is too slow")
    common.say(f"  {sizes.passages} passages taken in, {sizes.passages / took:.0f} a second")
    return Library(account, base.id, opened)


def quality(library: Library, model: Any, asked: list[Question]) -> None:
    """Where the right passage comes."""
    search = KnowledgeSearch(library.database, SystemClock(), model)
    for kind in ("plain", "other"):
        ranks = []
        for question in (item for item in asked if item.kind == kind):
            found = search.search(
                library.account_id, [library.base_id], question.text, limit=20, budget=8000
            )
            hits = [hit.text for hit in found.hits]
            places = (n for n, text in enumerate(hits, 1) if text.startswith(question.passage))
            ranks.append(next(places, 0))
        recall = sum(0 < rank <= WANTED for rank in ranks) / len(ranks)
        reciprocal = statistics.mean(1 / rank if rank else 0 for rank in ranks)
        common.say(f"  {kind:5}  recall@{WANTED} {recall:.2f}  MRR {reciprocal:.2f}")


def speed(library: Library, model: Any, asked: list[Question]) -> None:
    """How long a search takes, one after the other, and what the event loop notices."""
    search = KnowledgeSearch(library.database, SystemClock(), model)
    ids = [library.base_id]
    search.search(library.account_id, ids, asked[0].text)  # reads the vectors
    late: list[float] = []
    watcher = gevent.spawn(_watch_loop, late)
    times, spent = [], time.process_time()
    for question in asked * ROUNDS:
        began = time.perf_counter()
        search.search(library.account_id, ids, question.text)
        times.append((time.perf_counter() - began) * 1000)
    spent = (time.process_time() - spent) * 1000 / len(times)
    watcher.kill()
    kind = "hybrid" if model else "words"
    common.say(f"  {kind:6} {_spread(times)}   CPU {spent:.1f} ms   loop {_spread(late)}")


def _watch_loop(late: list[float]) -> None:
    while True:
        began = time.perf_counter()
        gevent.sleep(0.005)
        late.append(max(0.0, (time.perf_counter() - began - 0.005) * 1000))


def _spread(values: list[float]) -> str:
    ordered = sorted(values)
    at = (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))
    return "  ".join(
        f"{name} {ordered[min(len(ordered) - 1, int(len(ordered) * share))]:.1f} ms"
        for name, share in at
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--passages", type=int, default=10_000)
    parser.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    options = parser.parse_args()
    asked = questions()
    model = embedder(config.load())
    common.introduce(f"Knowledge: {len(asked)} questions, {options.passages} passages")
    for kind in common.databases(options.database):
        common.say(f"\n{kind}")
        with common.workspace() as directory, database(kind, directory) as opened:
            library = fill(opened, directory, options.passages, model or WordVectors())
            common.say(" quality, by words")
            quality(library, None, asked)
            if model is not None:
                common.say(f" quality, with {model.name}")
                quality(library, model, asked)
            common.say(" speed of a search")
            speed(library, None, asked)
            if model is None:
                speed(library, WordVectors(), asked)


if __name__ == "__main__":
    main()
