"""A site as Linux network namespaces: one switch, hosts on its ports, tcpdump where it is wanted.

Every host is a namespace and a thread with an asyncio loop inside it, so a behaviour is an ordinary
coroutine that a case runs on one host or another. Programs (in.tftpd, curl, tftp, nft) run in the
host's namespace as they are.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import fcntl
import os
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")

SNAPLEN = "4096"
"""Above every frame of the lab. The default sizes each slot of the kernel's buffer for the largest
packet there is, and frames get lost."""

CLONE_NEWNET = 0x40000000
SIOCETHTOOL = 0x8946
OFFLOADS = (0x17, 0x1F, 0x24, 0x2C)
"""ETHTOOL_STXCSUM, _STSO, _SGSO, _SGRO: with these off the frames in a capture are those of a wire."""

LIBC = ctypes.CDLL(None, use_errno=True)


def ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True)


def enter(namespace: str) -> None:
    """Move the calling thread into a network namespace."""
    with open(f"/run/netns/{namespace}", "rb") as file:
        if LIBC.setns(file.fileno(), CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), f"setns {namespace}")


def hardware_address(address: str) -> str:
    """A locally administered MAC address that shows the IPv4 address it belongs to."""
    return "02:00:" + ":".join(f"{int(part):02x}" for part in address.split("."))


def plain_frames(interface: str) -> None:
    """Switch checksum and segmentation offloading off; call it inside the namespace."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        for command in OFFLOADS:
            value = ctypes.create_string_buffer(struct.pack("=II", command, 0))
            request = struct.pack("16sP", interface.encode(), ctypes.addressof(value))
            with contextlib.suppress(OSError):
                fcntl.ioctl(control, SIOCETHTOOL, request)


class Host:
    """One namespace with a loop of its own. ``name`` is the case's word, ``namespace`` the kernel's.

    ``kept`` holds what a behaviour needs alive for as long as the host, by a name of its own.
    """

    def __init__(self, namespace: str, name: str, address: str = "") -> None:
        self.namespace, self.name, self.address, self.prefix = namespace, name, address, 16
        self.processes: list[subprocess.Popen[bytes]] = []
        self.kept: dict[str, Any] = {}
        self.tasks: list[Any] = []
        self.loop = asyncio.new_event_loop()
        ip("netns", "add", namespace)
        ip("-n", namespace, "link", "set", "lo", "up")
        ready = threading.Event()
        self.thread = threading.Thread(target=self._live, args=(ready,), daemon=True)
        self.thread.start()
        ready.wait()
        for setting in ("all", "default"):
            self.sysctl(f"net.ipv6.conf.{setting}.disable_ipv6", "1")

    def _live(self, ready: threading.Event) -> None:
        enter(self.namespace)
        asyncio.set_event_loop(self.loop)
        self.loop.set_exception_handler(lambda _loop, _context: None)
        ready.set()
        self.loop.run_forever()

    def run(self, work: Coroutine[Any, Any, T], timeout: float = 400) -> T:
        """Run a coroutine on this host and wait for what it returns."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(timeout)

    def start(self, work: Coroutine[Any, Any, Any]) -> None:
        """Leave a coroutine running on this host."""

        async def hold() -> None:
            self.tasks.append(asyncio.create_task(work))  # the loop itself holds tasks only weakly

        self.run(hold())

    def call(self, function: Any, *arguments: Any) -> Any:
        """Call a plain function in this host's thread, hence in its namespace."""

        async def work() -> Any:
            return function(*arguments)

        return self.run(work())

    def sysctl(self, key: str, value: str) -> None:
        """Set a kernel parameter of this namespace (``/proc/sys/net`` shows the opener's)."""

        def write() -> None:
            Path("/proc/sys", *key.split(".")).write_text(value)

        self.call(write)

    def command(self, *arguments: str, timeout: float = 120) -> int:
        """Run a program to its end; its exit code."""
        argv = ["ip", "netns", "exec", self.namespace, *arguments]
        return subprocess.run(
            argv, timeout=timeout, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False
        ).returncode

    def daemon(self, *arguments: str, **options: Any) -> subprocess.Popen[bytes]:
        """Start a program that runs until the site is taken down."""
        argv = ["ip", "netns", "exec", self.namespace, *arguments]
        options = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, **options}
        process = subprocess.Popen(argv, **options)
        self.processes.append(process)
        return process

    def firewall(self, rules: str) -> None:
        """Load nftables rules in this namespace."""
        subprocess.run(
            ["ip", "netns", "exec", self.namespace, "nft", "-f", "-"], input=rules.encode(), check=True
        )

    def close(self) -> None:
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.wait(10)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(5)
        subprocess.run(["ip", "netns", "del", self.namespace], check=False)


class Capture:
    """tcpdump on one interface of one host, from ``listening`` until ``stop``."""

    def __init__(self, host: Host, interface: str, path: Path, *options: str) -> None:
        self.path = path
        argv = ["tcpdump", "-i", interface, "-n", "-U", "--immediate-mode", "-s", SNAPLEN, "-B", "8192"]
        argv += ["-Z", "root"]
        self.process = host.daemon(*argv, *options, "-w", str(path), stderr=subprocess.PIPE)
        assert self.process.stderr is not None
        for line in self.process.stderr:
            if b"listening on" in line:
                return
        raise RuntimeError(f"tcpdump does not start on {host.name}/{interface}")

    def stop(self) -> None:
        if self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGINT)
        assert self.process.stderr is not None
        said = self.process.stderr.read().decode()
        self.process.wait(10)
        if "\n0 packets dropped by kernel" not in f"\n{said}":
            raise RuntimeError(f"{self.path.name} lacks frames: {said.strip()}")


