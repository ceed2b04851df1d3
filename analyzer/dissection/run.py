"""The worker process: started, bounded in time, and ended with everything it started."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from analyzer.model.dissection import DissectedField, DissectedLayer

SECONDS: Final = 60.0
"""tshark starts in about a second, and in several on a busy machine that has never run it."""
SECONDS_PER_FRAME: Final = 0.1
"""pyshark gives 800 frames a second and more; a hundredth of that is a machine in trouble."""
GRACE: Final = 3.0
"""Seconds that the worker has to end tshark before both are killed."""
FIELDS: Final = 4000
"""Fields of a layer worth having: a DNS answer of a full datagram has about as many."""
CHARACTERS: Final = 2000
"""Characters of one field."""
_BITS: Final = re.compile(r"[01.]{1,4}( [01.]{1,4})* = ")
"""How Wireshark writes flags and parts of bytes: ``..1. .... = More fragments``."""
WINDOWS: Final = os.name == "nt"
WORKER: Final = Path(__file__).with_name("worker.py")


class Dissected(NamedTuple):
    """The frames that came, in order, each with its layers and the fields left off; why others did not."""

    frames: tuple[tuple[tuple[DissectedLayer, ...], int], ...]
    trouble: str = ""


def dissect(path: Path, tshark: str, frames: int, seconds: float | None = None) -> Dissected:
    """Dissect the capture at ``path``, which holds ``frames`` frames, with the program ``tshark``.

    It may take so many ``seconds``, by default some and more for each frame. What went wrong is in
    ``trouble``; the frames that were dissected until then are there.
    """
    limit = SECONDS + SECONDS_PER_FRAME * frames if seconds is None else seconds
    # -P: the worker's folder must not stand before the packages it imports.
    command = [sys.executable, "-P", str(WORKER), str(path), tshark, str(FIELDS), str(CHARACTERS)]
    process = subprocess.Popen(
        command,
        # pyshark obeys a config.ini in the working directory: not one that lies about.
        cwd=path.parent,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    trouble = ""
    try:
        try:
            out, err = process.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            _end(process)
            out, err = process.communicate()
            trouble = f"Wireshark took longer than {limit:.0f} s"
    finally:
        _end(process)
    if not trouble and process.returncode:
        said = err.decode("utf-8", "replace").strip().splitlines()
        trouble = f"pyshark failed: {said[-1][:300] if said else f'exit code {process.returncode}'}"
    return Dissected(tuple(_read(out.splitlines())), trouble)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the worker and whatever it has left running: first by asking, so that it ends tshark itself."""
    if process.poll() is None:
        if WINDOWS:
            # There is no asking there, and whoever ends a process leaves alone what it started.
            with contextlib.suppress(OSError, subprocess.TimeoutExpired):
                command = ["taskkill", "/T", "/F", "/PID", str(process.pid)]
                subprocess.run(command, capture_output=True, timeout=GRACE, check=False)
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(GRACE)
    with contextlib.suppress(OSError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()


def _read(lines: Iterable[bytes]) -> Iterator[tuple[tuple[DissectedLayer, ...], int]]:
    for line in lines:
        try:
            entry = json.loads(line)
        except ValueError:
            return  # the line that was being written when the process was ended
        layers = (DissectedLayer(name, tuple(nested(fields))) for name, fields in entry["layers"])
        yield tuple(layers), entry["left"]


def nested(fields: Sequence[Sequence[Any]]) -> Iterator[DissectedField]:
    """Fields ``[name, text, position, size]`` in the order of their bytes, each inside what covers it.

    pyshark gives them grouped by name and without their tree. Flags lie side by side in what they are flags
    of. What Wireshark computed has no bytes of its own and comes last.
    """

    def place(at: int) -> tuple[bool, int, int, bool, int]:
        _, text, position, size = fields[at]
        return not size, position, -size, bool(_BITS.match(text)), at

    order = sorted(range(len(fields)), key=place)
    open_until: list[tuple[int, int]] = []
    for at in order:
        name, text, position, size = fields[at]
        while open_until and not (open_until[-1][0] <= position and position + size <= open_until[-1][1]):
            open_until.pop()
        yield DissectedField(len(open_until) if size else 0, name, text)
        if size and not _BITS.match(text):
            open_until.append((position, position + size))
