"""Draw ``samples/check.svg``, the picture in README.md, from what ``portmatrix check`` really prints.

    python samples/lab/picture.py

Needs the ``test`` extra. The picture ends after the first table of the matrix; nothing else is left out.
"""

from __future__ import annotations

import io
import re
from pathlib import Path

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.text import Text

from analyzer import pipeline
from analyzer.report import Style, choose

SAMPLES = Path(__file__).resolve().parents[1]
PICTURE = SAMPLES / "check.svg"
CASE = "samples/coap-blocked"
WIDTH = 80
LAST = "igor-node 6.0.0+ ("
"""The picture stops before the line that begins so."""


def printed() -> list[str]:
    """The lines that a terminal of 80 columns shows, colour codes included."""
    folder = SAMPLES.parent / CASE
    options = pipeline.Options(sources=(str(folder / "capture.pcap"),), site=str(folder / "site.yaml"))
    stream = io.StringIO()
    render = choose("text", "report").render_report
    assert render is not None
    render(pipeline.check(options), stream, Style(width=WIDTH, colour=True))
    # The capture is named as a reader of the README would type it.
    lines = stream.getvalue().replace(f"{SAMPLES.parent}/", "").splitlines()
    ends = [
        number for number, line in enumerate(lines) if Text.from_ansi(line).plain.strip().startswith(LAST)
    ]
    return [*lines[: ends[-1]], "  ..."]


def draw(lines: list[str]) -> str:
    """An SVG that loads nothing: rich's template names a font on the network, a reader's own will do."""
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True)
    console.print(f"$ portmatrix check {CASE}/capture.pcap \\\n> --site {CASE}/site.yaml", highlight=False)
    for line in lines:
        text = Text.from_ansi(line)
        # A part of its own for the indent: some viewers drop blanks that begin an SVG text.
        text.stylize("not blink", 0, len(text.plain) - len(text.plain.lstrip()))
        console.print(text, soft_wrap=True)
    template = re.sub(r"@font-face \{\{.*?\n    \}\}\n", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)
    return console.export_svg(title="portmatrix", code_format=template, unique_id="portmatrix")


if __name__ == "__main__":
    PICTURE.write_text(draw(printed()), encoding="utf-8")
    print(f"{PICTURE} written")