class Network:
    """The building: a switch and whatever a case plugs into it."""

    def __init__(self, name: str) -> None:
        self.prefix = f"lab-{os.getpid()}-{name}"
        self.hosts: dict[str, Host] = {}
        self.captures: list[Capture] = []
        self.files = Path(tempfile.mkdtemp(prefix="lab-"))
        self.files.chmod(0o755)
        self.switch = self.namespace("switch")
        ip("-n", self.switch.namespace, "link", "add", "br0", "type", "bridge", "stp_state", "0")
        for setting in ("forward_delay", "mcast_snooping"):
            subprocess.run(
                ["ip", "-n", self.switch.namespace, "link", "set", "br0", "type", "bridge", setting, "0"],
                check=False,
            )
        ip("-n", self.switch.namespace, "link", "set", "br0", "up")

    def namespace(self, name: str, address: str = "") -> Host:
        """A host that is not plugged in anywhere yet."""
        host = Host(f"{self.prefix}-{name}", name, address)
        self.hosts[name] = host
        return host

    def cable(self, left: Host, left_name: str, right: Host, right_name: str) -> None:
        """A veth pair between two hosts, up, without offloading."""
        ip("link", "add", left_name, "netns", left.namespace, "type", "veth",
           "peer", "name", right_name, "netns", right.namespace)  # fmt: skip
        for host, name in ((left, left_name), (right, right_name)):
            host.call(plain_frames, name)
            ip("-n", host.namespace, "link", "set", name, "mtu", "1500", "up")

    def plug(self, host: Host, interface: str = "eth0") -> str:
        """Connect an interface to the switch; the name of the switch's port."""
        port = f"p-{host.name}"[:15]
        self.cable(host, interface, self.switch, port)
        ip("-n", self.switch.namespace, "link", "set", port, "master", "br0")
        return port

    def host(self, name: str, address: str, prefix: int = 16) -> Host:
        """A host on the flat network, default route through the router's address."""
        host = self.namespace(name, address)
        self.plug(host)
        self.address(host, address, prefix)
        if address != "10.20.0.1":
            ip("-n", host.namespace, "route", "add", "default", "via", "10.20.0.1")
        return host

    def address(self, host: Host, address: str, prefix: int = 16, interface: str = "eth0") -> None:
        namespace, host.prefix = host.namespace, prefix
        ip("-n", namespace, "link", "set", interface, "address", hardware_address(address))
        ip("-n", namespace, "addr", "add", f"{address}/{prefix}", "broadcast", "+", "dev", interface)

    def router(self, name: str = "infrastructure", address: str = "10.20.0.1") -> Host:
        """The infrastructure host, which also forwards."""
        host = self.host(name, address)
        ip("-n", host.namespace, "route", "add", "255.255.255.255", "dev", "eth0")
        host.sysctl("net.ipv4.ip_forward", "1")
        for setting in ("all", "default", "eth0"):
            host.sysctl(f"net.ipv4.conf.{setting}.send_redirects", "0")
        return host

    def behind(self, router: Host, name: str, address: str, first: str) -> Host:
        """A host in another subnet, behind ``router``, whose address there is ``first``."""
        host = self.namespace(name, address)
        self.cable(host, "eth0", router, f"r-{name}"[:15])
        self.address(host, address, 24)
        self.address(router, first, 24, f"r-{name}"[:15])
        ip("-n", host.namespace, "route", "add", "default", "via", first)
        return host

    def capture(self, path: Path, at: Host, *options: str) -> Capture:
        """Record at a host's switch port, so that each frame is seen once; at the switch: everything."""
        port = "br0" if at is self.switch else f"p-{at.name}"[:15]
        return self.capture_on(path, self.switch, port, *options)

    def capture_on(self, path: Path, host: Host, interface: str, *options: str) -> Capture:
        capture = Capture(host, interface, path, *options)
        self.captures.append(capture)
        return capture

    def image(self, name: str, size: int, folder: str = "tftp") -> Path:
        """A firmware image: a readable header and bytes that do not compress away."""
        directory = self.files / folder
        directory.mkdir(exist_ok=True)
        directory.chmod(0o777)
        path = directory / name
        header = f"LAB-IMAGE {name} ".encode()
        state, body = 0x2545F491, bytearray()
        while len(body) < size - len(header):
            state = (state * 1103515245 + 12345) & 0x7FFFFFFF
            body.append(state >> 16 & 0xFF)
        path.write_bytes(header + bytes(body))
        path.chmod(0o644)
        return path

    def stop_captures(self) -> None:
        time.sleep(0.3)
        for capture in self.captures:
            capture.stop()

    def close(self) -> None:
        for capture in self.captures:
            capture.stop()
        for host in self.hosts.values():
            host.close()
        subprocess.run(["rm", "-rf", str(self.files)], check=False)


@contextlib.contextmanager
def site(name: str) -> Iterator[Network]:
    """A network that is taken down whatever happens in between."""
    network = Network(name)
    try:
        yield network
        network.stop_captures()
    finally:
        network.close()
