"""A report with pseudonyms in place of every address and name, text included.

Everything else stays: verdicts, figures, times, ports. File names and what else payloads told stay as well,
except for addresses in them.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, TypeVar

from analyzer.addresses import Address, parse
from analyzer.model import CaptureInfo, FirmwareReport, FlowReport, Report, Ruleset, Site
from analyzer.pseudonyms import site as places
from analyzer.pseudonyms.mapping import Pseudonyms

R = TypeVar("R", Report, FlowReport, FirmwareReport)

PROSE: Final = frozenset(
    {"title", "detail", "near_miss", "advice", "reason", "waived", "name", "source", "target", "owner"}
)
"""Fields that may hold names of hosts. Others hold words of ours, which a host may be called as well."""


def pseudonymised(report: R, pseudonyms: Pseudonyms) -> R:
    """``report`` with pseudonyms. Captures lose their paths and their sums, by which they could be known."""
    pseudonyms.known.update(known(report))
    changed: dict[str, Any] = {}
    declared: dict[str, str] = {}
    if isinstance(report, Report | FirmwareReport):
        changed["site"] = places.pseudonymised(report.site, pseudonyms)
        declared = {host.name: places.called(host, pseudonyms) for host in report.site.hosts}
    for field in dataclasses.fields(report):
        if field.name in changed or field.name in ("version", "rulesets", "undecoded"):
            continue
        value = getattr(report, field.name)
        if field.name == "command":
            changed[field.name] = ""  # it names files and hosts as the user typed them
        elif field.name == "captures":
            changed[field.name] = tuple(_capture(info, at, pseudonyms) for at, info in enumerate(value))
        elif field.name == "hosts":
            changed[field.name] = tuple(
                dataclasses.replace(_other(host, pseudonyms), name=declared.get(host.name, host.name))
                for host in value
            )
        else:
            changed[field.name] = _other(value, pseudonyms, prose=False)
    return dataclasses.replace(report, **changed)


def known(report: Report | FlowReport | FirmwareReport) -> Iterator[Address]:
    """The addresses that the report is about."""
    written: set[str] = set()
    if isinstance(report, Report | FlowReport):
        for flow in report.flows:
            written.update((flow.originator.address, flow.responder.address))
    if isinstance(report, Report | FirmwareReport):
        for transfer in report.transfers:
            written.update((transfer.client, transfer.server))
        for host in report.hosts:
            written.update(host.addresses)
    for text in written:
        try:
            yield parse(text)
        except ValueError:
            continue  # a network or range of a host that was not seen


def _capture(info: CaptureInfo, at: int, pseudonyms: Pseudonyms) -> CaptureInfo:
    path = f"capture-{at + 1}.{info.format}"
    pseudonyms.names.setdefault(info.path, path)
    changed: CaptureInfo = _other(info, pseudonyms, prose=False)
    return dataclasses.replace(changed, path=path, sha256="")


def _other(value: Any, pseudonyms: Pseudonyms, *, prose: bool = False) -> Any:
    """``value``, whatever it holds, with pseudonyms; ``prose`` says that text in it may hold names."""
    if isinstance(value, str):
        if isinstance(value, enum.Enum) or not value:
            return value
        return pseudonyms.text(value, names=prose)
    if isinstance(value, Ruleset | Site):
        return value
    if isinstance(value, tuple):
        parts = [_other(part, pseudonyms, prose=prose) for part in value]
        return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)
    if isinstance(value, Sequence) and not isinstance(value, bytes):
        # Whatever makes records when they are asked for has to make them here.
        return tuple(_other(part, pseudonyms, prose=prose) for part in value)
    if isinstance(value, Mapping):
        return {key: _other(part, pseudonyms, prose=prose) for key, part in value.items()}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = dataclasses.fields(value)
        return dataclasses.replace(
            value,
            **{
                field.name: _other(getattr(value, field.name), pseudonyms, prose=field.name in PROSE)
                for field in fields
                if field.init
            },
        )
    return value
