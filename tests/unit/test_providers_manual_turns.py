"""Turns of ours in a Realtime session: against the double, over real sockets."""

from topcalls.providers.openai.manual_turns import ManualTurns, ServerTurns

SECOND = b"\xff" * 8000


def test_only_the_last_moment_before_a_turn_is_kept():
    turns = ManualTurns(prefix_ms=300)
    assert turns.audio(SECOND) == b""
    assert turns.audio(b"\x01" * 800) == b""
    name, audio = turns.begin()
    assert name == "turn_1"
    assert audio == b"\xff" * 4000 + b"\x01" * 800
    assert turns.audio(b"\x02" * 160) == b"\x02" * 160
    assert turns.begin() is None
    assert turns.end() == ("turn_1", "commit_1")
    assert turns.end() is None
    assert turns.audio(SECOND) == b""


def test_items_go_by_our_names():
    turns = ManualTurns(300)
    turns.begin()
    turns.end()
    turns.begin()
    turns.end()
    assert turns.committed("item_a") is None
    assert turns.committed("item_b") is None
    assert [turns.name_of(item) for item in ("item_a", "item_b", "item_c")] == [
        "turn_1",
        "turn_2",
        "item_c",
    ]
    assert turns.delete("turn_2") == "item_b"
    assert turns.delete("item_of_the_agent") == "item_of_the_agent"


def test_a_turn_is_deleted_when_it_has_become_an_item():
    turns = ManualTurns(300)
    turns.begin()
    turns.end()
    assert turns.delete("turn_1") is None
    assert turns.committed("item_a") == "item_a"


def test_a_refused_turn_takes_no_others_place():
    turns = ManualTurns(300)
    for _ in range(2):
        turns.begin()
        turns.end()
    assert turns.refused("commit_1") == "turn_1"
    assert turns.refused("commit_1") is None
    assert turns.refused(None) is None
    turns.committed("item_b")
    assert turns.name_of("item_b") == "turn_2"


def test_a_server_with_ears_gets_everything():
    turns = ServerTurns()
    assert turns.audio(SECOND) == SECOND
    assert (turns.begin(), turns.end(), turns.committed("item"), turns.refused("x")) == (
        None,
        None,
        None,
        None,
    )
    assert (turns.delete("item"), turns.name_of("item")) == ("item", "item")
