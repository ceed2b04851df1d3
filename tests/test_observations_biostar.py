"""The watcher of BioStar is made for BioStar alone; a near miss is looked for where a device was called."""

from __future__ import annotations

from doorwire import DOOR, SERVER, Doors
from judging import recognised
from tftpwire import make_batch

from analyzer.decode import decode
from analyzer.observations import Setting, Watching
from analyzer.observations.biostar import BEHAVIOUR
from analyzer.observations.biostar.observer import Observer
from analyzer.tables import Packets
from analyzer.visibility import Visibility


def batch(doors: Doors) -> Packets:
    return decode(make_batch(sorted(doors.frames, key=lambda item: item[0])), 1)


def test_it_is_made_by_the_first_packet_of_a_connection() -> None:
    doors, other = Doors().device(0, 40), Doors()
    other.connect_to(0, DOOR, SERVER, 8080)
    watching = Watching(BEHAVIOUR.observer)
    watching.add(batch(other))
    assert watching.made is None
    watching.add(batch(doors))
    assert isinstance(watching.made, Observer)
    assert watching.made.links == doors.observer().links != []


def test_without_a_call_to_a_device_nothing_is_near() -> None:
    found = recognised(Doors().device(0, 40))
    assert BEHAVIOUR.near(Setting(found, Visibility(found))) == {}
