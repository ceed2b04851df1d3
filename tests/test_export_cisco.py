"""Access lists of IOS: lines that the language has, remarks that fit, answers without state."""

from __future__ import annotations

import re

from exporting import SIX, policy, written
from judging import CURRENT

from analyzer import export
from analyzer.export.permits import Ports

PORT = r"(?: eq \d+| range \d+ \d+)?"
END = r"(?:any|host [\d.]+|[\d.]+ [\d.]+)"
LINE = re.compile(
    rf" (?:permit|deny) (?:ip|tcp|udp|icmp|igmp|2|17|6|1) {END}{PORT} {END}{PORT}(?: established)?(?: log)?"
)


def test_every_line_is_of_the_language() -> None:
    for line in written("cisco", CURRENT).splitlines():
        assert (
            not line
            or line.startswith("! ")
            or re.fullmatch(r" remark [ -~]{1,100}", line)
            or LINE.fullmatch(line)
            or re.fullmatch(r"(?:no )?ip access-list extended PORTMATRIX|exit", line)
        ), line


def test_answers_of_tcp_by_their_flags() -> None:
    text = written("cisco", CURRENT)
    assert " permit tcp any host 10.20.0.10 eq 443\n" in text
    assert " permit tcp host 10.20.0.10 eq 443 any established\n" in text


def test_what_is_left_passes_unless_denied() -> None:
    assert " permit ip any any\nexit" in written("cisco", CURRENT)
    assert " deny ip any any log" in written("cisco", CURRENT, default="deny")
    assert " permit ip any any\n" not in written("cisco", CURRENT, default="deny")
    assert " permit ipv6 any any\nexit" in written("cisco", SIX)


def test_what_it_cannot_is_said() -> None:
    found = export.choose("cisco").write(policy(CURRENT, tftp_ports=Ports(40000, 40100)))
    assert any("keeps no state" in note for note in found.notes)
    assert any("UDP 40000 to 40100" in note for note in found.notes)
    assert all(f"! {note}" in found.files["portmatrix.ios"] for note in found.notes)
