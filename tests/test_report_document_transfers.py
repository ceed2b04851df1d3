from dataclasses import replace

import reports

from analyzer.model import Attempt, Event, Pair, Path, Way
from analyzer.report import document


def test_a_transfer_in_seconds():
    entry = document.transfer(replace(reports.TRANSFER, longest_gap=2_500_000_000, path=None))
    assert (entry["longest_gap_s"], entry["path"]) == (2.5, None)
    assert entry["options"] == {
        "requested": dict(reports.TRANSFER.requested),
        "accepted": dict(reports.TRANSFER.accepted),
    }


def test_a_path_has_both_ways():
    entry = document.path(Path("between", "to-node", "x", to_node=Way(5, 3, 2, 1, (7, 9), (70,))))
    assert (entry["place"], entry["direction"]) == ("between", "to-node")
    assert entry["to_node"] == {
        "sent": 5,
        "arrived": 3,
        "lost": 2,
        "unseen": 1,
        "lost_frames": [7, 9],
        "arrived_frames": [70],
    }
    assert entry["to_gateway"]["lost"] == 0


def test_a_pair_that_could_not_be_judged_has_no_numbers():
    entry = document.pair(Pair(False, "too short", "n.pcap", "g.pcap"))
    assert {key for key, value in entry.items() if value is None} == {
        *("offset_s", "uncertainty_s", "drift_ppm", "delay_s", "begin", "end"),
    }
    fitted = Pair(True, "", "n", "g", 9, offset=-250_000_000, uncertainty=1000, drift_ppm=1.23456, delay=0)
    entry = document.pair(replace(fitted, begin=0))
    assert (entry["offset_s"], entry["uncertainty_s"], entry["drift_ppm"]) == (-0.25, 1e-06, 1.235)
    assert (entry["delay_s"], entry["begin"], entry["end"]) == (0.0, "1970-01-01T00:00:00.000000Z", None)


def test_an_attempt_tells_its_events_in_order():
    events = (Event(0, 1, "announced"), Event(1_000_000_000, 4, "requested", "again"))
    entry = document.attempt(Attempt("u1", "n", "g", "unknown", "", 0, 1, events, ("t1",), reason=""))
    assert [(one["what"], one["frame"], one["detail"]) for one in entry["timeline"]] == [
        ("announced", 1, ""),
        ("requested", 4, "again"),
    ]
    assert (entry["reason"], entry["transfers"], entry["basis"]) == (None, ["t1"], "certain")
