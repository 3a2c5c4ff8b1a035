"""Passages, terms, fusion, citations and the rules of knowledge, without any database."""

import pytest

from topcalls.core.knowledge import (
    FAILURES,
    MOST_FILE_BYTES,
    BaseStatus,
    Draft,
    Failure,
    Hit,
    Place,
    Row,
    Section,
    status_of,
    tokens_of,
)
from topcalls.core.knowledge_citations import Lookup, Said, cited, described
from topcalls.core.knowledge_passages import LONGEST, passages_of, rows_as_passages
from topcalls.core.knowledge_ranking import fused, telling, within
from topcalls.core.knowledge_rules import base_faults, source_faults
from topcalls.core.knowledge_terms import field_term, language_of, query_terms, terms_of
from topcalls.core.knowledge_use import BaseOutline, knowledge_faults, told, tool_spec
from topcalls.core.knowledge_web import belongs, normal, pages_among

pytestmark = pytest.mark.unit


def test_every_failure_is_explained_with_what_to_do():
    assert set(FAILURES) == set(Failure)
    assert all(text.endswith(".") and len(text) > 20 for text in FAILURES.values())


@pytest.mark.parametrize(
    ("states", "status"),
    [
        ([], BaseStatus.EMPTY),
        (["ready", "waiting"], BaseStatus.PROCESSING),
        (["failed", "working"], BaseStatus.PROCESSING),
        (["ready", "failed"], BaseStatus.READY),
        (["failed"], BaseStatus.FAILED),
    ],
)
def test_the_status_of_a_base_follows_its_sources(states, status):
    assert status_of(states) is status


def test_a_place_survives_being_stored():
    for place in (Place(), Place(3, (1, 4)), Place(row=7)):
        assert Place.from_mapping(place.to_mapping()) == place


# --- passages


def cut(text, **section):
    return list(passages_of([Section(text, **section)]))


def test_a_short_text_is_one_passage():
    assert cut("One.\n\nTwo.") == [Draft("One.\nTwo.", "", Place(None, (1, 3)))]


def test_passages_end_between_paragraphs_and_know_their_lines():
    paragraphs = [f"Paragraph {n}. " + "word " * 60 for n in range(6)]
    found = cut("\n\n".join(paragraphs), heading="H", page=2, line=11)
    assert len(found) > 2
    assert all(draft.heading == "H" and draft.place.page == 2 for draft in found)
    assert all(draft.text.startswith("Paragraph") for draft in found)
    assert found[0].place.lines[0] == 11
    assert found[-1].place.lines[1] == 21


def test_long_paragraphs_end_between_sentences_and_long_words_anywhere():
    for text in ("This is a sentence of some words. " * 200, "w " * 3000, "x" * 9000, "字。" * 900):
        found = cut(text)
        assert max(tokens_of(draft.text) for draft in found) <= LONGEST
        kept = "".join("".join(draft.text.split()) for draft in found)
        assert kept == "".join(text.split())


def test_cutting_is_always_alike():
    text = "A b c. " * 500
    assert cut(text) == cut(text)


def test_a_row_is_a_passage_and_a_long_one_several():
    short, *long = rows_as_passages(
        [Row(1, {"a": "x", "empty": ""}), Row(2, {"a": "y", "b": "word " * 600, "c": "z"})]
    )
    assert (short.text, short.place.row) == ("a: x", 1)
    assert len(long) > 1
    assert {draft.place.row for draft in long} == {2}
    assert max(tokens_of(draft.text) for draft in long) <= LONGEST


# --- terms


@pytest.mark.parametrize(
    ("asked", "said", "language"),
    [
        ("returning shoes", "return of a shoe", "en"),
        ("Öffnungszeiten", "die Offnungszeiten", "de"),
        ("cafés", "CAFE", "fr"),
        ("order a1042", "order A-1042", "en"),
        ("order A 1042", "A1042", "en"),
        ("order A-1042", "a1042", "en"),
        ("営業時間", "営業時間は九時からです", "ja"),
        ("state-of-the-art", "state of the art", "en"),
    ],
)
def test_what_is_asked_and_what_is_written_meet(asked, said, language):
    assert set(query_terms(asked, [language])) & set(terms_of(said, language))


def test_words_that_say_nothing_are_not_asked_for_unless_there_are_no_others():
    assert query_terms("Where can I park?", ["en"]) == ["park"]
    assert query_terms("who are you", ["en"]) != []
    assert query_terms("?!", ["en"]) == []


def test_terms_are_letters_and_digits_only():
    wild = 'a\'b "c" d:e (f) g* ½ ŉ x\u2044y AND OR NOT NEAR scope:x {y}'
    for term in [*terms_of(wild, "en"), *query_terms(wild, ["en", "de"])]:
        assert term.isalnum(), term


def test_a_field_is_found_however_its_value_is_spelt():
    assert field_term("Order No", "a-1042") == field_term("order no", "A 1042")
    assert field_term("order", "a1042") != field_term("customer", "a1042")
    assert field_term("order", "a1042") != field_term("order", "a1043")


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("We are open on all days of the week and you can park here.", "en"),
        ("Wir haben von Montag bis Freitag für Sie geöffnet und sind gern da.", "de"),
        ("Nous sommes ouverts tous les jours de la semaine et le dimanche.", "fr"),
        ("Estamos abiertos todos los días de la semana y también el domingo.", "es"),
        ("12345", "en"),
        ("", "en"),
    ],
)
def test_the_language_of_a_text_is_found_out(text, language):
    assert language_of(text) == language


# --- ranking


def hit(number, text="text", **more):
    fields = {"title": "T", "url": None, "heading": "", "place": Place()} | more
    return Hit("b", "s", "d", number, text=text, **fields)


