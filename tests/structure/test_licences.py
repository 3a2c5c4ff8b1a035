"""Everything the product needs is listed with its licence, and may be used."""

import importlib.util
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location(
        "list_licences", ROOT / "scripts" / "list_licences.py"
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_installed_dependency_is_listed_and_allowed(script):
    needed = script.required()
    assert {"flask", "gevent", "greenlet", "zope-interface"} <= needed.keys()
    licences = {name: script.licence(name) for name in needed}
    found = list(script.faults(licences, script.PAGE.read_text()))
    assert found == [], "Run scripts/list_licences.py, and read what is new."


def test_tools_of_the_tests_are_not_counted(script):
    assert not {"pytest", "hypothesis", "ruff", "schemathesis"} & script.required().keys()


def test_what_is_missing_or_not_allowed_is_found(script):
    page = "| known | MIT | the product |\n| copied | AGPL-3.0-only | the product |\n"
    found = list(script.faults({"known": "MIT", "new": "MIT", "copied": "AGPL-3.0-only"}, page))
    assert len(found) == 2
    assert "'AGPL-3.0-only' is not allowed" in found[0]
    assert "new (MIT) is not in docs/licences.md" in found[1]


@pytest.mark.parametrize(
    ("expression", "allowed"),
    [
        ("MIT", True),
        ("MIT AND PSF-2.0", True),
        ("MPL-2.0 AND (Apache-2.0 OR MIT)", True),
        ("GPL-3.0-only OR MIT", True),
        ("MIT AND GPL-3.0-only", False),
        ("(MIT OR Apache-2.0) AND SSPL-1.0", False),
        ("Proprietary", False),
        ("", False),
    ],
)
def test_a_licence_is_allowed_where_every_part_leaves_a_choice(script, expression, allowed):
    assert script.is_allowed(expression) is allowed
