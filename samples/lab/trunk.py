"""What this lab's kernel may lack: a VLAN trunk and an ERSPAN mirror, live, on packet sockets.

Both are ordinary switch functions done in user space: frames are tagged, or wrapped, as they pass.
"""

from __future__ import annotations

import socket
import struct
import threading

from network import Host

ALL = 0x0003
SOL_PACKET, ADD_MEMBERSHIP, PROMISCUOUS = 263, 1, 1
OUTGOING = 4
GRE, ERSPAN_II = 47, 0x88BE


def _packet_socket(interface: str) -> socket.socket:
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ALL))
    sock.bind((interface, ALL))
    index = socket.if_nametoindex(interface)
    request = struct.pack("IHH8s", index, PROMISCUOUS, 0, b"")
    sock.setsockopt(SOL_PACKET, ADD_MEMBERSHIP, request)
    return sock


def _pump(source: socket.socket, target: socket.socket, change: object) -> None:
    try:
        while True:
            frame, address = source.recvfrom(65536)
            if address[2] != OUTGOING:
                target.send(change(frame))  # type: ignore[operator]
    except OSError:
        return


def join(host: Host, access: str, trunk: str, tag: int) -> None:
    """Carry ``access``'s frames over ``trunk`` with an 802.1Q tag, and the trunk's back without it.

    The kernel takes the tag off a frame before a packet socket reads it, so the way back copies.
    """
    left, right = host.call(_packet_socket, access), host.call(_packet_socket, trunk)
    mark = struct.pack("!HH", 0x8100, tag)
    for source, target, change in (
        (left, right, lambda frame: frame[:12] + mark + frame[12:]),
        (right, left, lambda frame: frame),
    ):
        threading.Thread(target=_pump, args=(source, target, change), daemon=True).start()


def mirror(host: Host, port: str, collector: str, tag: int, session: int = 7) -> None:
    """Send every frame that passes ``port``, either way, to ``collector`` in GRE with an ERSPAN II header."""
    source = host.call(_packet_socket, port)
    sink = host.call(socket.socket, socket.AF_INET, socket.SOCK_RAW, GRE)

    def work() -> None:
        number = 0
        while True:
            frame, _address = source.recvfrom(65536)
            number += 1
            gre = struct.pack("!HHI", 0x1000, ERSPAN_II, number)
            erspan = struct.pack("!HHI", 0x1000 | tag, session, 1)
            try:
                sink.sendto(gre + erspan + frame, (collector, 0))
            except OSError:
                return

    threading.Thread(target=work, daemon=True).start()
