"""Files on their way, and the updates that they are part of."""

from __future__ import annotations

from analyzer import model
from analyzer.report.document.entry import Entry, seconds, when
from analyzer.report.moment import timestamp
from analyzer.report.neutral import unicode


def transfer(entry: model.Transfer) -> Entry:
    """One entry of ``transfers``."""
    return {
        "id": entry.id,
        "protocol": entry.protocol,
        "operation": entry.operation,
        "client": entry.client,
        "server": entry.server,
        "file": None if entry.file is None else unicode(entry.file),
        "mode": None if entry.mode is None else unicode(entry.mode),
        "options": {
            "requested": {unicode(name): unicode(value) for name, value in entry.requested.items()},
            "accepted": {unicode(name): unicode(value) for name, value in entry.accepted.items()},
        },
        "block_size": entry.block_size,
        "window_size": entry.window_size,
        "bytes": entry.bytes,
        "expected_bytes": entry.expected_bytes,
        "blocks": entry.blocks,
        "retransmissions": entry.retransmissions,
        "longest_gap_s": entry.longest_gap / 1e9,
        "rate_bytes_s": round(entry.rate, 1),
        "attempts": entry.attempts,
        "first": timestamp(entry.first),
        "last": timestamp(entry.last),
        "outcome": entry.outcome.value,
        "cause": entry.cause.value if entry.cause is not None else None,
        "detail": unicode(entry.detail),
        "advice": unicode(entry.advice),
        "frames": list(entry.frames),
        "evidence": list(entry.evidence),
        "flows": list(entry.flows),
        "path": None if entry.path is None else path(entry.path),
        "counts": entry.counts,
    }


def path(entry: model.Path) -> Entry:
    """The key ``path`` of a transfer."""
    return {
        "place": entry.place,
        "direction": entry.direction,
        "detail": unicode(entry.detail),
        "to_gateway": way(entry.to_gateway),
        "to_node": way(entry.to_node),
    }


def way(entry: model.Way) -> Entry:
    """One direction of a ``path``."""
    return {
        "sent": entry.sent,
        "arrived": entry.arrived,
        "lost": entry.lost,
        "unseen": entry.unseen,
        "lost_frames": list(entry.lost_frames),
        "arrived_frames": list(entry.arrived_frames),
    }


def pair(entry: model.Pair) -> Entry:
    """The key ``pair``."""
    return {
        "judged": entry.judged,
        "reason": unicode(entry.reason),
        "node": unicode(entry.node),
        "gateway": unicode(entry.gateway),
        "matched": entry.matched,
        "offset_s": seconds(entry.offset),
        "uncertainty_s": seconds(entry.uncertainty),
        "drift_ppm": None if entry.drift_ppm is None else round(entry.drift_ppm, 3),
        "delay_s": seconds(entry.delay),
        "begin": when(entry.begin),
        "end": when(entry.end),
    }


def attempt(entry: model.Attempt) -> Entry:
    """One entry of ``attempts``."""
    return {
        "id": entry.id,
        "node": entry.node,
        "gateway": entry.gateway,
        "outcome": entry.outcome,
        "reason": entry.reason or None,
        "came_back": entry.came_back,
        "detail": unicode(entry.detail),
        "first": timestamp(entry.first),
        "last": timestamp(entry.last),
        "timeline": [
            {
                "time": timestamp(event.time),
                "frame": event.frame,
                "what": event.what,
                "detail": unicode(event.detail),
            }
            for event in entry.timeline
        ],
        "transfers": list(entry.transfers),
        "flows": list(entry.flows),
        "basis": entry.basis,
    }


def campaign(entry: model.Campaign) -> Entry:
    """One entry of ``campaigns``."""
    return {
        "id": entry.id,
        "gateway": entry.gateway,
        "nodes": entry.nodes,
        "outcomes": dict(entry.outcomes),
        "stopped": [
            {"node": one.node, "attempt": one.attempt, "outcome": one.outcome, "where": one.where}
            for one in entry.stopped
        ],
        "outliers": [
            {
                "node": one.node,
                "transfer": one.transfer,
                "what": one.what,
                "value": one.value,
                "median": one.median,
            }
            for one in entry.outliers
        ],
        "attempts": list(entry.attempts),
    }
