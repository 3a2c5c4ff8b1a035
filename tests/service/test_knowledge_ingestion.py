"""Sources become passages: every kind, every failure, changes while they are used, dead workers."""

import csv
import io
import json
from datetime import timedelta

import factories
import pytest
from knowledge_rig import HANDBOOK, WordVectors, ingestion, pdf, read_all, word
from worker_rig import Rig

from topcalls.core.knowledge import BaseStatus, Failure, SourceState
from topcalls.core.knowledge_passages import LONGEST
from topcalls.documents.reader import Reader
from topcalls.errors import NotFound
from topcalls.services import knowledge_ingestion
from topcalls.services.knowledge_ingestion import LEASE_SECONDS
from topcalls.services.knowledge_search import KnowledgeSearch
from topcalls.store.models import KnowledgeDocument, KnowledgePassage, KnowledgeVectors

pytestmark = pytest.mark.service


@pytest.fixture
def account(services):
    return factories.principal(services).account_id


def text_base(services, account, text=HANDBOOK, **more):
    return services.knowledge.create(account, {"type": "text", "name": "Shop", "text": text} | more)


def file_base(services, account, name, data):
    body = {"type": "file", "name": "Files", "file": [(name, data)]}
    return services.knowledge.create(account, body)


def search(services, account, base, query, embedder=None, **options):
    found = KnowledgeSearch(services.db, services.clock, embedder)
    return found.search(account, [base.id], query, **options)


def only_document(services, account, base):
    (document,) = services.knowledge.sources.documents(account, base.id).data
    return document


def count(services, model):
    return services.db.read(lambda: model.select().count())


# --- kinds


def test_a_text_becomes_passages_with_their_headings_and_lines(services, account):
    base = text_base(services, account)
    assert (base.status, base.sizes.documents) == (BaseStatus.PROCESSING, 0)
    read_all(services)
    base = services.knowledge.get(account, base.id)
    assert (base.status, base.sizes.documents, base.sizes.documents_done) == (
        BaseStatus.READY,
        1,
        1,
    )
    assert (base.sizes.passages, base.bytes) == (3, len(HANDBOOK.encode()))
    hit = search(services, account, base, "Where may I park my car?").hits[0]
    assert (hit.heading, hit.place.lines, hit.title) == ("Parking", (7, 7), "Shop")
    assert "Mill Lane" in hit.text


def test_a_pdf_names_the_page(services, account):
    pages = pdf("Our workshop repairs bicycles.", "A puncture costs twelve pounds.")
    base = file_base(services, account, "prices.pdf", pages)
    read_all(services)
    hit = search(services, account, base, "What does a puncture cost?").hits[0]
    assert (hit.place.page, hit.text, hit.title) == (2, "A puncture costs twelve pounds.", "Files")


def test_a_word_document_keeps_headings_and_tables(services, account):
    data = word(
        ("Heading 1", "Prices"),
        ("", "All prices include tax."),
        ("row", "Haircut|25 pounds"),
        ("Heading 2", "Children"),
        ("", "Children pay half."),
    )
    base = file_base(services, account, "prices.docx", data)
    read_all(services)
    assert "Haircut | 25 pounds" in search(services, account, base, "haircut").hits[0].text
    assert search(services, account, base, "children").hits[0].heading == "Prices > Children"


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.txt", "The caf\u00e9 opens at eight.".encode()),
        ("a.txt", "The caf\u00e9 opens at eight.".encode("cp1252")),
        ("a.txt", "The caf\u00e9 opens at eight.".encode("utf-16")),
        ("a.md", "# Times\n\nThe caf\u00e9 opens at eight.\n".encode()),
        (
            "a.html",
            "<html><head><title>T</title></head><body><nav>Home</nav><article><h1>Times</h1>"
            "<p>The caf\u00e9 opens at eight, and everybody who comes by is welcome to stay.</p>"
            "</article></body></html>".encode(),
        ),
    ],
    ids=["utf8", "cp1252", "utf16", "markdown", "html"],
)
def test_text_in_every_form_and_encoding(services, account, name, data):
    base = file_base(services, account, name, data)
    read_all(services)
    assert only_document(services, account, base).error is None
    hit = search(services, account, base, "cafe").hits[0]
    assert "The café opens at eight" in hit.text


ORDERS = [
    {"order": "A-1042", "customer": {"name": "Ada Byron"}, "state": "shipped", "items": ["hat"]},
    {"order": "A-1043", "customer": {"name": "Alan Moss"}, "state": "waiting for the hat"},
    {"order": "B-1042", "customer": {"name": "Grace Hill"}, "state": "cancelled"},
]


def flat(row):
    return {"order": row["order"], "customer": row["customer"]["name"], "state": row["state"]}


def as_csv(delimiter):
    sink = io.StringIO()
    table = csv.DictWriter(sink, ["order", "customer", "state"], delimiter=delimiter)
    table.writeheader()
    table.writerows(flat(row) for row in ORDERS)
    return sink.getvalue().encode()


