"""What changed from one report to another, and the laws of comparing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import judging
import pytest
from judging import GATEWAY, LAPTOP, NODE, OTHER
from traffic import ACK, RST, SYN, Traffic

from analyzer.compare import View, compare, read
from analyzer.model import Diff, Report, Status, Turn
from analyzer.pipeline import Options, check
from analyzer.report import document

HOSTS = ("igor-gateway=10.20.0.10@5.1.0", "igor-node=10.20.1.0/24@6.0.2")


def view(report: Report) -> View:
    return read(document.whole(document.report_parts(report)), "x", "capture")


def judged(traffic: Traffic) -> View:
    return view(judging.judged(traffic, HOSTS))


def differ(old: Traffic, new: Traffic) -> Diff:
    return compare(judged(old), judged(new), "test")


def con(wire: Traffic, at: float, node: str = NODE, answered: bool = True) -> Traffic:
    """A confirmable CoAP GET of the gateway, acknowledged or not."""
    number = int(at * 10).to_bytes(2, "big")
    wire.udp(at, GATEWAY, 50000, node, 5683, b"\x40\x01" + number + b"\xb1a")
    if answered:
        wire.udp(at + 0.01, node, 5683, GATEWAY, 50000, b"\x60\x45" + number)
    return wire


def telnet(wire: Traffic, at: float = 1, answered: bool = True) -> Traffic:
    wire.tcp(at, LAPTOP, 50001, NODE, 9999, SYN)
    return wire.tcp(at + 0.01, NODE, 9999, LAPTOP, 50001, SYN | ACK if answered else RST | ACK)


def chatter(wire: Traffic, seconds: int = 320) -> Traffic:
    """Everybody talks, for longer than five minutes."""
    for at in range(10, seconds, 20):
        con(wire, at)
        wire.udp(at + 0.5, LAPTOP, 50002, "10.20.0.98", 9000, b"x")
    return wire


def turns(diff: Diff, kind: str) -> list[Turn]:
    return [entry.turn for entry in diff.findings if entry.shown.kind == kind]


def silent(seconds: int = 60) -> Traffic:
    wire = Traffic()
    for at in range(1, seconds, 4):
        con(wire, at, answered=False)
    return wire


def working(seconds: int = 60, node: str = NODE) -> Traffic:
    wire = Traffic()
    for at in range(1, seconds, 4):
        con(wire, at, node)
    return wire


def test_a_fault_is_fixed_where_the_same_hosts_tried_again() -> None:
    found = differ(silent(), working())
    assert turns(found, "failing-flow") == [Turn.FIXED]
    assert turns(differ(working(), silent()), "failing-flow") == [Turn.NEW]
    (row,) = (row for row in found.rows if row.id.startswith("igor-gateway/"))
    assert (row.old, row.new) == (Status.FAILING, Status.WORKING)
    (relation,) = found.relations
    assert (relation.change, relation.originator, relation.responder) == (
        "changed",
        "igor-gateway",
        "igor-node",
    )
    assert relation.old is not None
    assert relation.new is not None
    assert (relation.old.outcome, relation.new.outcome) == ("unanswered", "answered")
    assert relation.pairs == ((GATEWAY, NODE),)


def test_a_fault_of_hosts_that_did_not_try_again_is_not_fixed() -> None:
    found = differ(silent(), working(node=OTHER))
    assert turns(found, "failing-flow") == [Turn.NO_LONGER_JUDGED]
    assert found.count(Turn.FIXED) == 0
    assert turns(differ(working(node=OTHER), silent()), "failing-flow") == [Turn.FIRST_JUDGED]
    assert turns(differ(silent(), Traffic()), "failing-flow") == [Turn.NO_LONGER_JUDGED]


def test_a_part_that_tried_again_is_said() -> None:
    both = silent()
    for at in range(2, 60, 4):
        con(both, at, OTHER, answered=False)
    (entry,) = (entry for entry in differ(both, working()).findings if entry.old)
    assert entry.turn is Turn.NO_LONGER_JUDGED
    assert entry.reason == "only 1 of 2 pairs of hosts tried on the other side"


def test_what_should_not_be_is_gone_only_if_the_host_was_there_long_enough() -> None:
    with_it = telnet(chatter(Traffic()))
    assert turns(differ(with_it, chatter(Traffic())), "unexpected-flow") == [Turn.FIXED]
    assert turns(differ(with_it, chatter(Traffic(), 100)), "unexpected-flow") == [Turn.NO_LONGER_JUDGED]
    assert turns(differ(with_it, working(400)), "unexpected-flow") == [Turn.NO_LONGER_JUDGED]


def test_a_stopped_attempt_is_still_there() -> None:
    found = differ(telnet(chatter(Traffic())), telnet(chatter(Traffic()), answered=False))
    assert turns(found, "unexpected-flow") == [Turn.REMAINS]
    (relation,) = found.relations
    assert (relation.originator, relation.port) == (LAPTOP, 9999)
    assert relation.new is not None
    assert relation.new.outcome == "refused"


def test_a_fault_in_another_form_remains() -> None:
    blocked = silent()
    refused = Traffic()
    for at in range(1, 60, 4):
        con(refused, at, answered=False)
        quoted = refused.frames[-1][1][14:]
        refused._ip(at + 0.01, NODE, GATEWAY, 1, b"\x03\x03\0\0\0\0\0\0" + quoted)
    found = differ(blocked, refused)
    (entry,) = (entry for entry in found.findings if entry.shown.kind == "failing-flow")
    assert entry.turn is Turn.REMAINS
    assert entry.changed
    assert entry.old is not None
    assert entry.new is not None
    assert entry.old.id != entry.new.id


def test_volume_changes_only_when_large() -> None:
    def load(size: int) -> Traffic:
        wire = working()
        for at in range(60):
            wire.udp(at + 0.2, GATEWAY, 50000, NODE, 5683, b"\x50\x01\x00\x01" + bytes(size))
        return wire

    assert not differ(load(200), load(400)).relations
    (relation,) = differ(load(10), load(1400 * 2)).relations
    assert relation.change == "volume"
    assert relation.old is not None
    assert relation.new is not None
    assert relation.new.rate > 10 * relation.old.rate


def test_background_is_no_difference() -> None:
    noisy = working().udp(5, "10.20.0.77", 50000, "10.20.0.78", 9000, b"x")
    found = differ(working(), noisy)
    assert not found.differs
    assert found.background == {"appeared": 1, "vanished": 0}


def test_many_hosts_that_changed_alike_are_one_entry() -> None:
    before, after = Traffic(), Traffic()
    for host in range(20, 60):
        for at in range(1, 60, 20):
            con(before, at + host / 100, f"10.20.1.{host}", answered=False)
            con(after, at + host / 100, f"10.20.1.{host}")
    (relation,) = differ(before, after).relations
    assert len(relation.pairs) == 40


# ---------------------------------------------------------------- laws


@pytest.fixture(scope="module")
def views() -> dict[str, View]:
    return {
        path.parent.name: view(check(Options((str(path),), site=str(site))))
        for path, site in judging.samples()
    }


MIRROR = {
    Turn.FIXED: Turn.NEW,
    Turn.NEW: Turn.FIXED,
    Turn.NO_LONGER_JUDGED: Turn.FIRST_JUDGED,
    Turn.FIRST_JUDGED: Turn.NO_LONGER_JUDGED,
    Turn.REMAINS: Turn.REMAINS,
}
CASES = sorted({path.parent.name for path, _ in judging.samples()})


def facts(found: Diff, mirror: bool = False) -> object:
    """Everything that changed, with both sides swapped for ``mirror``."""
    swap: Callable[[object, object], tuple[object, object]] = lambda a, b: (b, a) if mirror else (a, b)  # noqa: E731
    words = {"appeared": "vanished", "vanished": "appeared"}
    return (
        Counter(
            (MIRROR[e.turn] if mirror else e.turn, swap(e.old, e.new), e.changed) for e in found.findings
        ),
        Counter((e.id, swap(e.old, e.new)) for e in found.rows),
        Counter(
            (
                words.get(r.change, r.change) if mirror else r.change,
                (r.originator, r.responder, r.transport, r.port, r.service),
                swap(r.old, r.new),
                r.pairs,
            )
            for r in found.relations
        ),
        swap(found.background["appeared"], found.background["vanished"]),
    )


@pytest.mark.parametrize("case", CASES)
def test_a_capture_does_not_differ_from_itself(case: str, views: dict[str, View]) -> None:
    found = compare(views[case], views[case], "test")
    assert not found.differs
    assert not found.notes


@pytest.mark.parametrize("case", CASES)
def test_swapping_mirrors(case: str, views: dict[str, View]) -> None:
    for other in CASES[::4]:
        forth, back = (
            compare(views[case], views[other], "test"),
            compare(views[other], views[case], "test"),
        )
        assert facts(forth) == facts(back, mirror=True), other
