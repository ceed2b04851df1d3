"""A conversation and what was judged of it, as reports show it."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from judging import CURRENT, GATEWAY, LAPTOP, NODE, SECOND, bench, recognised, talk
from test_conversations import made
from traffic import Traffic

from analyzer.compliance import Judgements
from analyzer.conversations import Conversations
from analyzer.model import Endpoint, Outcome, Records, Verdict
from analyzer.pipeline import Options, check, flows
from analyzer.pipeline.records import ColumnRecords


def record(conversation, judgements=None, waived=None, among=()):
    """The record of one conversation."""
    found = Conversations.of([*among, conversation])
    told = Judgements.on(found, judgements) if judgements else None
    return ColumnRecords(found, bench(), told, waived)[len(among)]


def test_pairs_are_from_originator_and_responder() -> None:
    conversation = talk(NODE, GATEWAY, packets=(5, 3), start=2, end=9, row=6, outcome=Outcome.ANSWERED)
    conversation.forward = False
    made = record(conversation)
    assert made.originator == Endpoint(GATEWAY, 5683, ("igor-gateway",))
    assert made.responder == Endpoint(NODE, 40000, ("igor-node",))
    assert (made.packets, made.bytes) == ((3, 5), (180, 300))
    assert (made.id, made.first, made.last, made.frames) == ("f7", 2 * SECOND, 9 * SECOND, (13, 14))
    assert made.verdict is None


def test_a_judged_flow_names_verdict_rows_and_service() -> None:
    conversation = talk(NODE, GATEWAY, protocol="coap", outcome=Outcome.ANSWERED)
    made = record(conversation, {0: bench().judge(conversation)}, {0: "known"})
    assert (made.verdict, made.service, made.waived) == (Verdict.EXPECTED, "CoAP", "known")
    assert set(made.rows) == {"igor-gateway/5.0.0+/incoming/udp/5683", "igor-node/6.0.0+/outgoing/udp/5683"}


def test_flags_are_letters_and_only_of_tcp() -> None:
    made = record(talk(LAPTOP, GATEWAY, 22, transport="tcp", flags=(0x02, 0x12)))
    assert made.flags == ("S", "SA")
    assert record(talk(flags=(0x02, 0x12))).flags == ("", "")


def test_a_leg_is_waived_with_its_request() -> None:
    request, leg = talk(NODE, GATEWAY, 69), talk(NODE, GATEWAY, 50001, row=1)
    leg.parent = request
    made = record(leg, waived={0: "agreed"}, among=[request])
    assert (made.parent, made.waived) == ("f1", "agreed")


# ---------------------------------------------------------------- all at once


@pytest.mark.parametrize("seed", range(4))
def test_what_is_asked_of_all_is_what_a_look_at_each_gives(seed: int, tmp_path: Path) -> None:
    draw = random.Random(seed)
    path = str(made(draw, 80).write(tmp_path / "made.pcap"))
    for report in (check(Options((path,), hosts=CURRENT)), flows(Options((path,)))):
        records, each = report.flows, Records(list(report.flows))
        assert isinstance(records, ColumnRecords)
        assert records == list(each)
        assert (records.totals(), records.guessed()) == (each.totals(), each.guessed())
        assert records.verdicts() == each.verdicts()
        for verdict in (None, *Verdict):
            assert records.alike(verdict) == each.alike(verdict)
        for part, other in zip(records.cells(), each.cells(), strict=True):
            assert {name: column.each() for name, column in part.items()} == {
                name: column.each() for name, column in other.items()
            }


def test_records_are_a_sequence() -> None:
    records = ColumnRecords(recognised(Traffic().coap(0, GATEWAY, NODE).coap(1, NODE, GATEWAY)), bench())
    assert (len(records), records[-1]) == (2, records[1])
    assert records[:1] == (records[0],)
    assert records != list(records)[:1]
    with pytest.raises(IndexError):
        records[2]
