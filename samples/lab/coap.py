"""CoAP on a gateway or node, by aiocoap: resources to read and write, and requests to others."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import Any

import aiocoap
from aiocoap import resource
from network import Host

logging.getLogger("coap").setLevel(logging.CRITICAL)
logging.getLogger("coap-server").setLevel(logging.CRITICAL)

CON, NON = aiocoap.Reliable, aiocoap.Unreliable
GET, POST, PUT = aiocoap.GET, aiocoap.POST, aiocoap.PUT


class Value(resource.Resource):
    """One number that can be read, and set by PUT or POST."""

    def __init__(self, value: bytes) -> None:
        super().__init__()
        self.value = value

    async def render_get(self, _request: aiocoap.Message) -> aiocoap.Message:
        return aiocoap.Message(payload=self.value, content_format=0)

    async def render_put(self, request: aiocoap.Message) -> aiocoap.Message:
        self.value = request.payload
        return aiocoap.Message(code=aiocoap.CHANGED)

    render_post = render_put


RESOURCES = {
    "node": {"light/level": b"80", "sensor/motion": b"0", "sensor/lux": b"412", "emergency/test": b"0"},
    "gateway": {"events": b"", "register": b"", "emergency": b""},
}


async def _serve(kind: str, address: str, port: int, images: dict[str, bytes]) -> aiocoap.Context:
    root = resource.Site()
    for path, value in (RESOURCES[kind] | images).items():
        root.add_resource(path.split("/"), Value(value))
    return await aiocoap.Context.create_server_context(
        root, bind=(f"::ffff:{address}", port), transports=["udp6"]
    )


def serve(host: Host, kind: str, port: int = 5683, images: dict[str, bytes] | None = None) -> aiocoap.Context:
    """Serve a ``gateway``'s or ``node``'s resources; the context also asks others, from this port."""
    key = f"coap {port}"
    host.kept[key] = host.run(_serve(kind, host.address, port, images or {}))
    return host.kept[key]


async def _client() -> aiocoap.Context:
    return await aiocoap.Context.create_client_context(transports=["udp6"])


def client(host: Host) -> aiocoap.Context:
    """The host's context whose requests leave from an ephemeral port, the same for all of them."""
    if "coap client" not in host.kept:
        host.kept["coap client"] = host.run(_client())
    return host.kept["coap client"]


async def ask(
    context: aiocoap.Context,
    target: str,
    path: str,
    *,
    code: aiocoap.Code = GET,
    payload: bytes = b"",
    kind: Any = CON,
    patience: float = 3,
) -> str:
    """One request; the response's code, or the name of what went wrong."""
    request = aiocoap.Message(
        code=code, payload=payload, uri=f"coap://{target}/{path}", transport_tuning=kind()
    )
    try:
        async with asyncio.timeout(patience):
            response = await context.request(request).response
    except Exception as problem:
        return type(problem).__name__
    return str(response.code)


async def every(seconds: float, context: aiocoap.Context, target: str, path: str, **options: Any) -> None:
    """The same request again and again, until the site is taken down."""
    with contextlib.suppress(asyncio.CancelledError):
        while True:
            await ask(context, target, path, **options)
            await asyncio.sleep(seconds)
