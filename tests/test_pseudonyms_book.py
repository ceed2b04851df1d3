"""The map: what it keeps, and what is refused as one."""

from __future__ import annotations

import ipaddress
import json
from pathlib import Path

import pytest

from analyzer.errors import UsageError
from analyzer.pseudonyms import book

NETWORK = ipaddress.ip_network("10.20.0.0/22")


def test_the_same_pseudonyms_again(tmp_path: Path) -> None:
    path = tmp_path / "map.json"
    first = book.opened(str(path), None, [NETWORK])
    images = [first.ip4(10 << 24 | number) for number in range(50)]
    first.name("gateway", "igor-gateway")
    path.write_text(book.document(first, "1"))
    again = book.opened(str(path), None, [])
    assert [again.ip4(10 << 24 | number) for number in range(50)] == images
    assert (again.networks, again.names) == ((NETWORK,), {"gateway": "igor-gateway 1"})
    assert again.addresses == first.addresses
    assert again.name("node", "igor-gateway") == "igor-gateway 2"


def test_a_key_in_words_gives_the_same_everywhere_and_no_key_another_each_time() -> None:
    one, other = (book.opened(None, "some words", []) for _ in range(2))
    assert one.key == other.key
    assert book.opened(None, None, []).key != book.opened(None, None, []).key


def test_another_key_than_the_maps_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "map.json"
    path.write_text(book.document(book.opened(None, "a", []), "1"))
    assert book.opened(str(path), "a", []).key
    with pytest.raises(UsageError, match="another key"):
        book.opened(str(path), "b", [])


GOOD = json.loads(book.document(book.opened(None, "a", []), "1"))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{}",
        b"\xff",
        b"[" * 100_000,
        json.dumps(GOOD | {"schema": "portmatrix.report/1"}).encode(),
        json.dumps(GOOD | {"key": "zz"}).encode(),
        json.dumps(GOOD | {"key": "00"}).encode(),
        json.dumps(GOOD | {"networks": ["here"]}).encode(),
        json.dumps(GOOD | {"names": [7]}).encode(),
    ],
)
def test_what_is_no_map_is_never_written_over(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "map.json"
    path.write_bytes(content)
    with pytest.raises(UsageError, match="exists and is no map") as caught:
        book.opened(str(path), None, [])
    assert "\n" not in str(caught.value)


def test_a_map_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--map"):
        book.opened(str(tmp_path), None, [])
