"""The stages of ``firmware --pair``: two captures of one path, each judged, then laid over each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from analyzer import transports, updates
from analyzer.activity import Activity
from analyzer.addresses import Address, parse
from analyzer.campaigns import campaigns
from analyzer.errors import UsageError
from analyzer.model import (
    Attempt,
    FirmwareReport,
    FlowRecord,
    Pair,
    Path,
    Progress,
    Report,
    Transfer,
    TransferOutcome,
)
from analyzer.observations import observers
from analyzer.pairing import Matched, Sights, Span, flow_of, host_of, judge, match, trip
from analyzer.pipeline.judging import judge as judge_table
from analyzer.pipeline.options import Options, expected
from analyzer.pipeline.reading import read
from analyzer.transfers import Collector
from analyzer.urls import shown
from analyzer.version import VERSION

SECOND = 1_000_000_000
ORDER = (
    TransferOutcome.COMPLETE,
    TransferOutcome.FAILED,
    TransferOutcome.IN_PROGRESS,
    TransferOutcome.UNKNOWN,
)
"""What one point saw arrive has arrived, whatever the other point saw."""
KEPT = ("transfer-failed", "update-failed", "capture-problem")


@dataclass(frozen=True, slots=True)
class _Point:
    """One capture, judged by itself."""

    report: Report
    sights: Sights
    flows: Mapping[str, int]
    """Id of a UDP or TCP flow → its number among the sights."""
    roles: Mapping[Address, Sequence[str]]
    """What the ends of transfers are, where that is known."""

    @property
    def begin(self) -> int:
        return min((info.first for info in self.report.captures if info.first is not None), default=0)

    @property
    def end(self) -> int:
        return max((info.last for info in self.report.captures if info.last is not None), default=0)


@dataclass(slots=True)
class _Both:
    """One transfer as the two points saw it."""

    node: Transfer | None
    gateway: Transfer | None

    def taken(self) -> tuple[Transfer, bool]:
        """What is reported, and whether the node's point saw it: who saw more is believed."""
        if self.node is None or self.gateway is None:
            return (self.node, True) if self.node is not None else (self.gateway, False)  # type: ignore[return-value]
        ranks = ORDER.index(self.node.outcome), ORDER.index(self.gateway.outcome)
        if ranks[0] != ranks[1]:
            return (self.node, True) if ranks[0] < ranks[1] else (self.gateway, False)
        if self.gateway.answered is not None and self.node.answered is None:
            return self.gateway, False
        return self.node, True


def pair(options: Options, progress: Progress | None = None) -> FirmwareReport:
    """The transfers of two captures of one path: ``options.sources`` are the node's and the gateway's side.

    Raises :class:`analyzer.errors.UsageError` unless there are just two sources, and as :func:`check` does.
    """
    if len(options.sources) != 2:
        raise UsageError("--pair takes two captures of one path: the node's side and the gateway's side")
    node = _point(replace(options, sources=options.sources[:1]), progress, 1)
    after = sum(info.packets for info in node.report.captures) + 1
    gateway = _point(replace(options, sources=options.sources[1:]), progress, after)
    both = _together(node, gateway)
    roles = {**node.roles, **gateway.roles}

    def role(address: Address) -> Sequence[str]:
        return roles.get(address, ())

    matched, facts, span = _matched(node, gateway, both, role, tuple(map(shown, options.sources)))
    transfers = []
    chosen: dict[bool, dict[str, str]] = {True: {}, False: {}}
    for number, one in enumerate(both, 1):
        entry, at_node = one.taken()
        path = _path(one, node, gateway, matched, span, role) if span is not None else None
        chosen[at_node][entry.id] = f"t{number}"
        transfers.append(_named(entry, f"t{number}", path, 0 if at_node else len(node.report.flows)))
    attempts: list[Attempt] = []
    for at_node, point in ((True, node), (False, gateway)):
        names = chosen[at_node]
        for attempt in point.report.attempts:
            if any(name in names for name in attempt.transfers):
                held = tuple(names[name] for name in attempt.transfers if name in names)
                flows = _shifted(attempt.flows, 0 if at_node else len(node.report.flows))
                name = f"u{len(attempts) + 1}"
                attempts.append(replace(attempt, id=name, transfers=held, flows=flows))
    findings = []
    for at_node, point in ((True, node), (False, gateway)):
        told = {flow for one in point.report.transfers if one.id in chosen[at_node] for flow in one.flows}
        shift = 0 if at_node else len(node.report.flows)
        findings += [
            replace(finding, flows=_shifted(finding.flows, shift))
            for finding in point.report.findings
            if finding.kind in KEPT and (told & set(finding.flows) or finding.kind == "capture-problem")
        ]
    captures = (*node.report.captures, *gateway.report.captures)
    hosts = tuple({host.name: host for one in (gateway, node) for host in one.report.hosts}.values())
    return FirmwareReport(
        version=VERSION,
        captures=captures,
        site=node.report.site,
        hosts=hosts,
        transfers=tuple(transfers),
        attempts=tuple(attempts),
        findings=tuple(findings),
        campaigns=campaigns(attempts, transfers),
        pair=facts,
    )


