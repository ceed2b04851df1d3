"""The small tools that the layers share."""

from __future__ import annotations

import dpkt
import dpkt.ip
import pytest

from analyzer.decode.row import Macs, header, linked, short, stopped
from analyzer.tables import ETHERTYPE, Kind, Reason
from tests.frames import ip4, udp


def test_header_classes_stop_at_their_own_header() -> None:
    """dpkt's class parses on and cuts by the lengths it finds; ours leaves what follows alone."""
    packet = ip4(udp(), options=b"\x01" * 4, total=21)
    whole, alone = dpkt.ip.IP(packet), header(dpkt.ip.IP)(packet)
    assert (
        (alone.v, alone.hl, alone.p, alone.src)
        == (whole.v, whole.hl, whole.p, whole.src)
        == (4, 6, 17, b"\n\1\2\3")
    )
    assert alone.data == packet[20:]
    assert whole.data == b""
    assert header(dpkt.ip.IP).__hdr_len__ == 20
    with pytest.raises(dpkt.NeedData):
        header(dpkt.ip.IP)(packet[:19])


def test_missing_bytes_are_cut_only_if_they_were_announced() -> None:
    assert short(34, 34, Reason.IP_HEADER) == Reason.CUT
    assert short(35, 34, Reason.IP_HEADER) == Reason.IP_HEADER


def test_rows_that_end_early() -> None:
    row, step = stopped(Reason.ENCRYPTED)
    assert row is not None
    assert (row.kind, row.reason, step) == (Kind.UNDECODED, Reason.ENCRYPTED, None)
    row = linked(Macs(1, 2), ETHERTYPE + 0x88CC)
    assert (row.kind, row.reason, row.src_lo, row.dst_lo) == (Kind.LINK, Reason.NONE, 1, 2)
    row = linked(None, ETHERTYPE + 0x88CC)
    assert (row.kind, row.reason, row.transport) == (Kind.UNDECODED, Reason.NOT_DATA, 0)
    row = linked(None, ETHERTYPE + 0x0806, Reason.CUT)
    assert (row.kind, row.reason) == (Kind.UNDECODED, Reason.CUT)
