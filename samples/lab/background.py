"""What every site carries beside its equipment: DNS, NTP, DHCP, mDNS, LLMNR, NBNS. Small but well-formed."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import time

from network import Host, hardware_address

NTP_EPOCH = 2_208_988_800


def _name(name: str) -> bytes:
    return b"".join(bytes([len(part)]) + part.encode() for part in name.split(".")) + b"\0"


def query(number: int, name: str, kind: int = 1, flags: int = 0x0100) -> bytes:
    """A DNS query for one name (RFC 1035)."""
    return struct.pack("!HHHHHH", number, flags, 1, 0, 0, 0) + _name(name) + struct.pack("!HH", kind, 1)


def response(asked: bytes, address: str) -> bytes:
    """The answer to a query: one address record."""
    record = struct.pack("!HHHIH", 0xC00C, 1, 1, 300, 4) + socket.inet_aton(address)
    return asked[:2] + struct.pack("!HHHHH", 0x8180, 1, 1, 0, 0) + asked[12:] + record


class _Dns(asyncio.DatagramProtocol):
    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self.transport = transport

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        self.transport.sendto(response(data, "10.20.0.50"), address)


class _Ntp(_Dns):
    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        seconds = time.time() + NTP_EPOCH
        now = struct.pack("!II", int(seconds), int(seconds % 1 * 2**32))
        head = struct.pack("!BBbbII4s", 0x24, 2, 6, -20, 0x100, 0x200, b"\x0a\x14\x00\x02")
        self.transport.sendto(head + now + data[40:48] + now + now, address)


class _Dhcp(_Dns):
    """Leases each client the address its MAC address spells."""

    def datagram_received(self, data: bytes, _address: tuple[str, int]) -> None:
        offer = {1: 2, 3: 5}[data[242]]  # DISCOVER is offered, REQUEST acknowledged
        lease = data[30:34]
        header = struct.pack("!BBBB", 2, 1, 6, 0) + data[4:8] + b"\0\0\x80\0" + bytes(4) + lease
        options = bytes([53, 1, offer, 54, 4, 10, 20, 0, 1, 51, 4, 0, 0, 14, 16, 1, 4, 255, 255, 0, 0, 255])
        reply = header + bytes([10, 20, 0, 1]) + bytes(4) + data[28:44] + bytes(192) + data[236:240] + options
        self.transport.sendto(reply, ("255.255.255.255", 68))


def serve(host: Host) -> None:
    """DNS, NTP and DHCP on the infrastructure host."""

    async def work() -> None:
        loop = asyncio.get_running_loop()
        for protocol, port, local in (
            (_Dns, 53, host.address),
            (_Ntp, 123, host.address),
            (_Dhcp, 67, "0.0.0.0"),
        ):
            await loop.create_datagram_endpoint(protocol, local_addr=(local, port), allow_broadcast=True)

    host.run(work())


async def _exchange(source: tuple[str, int], target: tuple[str, int], data: bytes, wait: float = 1) -> bytes:
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if source[0]:
            membership = socket.inet_aton(source[0])
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, membership)
        sock.bind(source)
        await loop.sock_sendto(sock, data, target)
        with contextlib.suppress(TimeoutError, OSError):
            return (await asyncio.wait_for(loop.sock_recvfrom(sock, 2048), wait))[0]
    return b""


def dns(host: Host, name: str, *, number: int = 0x4C42, source: int = 0) -> bytes:
    """Ask the site's DNS server, from ``source`` if the case wants a certain port."""
    return host.run(_exchange((host.address, source), ("10.20.0.1", 53), query(number, name)))


def ntp(host: Host, *, source: int = 0) -> bytes:
    """Ask the site's time server (RFC 5905, client mode)."""
    data = bytes([0x23]) + bytes(39) + struct.pack("!II", int(time.time()) + NTP_EPOCH, 0)
    return host.run(_exchange((host.address, source), ("10.20.0.1", 123), data))


def dhcp(host: Host) -> None:
    """A lease that is rebound: REQUEST by broadcast from the address held (RFC 2131, 4.4.5)."""
    chaddr = bytes.fromhex(hardware_address(host.address).replace(":", ""))
    header = struct.pack("!BBBBIHH", 1, 1, 6, 0, 0x4C420000 + chaddr[-1], 0, 0x8000)
    options = bytes([99, 130, 83, 99, 53, 1, 3, 55, 3, 1, 3, 6, 255])
    data = header + chaddr[2:] + bytes(12) + chaddr + bytes(10) + bytes(192) + options
    host.run(_exchange(("", 68), ("255.255.255.255", 67), data, wait=0.3))


def chatter(host: Host, name: str) -> None:
    """A Windows laptop looks for a neighbour by mDNS, LLMNR and NetBIOS name service."""
    host.run(
        _exchange((host.address, 5353), ("224.0.0.251", 5353), query(0, f"{name}.local", flags=0), wait=0.1)
    )
    host.run(_exchange((host.address, 0), ("224.0.0.252", 5355), query(0x1A2B, name, flags=0), wait=0.1))
    padded = name.upper().encode().ljust(15)[:15] + b"\0"
    encoded = bytes(65 + nibble for byte in padded for nibble in (byte >> 4, byte & 15))
    question = b"\x20" + encoded + b"\0" + struct.pack("!HH", 0x20, 1)
    data = struct.pack("!HHHHHH", 0x3C4D, 0x0110, 1, 0, 0, 0) + question
    host.run(_exchange((host.address, 137), ("10.20.255.255", 137), data, wait=0.1))
