"""Igor's update signalling (UDP 1050 and 50195 to 50199), whose bytes nobody outside can read.

What can be told is who spoke, who answered, and what transfer with the same node came before or after. The
vendor does not say what the messages mean, so nothing here is more than a hint where to look, and a node is
measured by the other nodes of the capture.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from analyzer.addresses import parse
from analyzer.conversation import Address, Conversation
from analyzer.conversations import Selection
from analyzer.kinds import Array, kinds, members
from analyzer.model import FindingKind, Outcome, Severity, Transfer, TransferOutcome
from analyzer.observation import FRAMES, SECOND, Observation, Setting, named
from analyzer.protocols.igor_firmware import PROTOCOL as SIGNALLING

GATEWAY, NODE = "igor-gateway", "igor-node"
UPDATE: Final = "firmware-update"
REQUEST_WITHIN: Final = 120 * SECOND
"""How long the capture has to go on after the last message before a transfer can be missed."""
REPORT_WITHIN: Final = 60 * SECOND
"""How long it has to go on after a transfer before a message after it can be missed, at the least."""
OTHERS: Final = 2
"""Nodes that have to report after their transfers before a node that does not is worth a word."""
STOPPED: Final = (Outcome.REFUSED, Outcome.BLOCKED, Outcome.UNANSWERED)


@dataclass(slots=True)
class Signalling:
    """All messages between one gateway and one node: the conversations, how many packets of each end, and the
    time of the last, ns."""

    gateway: Address
    node: Address
    flows: Selection
    of_gateway: int
    of_node: int
    last: int
    transfers: list[Transfer] = field(default_factory=list)

    @property
    def answered(self) -> bool:
        """Both ends spoke."""
        return bool(self.of_gateway and self.of_node)

    @property
    def stopped(self) -> bool:
        """The network says why there was no answer: that is told as a failing flow."""
        return any(flow.outcome in STOPPED for flow in self.flows)

    @property
    def ports(self) -> str:
        """``UDP 1050, 50195``."""
        return "UDP " + ", ".join(map(str, sorted({(flow.parent or flow).port for flow in self.flows})))

    @property
    def reported(self) -> int | None:
        """How long after its last transfer the latest message came, ns; None if none came."""
        done = max((transfer.last for transfer in self.transfers), default=None)
        return self.last - done if done is not None and self.last > done else None


def signalling(setting: Setting) -> list[Signalling]:
    """The signalling of each gateway and node, with the transfers between the two."""
    found = setting.found
    gateways, nodes = setting.holding(GATEWAY), setting.holding(NODE)
    places, columns = found.places, found.columns
    is_a = gateways[places.a] & nodes[places.b]
    spoken = found.facts["protocol"].among(SIGNALLING.name) & ~found.group
    rows = np.flatnonzero(spoken & (is_a | gateways[places.b] & nodes[places.a]))
    is_a = is_a[rows]

    def ends(of_a: Array, of_b: Array) -> tuple[Array, Array]:
        """Columns of A and B as columns of gateway and node."""
        return np.where(is_a, of_a[rows], of_b[rows]), np.where(is_a, of_b[rows], of_a[rows])

    gateway, node = ends(places.a, places.b)
    firsts, of = kinds((gateway, node))
    sent = np.zeros((2, len(firsts)), np.int64)
    for count, packets in zip(sent, ends(columns["packets_ab"], columns["packets_ba"]), strict=True):
        np.add.at(count, of, packets)
    last = np.zeros(len(firsts), np.int64)
    np.maximum.at(last, of, found.end[rows])
    pairs: dict[tuple[Address, Address], Signalling] = {}
    for at, (first, flows) in enumerate(zip(firsts.tolist(), members(of, len(firsts)), strict=True)):
        pair = places.address(gateway[first]), places.address(node[first])
        of_pair = int(sent[0, at]), int(sent[1, at]), int(last[at])
        pairs[pair] = Signalling(*pair, Selection(found, rows[flows]), *of_pair)
    for transfer in setting.transfers if pairs else ():
        parties = parse(transfer.client), parse(transfer.server)
        for pair in (parties, parties[::-1]):
            if pair in pairs:
                pairs[pair].transfers.append(transfer)
    return list(pairs.values())


def tell(setting: Setting) -> Iterator[Observation]:
    """One observation for each thing that nodes of one gateway lack."""
    gateways: dict[Address, list[Signalling]] = defaultdict(list)
    for one in signalling(setting):
        gateways[one.gateway].append(one)
    for gateway, held in gateways.items():
        updating = UPDATE in setting.activities or any(one.transfers for one in held)
        weight = Severity.WARNING if updating else Severity.NOTE
        yield from _unrequested(gateway, held, weight, setting)
        yield from _unanswered(gateway, held, weight, setting)
        yield from _unreported(gateway, held, setting)


def _unrequested(
    gateway: Address, held: Sequence[Signalling], weight: Severity, setting: Setting
) -> Iterator[Observation]:
    """Nodes that answered, and no image was ever asked for or sent."""
    over = setting.seen.end - REQUEST_WITHIN
    waiting = [one for one in held if one.answered and not one.transfers and one.last <= over]
    if not waiting:
        return
    nodes = named((one.node for one in waiting), "nodes")
    served = [one for one in held if one.transfers]
    compared = f" {named((one.node for one in served), 'nodes')} had a transfer." if served else ""
    rest = min(setting.seen.end - one.last for one in waiting) // SECOND
    here = named([gateway])
    where = (
        f"This capture was taken at {here}: a capture at {nodes} shows whether a request is sent and lost."
        if setting.seen.points == {gateway}
        else f"A capture at {here} shows whether a request arrives there."
    )
    yield Observation(
        kind=FindingKind.MISSING_FLOW,
        severity=weight,
        key=("igor", "no-transfer", setting.kind(gateway)),
        title=f"{nodes} spoke with {named([gateway])} about an update, and no transfer follows",
        detail=f"{_spoke(waiting)}. The capture goes on for {rest} s after that, without a request for an "
        f"image.{compared}",
        advice=f"In this order: is the image in place at {here}, and newer than what {nodes} has; does the "
        f"TFTP service of {here} run, and do its antivirus exclusions hold; does every firewall between let "
        f"UDP 69 and CoAP through both ways. {where}",
        frames=_frames(waiting),
        flows=_flows(waiting),
        explains="tftp",
    )


def _unanswered(
    gateway: Address, held: Sequence[Signalling], weight: Severity, setting: Setting
) -> Iterator[Observation]:
    """Nodes that stay silent where others answer, or that the gateway does not answer."""
    answered = [one for one in held if one.answered]
    silent = [one for one in held if not (one.answered or one.transfers or one.stopped)]
    silent = [one for one in silent if setting.seen.end - one.last >= REPORT_WITHIN]
    groups = {
        "nodes": [one for one in silent if one.of_gateway and _alive(one.node, setting)],
        "gateway": [one for one in silent if one.of_node and _alive(gateway, setting)],
    }
    for who, waiting in groups.items():
        if not answered or not waiting:
            continue
        nodes, others = (named((one.node for one in some), "nodes") for some in (waiting, answered))
        title = (
            f"{nodes} does not answer the update signalling of {named([gateway])}, as other nodes do"
            if who == "nodes"
            else f"{named([gateway])} does not answer the update signalling of {nodes}, as it does of others"
        )
        yield Observation(
            kind=FindingKind.FAILING_FLOW,
            severity=weight,
            key=("igor", "no-answer", who, setting.kind(gateway)),
            title=title,
            detail=f"{_spoke(waiting)}. Answered: {others}",
            advice="Compare the firmware version of these nodes with the others'; see whether they are "
            f"restarting; then whether a filter on their way drops {waiting[0].ports}. On Windows these "
            "ports may be reserved for something else: netsh int ipv4 show excludedportrange "
            "protocol=udp.",
            frames=_frames(waiting),
            flows=_flows(waiting),
        )


def _alive(address: Address, setting: Setting) -> bool:
    """Whether a host was heard at all: one that is off tells its own story elsewhere."""
    sight = setting.seen.sight(address)
    return sight is not None and sight.sent.first is not None


def _unreported(gateway: Address, held: Sequence[Signalling], setting: Setting) -> Iterator[Observation]:
    """Nodes without a message after their image, where the others have one."""
    delays = [one.reported for one in held if one.reported is not None]
    if len(delays) < OTHERS:
        return
    patience = max(REPORT_WITHIN, 2 * max(delays))
    quiet = [
        one
        for one in held
        if one.transfers
        and one.reported is None
        and all(transfer.outcome is TransferOutcome.COMPLETE for transfer in one.transfers)
        and setting.seen.end - max(transfer.last for transfer in one.transfers) >= patience
    ]
    if not quiet:
        return
    nodes = named((one.node for one in quiet), "nodes")
    yield Observation(
        kind=FindingKind.MISSING_FLOW,
        severity=Severity.NOTE,
        key=("igor", "no-report", setting.kind(gateway)),
        title=f"no signalling follows the transfer of {nodes}, as it does for other nodes",
        detail=f"{_spoke(quiet)}. {len(delays)} other nodes exchange messages within "
        f"{max(delays) / SECOND:.0f} s after their image",
        advice="See whether these nodes came back and run the new version. A node that takes its image "
        "and then says nothing may have refused it.",
        frames=_frames(quiet),
        flows=_flows(quiet),
    )


def _spoke(some: Sequence[Signalling]) -> str:
    """Who said how much on which ports, the first few."""
    told = [
        f"{named([one.node])}: {one.of_gateway} packets to it, {one.of_node} from it, {one.ports}"
        for one in some[:3]
    ]
    more = len(some) - 3
    return "; ".join(told) + (f"; and {more} more" if more > 0 else "")


def _frames(some: Sequence[Signalling]) -> tuple[int, ...]:
    frames = {
        frame
        for one in some[: FRAMES // 3]
        for flow in (*one.flows[:2], *one.flows[-1:])
        for frame in flow.evidence()
    }
    return tuple(sorted(frames)[:FRAMES])


def _flows(some: Sequence[Signalling]) -> tuple[Conversation, ...]:
    return tuple(flow for one in some for flow in one.flows)
