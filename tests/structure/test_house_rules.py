"""Rules of this repository that no linter knows."""

import ast
import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit
ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "topcalls"
TESTS = ROOT / "tests"


@cache
def trees(folder):
    """Every module below a folder, parsed."""
    paths = sorted(folder.rglob("*.py"))
    return [(path, ast.parse(path.read_text(encoding="utf-8"))) for path in paths]


def calls_named(tree, *names):
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in names:
            yield node


def test_no_test_sleeps_to_see_what_happens():
    """The exceptions: polling lanes, and whatever no event tells, each in one place, a foreign
    switch, and the random moments at which processes are killed."""
    allowed = {
        TESTS / "lanes.py",
        TESTS / "sandbox" / "crash_rig.py",
        TESTS / "waiting.py",
        *(TESTS / "contract").glob("*.py"),
    }
    sleeping = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path, tree in trees(TESTS)
        if path not in allowed
        for node in calls_named(tree, "time.sleep", "gevent.sleep")
        if not _yields_only(node)
    ]
    assert sleeping == []


def test_no_test_looks_again_without_a_pause():
    """A loop that only yields lets other greenlets run and no other thread, so what it waits for,
    as in the database, may never come while the machine is busy."""
    spinning = [
        f"{path.relative_to(ROOT)}:{loop.lineno}"
        for path, tree in trees(TESTS)
        for loop in ast.walk(tree)
        if isinstance(loop, ast.While)
        for node in calls_named(loop, "time.sleep", "gevent.sleep", "gevent.idle")
        if _yields_only(node)
    ]
    assert spinning == []


def _yields_only(node):
    """`gevent.sleep(0)` lets others run; it waits for nothing."""
    return not node.args or (isinstance(node.args[0], ast.Constant) and node.args[0].value == 0)


def test_tests_import_nothing_from_a_conftest():
    """Which of several it is depends on what else runs; helpers have modules with names."""
    importing = [
        str(path.relative_to(ROOT))
        for path, tree in trees(TESTS)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom | ast.Import)
        and "conftest" in {getattr(node, "module", None), *(name.name for name in node.names)}
    ]
    assert importing == []


def test_no_two_modules_of_tests_have_one_name():
    """The second could not be imported where both are run, and nothing would run."""
    names = Counter(path.name for path, _ in trees(TESTS) if path.name != "conftest.py")
    assert [name for name, count in names.items() if count > 1 and name != "__init__.py"] == []


def test_each_migration_has_a_number_of_its_own():
    """Two of one number would have no order, and land together where two people add one."""
    names = sorted(path.stem for path in (PACKAGE / "store" / "migrations").glob("m*.py"))
    assert len({name[1:5] for name in names}) == len(names), names


def test_every_module_of_the_package_says_what_it_is_for():
    silent = [str(path) for path, tree in trees(PACKAGE) if not ast.get_docstring(tree)]
    assert silent == []


def test_nothing_is_imported_inside_a_function():
    hidden = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path, tree in trees(PACKAGE)
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert hidden == []


def test_no_state_of_a_call_is_named_as_a_target_outside_the_state_machine():
    """Only `core/call_state.py` decides; `store.calls` writes what it is told."""
    assigned = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path, tree in trees(PACKAGE)
        if path.name != "call_state.py"
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Attribute) and target.attr == "state"
        if isinstance(node.value, ast.Attribute)
        and isinstance(node.value.value, ast.Name)
        and node.value.value.id == "State"
    ]
    assert assigned == []


def test_only_the_entry_point_patches_the_standard_library():
    patching = [
        str(path.relative_to(ROOT))
        for path, tree in trees(PACKAGE)
        for _ in calls_named(tree, "monkey.patch_all")
    ]
    assert patching == ["topcalls/cli/__init__.py"]


@pytest.mark.parametrize("page", sorted((ROOT / "docs").rglob("*.md")), ids=lambda page: page.name)
def test_a_page_names_only_files_that_exist(page):
    named = re.findall(r"`((?:topcalls/)?[a-z_0-9/]+/[a-z_0-9]+\.py)`", page.read_text())
    missing = [
        name for name in named if not (ROOT / name).exists() and not (PACKAGE / name).exists()
    ]
    assert missing == []
