"""Flows as JSON text: what ``json`` and ``jsonl`` write one below the other."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from analyzer.model import FlowRecord, Records
from analyzer.report.document import FLOW, flow_part
from analyzer.report.lines import Template, lines

# ensure_ascii escapes direction-changing and control characters, so the text is harmless to print.
encode = json.JSONEncoder(ensure_ascii=True, allow_nan=False).encode
"""A value as JSON text."""


def written(flows: Sequence[FlowRecord], before: str, after: str) -> Iterator[str]:
    """The entries of ``flows``, some at a time, each between ``before`` and ``after``."""
    pieces: list[str] = [before]
    names: list[str] = []
    _spell(FLOW, pieces, names)
    pieces[-1] += after
    template = Template(pieces, names, lambda name, part: encode(flow_part(name, part)), '"')
    for cells in Records.of(flows).cells():
        yield lines(cells, template)


def _spell(shape: Any, pieces: list[str], names: list[str]) -> None:
    """Add the text around the parts of a shape, and the parts' names, in the order in which JSON has them."""
    if isinstance(shape, str):
        names.append(shape)
        pieces.append("")
        return
    opening, closing = ("[", "]") if isinstance(shape, list) else ("{", "}")
    keyed = (
        [("", one) for one in shape]
        if isinstance(shape, list)
        else [(f"{encode(key)}: ", one) for key, one in shape.items()]
    )
    for place, (key, one) in enumerate(keyed):
        pieces[-1] += (", " if place else opening) + key
        _spell(one, pieces, names)
    pieces[-1] += closing
