"""Every route is behind a key and a scope, documented, strict, and short."""

import ast
from pathlib import Path

import api_contract
import pytest
from flask import Flask

from topcalls import api
from topcalls.api import auth, docs_page
from topcalls.api.app import BLUEPRINTS, openapi
from topcalls.services.keys import SCOPES

OPEN = {
    "/live",
    "/ready",
    "/docs",
    "/docs/static/start.js",
    "/docs/static/<name>",
}
V1 = Path(api.__file__).parent / "v1"
LONGEST_ROUTE = 10


def routes():
    """Every (rule, methods, view) of the application, but for /openapi.json."""
    app = Flask("routes", static_folder=None)
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    for blueprint in (*BLUEPRINTS, docs_page.docs_page):
        app.register_blueprint(blueprint)
    return [
        (rule.rule, rule.methods, app.view_functions[rule.endpoint])
        for rule in app.url_map.iter_rules()
    ]


ROUTES = routes()


@pytest.mark.parametrize(("rule", "methods", "view"), ROUTES, ids=lambda value: str(value)[:40])
def test_a_route_needs_a_scope_unless_it_is_one_of_a_few(rule, methods, view):
    assert auth.is_public(view) == (rule in OPEN)
    if rule not in OPEN:
        assert auth.scope_of(view) in (*SCOPES, auth.ANY_KEY)


@pytest.mark.parametrize(("rule", "methods", "view"), ROUTES, ids=lambda value: str(value)[:40])
def test_what_changes_something_needs_a_write_scope(rule, methods, view):
    if rule.startswith("/v1/account/keys"):
        assert auth.scope_of(view) == "admin"
    elif methods - {"GET", "HEAD"}:
        assert auth.scope_of(view).endswith(":write")
    elif rule not in OPEN:
        assert not auth.scope_of(view).endswith(":write")


def functions():
    for file in sorted(V1.glob("*.py")):
        for node in ast.parse(file.read_text()).body:
            if isinstance(node, ast.FunctionDef) and node.decorator_list:
                yield pytest.param(node, id=f"{file.name}:{node.name}")


@pytest.mark.parametrize("function", list(functions()))
def test_a_route_loads_calls_a_verb_and_answers(function):
    first = function.body[1]
    assert ast.get_docstring(function)
    assert function.end_lineno - first.lineno + 1 <= LONGEST_ROUTE


def test_documented_operations_are_the_routes():
    documented = {(path, method) for path, method, _ in api_contract.operations()}
    assert len(documented) == sum(len(methods - {"HEAD"}) for rule, methods, _ in ROUTES) - 3
    assert ("/v1/calls", "post") in documented


@pytest.mark.parametrize(
    ("path", "method", "operation"),
    api_contract.operations(),
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_every_operation_says_what_can_happen(path, method, operation):
    assert operation["summary"]
    assert "500" in operation["responses"]
    if operation["security"]:
        assert {"401", "403"} <= operation["responses"].keys()
        assert "Scope: `" in operation["description"]
    if "{" in path:
        assert "404" in operation["responses"]
    assert any(status.startswith("2") for status in operation["responses"])


def test_the_documented_idempotent_operations():
    marked = {
        (method, path)
        for path, method, operation in api_contract.operations()
        if {"$ref": "#/components/parameters/IdempotencyKey"} in operation.get("parameters", [])
    }
    assert marked == {
        ("post", "/v1/calls"),
        ("post", "/v1/calls/{call_id}/recording/pause"),
        ("post", "/v1/calls/{call_id}/recording/resume"),
        ("post", "/v1/calls/{call_id}/stop"),
        ("post", "/v1/calls/{call_id}/cancel"),
        ("post", "/v1/calls/{call_id}/dtmf"),
        ("post", "/v1/calls/{call_id}/say"),
        ("post", "/v1/calls/{call_id}/inject"),
        ("post", "/v1/calls/{call_id}/transfer"),
        ("post", "/v1/calls/{call_id}/supervise"),
        ("post", "/v1/campaigns"),
        ("post", "/v1/campaigns/{campaign_id}/start"),
        ("post", "/v1/campaigns/{campaign_id}/pause"),
        ("post", "/v1/campaigns/{campaign_id}/resume"),
        ("post", "/v1/campaigns/{campaign_id}/stop"),
        ("post", "/v1/campaigns/{campaign_id}/archive"),
        ("post", "/v1/phone-numbers"),
        ("post", "/v1/phone-numbers/carriers"),
        ("post", "/v1/phone-numbers/purchase"),
        ("post", "/v1/agents"),
        ("post", "/v1/analysis/runs"),
        ("post", "/v1/webhooks"),
        ("post", "/v1/agents/{agent_id}/publish"),
        ("post", "/v1/agents/{agent_id}/rollback"),
    }


def test_building_the_document_twice_gives_the_same():
    assert openapi("https://a.example") == openapi("https://a.example")
