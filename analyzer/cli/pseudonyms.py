"""``--pseudonymise``: other addresses and names, and the map that tells which is which."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from analyzer.cli import output
from analyzer.cli.output import say
from analyzer.errors import UsageError
from analyzer.report.layout import plural

if TYPE_CHECKING:
    from analyzer.model import FirmwareReport, FlowReport, Report
    from analyzer.pseudonyms import Pseudonyms

R = TypeVar("R", "Report", "FlowReport", "FirmwareReport")
SECRET = 0o600
"""Who may read a map: whoever has it can undo the pseudonyms."""


@dataclass(frozen=True)
class Wish:
    """What the options say. Raises :class:`UsageError` where they contradict each other."""

    wanted: bool
    map_file: str | None
    key: str | None

    def __post_init__(self) -> None:
        if not self.wanted and (self.map_file is not None or self.key is not None):
            raise UsageError(f"{'--map' if self.map_file is not None else '--key'}: only with --pseudonymise")
        if self.key == "":
            raise UsageError("--key: is empty")

    def opened(self, report: Report | FlowReport | FirmwareReport) -> Pseudonyms:
        """The pseudonyms to use."""
        from analyzer.pipeline import pseudonyms  # noqa: PLC0415 - --help must not load the stages

        return pseudonyms.opened(report, self.map_file, self.key)

    def keep(self, found: Pseudonyms, quiet: bool) -> None:
        """Write the map, or say that there is none."""
        from analyzer.pipeline import pseudonyms  # noqa: PLC0415

        if self.map_file is None:
            if not quiet and self.key is None:
                say("pseudonyms of a key that is not kept: --map FILE would tell which is which")
            return
        new = not os.path.exists(self.map_file)
        with output.whole_file(self.map_file) as stream:
            stream.write(pseudonyms.map_file(found))
        if new and os.path.isfile(self.map_file):
            with contextlib.suppress(OSError):
                os.chmod(self.map_file, SECRET)
        if not quiet:
            say(f"{plural(len(found.addresses), 'pseudonym')}; {self.map_file} written: keep it to yourself")

    def applied(self, report: R, quiet: bool) -> R:
        """``report`` as it may be shown: itself where nothing was asked for."""
        if not self.wanted:
            return report
        from analyzer.pipeline import pseudonyms  # noqa: PLC0415

        found = self.opened(report)
        changed = pseudonyms.renamed(report, found)
        self.keep(found, quiet)
        return changed
