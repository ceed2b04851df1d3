"""Who is who in made traffic, by inference alone, and BACnet messages that hosts of a site send."""

from __future__ import annotations

from judging import recognised
from traffic import Traffic

from analyzer import rulesets
from analyzer.infer import complete
from analyzer.model import Host, Site

SHEETS = rulesets.load(())
NOTHING = Site(declared=False)
WHO_IS = b"\x81\x0b\x00\x08\x01\x00\x10\x08"
READ = b"\x81\x0a\x00\x11\x01\x04\x00\x05\x01\x0c\x0c\x02\x00\x00\x01\x19\x4d"


def inferred(traffic: Traffic, site: Site = NOTHING) -> dict[str, Host]:
    """The hosts of a site by name, with what the traffic adds."""
    return {host.name: host for host in complete(site, recognised(traffic), SHEETS).hosts}


def roles(traffic: Traffic) -> dict[str, tuple[str, ...]]:
    """The roles of every host that has one."""
    return {name: host.roles for name, host in inferred(traffic).items()}
