"""Which capture filters keep out part of what two hosts say."""

from __future__ import annotations

import pytest

from analyzer.capturefilter import selective


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "host 10.20.0.10",
        "host 10.20.0.10 or host fd00::1",
        "(net 10.20.0.0/16) && !arp",
        "src or dst net 192.168.1.0 mask 255.255.255.0",
        "ether host 00:1b:21:0a:0b:0c and vlan",
    ],
)
def test_hosts_hide_no_service(expression: str) -> None:
    assert not selective(expression)


@pytest.mark.parametrize(
    "expression",
    [
        "port 69",
        "host 10.20.0.10 and UDP",
        "portrange 50195-50202",
        "not tcp port 3389",
        "icmp",
        "less 128",
        "udp[8:2] = 1",
        "vlan 7",
        "dead",
        "port http",
    ],
)
def test_anything_else_may(expression: str) -> None:
    assert selective(expression)
