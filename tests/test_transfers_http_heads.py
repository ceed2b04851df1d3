"""Heads of HTTP messages: whole, in pieces, cut, and anything else."""

from __future__ import annotations

import email.parser
import http.client
import io

import pytest
from httpwire import answer, request
from hypothesis import given
from hypothesis import strategies as st

from analyzer.transfers.http.heads import begins, read


def test_a_request() -> None:
    head = read(request("/a b%20c?x=1", "PUT", Content_Length=12, Range="bytes=5-9") + b"body")
    assert head is not None
    assert (head.method, head.target, head.status, head.complete) == ("PUT", "/a", 0, True)
    assert (head.content_length, head.range, head.chunked) == (12, (5, 9), False)
    assert head.length == len(request("/a b%20c?x=1", "PUT", Content_Length=12, Range="bytes=5-9"))


def test_an_answer() -> None:
    fields = {
        "Content_Range": "bytes 5-9/100",
        "Content_Type": "Application/Octet-Stream",
        "Transfer_Encoding": "gzip, Chunked",
    }
    head = read(answer(206, None, Content_Disposition='attachment; filename="node.bin"', **fields))
    assert head is not None
    assert (head.status, head.content_range, head.chunked, head.file_name) == (
        206,
        (5, 10, 100),
        True,
        "node.bin",
    )
    assert (head.content_length, head.media_type) == (None, "Application/Octet-Stream")


def test_http_client_reads_the_same() -> None:
    data = answer(200, 77, Content_Type="text/plain", X="a: b")
    ours = read(data)
    assert ours is not None
    stream = io.BytesIO(data)
    stream.readline()
    theirs = email.parser.BytesParser(_class=http.client.HTTPMessage).parse(stream)
    assert {name.lower(): value for name, value in theirs.items()} == dict(ours.fields)


@pytest.mark.parametrize("newline", [b"\r\n", b"\n"])
def test_a_head_goes_on_until_its_empty_line(newline: bytes) -> None:
    data = newline.join((b"HTTP/1.1 200 OK", b"Content-Length: 5", b"", b""))
    for cut in range(len(data)):
        assert read(data[:cut]) is None
    head = read(data + b"12345")
    assert head is not None
    assert (head.content_length, head.length) == (5, len(data))


def test_a_field_that_is_cut_tells_nothing() -> None:
    head = read(b"HTTP/1.1 200 OK\r\nContent-Length: 50", cut=True)
    assert head is not None
    assert (head.status, head.content_length, head.complete) == (200, None, False)


@pytest.mark.parametrize(
    ("data", "target"),
    [
        (b"GET /fw/node-6.0.b", "/fw/node-6.0.b..."),
        (b"GET /fw/node-6.0.bin HT", "/fw/node-6.0.bin"),
        (b"GET /fw/node-6.0.bin\n", "/fw/node-6.0.bin"),
    ],
)
def test_a_target_that_is_cut_is_no_whole_one(data: bytes, target: str) -> None:
    head = read(data, cut=True)
    assert head is not None
    assert head.target == target


@pytest.mark.parametrize("value", ["", "-1", "1e3", "٣", "9" * 30, "abc"])
def test_a_length_that_is_none(value: str) -> None:
    head = read(f"HTTP/1.1 200 OK\r\nContent-Length: {value}\r\n\r\n".encode())
    assert head is not None
    assert head.content_length is None


@given(st.binary(max_size=200), st.booleans())
def test_any_bytes(data: bytes, cut: bool) -> None:
    for one in (data, b"HTTP/1.1 " + data, b"GET /" + data):
        head = read(one, cut=cut)
        if head is not None:
            assert 0 < head.length <= len(one)
            assert bool(head.method) != bool(head.status)
            _ = head.content_length, head.range, head.content_range, head.file_name, head.chunked


def test_what_begins_like_a_head() -> None:
    assert begins(b"GET / ")
    assert begins(b"HTTP/1.0 200")
    assert not begins(b"GETX / ")
    assert not begins(b"\x16\x03\x01")
