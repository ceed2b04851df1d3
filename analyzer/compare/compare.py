"""Two views in, what changed out. Swapping them mirrors the answer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Final, Literal, NamedTuple

from analyzer.compare.view import BACKGROUND, BEST, Found, Relation, Talk, View
from analyzer.model import (
    GRAVITY,
    Diff,
    Fault,
    FindingChange,
    FindingKind,
    RelationChange,
    RowChange,
    Severity,
    Status,
    Traffic,
    Turn,
)

LARGE_FACTOR: Final = 10.0
"""A relation's volume has changed when it carries ten times more or less in the same time: less than that is
an ordinary day."""
LARGE_BYTES: Final = 100_000
"""And only where the busier side carried at least this much: ten times a handful of packets is still none."""
LARGE_SECONDS: Final = 10.0
"""And only where both sides were captured at least this long: a rate needs some time."""
LONG_ENOUGH: Final = 300.0
"""Seconds after which the absence of what should not be is believed, unless the other side was shorter."""

JUDGED: Final = frozenset({Status.WORKING, Status.ONE_WAY, Status.FAILING, Status.MISSING})
"""Statuses by which a capture says something of a row."""
NOT_FAULTS: Final = frozenset({FindingKind.CAPTURE_PROBLEM, FindingKind.EXPIRED_WAIVER})
"""Findings about what was given, not about the site."""
ATTEMPTS: Final = frozenset({FindingKind.FAILING_FLOW, FindingKind.TRANSFER_FAILED})
"""Faults that only another attempt can show to be gone."""
OF_ROWS: Final = frozenset({FindingKind.FAILING_FLOW, FindingKind.MISSING_FLOW})
"""Kinds that one fault may turn from and into: what was never tried is tried and fails."""


def compare(old: View, new: View, version: str) -> Diff:
    """What changed from ``old`` to ``new``."""
    relations, background = _relations(old, new)
    return Diff(
        version=version,
        old=old.side,
        new=new.side,
        findings=tuple(_findings(old, new)),
        rows=tuple(_rows(old, new)),
        relations=tuple(relations),
        background=background,
        notes=tuple(_notes(old, new)),
    )


# ---------------------------------------------------------------- findings


def _findings(old: View, new: View) -> list[FindingChange]:
    both = [(found, new.findings[name]) for name, found in old.findings.items() if name in new.findings]
    gone = [found for name, found in old.findings.items() if name not in new.findings]
    come = [found for name, found in new.findings.items() if name not in old.findings]
    # A fault that took another form (blocked, now silent) has another id and is the same fault. In an order
    # that swapping the sides does not change.
    alike = [(before, after) for before in gone for after in come if _same(before, after)]
    for before, after in sorted(alike, key=lambda pair: sorted(found.fault.id for found in pair)):
        if before in gone and after in come:
            both.append((before, after))
            gone.remove(before)
            come.remove(after)
    changes = [_remaining(before, after) for before, after in both]
    for found in gone:
        why = _unjudged(found, new, old)
        turn = Turn.NO_LONGER_JUDGED if why else Turn.FIXED
        changes.append(FindingChange(turn, found.fault, None, _counts(found.fault), reason=why))
    for found in come:
        why = _unjudged(found, old, new)
        turn = Turn.FIRST_JUDGED if why else Turn.NEW
        changes.append(FindingChange(turn, None, found.fault, _counts(found.fault), reason=why))
    order = (Turn.NEW, Turn.FIRST_JUDGED, Turn.REMAINS, Turn.NO_LONGER_JUDGED, Turn.FIXED)
    grave = tuple(Severity)
    changes.sort(key=lambda c: (order.index(c.turn), grave.index(c.shown.severity), c.shown.id))
    return changes


def _same(before: Found, after: Found) -> bool:
    one, other = before.fault, after.fault
    if one.kind is not other.kind and not (one.kind in OF_ROWS and other.kind in OF_ROWS):
        return False
    if before.labels and after.labels:
        return bool(before.labels & after.labels)
    return bool(set(one.rows) & set(other.rows))


def _remaining(before: Found, after: Found) -> FindingChange:
    one, other = before.fault, after.fault
    said = []
    if one.severity is not other.severity:
        said.append(f"{one.severity}, now {other.severity}")
    if one.waived != other.waived:
        said.append(f"now waived: {other.waived}" if other.waived else "no longer waived")
    if one.id != other.id:
        said.append(f"was: {one.title}")
    counts = _counts(one) or _counts(other)
    return FindingChange(Turn.REMAINS, one, other, counts, changed=bool(said), reason="; ".join(said))


def _counts(fault: Fault) -> bool:
    return fault.severity is not Severity.NOTE and fault.kind not in NOT_FAULTS


def _unjudged(found: Found, view: View, other: View) -> str:
    """Why ``view``, which does not have the finding, could not have shown it; empty where it could."""
    fault = found.fault
    if fault.kind in NOT_FAULTS:
        return ""
    if not view.side.packets:
        return "the other side holds no packets"
    if fault.kind in ATTEMPTS:
        missing = [relation for relation in found.relations if relation not in view.relations]
        return _part(len(missing), len(found.relations), "tried")
    if fault.kind is FindingKind.MISSING_FLOW:
        statuses = {view.rows[row].status for row in fault.rows if row in view.rows}
        return "" if statuses & JUDGED else "its rows are not judged on the other side"
    talkers = {relation.originator for relation in found.relations}
    silent = len(talkers - view.talkers)
    if silent:
        return _part(silent, len(talkers), "seen")
    if view.seconds < min(LONG_ENOUGH, other.seconds):
        return f"the other side was captured for {view.seconds:.0f} s only"
    return ""


def _part(missing: int, total: int, verb: str) -> str:
    if not missing:
        return ""
    if missing == total:
        return f"not {verb} on the other side"
    what = "hosts" if verb == "seen" else "pairs of hosts"
    return f"only {total - missing} of {total} {what} {verb} on the other side"


# ---------------------------------------------------------------- rows


def _rows(old: View, new: View) -> Iterator[RowChange]:
    for name in dict.fromkeys((*old.rows, *new.rows)):
        before, after = old.rows.get(name), new.rows.get(name)
        known = before or after
        assert known is not None
        was = before.status if before else Status.NOT_APPLICABLE
        now = after.status if after else Status.NOT_APPLICABLE
        if was is not now and (was in JUDGED or now in JUDGED):
            reasons = before.reason if before else "", after.reason if after else ""
            yield RowChange(name, known.service, was, now, *reasons)


# ---------------------------------------------------------------- relations


_Change = Literal["appeared", "vanished", "changed", "volume"]


class _Group(NamedTuple):
    """Relations that changed alike are one entry."""

    change: _Change
    originator: str
    responder: str
    transport: str
    port: int | None
    service: str
    before: tuple[str, str]
    after: tuple[str, str]


_Pairs = list[tuple[Relation, Traffic | None, Traffic | None]]


def _relations(old: View, new: View) -> tuple[list[RelationChange], dict[str, int]]:
    judged = any(
        talk.traffic.verdict not in BACKGROUND for view in (old, new) for talk in view.relations.values()
    )
    background = {"appeared": 0, "vanished": 0}
    groups: dict[_Group, _Pairs] = defaultdict(list)
    for relation in sorted(old.relations.keys() | new.relations.keys(), key=repr):
        before, after = old.relations.get(relation), new.relations.get(relation)
        if judged and all(talk is None or talk.traffic.verdict in BACKGROUND for talk in (before, after)):
            if before is None or after is None:
                background["appeared" if before is None else "vanished"] += 1
            continue
        group = _group(relation, before, after, old, new)
        if group is not None:
            known = (before.traffic if before else None), (after.traffic if after else None)
            groups[group].append((relation, *known))
    changes = [_change(group, pairs) for group, pairs in groups.items()]
    order = ("changed", "appeared", "vanished", "volume")
    changes.sort(key=lambda c: (order.index(c.change), c.originator, c.responder, c.transport, c.port or 0))
    return changes, background


def _group(
    relation: Relation, before: Talk | None, after: Talk | None, old: View, new: View
) -> _Group | None:
    if before is None or after is None:
        change: _Change = "appeared" if before is None else "vanished"
    elif _said(before.traffic) != _said(after.traffic):
        change = "changed"
    elif _much(before.traffic, after.traffic, old, new):
        change = "volume"
    else:
        return None
    # Of both names the one that sorts first, so that swapping the sides groups alike.
    talk = min((talk for talk in (before, after) if talk), key=_names)
    return _Group(
        change,
        talk.originator,
        talk.responder,
        relation.transport,
        relation.port,
        talk.service,
        _said(before.traffic) if before else ("", ""),
        _said(after.traffic) if after else ("", ""),
    )


def _names(talk: Talk) -> tuple[str, str, str]:
    return talk.originator, talk.responder, talk.service


def _said(traffic: Traffic) -> tuple[str, str]:
    return str(traffic.verdict or ""), traffic.outcome.value


def _much(before: Traffic, after: Traffic, old: View, new: View) -> bool:
    if min(old.seconds, new.seconds) < LARGE_SECONDS:
        return False
    low, high = sorted((before, after), key=lambda traffic: traffic.rate)
    return high.bytes >= LARGE_BYTES and high.rate >= LARGE_FACTOR * low.rate


def _change(group: _Group, pairs: _Pairs) -> RelationChange:
    return RelationChange(
        change=group.change,
        originator=group.originator,
        responder=group.responder,
        transport=group.transport,
        port=group.port,
        service=group.service,
        old=_sum([before for _, before, _ in pairs]),
        new=_sum([after for _, _, after in pairs]),
        pairs=tuple((relation.originator, relation.responder) for relation, _, _ in pairs),
    )


def _sum(traffic: Iterable[Traffic | None]) -> Traffic | None:
    known = [one for one in traffic if one is not None]
    if not known:
        return None
    return Traffic(
        verdict=min((one.verdict for one in known if one.verdict), key=GRAVITY.index, default=None),
        outcome=min((one.outcome for one in known), key=BEST.index),
        flows=sum(one.flows for one in known),
        packets=sum(one.packets for one in known),
        bytes=sum(one.bytes for one in known),
        rate=sum(one.rate for one in known),
    )


# ---------------------------------------------------------------- notes


def _notes(old: View, new: View) -> Iterator[str]:
    if old.side.site != new.side.site:
        named = [view.side.site or "one without a name" for view in (old, new)]
        yield f"the sides speak of different sites: {named[0]} and {named[1]}"
    for one, other, which in ((old, new, "OLD"), (new, old, "NEW")):
        alone = sorted(one.versions - other.versions)
        if alone:
            shown = ", ".join(f"{role} {version or 'of unknown version'}" for role, version in alone[:6])
            yield f"only {which} has {shown}"
        if not one.side.packets:
            yield f"{which} holds no packets"
    if old.side.version != new.side.version:
        yield f"judged by portmatrix {old.side.version} and {new.side.version}: rules may differ"