def test_what_several_rankings_know_comes_first():
    ranked = [key for key, _ in fused([["a", "b", "c"], ["c", "b", "d"]])]
    assert ranked[:2] == ["b", "c"] or ranked[:2] == ["c", "b"]
    assert set(ranked) == {"a", "b", "c", "d"}
    assert fused([]) == []


def test_words_vote_beside_the_meaning_where_they_tell_something():
    found = [("a", frozenset("x")), ("b", frozenset("xyz")), ("c", frozenset("x"))]
    assert telling(found, ["x", "y", "z", "q"]) == ["a", "b"]
    assert telling([], ["x"]) == []


def test_the_budget_is_held_and_repetitions_are_left_out():
    hits = [hit(0, "x" * 400), hit(1, "X" * 400), hit(2, "y" * 4000), hit(3, "z" * 400)]
    assert [found.seq for found in within(hits, 300, 5)] == [0, 3]
    assert [found.seq for found in within(hits, 300, 1)] == [0]
    assert within(hits, 10, 5) == []


# --- citations


def passage(text, number=0):
    return hit(number, text).cited() | {"text": text}


def test_an_answer_cites_the_passage_that_it_rests_on():
    given = (passage("A puncture costs 12 pounds."), passage("Bells are in the window.", 1))
    looks = [Lookup("tool", "puncture", 5_000, 12, "hybrid", given)]
    turns = [
        Said(1, True, "Good morning, how can I help you today?", 0),
        Said(2, False, "What does a puncture cost?", 3_000),
        Said(3, True, "A puncture costs 12 pounds.", 6_000),
        Said(4, True, "Anything else?", 9_000),
    ]
    found = cited(turns, looks)
    assert list(found) == [3]
    assert [item["passage"] for item in found[3]] == [0]
    assert "text" not in found[3][0]


def test_nothing_is_cited_before_it_was_given():
    looks = [Lookup("tool", "q", 9_000, 1, "hybrid", (passage("A puncture costs 12 pounds."),))]
    assert cited([Said(1, True, "A puncture costs 12 pounds.", 0)], looks) == {}


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ({"page": 3, "line_from": 1, "line_to": 9}, "Prices, Bikes, page 3"),
        ({"line_from": 4, "line_to": 9}, "Prices, Bikes, lines 4-9"),
        ({"row": 12, "heading": None}, "Prices, row 12"),
        (
            {"url": "https://a.example/x", "heading": " Bikes\n"},
            "Prices, Bikes, https://a.example/x",
        ),
    ],
)
def test_a_citation_is_told_in_words(place, words):
    blank = dict.fromkeys(("page", "row", "line_from", "line_to", "url"))
    assert described({"title": "Prices", "heading": "Bikes", **blank, **place}) == words


# --- the web


@pytest.mark.parametrize(
    ("url", "base", "found"),
    [
        ("HTTPS://Example.com:443/a//b?utm_source=x&id=1#top", "", "https://example.com/a/b?id=1"),
        ("../c", "https://a.example/x/y/z", "https://a.example/x/c"),
        ("https://a.example", "", "https://a.example/"),
        ("mailto:a@b.c", "https://a.example/", None),
        ("javascript:x()", "https://a.example/", None),
        ("http://u:p@a.example/", "", None),
        ("http://[bad", "", None),
        ("https://a.example/" + "x" * 3000, "", None),
    ],
)
def test_a_page_has_one_address(url, base, found):
    assert normal(url, base) == found


def test_a_site_is_what_lies_below_its_first_page_on_the_same_host():
    root = "https://a.example/help/index.html"
    assert belongs("https://www.a.example/help/x", root)
    assert not belongs("https://a.example/shop/x", root)
    assert not belongs("https://b.example/help/x", root)
    assert not belongs("https://a.example.evil/help/x", root)


def test_links_that_are_no_pages_of_the_site_are_not_followed():
    links = ["a.html", "#top", "a.html", "pic.PNG", "//b.example/", "/help/a/b/a/b/a/b/a"]
    links += ["?" + "&".join(f"f{n}=1" for n in range(5)), "mailto:x@y"]
    root = "https://a.example/help/"
    assert pages_among(links, root, root) == ["https://a.example/help/a.html", root]


# --- rules


def test_a_file_that_is_too_large_is_refused():
    body = {"type": "file", "name": "x", "file": [("a.txt", b"x" * (MOST_FILE_BYTES + 1))]}
    (fault,) = base_faults(body)
    assert (fault.path, fault.code) == ("file", "too_large")


def test_a_source_needs_no_name():
    assert source_faults({"type": "text", "text": "x"}) == []
    assert [fault.path for fault in source_faults({"type": "text", "text": "x", "language": "en"})]


def test_the_knowledge_of_a_call_is_judged():
    def paths(body, unknown=()):
        return [fault.path for fault in knowledge_faults(body, lambda ids: [*unknown])]

    assert paths({}) == []
    assert paths({"knowledge_base_ids": ["a"], "knowledge": {"per_turn": True}}) == []
    assert paths({"knowledge_base_ids": ["a", "b"]}, ["b"]) == ["knowledge_base_ids.1"]


# --- what the model is told


def test_the_tool_tells_what_there_is_and_offers_the_fields():
    spec = tool_spec([BaseOutline("Orders", "What was ordered", ("order", "state"))])
    assert "Orders: What was ordered" in spec.description
    assert set(spec.parameters["properties"]["fields"]["properties"]) == {"order", "state"}
    assert "fields" not in tool_spec([BaseOutline("Texts")]).parameters["properties"]


def test_a_passage_is_told_with_its_source_on_one_line():
    text = told([hit(0, "Twelve pounds.", title="Price\nlist", place=Place(2))])
    assert text == "[Price list · page 2]\nTwelve pounds."
