"""The permutation that keeps prefixes: its laws on every string of a small tree, and on random long ones."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from analyzer.pseudonyms.tree import Tree

KEYS = st.binary(min_size=1, max_size=32)


def shared(one: int, other: int, width: int) -> int:
    """How many leading bits two strings share."""
    return width - (one ^ other).bit_length()


@given(KEYS, st.lists(st.tuples(st.integers(0, 255), st.integers(0, 8)), max_size=3))
def test_a_permutation_that_keeps_prefixes(key: bytes, fixed: list[tuple[int, int]]) -> None:
    tree = Tree(key, "t", 8, [(bits >> 8 - length, length) for bits, length in fixed])
    images = [tree(number) for number in range(256)]
    assert sorted(images) == list(range(256))
    for one in range(0, 256, 7):
        for other in range(256):
            assert shared(images[one], images[other], 8) == shared(one, other, 8)
    for bits, length in fixed:
        prefix = bits >> 8 - length
        for number, image in enumerate(images):
            assert (number >> 8 - length == prefix) == (image >> 8 - length == prefix)


@given(KEYS, st.integers(0, 2**128 - 1), st.integers(0, 2**128 - 1), st.integers(0, 128))
def test_long_strings_too(key: bytes, one: int, other: int, keep: int) -> None:
    tree = Tree(key, "v6", 128)
    assert shared(tree(one), tree(other), 128) == shared(one, other, 128)
    assert tree(one, keep=keep) >> 128 - keep == one >> 128 - keep


@given(KEYS, st.integers(0, 2**24 - 1))
def test_the_ends_of_small_networks_stay_ends(key: bytes, network: int) -> None:
    tree = Tree(key, "v4", 32)
    first, last = tree(network << 8, ends=8), tree(network << 8 | 0xFF, ends=8)
    assert (first & 0xFF, last & 0xFF) == (0, 0xFF)
    assert first >> 8 == last >> 8


@given(KEYS, st.integers(0, 31), st.integers(0, 2**32 - 1))
def test_the_ends_of_named_networks_stay_ends(key: bytes, length: int, number: int) -> None:
    tree = Tree(key, "v4", 32)
    host = 32 - length
    tree.keep_ends(number >> host, length)
    base = number >> host << host
    mask = (1 << host) - 1
    assert tree(base) & mask == 0
    assert tree(base | mask) & mask == mask


def test_keys_and_names_make_other_trees() -> None:
    images = {
        tuple(Tree(key, name, 16)(number) for number in range(40))
        for key in (b"a", b"b")
        for name in ("ipv4", "mac")
    }
    assert len(images) == 4
