"""From guesses to lines: who shares one, what it is called, what it says of editions and doubts."""

from __future__ import annotations

from judging import GATEWAY, LAPTOP, NODE, OTHER

from analyzer import addresses, rulesets
from analyzer.census.draft import Seen, lines
from analyzer.census.links import Links
from analyzer.census.names import Names
from analyzer.infer.roles import Guess
from analyzer.model import NameHeard, SurveyLine

SHEETS = rulesets.load(())


def guess(at: str, role: str, level: str = "likely", rivals: tuple[str, ...] = ()) -> Guess:
    return Guess(addresses.parse(at), role, level, True, ("opens UDP 5683",), rivals, (), (1,))  # type: ignore[arg-type]


class Called(Names):
    """Names that are known beforehand."""

    def __init__(self, names: dict[str, str]) -> None:
        super().__init__()
        self.names = {addresses.parse(at): NameHeard("dhcp", text, 1, 1) for at, text in names.items()}

    def of(self, address, macs=()):  # type: ignore[no-untyped-def]
        return (self.names[address],) if address in self.names else ()


def drafted(*guesses: Guess, names: dict[str, str] | None = None, **more: object) -> tuple[SurveyLine, ...]:
    doubts = more.pop("doubts", {})
    links = more.pop("links", Links())
    seen = Seen(links, Called(names or {}), **more)  # type: ignore[arg-type]
    return lines(guesses, doubts, seen, SHEETS)  # type: ignore[arg-type]


NODES = [guess(f"10.20.1.{n}", "igor-node") for n in (21, 22, 23, 24)]


def test_nodes_share_a_line_and_the_gateway_has_its_own() -> None:
    found = drafted(guess(GATEWAY, "igor-gateway"), *NODES)
    assert [(line.name, line.addresses, len(line.hosts)) for line in found] == [
        ("igor gateway", (GATEWAY,), 1),
        ("igor nodes", ("10.20.1.0/24",), 4),
    ]


def test_a_network_is_not_written_over_a_stranger() -> None:
    stranger = addresses.parse("10.20.1.99")
    (line,) = drafted(*NODES, senders=frozenset({stranger}))
    assert line.addresses == ("10.20.1.21-10.20.1.24",)


def test_an_unsure_host_is_apart_and_counts_as_a_stranger() -> None:
    unsure = guess("10.20.1.50", "igor-node", "unsure", ("igor-gateway",))
    sure, doubtful = drafted(*NODES, unsure, senders=frozenset({unsure.address}))
    assert sure.addresses == ("10.20.1.21-10.20.1.24",)
    assert (doubtful.level, doubtful.rivals, doubtful.addresses) == (
        "unsure",
        ("igor-gateway",),
        ("10.20.1.50",),
    )


def test_a_doubt_takes_a_likely_line_out_of_force() -> None:
    one = guess(GATEWAY, "igor-gateway")
    (line,) = drafted(one, doubts={one.address: "the sheet lists 1 of 9"})
    assert (line.level, line.doubt) == ("unsure", "the sheet lists 1 of 9")


def test_two_addresses_of_one_gateway_share_a_line() -> None:
    links = Links()
    for at in (GATEWAY, "10.20.0.11"):
        links.claimed[addresses.parse(at)] = {0x020000000001: 1}
    (line,) = drafted(guess(GATEWAY, "igor-gateway"), guess("10.20.0.11", "igor-gateway"), links=links)
    assert line.addresses == (GATEWAY, "10.20.0.11")
    assert "one host with 10.20.0.11" in line.hosts[0].link


def test_a_plain_name_is_taken_over_and_any_other_is_not() -> None:
    found = drafted(guess(GATEWAY, "igor-gateway"), names={GATEWAY: "igw-1.site.example"})
    assert [line.name for line in found] == ["igw-1"]
    for hostile in ("igor-node", "any", "10.20.1.21", "x: y", "\x1b[31m", "a" * 80, "{}", "\u202e"):
        (line,) = drafted(guess(GATEWAY, "igor-gateway"), names={GATEWAY: hostile})
        assert line.name in ("igor gateway", f"igor gateway {GATEWAY}"), hostile


def test_no_two_lines_have_the_same_name() -> None:
    found = drafted(
        guess(GATEWAY, "igor-gateway"),
        guess("10.30.0.10", "igor-gateway"),
        names={GATEWAY: "a", "10.30.0.10": "A"},
    )
    assert len({line.name.lower() for line in found}) == 2


def test_a_row_that_one_edition_has_tells_it_and_two_contradict() -> None:
    node, other = (addresses.parse(at) for at in (NODE, OTHER))
    sampling, upnp = ("outgoing", "udp", 50202), ("incoming", "tcp", 1901)
    found = drafted(
        guess(NODE, "igor-node"), guess(OTHER, "igor-node"), uses={node: {sampling}, other: {sampling, upnp}}
    )
    assert [(line.hosts[0].address, line.edition, line.edition_evidence) for line in found] == [
        (NODE, "6.0.0+", "6.0.0+ by opens UDP 50202"),
        (OTHER, "", "4.0.0-5.0.2 by accepts TCP 1901; 6.0.0+ by opens UDP 50202"),
    ]
    assert drafted(guess(LAPTOP, "igor-node"))[0].edition_evidence == ""
