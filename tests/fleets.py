"""What the tests of fleets share: made captures of made sites, and workers that die on demand."""

from __future__ import annotations

import os
import time
from pathlib import Path

from judging import GATEWAY, LAPTOP, NODE
from traffic import Traffic

from analyzer.fleet.plan import Job
from analyzer.fleet.work import Product, analyse

SITE = f"""site: made
hosts:
  - {{name: gateway, address: {GATEWAY}, role: igor-gateway, version: 5.1.0}}
  - {{name: nodes, address: 10.20.1.0/24, role: igor-node, version: 6.0.2}}
"""


def healthy(path: Path, at: float = 0) -> Path:
    """A capture in which gateway and node talk as they should."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return Traffic().coap(at, GATEWAY, NODE).coap(at + 1, NODE, GATEWAY).write(path)


def faulty(path: Path, at: float = 0) -> Path:
    """A capture in which a laptop opens SSH at the gateway."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return Traffic().coap(at, GATEWAY, NODE).connect(at + 1, LAPTOP, 40000, GATEWAY, 22).write(path)


def chatty(path: Path, requests: int) -> Path:
    """A capture of so many requests and their answers, from as many ports."""
    path.parent.mkdir(parents=True, exist_ok=True)
    made = Traffic()
    for number in range(requests):
        made.coap(number / 100, NODE, GATEWAY, sport=20_000 + number, mid=number)
    return made.write(path)


def sites(folder: Path, *names: str) -> str:
    """A directory with a site file for each of ``names``."""
    folder.mkdir(exist_ok=True)
    for name in names:
        (folder / f"{name}.yaml").write_text(SITE)
    return str(folder)


def dies(job: Job) -> Product:
    """Work that ends its process for captures called ``dies``, and does the others."""
    if "dies" in job.path:
        os._exit(3)
    return analyse(job)


def dies_once(job: Job) -> Product:
    """Work that ends its process the first time that it meets a capture called ``once``."""
    mark = Path(f"{job.path}.met")
    if "once" in job.path and not mark.exists():
        mark.touch()
        os._exit(3)
    return analyse(job)


def lost(job: Job) -> Product:
    """Work whose machine has lost its disk."""
    raise OSError(5, "Input/output error", job.path)


def slow(job: Job) -> Product:
    """Work that takes long enough to be interrupted."""
    time.sleep(0.1)
    return analyse(job)
