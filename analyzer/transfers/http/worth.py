"""Which exchanges of HTTP carry an image, and which are a web page's, a question's, a status's."""

from __future__ import annotations

from typing import Final
from urllib.parse import unquote

from analyzer.sessions import EARLY
from analyzer.transfers.http.stream import Exchange
from analyzer.transfers.images import LARGE, image_type, like_image, named_image, web_page

SMALL: Final = 16_384
"""Bytes from which on what is sent with an image's type, without a telling name, is one."""
FORM: Final = 65_536
"""The same for a form that carries a file."""
LEAST: Final = 1024
"""Bytes that an upload to an image's name has at least: fewer are a command."""
UPLOADS: Final = ("PUT", "POST", "PATCH")


def uploads(exchange: Exchange) -> bool:
    """Whether the client sends the file."""
    return exchange.request is not None and exchange.request.method in UPLOADS


def name_of(exchange: Exchange) -> str | None:
    """The file: the path of the request, or the name that the answer gives; None where neither is here."""
    if exchange.request is not None:
        return unquote(exchange.request.target)
    if exchange.response is not None and exchange.response.file_name:
        return exchange.response.file_name
    return None


def matters(exchange: Exchange) -> bool:
    """Whether the exchange is a transfer of an image."""
    return _upload(exchange) if uploads(exchange) else _download(exchange)


def settled(exchange: Exchange, now: int) -> bool:
    """Whether it is sure, before its end, that the exchange is none: its heads say so, and its size.

    ``now`` is the time of the last segment, ns: a request may stand somewhat behind its answer.
    """
    if exchange.response is None or (exchange.request is None and now - exchange.first <= EARLY):
        return False
    body = exchange.sent if uploads(exchange) else exchange.got
    return (body is None or body.length is not None) and not matters(exchange)


def _upload(exchange: Exchange) -> bool:
    head, body = exchange.request, exchange.sent
    if head is None or body is None:
        return False
    size = max(body.length or 0, body.sent)
    kind = head.media_type
    if kind.lower().startswith("multipart/"):
        return size >= FORM
    if web_page("", kind) or size < LEAST:
        return False
    return like_image(head.target) or (image_type(kind) and size >= SMALL) or size >= LARGE


def _download(exchange: Exchange) -> bool:
    request, response = exchange.request, exchange.response
    if request is not None and request.method != "GET":
        return False
    name = name_of(exchange) or ""
    if response is None or response.status >= 400:
        # No body tells what it would have been: only a file's own name does.
        return named_image(name) and not web_page(name, "")
    if response.status not in (200, 206) or exchange.got is None:
        return False
    kind = response.media_type
    if web_page(name, kind) and not named_image(response.file_name):
        return False
    body = exchange.got
    whole = response.content_range
    size = max(body.length or 0, body.sent, (whole[2] or 0) if whole is not None else 0)
    telling = like_image(name) or named_image(response.file_name)
    return telling or (image_type(kind) and size >= SMALL) or size >= LARGE
