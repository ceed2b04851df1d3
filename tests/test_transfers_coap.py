"""Transfers of a real CoAP stack (aiocoap) are what they were: datagrams recorded between both ends."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import aiocoap
import pytest
from aiocoap import resource
from coapwire import Coap

from analyzer.model import Cause, Transfer, TransferOutcome

IMAGE = bytes(range(256)) * 20 + b"end"
COMPLETE, FAILED = TransferOutcome.COMPLETE, TransferOutcome.FAILED


class Image(resource.Resource):  # type: ignore[misc]
    """Serves and takes an image."""

    async def render_get(self, request: aiocoap.Message) -> aiocoap.Message:
        return aiocoap.Message(payload=IMAGE)

    async def render_put(self, request: aiocoap.Message) -> aiocoap.Message:
        assert request.payload == IMAGE
        return aiocoap.Message(code=aiocoap.CHANGED)


class Relay(asyncio.DatagramProtocol):
    """Sits between client and server, and writes down what passes; it drops what ``drops`` says."""

    def __init__(self, server: tuple[str, int], drops: Callable[[int, bool], bool]) -> None:
        self.server, self.drops, self.wire = server, drops, Coap()
        self.begin, self.client, self.count = time.monotonic(), ("", 0), 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        from_client = address != self.server
        if from_client:
            self.client = address
        at = time.monotonic() - self.begin
        (self.wire.c if from_client else self.wire.s)(at, data)
        self.count += 1
        if not self.drops(self.count, from_client):
            self.transport.sendto(data, self.server if from_client else self.client)  # type: ignore[attr-defined]


async def _record(
    ask: Callable[[aiocoap.Context, str], Awaitable[object]], drops: Callable[[int, bool], bool]
) -> Coap:
    site = resource.Site()
    site.add_resource(["fw", "node.bin"], Image())
    loop = asyncio.get_running_loop()
    spare, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, local_addr=("127.0.0.1", 0))
    home = spare.get_extra_info("sockname")
    spare.close()
    await asyncio.sleep(0)
    server = await aiocoap.Context.create_server_context(
        site, bind=home, transports=["simple6", "simplesocketserver"]
    )
    transport, relay = await loop.create_datagram_endpoint(
        lambda: Relay(home, drops), local_addr=("127.0.0.1", 0)
    )
    client = await aiocoap.Context.create_client_context(transports=["simple6"])
    try:
        await ask(client, f"coap://127.0.0.1:{transport.get_extra_info('sockname')[1]}")
    finally:
        await client.shutdown()
        await server.shutdown()
        transport.close()
    return relay.wire


def record(
    ask: Callable[[aiocoap.Context, str], Awaitable[object]],
    drops: Callable[[int, bool], bool] = lambda *_: False,
) -> Transfer:
    wire = asyncio.run(_record(ask, drops))
    return wire.idle(600).only()


def get(path: str = "/fw/node.bin", **options: object) -> Callable[[aiocoap.Context, str], Awaitable[object]]:
    async def ask(client: aiocoap.Context, where: str) -> object:
        request = aiocoap.Message(code=aiocoap.GET, uri=where + path, **options)
        return await asyncio.wait_for(client.request(request).response, 20)

    return ask


async def put(client: aiocoap.Context, where: str) -> object:
    request = aiocoap.Message(code=aiocoap.PUT, uri=f"{where}/fw/node.bin", payload=IMAGE)
    return await asyncio.wait_for(client.request(request).response, 20)


def test_a_pull() -> None:
    transfer = record(get())
    assert (transfer.outcome, transfer.bytes, transfer.operation) == (COMPLETE, len(IMAGE), "read")
    assert (transfer.file, transfer.block_size) == ("/fw/node.bin", 1024)
    assert (transfer.blocks, transfer.retransmissions) == (6, 0)


def test_a_pull_in_small_blocks() -> None:
    transfer = record(get(block2=aiocoap.optiontypes.BlockOption.BlockwiseTuple(0, False, 2)))
    assert (transfer.outcome, transfer.bytes, transfer.block_size) == (COMPLETE, len(IMAGE), 64)
    assert transfer.blocks == -(-len(IMAGE) // 64)


def test_a_push() -> None:
    transfer = record(put)
    assert (transfer.outcome, transfer.bytes, transfer.operation) == (COMPLETE, len(IMAGE), "write")
    assert transfer.blocks == 6


@pytest.mark.slow
@pytest.mark.parametrize("lost", [3, 4])
def test_a_lost_datagram_is_a_retransmission(lost: int) -> None:
    transfer = record(get(), lambda count, _: count == lost)
    assert (transfer.outcome, transfer.bytes) == (COMPLETE, len(IMAGE))
    assert transfer.retransmissions >= 1


def test_a_name_that_is_not_there() -> None:
    transfer = record(get("/fw/other.bin"))
    assert (transfer.outcome, transfer.cause, transfer.bytes) == (FAILED, Cause.ERROR_NOT_FOUND, 0)
