"""Link type names, against libpcap's ``pcap_datalink_val_to_name``."""

from __future__ import annotations

from analyzer.capture.link_types import NAMES, name


def test_names() -> None:
    wanted = {
        0: "NULL", 1: "EN10MB", 9: "PPP", 51: "PPP_ETHER", 101: "RAW", 105: "IEEE802_11", 108: "LOOP",
        113: "LINUX_SLL", 127: "IEEE802_11_RADIO", 192: "PPI", 228: "IPV4", 229: "IPV6", 276: "LINUX_SLL2",
    }  # fmt: skip
    assert {number: name(number) for number in wanted} == wanted


def test_unknown_link_types_keep_their_number() -> None:
    assert name(147) == "LINKTYPE_147"
    assert name(65535) == "LINKTYPE_65535"


def test_the_table_is_sorted_and_fits_the_column() -> None:
    assert list(NAMES) == sorted(NAMES)
    assert max(NAMES) < 2**16
