"""The lab records what it says, and what it recorded is complete, small and anonymous."""

import re
import socket
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import dpkt
import pytest

SAMPLES = Path(__file__).parents[1] / "samples"
RECORD = SAMPLES / "lab" / "record.py"
CASES = sorted(path.parent.name for path in SAMPLES.glob("*/site.yaml"))
MAX_BYTES = 150_000


def captures(case: str) -> list[Path]:
    return sorted(path for path in (SAMPLES / case).iterdir() if ".pcap" in path.name)


def lacking() -> list[str]:
    """What this machine lacks to run the lab."""
    sys.path.insert(0, str(RECORD.parent))
    try:
        from record import missing
    finally:
        sys.path.remove(str(RECORD.parent))
    return missing() + [name for name in ("aiocoap", "bacpypes3") if find_spec(name) is None]


@pytest.fixture
def lab() -> Path:
    if lacks := lacking():
        pytest.skip(f"the lab cannot run here: needs {', '.join(lacks)}")
    return RECORD


def test_the_samples_are_there():
    assert len(CASES) >= 19
    assert {"healthy-current", "same-traffic", "one-sided-mirror"} <= set(CASES)


def test_the_index_lists_every_case():
    index = (SAMPLES / "README.md").read_text()
    table = re.findall(r"^\| (`[^|]+`) \|", index, re.MULTILINE)
    listed = [name for row in table for name in re.findall(r"`([^`]+)`", row) if not name.startswith("lab/")]
    listed = [name for name in listed if not name.endswith(".py")]
    assert sorted(listed) == CASES


@pytest.mark.parametrize("case", CASES)
def test_a_case_is_whole(case: str):
    readme = (SAMPLES / case / "README.md").read_text()
    assert readme.startswith(f"# {case}\n")
    assert "What portmatrix must say." in readme
    assert captures(case)
    assert all(0 < path.stat().st_size <= MAX_BYTES for path in captures(case))


@pytest.mark.parametrize("case", CASES)
def test_a_capture_names_no_machine(case: str):
    machine = socket.gethostname().encode()
    for path in captures(case):
        data = path.read_bytes()
        assert not re.search(rb"/(home|root|tmp|work|Users)/|[Ll]inux \d|CPython", data), path.name
        assert len(machine) < 4 or machine not in data, path.name


def test_the_lab_records_a_refused_request(lab: Path, tmp_path: Path):
    argv = [sys.executable, str(lab), "coap-refused", "--out", str(tmp_path)]
    with subprocess.Popen(argv, stderr=subprocess.PIPE, text=True) as done:
        _out, complaint = done.communicate(timeout=60)
    assert done.returncode == 0, complaint
    requests, answers, quoted = 0, 0, []
    with (tmp_path / "coap-refused" / "capture.pcap").open("rb") as file:
        for _time, frame in dpkt.pcap.Reader(file):
            packet = dpkt.ethernet.Ethernet(frame).data
            if not isinstance(packet, dpkt.ip.IP):
                continue
            ends = socket.inet_ntoa(packet.src), socket.inet_ntoa(packet.dst)
            if isinstance(packet.data, dpkt.icmp.ICMP):
                assert ends == ("10.20.1.22", "10.20.0.10")
                assert (packet.data.type, packet.data.code) == (3, 3)
                inner = packet.data.data.data
                quoted.append((inner.data.sport, inner.data.dport))
            elif packet.data.dport == 5683 and ends == ("10.20.0.10", "10.20.1.22"):
                assert packet.data.data[:2] == bytes([0x42, 1])  # version 1, CON, token of 2; GET
                requests += 1
            elif ends == ("10.20.1.21", "10.20.0.10") and packet.data.sport == 5683:
                assert packet.data.data[1] == 0x45  # 2.05 Content
                answers += 1
    assert (requests, answers) == (2, 2)
    assert quoted == [(5683, 5683)] * 2
    namespaces = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True, check=True).stdout
    assert f"lab-{done.pid}-" not in namespaces


def test_the_lab_refuses_an_unknown_case(lab: Path, tmp_path: Path):
    argv = [sys.executable, str(lab), "no-such-case", "--out", str(tmp_path)]
    done = subprocess.run(argv, timeout=30, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == "record.py: no such case: no-such-case\n"
    assert not list(tmp_path.iterdir())


def test_every_case_of_the_lab_is_a_sample(lab: Path):
    argv = [sys.executable, str(lab), "--list"]
    listed = subprocess.run(argv, timeout=30, capture_output=True, text=True, check=True).stdout.split()
    assert sorted([*listed, "one-sided-mirror-outbound"]) == CASES
