"""The message layer: what each message is to those before it (RFC 7252 section 4)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.transfers.coap import exchange
from analyzer.transfers.coap.exchange import EXCHANGE_LIFETIME, Confirmable, Event, Exchanges, Message, What

CON, NON, ACK, RST = range(4)
A, B = (4, 0, 1, 40000), (4, 0, 2, 5683)
SECOND = 10**9


def feed(layer: Exchanges, at: float, kind: int, mid: int = 1, code: int = 1, back: bool = False) -> Event:
    ends = (B, A) if back else (A, B)
    return layer.feed(Message(*ends, kind, code, mid, round(at * SECOND), 1))


def test_an_acknowledged_message() -> None:
    layer = Exchanges()
    assert feed(layer, 0, CON).what is What.NEW
    assert feed(layer, 2, CON).what is What.REPEATED
    event = feed(layer, 2.1, ACK, back=True)
    assert (event.what, event.about.copies, event.about.acknowledged) == (What.ACKNOWLEDGED, 2, True)
    assert feed(layer, 2.2, ACK, back=True).what is What.REPEATED
    assert layer.exhausted() == []


def test_exhaustion() -> None:
    layer = Exchanges()
    for at in (0, 2, 6, 14):
        feed(layer, at, CON)
    assert layer.exhausted() == []  # one more is due
    feed(layer, 30, CON)
    (one,) = layer.exhausted()
    assert (one.copies, one.first, one.last) == (5, 0, 30 * SECOND)
    layer.confirm(one)
    assert layer.exhausted() == []  # it came after all


def test_a_ping_is_no_reset() -> None:
    layer = Exchanges()
    feed(layer, 0, CON, code=0)
    assert feed(layer, 0.1, RST, code=0, back=True).what is What.PONG
    feed(layer, 1, CON, mid=2)
    assert feed(layer, 1.1, RST, mid=2, code=0, back=True).what is What.RESET


def test_an_observer_that_left_is_no_fault() -> None:
    layer = Exchanges()
    assert feed(layer, 0, NON, code=0x45) == (What.NEW, None)
    assert feed(layer, 0.1, RST, code=0, back=True).what is What.STRAY


def test_the_answer_stands_for_a_lost_acknowledgement() -> None:
    layer = Exchanges()
    for at in (0, 2, 6, 14, 30):
        event = feed(layer, at, CON)
    layer.confirm(event.about)
    assert layer.exhausted() == []


@pytest.mark.parametrize(("later", "what"), [(0, What.REPEATED), (1, What.NEW)])
def test_an_identifier_may_be_used_again_after_its_lifetime(later: int, what: What) -> None:
    layer = Exchanges()
    feed(layer, 0, CON)
    assert feed(layer, EXCHANGE_LIFETIME // SECOND + later, CON).what is what


def test_both_ends_number_for_themselves() -> None:
    layer = Exchanges()
    feed(layer, 0, CON)
    assert feed(layer, 0, CON, back=True).what is What.NEW
    assert feed(layer, 1, ACK).about.source == B


def test_patience_doubles() -> None:
    layer = Exchanges()
    waits = [feed(layer, at, CON).about.patience // SECOND for at in (0, 2, 6, 14, 30, 62)]
    assert waits == [3, 6, 12, 24, 48, 48]


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "WAITING", 10)
    layer = Exchanges()
    for mid in range(100):
        for at in (0, 2, 6, 14, 30):
            feed(layer, at, CON, mid)
    assert len(layer.waiting) <= 10
    assert len(layer.given_up) <= 10
    assert all(one.exhausted for one in layer.given_up)


@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 1), st.booleans(), st.integers(0, 300))
    )
)
def test_any_order(messages: list[tuple[int, int, int, bool, int]]) -> None:
    layer = Exchanges()
    for kind, mid, code, back, at in messages:
        event = feed(layer, at, kind, mid, code, back)
        assert (event.about is None) == (kind == NON or event.what is What.STRAY)


def test_a_message_that_is_known_with_its_past() -> None:
    layer = Exchanges()
    layer.keep(Confirmable(A, B, 1, 1, 0, 14 * SECOND, 4, frames=[1, 2, 3, 4]))
    assert feed(layer, 30, CON).what is What.REPEATED
    assert [(one.copies, one.first) for one in layer.exhausted()] == [(5, 0)]
    layer.keep(Confirmable(A, B, 1, 2, 400 * SECOND, 400 * SECOND, frames=[9]))
    assert [one.first for one in layer.exhausted()] == [0], "who sends another one gave up on it"


def test_the_exhausted_in_the_order_in_which_they_began() -> None:
    layer = Exchanges()
    for mid, frame in ((1, 20), (2, 10)):
        layer.keep(Confirmable(A, B, mid, 1, 0, 0, 5, frames=[frame]))
    assert [one.mid for one in layer.exhausted()] == [2, 1]