@pytest.mark.parametrize("kind", ["rows", "json", "json in an object", "csv", "semicolons", "tabs"])
def test_rows_are_found_by_a_field_and_by_their_words(services, account, kind):
    if kind == "rows":
        body = {"type": "data", "name": "Orders", "rows": ORDERS}
        base = services.knowledge.create(account, body)
    else:
        name, data = {
            "json": ("o.json", json.dumps(ORDERS).encode()),
            "json in an object": ("o.json", json.dumps({"orders": ORDERS}).encode()),
            "csv": ("o.csv", as_csv(",")),
            "semicolons": ("o.csv", as_csv(";")),
            "tabs": ("o.tsv", as_csv("\t")),
        }[kind]
        base = file_base(services, account, name, data)
    read_all(services)
    hit = search(services, account, base, "my hat", fields={"order": "a 1042"}).hits[0]
    assert "shipped" in hit.text
    assert (hit.place.row, "order: A-1042" in hit.text) == (1, True)
    assert "cancelled" in search(services, account, base, "order B 1042").hits[0].text
    assert "A-1043" in search(services, account, base, "Moss").hits[0].text


# --- failures


@pytest.mark.parametrize(
    ("name", "data", "failure"),
    [
        ("a.pdf", pdf("secret", password="pw"), Failure.ENCRYPTED),
        ("a.pdf", b"%PDF-1.7 and then nothing", Failure.BROKEN),
        ("a.pdf", pdf("a")[:300], Failure.BROKEN),
        ("a.pdf", pdf(""), Failure.EMPTY),
        ("a.docx", word(("", "x"))[:500], Failure.BROKEN),
        ("a.docx", word(), Failure.EMPTY),
        ("a.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 99, Failure.ENCRYPTED),
        ("a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 99, Failure.UNSUPPORTED),
        ("a.exe", b"MZ\0\0\0", Failure.UNSUPPORTED),
        ("a.txt", b"text\0then\0binary", Failure.BROKEN),
        ("a.txt", b"  \n ", Failure.EMPTY),
        ("a.html", b"<html><body></body></html>", Failure.EMPTY),
        ("a.json", b"{broken", Failure.BROKEN),
        ("a.json", b'["a", "b"]', Failure.NO_ROWS),
        ("a.csv", b"only,a,head\n", Failure.NO_ROWS),
        ("a.json", b"[" * 100_000, Failure.BROKEN),
    ],
)
def test_each_failure_says_what_to_do(services, account, name, data, failure):
    base = file_base(services, account, name, data)
    read_all(services)
    document = only_document(services, account, base)
    assert document.error is failure
    assert len(document.error_message) > 30
    assert services.knowledge.get(account, base.id).status is BaseStatus.FAILED
    assert count(services, KnowledgePassage) == 0


def test_a_document_that_takes_too_long_fails_alone(services, account):
    base = text_base(services, account, "word " * 10)
    hasty = ingestion(services, make_reader=lambda: Reader(seconds=0.0001))
    read_all(services, hasty)
    assert only_document(services, account, base).error is Failure.TOO_SLOW


def test_one_bad_source_leaves_the_others_of_its_base_alone(services, account):
    base = text_base(services, account)
    bad = {"type": "file", "file": [("a.pdf", b"%PDF-nothing")]}
    services.knowledge.sources.add(account, base.id, bad)
    read_all(services)
    base = services.knowledge.get(account, base.id)
    assert (base.status, base.sizes.documents_failed) == (BaseStatus.READY, 1)
    assert search(services, account, base, "parking").hits


def test_a_failing_model_is_asked_again_and_what_is_stored_is_kept(services, account):
    model = WordVectors(broken=2)
    base = text_base(services, account)
    reading = ingestion(services, model)
    read_all(services, reading)
    assert services.knowledge.get(account, base.id).status is BaseStatus.PROCESSING
    assert only_document(services, account, base).error is Failure.EMBEDDING
    for minutes in (1, 5):
        services.clock.advance(timedelta(minutes=minutes).total_seconds())
        read_all(services, reading)
    assert services.knowledge.get(account, base.id).status is BaseStatus.READY
    assert search(services, account, base, "parking", model).method == "hybrid"


def test_a_model_that_stays_dead_is_an_honest_failure(services, account):
    base = text_base(services, account)
    reading = ingestion(services, WordVectors(broken=99))
    for minutes in (0, 1, 5, 20, 60):
        services.clock.advance(timedelta(minutes=minutes).total_seconds())
        read_all(services, reading)
    (source,) = services.knowledge.sources.list(account, base.id)
    assert source.state is SourceState.FAILED


# --- changes


def test_what_was_read_before_is_used_until_the_new_is_complete(services, account):
    base = text_base(services, account)
    read_all(services)
    services.knowledge.change(account, base.id, {"text": "# Parking\n\nPark in High Street."})
    assert "Mill Lane" in search(services, account, base, "parking").hits[0].text
    model = WordVectors(broken=1)
    read_all(services, ingestion(services, model))
    assert "Mill Lane" in search(services, account, base, "parking").hits[0].text
    services.clock.advance(61)
    read_all(services, ingestion(services, model))
    (hit,) = search(services, account, base, "parking").hits
    assert "High Street" in hit.text
    assert (count(services, KnowledgePassage), count(services, KnowledgeDocument)) == (1, 1)


def test_reading_the_same_again_stores_and_embeds_nothing(services, account):
    model = WordVectors()
    base = text_base(services, account)
    read_all(services, ingestion(services, model))
    embedded = len(model.texts)
    (source,) = services.knowledge.sources.list(account, base.id)
    services.knowledge.sources.refresh(account, base.id, source.id)
    read_all(services, ingestion(services, model))
    assert (len(model.texts), count(services, KnowledgePassage)) == (embedded, 3)
    assert search(services, account, base, "parking", model).method == "hybrid"


def test_another_model_embeds_anew_and_until_then_words_are_enough(services, account):
    base = text_base(services, account)
    read_all(services)
    model = WordVectors()
    assert search(services, account, base, "parking", model).hits
    (source,) = services.knowledge.sources.list(account, base.id)
    services.knowledge.sources.refresh(account, base.id, source.id)
    read_all(services, ingestion(services, model))
    assert count(services, KnowledgeVectors) == 1


def test_what_is_deleted_is_not_found_and_then_cleared_away(services, account):
    base = text_base(services, account)
    extra = {"type": "text", "name": "More", "text": "The lighthouse keeper keeps ravens."}
    source = services.knowledge.sources.add(account, base.id, extra)
    read_all(services)
    assert search(services, account, base, "ravens").hits
    services.knowledge.sources.delete(account, base.id, source.id)
    assert not search(services, account, base, "ravens").hits
    services.knowledge.delete(account, base.id)
    with pytest.raises(NotFound):
        search(services, account, base, "parking")
    reading = ingestion(services)
    while reading.tidy(2):
        pass
    assert (count(services, KnowledgePassage), count(services, KnowledgeDocument)) == (0, 0)


def test_a_source_deleted_while_it_is_read_is_left_alone(services, account, monkeypatch):
    base = text_base(services, account)
    (source,) = services.knowledge.sources.list(account, base.id)

    class Deleting(WordVectors):
        def embed(self, texts, timeout):
            services.knowledge.sources.delete(account, base.id, source.id)
            return super().embed(texts, timeout)

    read_all(services, ingestion(services, Deleting()))
    assert not search(services, account, base, "parking").hits


# --- dying


class Killed(BaseException):
    """Nobody catches it."""


def test_a_worker_that_dies_anywhere_leaves_work_that_goes_on(services, account, monkeypatch):
    monkeypatch.setattr(knowledge_ingestion, "MOST_TEXTS", 2)
    text = "\n\n".join(f"# Part {n}\n\nThis is about subject{n}." for n in range(9))
    base = text_base(services, account, text)

    class Dying(WordVectors):
        def embed(self, texts, timeout):
            if len(self.texts) >= 4:
                raise Killed
            return super().embed(texts, timeout)

    first = Dying()
    with pytest.raises(Killed):
        read_all(services, ingestion(services, first, owner="dead"))
    assert not search(services, account, base, "subject1").hits, "half a document is not used"
    services.clock.advance(LEASE_SECONDS + 1)
    second = WordVectors()
    read_all(services, ingestion(services, second))
    assert (len(first.texts), len(second.texts)) == (4, 5)
    assert search(services, account, base, "subject8").hits
    assert services.knowledge.get(account, base.id).sizes.passages == 9


def test_a_task_that_runs_twice_does_nothing_twice(services, account):
    base = text_base(services, account)
    reading = ingestion(services)
    (source_id,) = reading.due(services.clock.now())
    assert reading.due(services.clock.now()) == []
    reading.run(source_id)
    reading.run(source_id)
    assert services.knowledge.get(account, base.id).sizes.passages == 3


def test_the_worker_finds_what_waits_and_clears_away_what_is_gone(services, account, tmp_path):
    rig = Rig(services, tmp_path)
    base = text_base(services, account)
    assert rig.look()
    assert "read_source" in rig.work(times=2)
    assert services.knowledge.get(account, base.id).status is BaseStatus.READY
    services.knowledge.delete(account, base.id)
    rig.tasks.tidy_knowledge()
    rig.work()
    assert count(services, KnowledgePassage) == 0
    rig.close()


def test_a_source_held_by_a_worker_that_is_known_to_be_dead_is_free_at_once(services, account):
    text_base(services, account)
    dead = ingestion(services, owner="workers")
    assert dead.due(services.clock.now())
    services.housekeeping.succeed("workers", ["due-loop"], services.clock.now())
    assert dead.due(services.clock.now())


def test_passages_are_short_enough_to_be_told(services, account):
    base = text_base(services, account, "one two three four. " * 4000 + "x" * 5000)
    read_all(services)
    texts = services.db.read(lambda: [row.text for row in KnowledgePassage.select()])
    assert max(len(text) for text in texts) <= LONGEST * 4
    assert base.id
