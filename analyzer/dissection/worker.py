"""Run as a program: pyshark reads a capture and each frame becomes one line of JSON on standard output.

A process of its own, because pyshark wants an event loop, prints where it likes, and leaves tshark running
when it fails; who started this process can end all of it. It imports nothing of portmatrix.

Arguments: the capture, tshark's path, how many fields of a frame to give, how many characters of each.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from typing import Any


def fields_of(layer: Any, most: int, longest: int) -> tuple[list[list[Any]], int]:
    """``[name, text, position, size]`` of the fields that Wireshark shows, and how many were left off."""
    found = []
    for container in layer._all_fields.values():
        for field in container.all_fields:
            text = field.showname or (f"{field.name}: {field.show}" if field.name else field.show)
            if not field.hide and text:
                place = [int(value) if value and value.isdigit() else 0 for value in (field.pos, field.size)]
                found.append([field.name or "", str(text)[:longest], *place])
    return found[:most], max(0, len(found) - most)


def main(path: str, tshark: str, most: int, longest: int) -> int:
    """Dissect ``path``. Gives the exit code."""
    # As an exception, so that capture.close() ends tshark.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    # What pyshark prints must not get between the lines of JSON.
    out = os.fdopen(os.dup(1), "w", encoding="ascii")
    os.dup2(2, 1)
    import pyshark  # noqa: PLC0415 - after its way to standard output is closed

    capture = pyshark.FileCapture(
        path, keep_packets=False, tshark_path=tshark, override_prefs={"nameres.network_name": "FALSE"}
    )
    try:
        for packet in capture:
            layers, left = [], 0
            for layer in (packet.frame_info, *packet.layers):
                fields, more = fields_of(layer, most, longest)
                layers.append([layer.layer_name, fields])
                left += more
            out.write(json.dumps({"layers": layers, "left": left}) + "\n")
            out.flush()
    finally:
        capture.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
