"""Draw ``samples/report.png``, the picture of an HTML report in README.md, with a real Chromium.

    python samples/lab/screenshot.py

Needs the ``test`` extra and Chromium.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from analyzer.cli import run

SAMPLES = Path(__file__).resolve().parents[1]
PICTURE = SAMPLES / "report.png"
CASE = SAMPLES / "retired-upnp"
SIZE = {"width": 1100, "height": 700}


def draw() -> None:
    """The first screen of the report on the sample."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as engine:
        page = Path(folder) / "report.html"
        run(["check", str(CASE / "capture.pcap"), "--site", str(CASE / "site.yaml"), "-q", "-o", str(page)])
        browser = engine.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        tab = browser.new_page(viewport=SIZE, color_scheme="light")
        tab.goto(page.as_uri())
        # The capture is named as a reader of the README would type it.
        tab.evaluate(
            """(prefix) => {
              const all = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
              while (all.nextNode()) all.currentNode.data = all.currentNode.data.replaceAll(prefix, "");
            }""",
            f"{SAMPLES.parent}/",
        )
        tab.screenshot(path=str(PICTURE))
        browser.close()


if __name__ == "__main__":
    draw()
    sys.stdout.write(f"{PICTURE} written\n")
