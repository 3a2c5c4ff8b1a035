"""Customers' schemas in the strict subset: always accepted there, and read back as they were."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from topcalls.core.json_schema import Checker, schema_faults
from topcalls.core.strict_nodes import closed
from topcalls.core.strict_schema import DEEPEST, MOST_CHOICES, strict_schema
from topcalls.sandbox.openai.schemas import example, strict_problem

pytestmark = pytest.mark.unit
NULL = {"type": "null"}


def properties(schema):
    return strict_schema({"type": "object", "properties": schema}).schema["properties"]


def one(schema):
    """The strict form of one property, without its null."""
    return properties({"a": schema})["a"]["anyOf"][0]


def asked(schema):
    """All of what a model is asked for."""
    strict = strict_schema(schema)
    return {**closed({"values": strict.schema}), "$defs": strict.definitions}


def test_every_property_is_required_closed_and_may_be_null():
    assert strict_schema({"type": "object", "properties": {"a": {"type": "string"}}}).schema == {
        "type": "object",
        "properties": {"a": {"anyOf": [{"type": "string"}, NULL]}},
        "required": ["a"],
        "additionalProperties": False,
    }


@pytest.mark.parametrize(
    ("given", "strict"),
    [
        ({"type": "string", "default": "x"}, {"type": "string"}),
        ({"type": "integer", "description": "How many."}, None),
        ({"enum": ["a", "b"]}, {"type": "string", "enum": ["a", "b"]}),
        ({"const": 3}, {"type": "integer", "enum": [3]}),
        ({"enum": [1, 1.5, "x"]}, {"type": ["integer", "number", "string"], "enum": [1, 1.5, "x"]}),
        (
            {"type": "array", "items": {"type": "boolean"}},
            {"type": "array", "items": {"type": "boolean"}},
        ),
        (
            {"type": "object", "additionalProperties": {"type": "number"}},
            {
                "type": "array",
                "items": closed({"name": {"type": "string"}, "value": {"type": "number"}}),
            },
        ),
        ({"allOf": [{"type": "string"}]}, {"type": "string"}),
        (
            {
                "allOf": [{"type": "object", "properties": {"x": {"type": "string"}}}],
                "properties": {"y": {"type": "string"}},
            },
            closed(
                {
                    "x": {"anyOf": [{"type": "string"}, NULL]},
                    "y": {"anyOf": [{"type": "string"}, NULL]},
                }
            ),
        ),
    ],
)
def test_what_a_strict_schema_can_say_it_says(given, strict):
    assert one(given) == (strict or given)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"type": "string", "minLength": 3, "pattern": "^x"}, ["minLength", "^x"]),
        ({"type": "number", "description": "The price.", "minimum": 1}, ["The price.", "minimum"]),
        ({"type": "array", "items": {}, "uniqueItems": True}, ["uniqueItems"]),
        ({"type": "string", "not": {"const": "no"}}, ["not", "no"]),
    ],
)
def test_what_it_cannot_say_is_said_in_words(given, words):
    for word in words:
        assert word in one(given)["description"]
    assert strict_problem(asked({"type": "object", "properties": {"a": given}})) is None


@pytest.mark.parametrize(
    "given",
    [
        {},
        True,
        {"minimum": 3},
        {"type": "array", "prefixItems": [{"type": "string"}]},
        {"enum": [{"x": 1}]},
    ],
)
def test_what_has_no_form_is_asked_for_as_json_text(given):
    assert one(given)["type"] == "string"
    strict = strict_schema({"type": "object", "properties": {"a": given}})
    assert strict.decode({"a": '{"x": [1, null]}'}) == {"a": {"x": [1, None]}}
    assert strict.decode({"a": "no quotes"}) == {"a": "no quotes"}
    assert strict.decode({"a": "NaN"}) == {"a": "NaN"}


def test_what_can_never_be_is_not_asked_for():
    assert properties({"a": False, "b": {"type": "string"}}).keys() == {"b"}
    assert properties({"a": {"enum": []}})["a"] == NULL


def test_types_side_by_side_and_alternatives_become_any_of():
    assert properties({"a": {"type": ["string", "null"]}})["a"] == {
        "anyOf": [{"type": "string"}, NULL]
    }
    both = {"oneOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
    assert [part["type"] for part in properties({"a": both})["a"]["anyOf"]] == [
        "string",
        "array",
        "null",
    ]


def test_alternatives_of_an_object_have_what_is_said_of_all_of_them():
    schema = {
        "type": "object",
        "anyOf": [
            {"properties": {"kind": {"const": "a"}, "x": {"type": "string"}}},
            {"properties": {"kind": {"const": "b"}, "y": {"type": "object"}}},
        ],
    }
    strict = strict_schema({"type": "object", "properties": {"p": schema}})
    second = {"kind": "b", "y": [{"name": "n", "value": "1"}]}
    assert strict.decode({"p": second}) == {"p": {"kind": "b", "y": {"n": 1}}}


def test_a_schema_may_contain_itself():
    schema = {
        "type": "object",
        "properties": {"tree": {"$ref": "#/$defs/node"}, "all": {"$ref": "#"}},
        "$defs": {
            "node": {
                "type": "object",
                "properties": {
                    "name": {"type": "string"},
                    "children": {"type": "array", "items": {"$ref": "#/$defs/node"}},
                },
            }
        },
    }
    whole = asked(schema)
    assert strict_problem(whole) is None
    tree = {"name": "a", "children": [{"name": "b", "children": None}]}
    assert strict_schema(schema).decode({"tree": tree, "all": None})["tree"] == tree


@pytest.mark.parametrize(
    "definition", [{"$ref": "#/$defs/a"}, {"allOf": [{"$ref": "#/$defs/a"}]}, {"$ref": "#/$defs/b"}]
)
def test_references_in_a_circle_come_to_an_end(definition):
    defs = {"a": definition, "b": {"$ref": "#/$defs/a"}}
    schema = {"type": "object", "properties": {"x": {"$ref": "#/$defs/a"}}, "$defs": defs}
    assert strict_problem(asked(schema)) is None


def test_depth_and_choices_stay_within_what_vendors_allow():
    deep = {"type": "string"}
    for _ in range(30):
        deep = {"type": "object", "properties": {"a": deep}}
    strict = strict_schema({"type": "object", "properties": {"a": deep}})
    assert depth(strict.schema) <= DEEPEST + 2
    many = {"enum": [f"v{number}" for number in range(MOST_CHOICES + 1)]}
    assert one(many)["type"] == "string"
    assert "enum" not in one(many)


def depth(schema):
    inner = list(schema.get("properties", {}).values())
    inner += schema.get("anyOf", [])
    below = max((depth(part) for part in inner), default=0)
    return below + ("properties" in schema)


def test_values_of_objects_in_objects_have_paths():
    schema = {
        "type": "object",
        "properties": {
            "a": {"type": "string"},
            "b": {
                "type": "object",
                "properties": {"c": {"type": "string"}, "d": {"type": "array"}},
            },
        },
    }
    assert strict_schema(schema).paths == ("a", "b.c", "b.d")


def test_what_is_missing_is_null_and_what_is_too_much_is_left_out():
    strict = strict_schema({"type": "object", "properties": {"a": {"type": "string"}}})
    assert strict.decode({"b": 1}) == {"a": None}
    assert strict.decode(["not", "an", "object"]) == ["not", "an", "object"]


@pytest.mark.parametrize(
    ("value", "fits"),
    [
        ({"a": "x", "b": {"c": 1}}, True),
        ({"a": None, "b": None}, True),
        ({"a": None, "b": {"c": None}}, True),
        ({"a": 1, "b": None}, False),
        ({"a": "x", "b": {"c": "one"}}, False),
        ({"b": None}, False),
        (None, False),
    ],
)
def test_null_is_right_where_nothing_is_known_and_nothing_else_is(value, fits):
    inner = {"type": "object", "properties": {"c": {"type": "integer"}}, "required": ["c"]}
    schema = {
        "type": "object",
        "properties": {"a": {"type": "string"}, "b": inner},
        "required": ["a", "b"],
    }
    assert (Checker(schema, null_is_unknown=True).problems(value) == []) is fits


names = st.sampled_from(["a", "b", "name", "x y", "é"])
scalars = st.one_of(
    st.sampled_from(
        [{"type": kind} for kind in ("string", "number", "integer", "boolean", "null")]
    ),
    st.just({}),
    st.booleans(),
    st.just({"type": "string", "minLength": 2, "default": "zz"}),
    st.just({"$ref": "#/$defs/d"}),
    st.just({"$ref": "#"}),
    st.lists(
        st.one_of(st.text(max_size=3), st.integers(), st.booleans(), st.none(), st.just({"k": 1})),
        max_size=4,
        unique_by=repr,
    ).map(lambda values: {"enum": values}),
    st.text(max_size=3).map(lambda value: {"const": value}),
)


def grown(inner):
    objects = st.dictionaries(names, inner, max_size=3)
    return st.one_of(
        objects.map(lambda parts: {"type": "object", "properties": parts}),
        objects.map(lambda parts: {"properties": parts, "required": [*parts, "more"]}),
        objects.map(
            lambda parts: {"type": "object", "properties": parts, "additionalProperties": False}
        ),
        inner.map(lambda part: {"type": "object", "additionalProperties": part}),
        inner.map(lambda part: {"type": "object", "patternProperties": {"^x": part}}),
        inner.map(lambda part: {"type": "array", "items": part, "maxItems": 3}),
        inner.map(lambda part: {"type": ["array", "null"], "items": part}),
        inner.map(lambda part: {"not": part}),
        inner.map(lambda part: {"type": "string", "if": part, "then": part, "else": True}),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"anyOf": parts}),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"oneOf": parts}),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"allOf": parts}),
        st.lists(inner, min_size=1, max_size=2).map(
            lambda parts: {"type": "array", "prefixItems": parts}
        ),
        st.tuples(inner, objects).map(
            lambda parts: {"type": "object", "anyOf": [parts[0]], "properties": parts[1]}
        ),
    )


schemas = st.recursive(scalars, grown, max_leaves=12)


def is_mapping(schema):
    return isinstance(schema, dict)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(names, schemas, max_size=3), schemas.filter(is_mapping))
def test_no_schema_that_may_be_used_is_refused_by_a_strict_mode(parts, definition):
    schema = {"type": "object", "properties": parts, "$defs": {"d": definition}}
    assert list(schema_faults(schema, "")) == []
    strict = strict_schema(schema)
    whole = asked(schema)
    assert strict_problem(whole) is None
    assert set(references(whole)) <= {f"#/$defs/{name}" for name in whole["$defs"]}
    answer = json.loads(json.dumps(example(whole)))["values"]
    back = strict.decode(answer)
    json.dumps(back)
    assert set(back) == {name for name, part in parts.items() if part is not False} or not parts


def references(schema):
    if isinstance(schema, dict):
        if "$ref" in schema:
            yield schema["$ref"]
        for part in schema.values():
            yield from references(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from references(part)


values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=4)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(names, inner, max_size=3)),
    max_leaves=8,
)


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(names, schemas, max_size=3), schemas.filter(is_mapping), values)
def test_whatever_a_model_answers_is_read_without_an_error(parts, definition, answer):
    schema = {"type": "object", "properties": parts, "$defs": {"d": definition}}
    strict = strict_schema(schema)
    strict.accepts(answer)
    json.dumps(strict.decode(answer))
    Checker(schema, null_is_unknown=True).problems(strict.decode(answer))
