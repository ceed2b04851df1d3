"""A TCP connection that carries HTTP, segment by segment, in simulated time: packets for the transfer
tests."""

from __future__ import annotations

from coapwire import CLIENT, SERVER, Coap
from traffic import ACK, FIN, PSH, RST, SYN

START_SEQ = {True: 2**32 - 500, False: 7000}
"""Of the client and of the server; the client's numbers wrap early."""
MSS = 1000


def request(target: str = "/fw/node.bin", method: str = "GET", **fields: object) -> bytes:
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in fields.items())
    return f"{method} {target} HTTP/1.1\r\nHost: gw\r\n{lines}\r\n".encode()


def answer(status: int = 200, length: int | None = None, **fields: object) -> bytes:
    if length is not None:
        fields["Content_Length"] = length
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in fields.items())
    return f"HTTP/1.1 {status} Some\r\n{lines}\r\n".encode()


class Http(Coap):
    """One connection after the other. ``at`` is the time of the next segment."""

    def __init__(self, port: int = 8080) -> None:
        super().__init__()
        self.at, self.server_port, self.client_port = 0.0, port, 50000
        self.next = dict(START_SEQ)

    def segment(
        self,
        from_client: bool,
        flags: int = ACK,
        payload: bytes = b"",
        *,
        seq: int | None = None,
        ack: int | None = None,
    ) -> Http:
        number = self.next[from_client] if seq is None else seq
        wants = self.next[not from_client] if ack is None else ack
        ends = (CLIENT, self.client_port, SERVER, self.server_port)
        if not from_client:
            ends = (*ends[2:], *ends[:2])
        self.tcp(self.at, *ends, flags, payload, number % 2**32, wants % 2**32)
        if seq is None:
            self.next[from_client] += len(payload) + (flags & (SYN | FIN) > 0)
        self.at += 0.001
        return self

    def open(self) -> Http:
        self.client_port += 1
        self.next = dict(START_SEQ)
        self.segment(True, SYN, ack=0)
        self.segment(False, SYN | ACK)
        return self.segment(True)

    def say(self, from_client: bool, data: bytes, *, acked: bool = True, mss: int = MSS) -> Http:
        """``data`` in segments, each of them acknowledged."""
        for begin in range(0, len(data), mss):
            self.segment(from_client, PSH | ACK, data[begin : begin + mss])
            if acked:
                self.segment(not from_client)
        return self

    def c(self, data: bytes, **more) -> Http:  # type: ignore[override]
        return self.say(True, data, **more)

    def s(self, data: bytes, **more) -> Http:  # type: ignore[override]
        return self.say(False, data, **more)

    def close(self, from_client: bool = True) -> Http:
        self.segment(from_client, FIN | ACK)
        self.segment(not from_client, FIN | ACK)
        return self.segment(from_client)

    def reset(self, from_client: bool) -> Http:
        return self.segment(from_client, RST | ACK)

    def again(self, from_client: bool, count: int, *, after: float = 1.0, size: int = MSS) -> Http:
        """The last segment once more, ``count`` times."""
        for _ in range(count):
            self.at += after
            after *= 2
            self.segment(from_client, PSH | ACK, b"x" * size, seq=self.next[from_client] - size)
        return self

    def wait(self, seconds: float) -> Http:
        self.at += seconds
        return self

    def late(self, seconds: float = 60) -> Http:
        """Other traffic, so that the capture goes on."""
        self.idle(self.at + seconds)
        return self


def fetch(
    length: int = 5000, *, target: str = "/fw/node.bin", upto: int | None = None, **fields: object
) -> Http:
    """A download of ``length`` bytes, or of the first ``upto`` of them, on a connection that stays open."""
    wire = Http().open().c(request(target))
    return wire.s(answer(200, length, **fields)).s(b"x" * (length if upto is None else upto))


def send(
    length: int = 5000,
    *,
    upto: int | None = None,
    method: str = "PUT",
    target: str = "/fw/node.bin",
    **fields: object,
) -> Http:
    wire = Http().open().c(request(target, method, Content_Length=length, **fields))
    return wire.c(b"x" * (length if upto is None else upto))
