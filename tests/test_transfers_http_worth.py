"""What is an image, and what is a page, a question, a command."""

from __future__ import annotations

import pytest
from httpwire import answer, request

from analyzer.transfers.http.heads import read
from analyzer.transfers.http.stream import Body, Exchange
from analyzer.transfers.http.worth import FORM, LEAST, SMALL, matters, name_of, uploads
from analyzer.transfers.images import LARGE

A, B = (4, 0, 1, 50000), (4, 0, 2, 8080)
BYTES = "application/octet-stream"


def exchange(
    target: str,
    method: str = "GET",
    status: int = 200,
    size: int = 100,
    sent: int = 0,
    kind: str = "",
    **more: object,
) -> Exchange:
    asked = {"Content_Type": kind} if sent and kind else {}
    told = {"Content_Type": kind} if not sent and kind else {}
    one = Exchange(A, B, read(request(target, method, **asked)), read(answer(status, size, **told, **more)))
    one.got = Body(0, size)
    if sent:
        one.sent = Body(0, sent)
    return one


@pytest.mark.parametrize(
    ("one", "worth"),
    [
        (exchange("/node.bin"), True),
        (exchange("/get?id=7", size=SMALL, kind=BYTES), True),
        (exchange("/get?id=7", size=SMALL - 1, kind=BYTES), False),
        (exchange("/get?id=7", size=LARGE), True),
        (exchange("/get?id=7", size=LARGE - 1), False),
        (exchange("/get?id=7", size=LARGE, kind="text/html"), False),
        (exchange("/get?id=7", Content_Disposition="attachment; filename=node.swu"), True),
        (exchange("/get?id=7", status=206, kind=BYTES, Content_Range=f"bytes 0-99/{SMALL}"), True),
        (exchange("/node.bin", "HEAD"), False),
        (exchange("/node.bin", status=304), False),
        (exchange("/node.bin", status=404), True),
        (exchange("/firmware/check", status=404), False),
        (exchange("/index.html", status=404), False),
        (exchange("/node.bin", "PUT", sent=LEAST), True),
        (exchange("/node.bin", "PUT", sent=LEAST - 1), False),
        (exchange("/api", "POST", sent=LARGE, kind="application/json"), False),
        (exchange("/upload", "POST", sent=FORM, kind="multipart/form-data; boundary=x"), True),
        (exchange("/upload", "POST", sent=FORM - 1, kind="multipart/form-data; boundary=x"), False),
        (exchange("/upload", "POST", sent=SMALL, kind=BYTES), True),
    ],
)
def test_what_matters(one: Exchange, worth: bool) -> None:
    assert matters(one) is worth


def test_names() -> None:
    assert name_of(exchange("/a%20b.bin")) == "/a b.bin"
    late = Exchange(A, B, None, read(answer(200, 5, Content_Disposition='attachment; filename="n.bin"')))
    assert name_of(late) == "n.bin"
    assert name_of(Exchange(A, B)) is None
    assert uploads(exchange("/", "POST"))
    assert not uploads(late)