def _point(options: Options, progress: Progress | None, frame: int) -> _Point:
    sheets, place = expected(options)
    collector, activity, sights = Collector(), Activity(), Sights()
    watching = observers()
    captures, table = read(options, progress, (collector, activity, sights, *watching), frame=frame)
    report = judge_table(captures, table, sheets, place, collector, activity, watching=watching)
    wanted = {flow for transfer in report.transfers for flow in transfer.flows}
    flows = [flow for flow in report.flows if flow.id in wanted]
    ends = [end for flow in flows for end in (flow.originator, flow.responder)]
    return _Point(
        report,
        sights,
        {flow.id: _number(flow) for flow in flows},
        {parse(end.address): end.roles for end in ends if end.roles},
    )


def _number(flow: FlowRecord) -> int:
    one, other = flow.originator, flow.responder
    ends = parse(one.address), one.port or 0, parse(other.address), other.port or 0
    return flow_of(*ends, transports.number(flow.transport))


def _together(node: _Point, gateway: _Point) -> list[_Both]:
    """The transfers of both points: those that share a flow and a file are one, in order."""
    rest = list(gateway.report.transfers)
    both: list[_Both] = []
    for entry in node.report.transfers:
        flows = {node.flows[flow] for flow in entry.flows if flow in node.flows}
        twin = next(
            (
                one
                for one in rest
                if one.file == entry.file
                and one.operation == entry.operation
                and flows & {gateway.flows[flow] for flow in one.flows if flow in gateway.flows}
            ),
            None,
        )
        if twin is not None:
            rest.remove(twin)
        both.append(_Both(entry, twin))
    return both + [_Both(None, one) for one in rest]


def _matched(
    node: _Point, gateway: _Point, both: Sequence[_Both], role: updates.Roles, names: Sequence[str]
) -> tuple[Matched | None, Pair, Span | None]:
    ends = [updates.ends(one.taken()[0], role) for one in both]
    nodes, gateways = (
        np.array(sorted({host_of(parse(end[side])) for end in ends}), np.uint64) for side in (0, 1)
    )
    found = match(node.sights.sights(), gateway.sights.sights(), nodes, gateways)

    def refused(reason: str) -> tuple[None, Pair, None]:
        return None, Pair(False, reason, names[0], names[1], len(found.pairs[0])), None

    if node.sights.dropped or gateway.sights.dropped:
        return refused("the captures have too many packets of transfers to lay them over each other")
    clock = found.clock
    if clock is None:
        apart = node.begin > gateway.end or gateway.begin > node.end
        return refused(
            "no packet is in both captures: "
            + ("by their clocks they were not taken at the same time" if apart else
               "they are not of one path, addresses are translated between the points, or what passes both "
               "does not tell how far their clocks are apart")
        )  # fmt: skip
    if clock.swapped:
        return refused(
            "packets are seen at the far point first: give the node's capture first, then the gateway's"
        )
    edges = clock.at_node(np.array([gateway.begin, gateway.end], np.int64)).tolist()
    span = Span(max(node.begin, edges[0]), min(node.end, edges[1]))
    if span.begin >= span.end:
        return refused("the captures have no time in common")
    facts = Pair(
        judged=True,
        reason="",
        node=names[0],
        gateway=names[1],
        matched=len(found.pairs[0]),
        offset=clock.offset,
        uncertainty=clock.uncertainty,
        drift_ppm=clock.drift * 1e6,
        delay=clock.delay,
        begin=span.begin,
        end=span.end,
    )
    return found, facts, span


def _path(
    one: _Both, node: _Point, gateway: _Point, matched: Matched | None, span: Span, role: updates.Roles
) -> Path:
    assert matched is not None
    assert matched.clock is not None
    entry, _ = one.taken()
    names = dict(zip(("node", "gateway"), updates.ends(entry, role), strict=True))
    flows: set[int] = set()
    times: list[int] = []
    if one.node is not None:
        flows |= {node.flows[flow] for flow in one.node.flows if flow in node.flows}
        times += [one.node.first, one.node.last]
    if one.gateway is not None:
        flows |= {gateway.flows[flow] for flow in one.gateway.flows if flow in gateway.flows}
        edges = np.array([one.gateway.first, one.gateway.last], np.int64)
        times += matched.clock.at_node(edges).tolist()
    nodes = {host_of(parse(names["node"]))}
    found = trip(matched, flows, nodes, min(times) - SECOND, max(times) + SECOND, span)
    return judge(found, entry, names)


def _named(entry: Transfer, name: str, path: Path | None, shift: int) -> Transfer:
    return replace(entry, id=name, path=path, flows=_shifted(entry.flows, shift))


def _shifted(flows: Sequence[str], shift: int) -> tuple[str, ...]:
    """Flow ids of the gateway's capture count on after the node's."""
    return tuple(f"f{int(flow[1:]) + shift}" for flow in flows)
