"""TCP 1470 and 1471 taken for each other: the two ports differ by device family, not by encryption."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Final

from analyzer.addresses import text
from analyzer.conversation import Address
from analyzer.model import Outcome
from analyzer.observation import Setting
from analyzer.observations.biostar.pick import AT_DEVICE
from analyzer.observations.biostar.sessions import DEVICE

FAMILIES: Final = {
    1470: "BioStation, BioStation T2, D-Station, X-Station and FaceStation",
    1471: "BioEntry Plus, BioEntry W, BioLite Net, Xpass, Xpass Slim and Xpass S2",
}
"""BioStar SDK Manual V1.9, page 48."""
STOPPED: Final = (Outcome.REFUSED, Outcome.BLOCKED, Outcome.UNANSWERED)


def near(setting: Setting) -> Mapping[int, str]:
    """What comes close to right for each attempt at a device's port that failed, by the flow's row."""
    answering: dict[Address, set[int]] = defaultdict(set)
    failed = []
    for flow in setting.using("tcp", *AT_DEVICE):
        if flow.port not in AT_DEVICE or DEVICE not in setting.roles(flow.responder):
            continue
        if flow.outcome is Outcome.ANSWERED:
            answering[flow.responder].add(flow.port)
        elif flow.outcome in STOPPED:
            failed.append(flow)
    words = {}
    for flow in failed:
        others = answering[flow.responder] - {flow.port}
        if others:
            other = min(others)
            words[flow.row] = (
                f"{text(*flow.responder)} answers on TCP {other}, the port of {FAMILIES[other]}; "
                f"{flow.port} is the port of {FAMILIES[flow.port]}"
            )
        elif flow.outcome is Outcome.REFUSED and not answering[flow.responder]:
            other = next(port for port in FAMILIES if port != flow.port)
            words[flow.row] = (
                f"perhaps TCP {other}: {flow.port} is the port of {FAMILIES[flow.port]}, {other} that of "
                f"{FAMILIES[other]}; or the device is at its limit of connections"
            )
    return words
