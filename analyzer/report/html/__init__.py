"""HTML: the whole report as one file that opens offline, prints, and runs nothing but its own script.

One noun a module: each prepares the values of one section and has a template of the same name beside it.
:mod:`analyzer.report.html.page` puts those of a check together, ``firmware`` and ``changes`` the others.
"""

from __future__ import annotations

from typing import IO

from analyzer.model import Diff, FirmwareReport, Report
from analyzer.report import Format, Style


def _report(report: Report, stream: IO[str], _style: Style) -> None:
    from analyzer.report.html import page  # noqa: PLC0415 - other formats must not load the template engine

    page.write(report, stream)


def _firmware(report: FirmwareReport, stream: IO[str], _style: Style) -> None:
    from analyzer.report.html import firmware  # noqa: PLC0415 - as above

    firmware.write(report, stream)


def _diff(diff: Diff, stream: IO[str], _style: Style) -> None:
    from analyzer.report.html import changes  # noqa: PLC0415 - as above

    changes.write(diff, stream)


FORMAT = Format("html", (".html", ".htm"), _report, render_firmware=_firmware, render_diff=_diff)
