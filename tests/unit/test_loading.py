"""Imports without the garbage collector, each in a process of its own."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.unit
HEAD = """
import gc, sys
from importlib import metadata
from topcalls.loading import load, packages_read_once
"""


def said(program):
    done = subprocess.run(
        [sys.executable, "-c", HEAD + program], capture_output=True, text=True, check=True
    )
    return done.stdout.split()


def test_what_is_loaded_is_left_alone_from_then_on():
    program = """
name = "xml.dom.minidom"
assert name not in sys.modules and not gc.get_freeze_count()
is_on = []
sys.meta_path.insert(0, type("Look", (), {"find_spec": lambda *_: is_on.append(gc.isenabled())}))
module = load(name)
print(module.__name__, any(is_on), gc.isenabled(), gc.get_freeze_count() > 1000)
"""
    assert said(program) == ["xml.dom.minidom", "False", "True", "True"]


def test_a_module_that_is_there_is_given_and_nothing_else_changes():
    assert said("print(load('gc') is gc, gc.get_freeze_count())") == ["True", "0"]


def test_the_collector_is_back_after_an_import_that_failed():
    program = """
try:
    load("topcalls.no_such_module")
except ImportError as error:
    print(error.name, gc.isenabled())
"""
    assert said(program) == ["topcalls.no_such_module", "True"]


def test_what_is_made_afterwards_is_collected():
    program = """
import weakref
load("xml.dom.minidom")
class Node: pass
node = Node()
node.itself, gone = node, weakref.ref(node)
del node
gc.collect()
print(gone())
"""
    assert said(program) == ["None"]


def test_plugins_are_found_in_one_list_meanwhile():
    program = """
look, read = metadata.entry_points, []
of_package = metadata.Distribution.entry_points
metadata.Distribution.entry_points = property(lambda one: read.append(1) or of_package.fget(one))
group, expected = "console_scripts", set(look(group="console_scripts"))
once = len(read)
with packages_read_once():
    for _ in range(3):
        assert set(metadata.entry_points(group=group)) == expected
    assert not metadata.entry_points(group="nobody.asks")
print(bool(expected), len(read) == 2 * once, metadata.entry_points is look)
"""
    assert said(program) == ["True", "True", "True"]
