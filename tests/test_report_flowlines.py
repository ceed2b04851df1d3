from dataclasses import replace

import pytest
import reports

from analyzer.model import Endpoint
from analyzer.report import Style, digest, flowlines


def test_a_line_has_the_columns_of_the_heading():
    line = flowlines.line(reports.COAP)
    assert len(line) == len(flowlines.HEADING)
    assert line == ("f1", "udp", "10.20.1.21:49152", "10.20.0.10:5683", "answered", "5/4", "810 B", "coap")


def test_ipv6_ports_are_unambiguous_and_guesses_marked():
    guessed = replace(reports.COAP, originator=Endpoint("fe80::1", 5683), confidence="guess")
    assert flowlines.line(guessed)[2] == "[fe80::1]:5683*"
    assert flowlines.line(replace(reports.ARP, protocol=""))[7] == "?"


@pytest.mark.parametrize("most", [1, 2, 5])
def test_groups_are_the_largest_first_and_count_the_rest(most):
    flows = [
        replace(reports.TELNET, id=f"{port}-{n}", responder=Endpoint("10.20.0.10", port))
        for port in range(1, 5)
        for n in range(port)
    ]
    lines, used = flowlines.groups(digest.groups(flows), Style(), most)
    assert lines[0].split()[:2] == ["4", "tcp/4"]
    assert used == min(most, 4) + (most < 4)
    assert ("groups more" in lines[-1] or "group more" in lines[-1]) == (most < 4)
    if most == 1:
        assert lines[-1].strip() == "and 3 groups more with 6 flows; -v lists every flow"


def test_ends_without_a_role_are_the_address_or_how_many():
    flows = [replace(reports.TELNET, originator=Endpoint(f"10.9.9.{n}", 1)) for n in range(3)]
    assert "3 hosts \u2192 igor-gateway" in flowlines.groups(digest.groups(flows), Style(), 5)[0][0]
    assert (
        "10.9.9.0 -> igor-gateway" in flowlines.groups(digest.groups(flows[:1]), Style(ascii=True), 5)[0][0]
    )
