"""What Igor's signalling tells is looked for where there is signalling."""

from __future__ import annotations

from judging import GATEWAY, NODE, recognised
from traffic import Traffic

from analyzer.directory import Directory
from analyzer.model import Host
from analyzer.observations import Setting
from analyzer.observations.igor import BEHAVIOUR, signalling
from analyzer.visibility import Visibility

HOSTS = Host("gateway", (GATEWAY,), ("igor-gateway",)), Host("node", (NODE,), ("igor-node",))


def setting(traffic: Traffic) -> Setting:
    found = recognised(traffic)
    return Setting(found, Visibility(found), Directory(HOSTS))


def test_it_tells_what_the_signalling_tells() -> None:
    announced = Traffic().udp(0, GATEWAY, 40000, NODE, 1050, b"\x01go")
    announced.udp(0.1, NODE, 1050, GATEWAY, 40000, b"\x02ok").coap(900, GATEWAY, NODE)
    known = setting(announced)
    known.found[0].protocol = "igor-firmware"
    assert list(BEHAVIOUR.tell(known)) == list(signalling.tell(known)) != []


def test_nothing_without_signalling() -> None:
    assert BEHAVIOUR.tell(setting(Traffic().coap(0, GATEWAY, NODE))) == ()
    assert BEHAVIOUR.observer is None
