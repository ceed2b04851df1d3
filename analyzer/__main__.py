"""The command ``portmatrix``, also ``python -m analyzer``: sets up its process before anything else."""

from __future__ import annotations

import atexit
import gc
import os
import sys
from collections.abc import Sequence
from typing import Final, NoReturn

GARBAGE: Final = 2_000_000
"""New objects before cycles among them are looked for."""

THREADS: Final = ("OPENBLAS_NUM_THREADS", "GOTO_NUM_THREADS", "OMP_NUM_THREADS")
"""Environment variables that the linear algebra in numpy (OpenBLAS) takes its number of threads from."""


def main() -> NoReturn:
    """The console entry point. A library must not do to its user's process what is done here."""
    # A run makes millions of objects and hardly a cycle: looking for them costs a quarter of the time.
    gc.set_threshold(GARBAGE)
    # numpy starts a thread a processor for its linear algebra when it is imported. Nothing here multiplies
    # matrices, and the threads cost more than the rest of numpy.
    if not any(name in os.environ for name in THREADS):
        os.environ[THREADS[0]] = "1"
    # First, so that it runs after all else that is to be done at the end.
    codes: list[int] = []
    atexit.register(_leave, codes)
    from analyzer import cli  # noqa: PLC0415 - see above

    try:
        cli.main()
    except SystemExit as end:
        if isinstance(end.code, int):
            codes.append(end.code)
        raise


def _leave(codes: Sequence[int]) -> None:
    """End the process with the last of ``codes``, without the interpreter's giving back what it holds.

    That takes ten milliseconds and more, and memory goes with the process all the same.
    """
    if not codes:
        return  # an error that nobody caught
    try:
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
    except (OSError, ValueError):
        return  # the interpreter will find that too, and has its own way to tell
    os._exit(codes[-1])


if __name__ == "__main__":
    main()
