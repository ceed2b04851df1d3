"""A file that grows while it is read."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.capture.tail import HEAD, Head, State, Tail


def no() -> bool:
    return False


def append(path: Path, data: bytes) -> None:
    with path.open("ab") as file:
        file.write(data)


def test_what_is_appended_is_read_and_the_end_is_the_writers(tmp_path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"one")
    coming = [b"two", b"three"]

    def wait() -> bool:
        append(path, coming.pop(0))
        return True

    tail = Tail(str(path), lambda: not coming, wait)
    assert [tail.read(100) for _ in range(4)] == [b"one", b"two", b"three", b""]
    tail.begin()
    assert tail.read(5) == b"onetw"
    tail.release()


def test_what_was_written_before_the_end_was_known_is_read(tmp_path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"")

    def ended() -> bool:
        append(path, b"last")
        return True

    tail = Tail(str(path), ended, no)
    assert [tail.read(100), tail.state().size] == [b"last", 4]
    tail.release()


@pytest.mark.parametrize("new", [b"", b"short", b"another file that is longer than the first"])
def test_another_file_of_the_same_name_is_not_read_on(tmp_path, new) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"the first content")

    def wait() -> bool:
        with path.open("r+b") as file:
            file.truncate(0)
            file.write(new)
        return True

    tail = Tail(str(path), no, wait)
    assert tail.read(100) == b"the first content"
    assert (tail.read(100), tail.overwritten) == (b"", True)
    assert tail.read(100) == b""
    tail.release()


@settings(max_examples=30)
@given(st.binary(max_size=3 * HEAD), st.integers(1, 2 * HEAD))
def test_any_content_in_any_pieces(tmp_path_factory, content, size) -> None:
    path = tmp_path_factory.mktemp("tail") / "a"
    path.write_bytes(content)
    tail = Tail(str(path), no, no)
    assert b"".join(iter(lambda: tail.read(size), b"")) == content
    assert tail.head == Head.of(content[:HEAD])
    assert not tail.overwritten
    tail.release()


def test_a_head_tells_files_of_one_name_apart(tmp_path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"header and more")
    tail = Tail(str(path), no, no)
    tail.read(3)
    assert tail.begins(Head.of(b"header"))
    assert tail.begins(Head.of(b""))
    assert not tail.begins(Head.of(b"other"))
    assert not tail.begins(Head.of(b"header and more and more"))
    assert tail.read(3) == b"der"
    tail.release()


def test_a_state_tells_files_apart(tmp_path) -> None:
    one, other = tmp_path / "a", tmp_path / "b"
    one.write_bytes(b"x")
    other.write_bytes(b"x")
    before = State.of(one.stat(), str(one))
    assert before.identity != State.of(other.stat(), str(other)).identity
    moved = one.rename(tmp_path / "c")
    assert State.of(moved.stat(), str(moved)) == before
    assert before.size == 1
