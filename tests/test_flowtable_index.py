"""The index of keys against a dict."""

from __future__ import annotations

import numpy as np
import pytest

from analyzer.flowtable import keys

index = pytest.importorskip(
    "analyzer.flowtable.index", reason="the compiled table was not built (no C compiler)"
)


def test_an_index_numbers_keys_as_a_dict_does() -> None:
    draw = np.random.default_rng(4)
    table = np.zeros(5000, keys.KEY)
    table["version"], table["transport"] = draw.choice([4, 6, 0], 5000), draw.choice([6, 17, 0x3FFFF], 5000)
    table["lo0"], table["hi1"] = draw.integers(0, 50, 5000), draw.integers(0, 2, 5000) * np.uint64(2**63)
    table["port0"], table["port1"], table["ported"] = 65535, draw.integers(0, 9, 5000), 1
    made, known = index.Index(), dict[bytes, int]()
    for begin in range(0, 5000, 700):
        part = table[begin : begin + 700]
        expected = [known.setdefault(one, len(known)) for one in keys.as_bytes(part)]
        assert made.add(index.words(part)).tolist() == expected
    assert len(made) == len(known)
    assert list(made) == list(known)
    assert all(made.get(one) == row for one, row in list(known.items())[::97])
    assert keys.as_bytes(table)[0] in made
    assert bytes(keys.KEY.itemsize) not in made
    assert made.words().tolist() == index.words(keys.as_table(list(known))).tolist()
    # Only those of two IPv4 addresses are short.
    short = {one for one in known if keys.as_table([one])["version"] == 4 and not keys.as_table([one])["hi1"]}
    assert 0 < made.wide_count == len(known) - len(short)


def test_a_key_of_ipv4_that_no_packet_has() -> None:
    table = np.zeros(4, keys.KEY)
    table["version"] = 4
    table["lo0"] = [1, 2**32, 2**32 + 1, 2**64 - 1]
    made = index.Index()
    assert made.add(index.words(table)).tolist() == [0, 1, 2, 3]
    assert made.table().tolist() == table.tolist()
    assert made.wide_count == 3
