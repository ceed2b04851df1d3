from __future__ import annotations

import importlib
import ipaddress
import random
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer import protocols, transports
from analyzer.protocol import Fit, Payload, Protocol, Reading

FOLDER = Path(protocols.__file__).parent
LOADED = protocols.load()
RECOGNISING = [protocol for protocol in LOADED.values() if protocol.recognise is not None]


def test_the_listing_is_the_registry() -> None:
    files = {path.stem.replace("_", "-") for path in FOLDER.glob("*.py") if not path.name.startswith("_")}
    assert set(LOADED) == files
    assert list(LOADED) == sorted(LOADED)
    assert {
        "coap",
        "tftp",
        "bacnet",
        "ssdp",
        "upnp",
        "http",
        "tls",
        "igor-firmware",
        "biostar-server",
    } <= files


def test_every_protocol_has_its_test_file() -> None:
    here = Path(__file__).parent
    missing = [
        name for name in LOADED if not (here / f"test_protocols_{name.replace('-', '_')}.py").is_file()
    ]
    assert missing == []


@pytest.mark.parametrize("protocol", LOADED.values(), ids=LOADED)
def test_declaration(protocol: Protocol) -> None:
    assert protocol.title
    assert protocol.ports or protocol.transports
    for transport, port in protocol.ports:
        assert transport in ("tcp", "udp")
        assert 0 < port < 65536
    for transport in protocol.transports:
        assert not transports.name(transports.number(transport)).startswith(
            ("ip-", "ethertype-", "llc-", "snap-")
        )
        assert protocols.for_transport(transport) is protocol
    for group in protocol.groups:
        assert ipaddress.ip_address(group).is_multicast
    assert protocol.recognise is not None or not protocol.distinctive


def test_claims_are_most_specific_first() -> None:
    assert [protocol.name for protocol in protocols.claims("tcp", 88)] == ["igor-configuration", "kerberos"]
    assert [protocol.name for protocol in protocols.claims("udp", 5683)] == ["coap"]
    assert [protocol.name for protocol in protocols.claims("udp", 50197)] == ["igor-firmware"]
    assert [protocol.name for protocol in protocols.claims("udp", 47823)] == ["bacnet"]
    assert protocols.claims("udp", 47824) == ()
    assert protocols.claims("sctp", 88) == ()
    for transport in ("tcp", "udp"):
        for port in range(0, 65536, 7):
            sizes = [len(protocol.ports) for protocol in protocols.claims(transport, port)]
            assert sizes == sorted(sizes)


def test_an_unowned_transport() -> None:
    assert protocols.for_transport("tcp") is None
    assert protocols.for_transport("ip-253") is None


def test_loading_is_quick_and_pulls_in_no_heavy_module() -> None:
    began = time.perf_counter()
    for name in LOADED:
        importlib.import_module(f"analyzer.protocols.{name.replace('-', '_')}")
    assert time.perf_counter() - began < 1
    for path in FOLDER.glob("*.py"):
        text = path.read_text()
        assert "import numpy" not in text
        assert "dpkt" not in text


@settings(max_examples=60, deadline=None)
@given(
    data=st.binary(max_size=80),
    more=st.integers(0, 1500),
    transport=st.sampled_from(["tcp", "udp"]),
    src=st.integers(0, 65535),
    dst=st.integers(0, 65535),
)
def test_any_bytes_give_a_small_reading(data: bytes, more: int, transport: str, src: int, dst: int) -> None:
    for protocol in RECOGNISING:
        ports = [src, *(port for claimed, port in sorted(protocol.ports)[:2] if claimed == transport)]
        for port in ports:
            assert protocol.recognise is not None
            reading = protocol.recognise(Payload(data, len(data) + more, transport, port, dst))
            _small(reading)


PREFIXES = [
    b"\x50\x01\x00\x01\xb5", b"\x81\x0a\x00\x20\x01", b"\x81\x04\x00\x30", b"\x82\x01\x00\x30", b"\0\1",
    b"\0\5", b"\0\6", b"GET /", b"M-SEARCH ", b"NOTIFY * HTTP/1.1\r\n", b"HTTP/1.1 200", b"<?xml",
    b"\0\0\0\0", b"\x16\x03\x01\x00\x40\x01", b"\x16\xfe\xfd", b"\x80\x2e\1\3\1", b"\x30\x26\2\1\0",
    b"\x6a\x40\x30", b"\3\0\0\x13\x0e\xe0", b"\xc0\0\0\0\1", b"\1\1\6\0", b"\x12\1\0\x20",
    b"\0\0\0\x40\xfeSMB", b"\x60\0\0\0\0\x08\x3a",
]  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(prefix=st.sampled_from(PREFIXES), tail=st.binary(max_size=600), cut=st.booleans(), tcp=st.booleans())
def test_plausible_beginnings_give_a_small_reading(prefix: bytes, tail: bytes, cut: bool, tcp: bool) -> None:
    data = prefix + tail
    for protocol in RECOGNISING:
        for transport, port in sorted(protocol.ports)[:3]:
            assert protocol.recognise is not None
            _small(
                protocol.recognise(
                    Payload(data, len(data) + 9 * cut, "tcp" if tcp else transport, 40000, port)
                )
            )


