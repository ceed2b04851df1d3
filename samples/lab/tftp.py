"""Firmware images over TFTP: in.tftpd serves, curl fetches with options, tftp-hpa pushes without."""

from __future__ import annotations

from pathlib import Path

from network import Host


def serve(host: Host, folder: Path, *options: str) -> None:
    """in.tftpd on port 69 of the host, with ``folder`` as its root."""
    folder.chmod(0o777)
    host.daemon("in.tftpd", "-L", "-4", "-a", f"{host.address}:69", "-s", *options, str(folder))


def fetch(host: Host, server: str, name: str, *options: str, block: int = 1428, patience: int = 20) -> int:
    """Pull an image (RRQ with blksize, tsize and timeout); curl's exit code."""
    return host.command(
        "curl", "-s", "--max-time", str(patience), "--connect-timeout", str(patience),
        "--tftp-blksize", str(block), *options, "-o", "/dev/null", f"tftp://{server}/{name}",
    )  # fmt: skip


def push(host: Host, server: str, path: Path) -> int:
    """Push an image (WRQ, octet, blocks of 512 bytes) with tftp-hpa's client."""
    return host.command("tftp", "-4", "-m", "binary", server, "-c", "put", str(path), path.name)
