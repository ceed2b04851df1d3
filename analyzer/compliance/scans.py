"""Who scans ports, and which of the attempts are its probes.

A scan tries all ports, those of a sheet among them. That a listed one refuses a scanner, or keeps silent,
says nothing of the row: no host of the site wanted anything.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from analyzer.compliance.judgement import Judgements
from analyzer.conversations import Conversations
from analyzer.kinds import Array, kinds
from analyzer.model import Outcome, Verdict

MANY_PORTS: Final = 12
"""Unexpected ports between the same two roles from which on they are one finding (a scan)."""
BESIDE: Final = 10_000_000_000
"""How long before the first and after the last unlisted port a listed one may be tried, ns: scanners shuffle
their ports, and repeat a probe within seconds."""
FAILED: Final = (Outcome.REFUSED, Outcome.BLOCKED, Outcome.UNANSWERED, Outcome.ONE_WAY)


def probes(found: Conversations, judgements: Judgements) -> Array:
    """Which rows of ``found`` are probes of listed or retired ports that came to nothing, as booleans.

    Only of a host that tries more than MANY_PORTS unlisted ports of the same other host, most of them in
    vain, and only while it does. A client that tried the port at another time as well, was answered once, or
    tried it more often than any of the others, wants something.
    """
    result = np.zeros(len(found), bool)
    unlisted = judgements.where(lambda one: one.verdict is Verdict.UNEXPECTED and one.retired is None)
    listed = judgements.where(
        lambda one: one.verdict in (Verdict.EXPECTED, Verdict.DISPUTED) or one.retired is not None
    )
    if len(unlisted) <= MANY_PORTS or not len(listed):
        return result
    rows = np.concatenate((unlisted, listed))
    places, (_, port) = found.places, found.pair("port")
    origin, target = found.oriented(places.a, places.b)
    _, pair = kinds((origin[rows], target[rows], found.columns["transport"][rows]))
    _, relation = kinds((pair, port[rows]))
    of_scan = np.arange(len(rows)) < len(unlisted)
    firsts, _ = kinds((relation,))
    tried = firsts[of_scan[firsts]]
    ports = np.bincount(pair[tried], minlength=int(pair.max()) + 1)
    in_vain = found.facts["outcome"].among(*FAILED, rows=rows)
    scans = (ports > MANY_PORTS) & (2 * np.bincount(pair[tried], in_vain[tried], len(ports)) >= ports)
    if not scans.any():
        return result
    limit = np.iinfo(np.int64)
    begin, end = np.full(len(scans), limit.max), np.full(len(scans), limit.min)
    np.minimum.at(begin, pair[of_scan], found.start[unlisted])
    np.maximum.at(end, pair[of_scan], found.end[unlisted])
    during = (found.start[rows] >= begin[pair] - BESIDE) & (found.end[rows] <= end[pair] + BESIDE)
    sent = np.bincount(relation, found.pair("packets")[0][rows])
    most = np.zeros(len(scans))
    np.maximum.at(most, pair[of_scan], sent[relation[of_scan]])
    wanted = np.zeros(len(sent), bool)
    wanted[relation[~(during & in_vain & (sent[relation] <= most[pair]))]] = True
    result[rows[~of_scan & scans[pair] & ~wanted[relation]]] = True
    return result
