"""The command ``portmatrix``, also ``python -m analyzer``: sets up its process before anything else."""

from __future__ import annotations

import gc
import os
import sys
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
    from analyzer import cli  # noqa: PLC0415 - see above

    try:
        cli.main()
    finally:
        # Nor are cycles looked for at the end: all output is written, and memory goes with the process.
        # DuckDB's bindings print a page on everything that is still there then.
        if "duckdb" not in sys.modules:
            gc.freeze()


if __name__ == "__main__":
    main()
