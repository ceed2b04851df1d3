"""What conversations are laid on: the expected rows of a site, and when a reply is due."""

from __future__ import annotations

from collections.abc import Sequence

from analyzer import protocols
from analyzer.compliance import Bench
from analyzer.conversation import Conversation
from analyzer.directory import Directory
from analyzer.matrix import Matrix
from analyzer.model import Ruleset, Site
from analyzer.protocols.ssdp import is_host_background


def bench_of(matrix: Matrix, sheets: Sequence[Ruleset], place: Site, strict: bool) -> Bench:
    """The bench that judges conversations by ``matrix``; ``strict`` judges background too."""
    background = [entry for sheet in sheets for entry in sheet.background]
    return Bench(
        matrix,
        Directory(place.hosts),
        background,
        strict=strict,
        declared=place.declared,
        host_background=_host_background,
    )


def _host_background(conversation: Conversation) -> bool:
    """Whether every SSDP text of the flow says that an operating system or a browser sent it."""
    heads = [head for side in conversation.heads for head in side]
    return bool(heads) and all(is_host_background(head.data) for head in heads)


def replies_due(sheets: Sequence[Ruleset]) -> dict[tuple[str, int], bool]:
    """``(transport, port)`` → whether a sheet calls a reply due on the same flow, where it says anything."""
    elsewhere = {name for name, protocol in protocols.load().items() if protocol.answers_elsewhere}
    return {
        key: service.reply and service.protocol not in elsewhere
        for sheet in sheets
        for key, service in sheet.services.items()
        if service.reply is not None
    }
