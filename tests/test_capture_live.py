"""A stream that somebody writes while it is read."""

from __future__ import annotations

import io
import os
import threading

import pytest

from analyzer.capture import live
from analyzer.capture.live import Live


def test_the_whole_stream_in_pieces_of_any_size() -> None:
    stream = Live(io.BytesIO(b"abcdef"), lambda: True)
    assert [stream.read(4), stream.read(4), stream.read(4), stream.read()] == [b"abcd", b"ef", b"", b""]


def test_while_nothing_comes_there_is_time_for_other_work(monkeypatch) -> None:
    monkeypatch.setattr(live, "SLICE", 0.001)
    here, there = os.pipe()
    asked = []

    def idle() -> bool:
        asked.append(1)
        if len(asked) == 3:
            os.write(there, b"late")
            os.close(there)
        return True

    with os.fdopen(here, "rb") as raw:
        stream = Live(raw, idle)
        assert [stream.read(10), stream.read(10)] == [b"late", b""]
    assert len(asked) >= 3


def test_a_writer_gets_time_for_its_last_words_and_no_more(monkeypatch) -> None:
    monkeypatch.setattr(live, "SLICE", 0.001)
    monkeypatch.setattr(live, "GRACE", 0.2)
    here, there = os.pipe()
    timer = threading.Timer(0.02, os.write, (there, b"last"))
    timer.start()
    with os.fdopen(here, "rb", closefd=False) as raw:
        stream = Live(raw, lambda: False)
        assert [stream.read(10), stream.read(10)] == [b"last", b""]
    timer.join()
    os.close(there)


def test_an_error_of_the_stream_is_told_to_who_reads() -> None:
    class Broken:
        def read(self, size: int = -1, /) -> bytes:
            raise OSError("gone")

        def close(self) -> None:
            raise AssertionError("the stream is not ours to close")

    stream = Live(Broken(), lambda: True)
    with pytest.raises(OSError, match="gone"):
        stream.read(1)
    assert stream.read(1) == b""
    stream.close()


def test_reading_ahead_is_bounded(monkeypatch) -> None:
    monkeypatch.setattr(live, "PIECES", 2)
    monkeypatch.setattr(live, "PIECE", 10)
    taken = []

    class Endless:
        def read(self, size: int = -1, /) -> bytes:
            taken.append(size)
            return b"x" * size

        def close(self) -> None:
            """Nothing to do."""

    stream = Live(Endless(), lambda: True)
    assert stream.read(5) == b"xxxxx"
    assert len(taken) <= 5
