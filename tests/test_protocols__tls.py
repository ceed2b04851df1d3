from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from analyzer.protocol import Payload, Says
from analyzer.protocols._tls import hello, inside

EXTENSION = b"\0\0\0\x10\0\x0e\0\0\x0bgateway.lan"
BODY = b"\3\3" + bytes(32) + b"\0" + b"\0\2\xc0\x2f" + b"\1\0" + len(EXTENSION).to_bytes(2, "big") + EXTENSION
HELLO = b"\x16\3\1" + (len(BODY) + 4).to_bytes(2, "big") + b"\1" + len(BODY).to_bytes(3, "big") + BODY


def test_the_name_is_read_from_the_extension() -> None:
    found = hello(Payload(HELLO, len(HELLO), "tcp"))
    assert found is not None
    assert (found.says, found.detail, found.certain) == (Says.REQUEST, "ClientHello SNI=gateway.lan", True)


def test_a_name_that_is_cut_is_left_out() -> None:
    found = hello(Payload(HELLO[:-3], len(HELLO), "tcp"))
    assert found is not None
    assert found.detail == "ClientHello"


def test_inside_takes_only_what_is_certain() -> None:
    assert inside(Payload(HELLO, len(HELLO), "tcp")) is not None
    assert inside(Payload(b"\x17\3\3\1\0" + bytes(20), 25, "tcp")) is None
    assert inside(Payload(b"opaque", 6, "tcp")) is None


@given(st.binary(max_size=120), st.sampled_from([b"", HELLO[:11], HELLO[:44], HELLO[:60]]), st.integers(0, 9))
def test_any_bytes_give_a_value(tail: bytes, head: bytes, more: int) -> None:
    data = head + tail
    found = hello(Payload(data, len(data) + more, "tcp"))
    assert found is None or len(found.detail) < 120
