"""What is fuzzed: how its input is made, and what must hold whatever the input is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st


@dataclass(frozen=True)
class Target:
    """`check` raises on an input that is handled wrongly; any exception counts."""

    name: str
    inputs: st.SearchStrategy[Any]
    check: Callable[[Any], None]


def mutated(corpus: Sequence[bytes]) -> st.SearchStrategy[bytes]:
    """Good input with bytes changed, taken out, put in, said twice or cut off."""
    splice = st.tuples(
        st.integers(0, 1 << 16), st.integers(0, 8), st.binary(max_size=8) | st.sampled_from(corpus)
    )

    def apply(base: bytes, splices: list[tuple[int, int, bytes]]) -> bytes:
        data = base
        for place, length, new in splices:
            start = place % (len(data) + 1)
            data = data[:start] + new + data[start + length :]
        return data

    changed = st.builds(apply, st.sampled_from(corpus), st.lists(splice, max_size=6))
    return changed | st.lists(changed, max_size=4).map(b"".join) | st.binary(max_size=400)


def cut(data: bytes, places: Sequence[int]) -> list[bytes]:
    """`data` in pieces."""
    edges = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[a:b] for a, b in zip(edges, edges[1:], strict=False)]


places = st.lists(st.integers(0, 1 << 16), max_size=6)

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(1 << 63), (1 << 64) - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=30)
)
json_values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4)
    ),
    max_leaves=12,
)


deep = st.sampled_from([b"[", b'{"a":']).flatmap(
    lambda opening: st.sampled_from([20, 40, 600, 2000, 100_000]).map(lambda n: opening * n)
)
"""JSON that opens more than it closes, as a sender who wants to exhaust the stack would."""
