"""Record the sample captures again: ``python samples/lab/record.py CASE... | --all [--out samples]``.

Needs root, Linux, iproute2, tcpdump, nftables, tftpd-hpa, tftp-hpa, curl, openssl, and the Python
packages of the project's ``test`` extra. Each case runs in network namespaces of its own, so cases
run side by side; all of them take about six minutes.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

PROGRAMS = ("ip", "tcpdump", "nft", "in.tftpd", "tftp", "curl", "openssl")
PARALLEL = 10
"""Cases at a time. Most of a case is waiting for timers."""


def missing() -> list[str]:
    """What this machine lacks to run the lab."""
    lacks = [program for program in PROGRAMS if shutil.which(program) is None]
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        return ["root on Linux", *lacks]
    if subprocess.run(["unshare", "-n", "-m", "true"], capture_output=True, check=False).returncode:
        lacks.append("leave to create network namespaces")  # root of a container may lack it
    return lacks


def record(case: str, out: Path) -> None:
    from cases import CASES  # noqa: PLC0415 - the stacks are imported only where they can run

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the namespaces are taken down
    (out / case).mkdir(parents=True, exist_ok=True)
    CASES[case](out / case)


def main() -> int:
    parser = argparse.ArgumentParser(description="Record sample captures in network namespaces.")
    parser.add_argument("cases", nargs="*", metavar="CASE")
    parser.add_argument("--all", action="store_true", help="every case")
    parser.add_argument("--list", action="store_true", help="print the cases' names")
    parser.add_argument("--out", type=Path, default=Path(__file__).resolve().parents[1])
    options = parser.parse_args()
    if lacks := missing():
        print(f"record.py: needs {', '.join(lacks)}", file=sys.stderr)
        return 2
    from cases import CASES  # noqa: PLC0415 - as above

    if options.list:
        print("\n".join(CASES))
        return 0
    names = list(CASES) if options.all else options.cases
    if unknown := [name for name in names if name not in CASES]:
        print(f"record.py: no such case: {', '.join(unknown)}", file=sys.stderr)
        return 2
    if not names:
        parser.error("name a case, or --all")
    if len(names) == 1:
        record(names[0], options.out)
        return 0

    def apart(name: str) -> tuple[str, int, float]:
        begun = time.monotonic()
        argv = [sys.executable, __file__, "--out", str(options.out), name]
        return name, subprocess.run(argv, check=False).returncode, time.monotonic() - begun

    failed = 0
    with concurrent.futures.ThreadPoolExecutor(PARALLEL) as pool:
        for name, code, seconds in pool.map(apart, names):
            print(f"{name}: {'recorded' if code == 0 else 'FAILED'} in {seconds:.0f} s", file=sys.stderr)
            failed += code != 0
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
