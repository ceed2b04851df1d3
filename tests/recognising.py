"""What the tests of the protocols share: read one payload, and read it cut at every byte."""

from __future__ import annotations

from analyzer.protocol import Fit, Payload, Protocol, Reading


def read(
    protocol: Protocol,
    data: bytes,
    transport: str = "udp",
    src: int = 50000,
    dst: int | None = None,
    wire: int | None = None,
) -> Reading:
    """The reading of one payload; ``dst`` defaults to the lowest port that the protocol claims."""
    assert protocol.recognise is not None
    if dst is None:
        dst = min((port for claimed, port in protocol.ports if claimed == transport), default=50001)
    return protocol.recognise(Payload(data, len(data) if wire is None else wire, transport, src, dst))


def cuts(
    protocol: Protocol, data: bytes, transport: str = "udp", src: int = 50000, dst: int | None = None
) -> Reading:
    """Read ``data`` whole and cut at every byte: a cut is never a contradiction, the whole is ours.

    Returns the whole's reading. What a shorter cut says of its sender, a longer one does not take back.
    """
    whole = read(protocol, data, transport, src, dst)
    assert whole.fit is Fit.YES
    for length in range(len(data)):
        reading = read(protocol, data[:length], transport, src, dst, wire=len(data))
        assert reading.fit is not Fit.NO, length
        if reading.fit is Fit.YES and reading.says.value != "nothing":
            assert reading.says is whole.says, length
    return whole
