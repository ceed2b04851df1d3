"""Where tshark is, and how to get it."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from collections.abc import Mapping
from typing import Final

from analyzer.errors import MissingExtra, UsageError

MAC_PATH: Final = "/Applications/Wireshark.app/Contents/MacOS/tshark"
HOW: Final[Mapping[str, str]] = {
    "win32": "install Wireshark from https://www.wireshark.org and leave TShark ticked",
    "darwin": "brew install wireshark, or install Wireshark from https://www.wireshark.org",
    "linux": "apt install tshark (Debian, Ubuntu), dnf install wireshark-cli (Fedora)",
}


def require(feature: str) -> str:
    """The path of tshark, for ``feature`` of the command line.

    Raises :class:`MissingExtra` without pyshark and :class:`UsageError` without tshark: one line that says
    how to get it.
    """
    if importlib.util.find_spec("pyshark") is None:
        raise MissingExtra(feature, "wireshark")
    found = shutil.which("tshark") or next((path for path in _usual() if os.path.isfile(path)), None)
    if found is None:
        raise UsageError(f"{feature} needs Wireshark's tshark: {HOW.get(sys.platform, HOW['linux'])}")
    return found


def _usual() -> list[str]:
    """Where installers put it without adding it to the search path."""
    if sys.platform == "darwin":
        return [MAC_PATH]
    folders = (os.environ.get(name) for name in ("ProgramFiles", "ProgramFiles(x86)"))
    return [os.path.join(folder, "Wireshark", "tshark.exe") for folder in folders if folder]