def _small(reading: Reading) -> None:
    assert isinstance(reading, Reading)
    assert isinstance(reading.fit, Fit)
    assert len(reading.detail) < 400
    if reading.fit is Fit.NO:
        assert reading == Reading(Fit.NO)


def test_nothing_in_sight_is_no_judgement() -> None:
    for protocol in RECOGNISING:
        for transport, port in protocol.ports:
            assert protocol.recognise is not None
            assert protocol.recognise(Payload(b"", 100, transport, 40000, port)).fit is Fit.UNSURE, (
                protocol.name
            )


def test_a_tcp_segment_never_contradicts() -> None:
    """Any segment may be the middle of a stream."""
    for protocol in RECOGNISING:
        for data in (bytes(40), b"\xff" * 40, b"some text of a body\r\n\r\n", bytes(range(200))):
            for transport, port in sorted(protocol.ports)[:3]:
                if transport == "tcp":
                    assert protocol.recognise is not None
                    reading = protocol.recognise(Payload(data, len(data), "tcp", 40000, port))
                    assert reading.fit is not Fit.NO, protocol.name


def test_distinctive_protocols_do_not_believe_random_bytes() -> None:
    """Drawn evenly, not by hypothesis: that writes valid request lines from the constants it finds."""
    source = random.Random(5683)
    distinctive = [protocol for protocol in RECOGNISING if protocol.distinctive]
    for _ in range(2000):
        data = source.randbytes(source.randint(1, 120))
        for protocol in distinctive:
            for transport in ("tcp", "udp"):
                assert protocol.recognise is not None
                assert (
                    protocol.recognise(Payload(data, len(data), transport, 40000, 40001)).fit is not Fit.YES
                )


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "plugged"
    folder.mkdir()
    (folder / "__init__.py").touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.invalidate_caches()
    for name in [name for name in sys.modules if name.split(".")[0] == "plugged"]:
        monkeypatch.delitem(sys.modules, name)
    return folder


GOOD = "from analyzer.protocol import Protocol\nPROTOCOL = Protocol(name={name!r}, title='x')\n"


def test_one_file_adds_a_protocol(package: Path) -> None:
    (package / "new_one.py").write_text(GOOD.format(name="new-one"))
    (package / "_shared.py").write_text("raise RuntimeError('not a protocol')")
    assert list(protocols.collect("plugged", [str(package)])) == ["new-one"]


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("broken.py", "1 / 0", "plugged.broken cannot be imported: division by zero"),
        ("syntax.py", "def", "plugged.syntax cannot be imported"),
        ("bare.py", "PORTS = 1", "plugged.bare has no PROTOCOL"),
        ("wrong.py", "PROTOCOL = 'coap'", "plugged.wrong has no PROTOCOL"),
        ("other.py", GOOD.format(name="another"), "plugged.other calls itself 'another'"),
        ("zz_twin.py", GOOD.format(name="aa"), "plugged.zz_twin calls itself 'aa'"),
    ],
)
def test_a_broken_plugin_fails_loudly(package: Path, file: str, text: str, message: str) -> None:
    (package / "aa.py").write_text(GOOD.format(name="aa"))
    (package / file).write_text(text)
    with pytest.raises(ImportError, match=message):
        protocols.collect("plugged", [str(package)])


@pytest.mark.parametrize(
    "protocol",
    [protocol for protocol in RECOGNISING if protocol.distinctive],
    ids=lambda protocol: protocol.name,
)
def test_openings_leave_out_no_payload_that_is_believed_away_from_home(protocol: Protocol) -> None:
    assert protocol.openings is not None
    draw = random.Random(11)
    tails = [draw.randbytes(draw.choice((1, 4, 20, 60))) for _ in range(30)]
    tails += [b"\x0a\0\x0c\1\x20\xff\xff\0\xff\x10\x08", b"TP/1.1 200 OK\r\n\r\n", b"ET / HTTP/1.1\r\n\r\n"]
    tails += [b"SH-2.0-x\r\n", b"\3\1\0\2\2\x28", b"\1\0\x08\0" + bytes(20), b"\1firmware\0octet\0"]
    for octet in range(256):
        for transport in ("tcp", "udp"):
            for tail in tails:
                data = bytes([octet]) + tail
                reading = protocol.recognise(Payload(data, len(data), transport, 40001, 40002))  # type: ignore[misc]
                if reading.fit is Fit.YES:
                    assert octet in protocol.openings.get(transport, ()), data
    assert not [one for one in protocols.opened("udp", [0x42]) if one.openings and "udp" not in one.openings]


def test_only_the_distinctive_are_found_by_how_they_open() -> None:
    assert [protocol.name for protocol in protocols.opened("udp", [0x81])] == ["bacnet"]
    assert {protocol.name for protocol in protocols.opened("tcp", [0x16, ord("S")])} >= {"tls", "ssh", "http"}
    assert protocols.opened("udp", []) == ()
