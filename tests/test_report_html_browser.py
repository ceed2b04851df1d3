"""The page in a real Chromium: what it draws, what it does, what it asks of the network, how it prints."""

from __future__ import annotations

import asyncio
import io
import os
import shutil
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import frames
import html_pages
import pytest
import reports
from captures import pcap
from test_report_html_page import hostile

from analyzer import pipeline
from analyzer.model import Endpoint, FlowRecord, Outcome, Report, Verdict

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed"),
    pytest.mark.skipif(os.name == "nt", reason="Windows: Chromium is driven on Linux and macOS"),
]

HOSTILE_TEXTS = (
    "</script><script>window.pwned = 1</script>",
    "<img src=x onerror='window.pwned = 1'>",
    "<!--<script>",
    "\"'><svg/onload=window.pwned=1>",
    reports.HOSTILE,
)


def flow(at: int, **more: Any) -> FlowRecord:
    """Flow ``at`` of a made-up table: sizes fall while starts rise, every tenth is an unexpected refusal."""
    made = replace(
        reports.TELNET if at % 10 == 0 else reports.COAP,
        id=f"f{at}",
        originator=Endpoint(f"10.20.{1 + at // 250}.{1 + at % 250}", 1024 + at % 60_000, ("igor-node",)),
        first=reports.START + at * reports.SECOND,
        last=reports.START + at * reports.SECOND + at * 1_000_000,
        bytes=(1_000_000 - at, 0),
        frames=(at * 2, at * 2 + 1),
    )
    return replace(made, **more)


RICH = replace(
    reports.REPORT,
    flows=tuple(flow(at) for at in range(1, 301)),
    findings=(replace(reports.UNEXPECTED, flows=("f10", "f20")), reports.MISSING, reports.PEER),
    transfers=(reports.TRANSFER,),
    attempts=(reports.ATTEMPT,),
    command="portmatrix check site.pcapng",
)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    # pyshark, where its tests ran before in this process, leaves a child watcher without a loop behind.
    asyncio.set_event_loop_policy(None)
    with sync_playwright() as engine:
        browser = engine.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


class Opened:
    """A page that was opened from a file, and everything that it said or asked for."""

    def __init__(self, page: Any, path: Path) -> None:
        self.page, self.said, self.asked, self.failed = page, [], [], []
        page.on("console", lambda message: self.said.append(message.text))
        page.on("pageerror", lambda error: self.said.append(str(error)))
        page.on("dialog", lambda dialog: self.said.append(dialog.message))
        page.on("request", lambda request: self.asked.append(request.url))
        page.on("requestfailed", lambda request: self.failed.append((request.url, request.failure)))
        page.goto(path.as_uri())

    def rows(self) -> list[str]:
        """The ids of the flows on the page of the table that is shown."""
        found: list[str] = self.page.locator("#flow-rows tr:not(.more) > th").all_inner_texts()
        return found


@pytest.fixture
def opened(chromium: Any, tmp_path: Path) -> Iterator[Callable[..., Opened]]:
    contexts = []

    def open_(report: Report, **settings: Any) -> Opened:
        path = tmp_path / "report.html"
        path.write_text(html_pages.text(report), encoding="utf-8")
        context = chromium.new_context(viewport={"width": 1280, "height": 800}, **settings)
        contexts.append(context)
        return Opened(context.new_page(), path)

    yield open_
    for context in contexts:
        context.close()


@pytest.mark.parametrize("report", [RICH, reports.EMPTY], ids=["rich", "empty"])
def test_it_renders_without_a_request_or_a_complaint(opened: Any, report: Report) -> None:
    tab = opened(report)
    assert tab.page.locator("h1").is_visible()
    assert tab.said == []
    assert [url for url in tab.asked if not url.startswith("file:")] == []
    assert len(tab.asked) == 1
    assert tab.page.evaluate("localStorage.length + sessionStorage.length + document.cookie.length") == 0


def test_the_first_screen_holds_the_verdict_what_to_do_and_what_was_looked_at(opened: Any) -> None:
    tab = opened(RICH)
    for name in ("#verdict-h", ".do ol li >> nth=0", ".do ol li >> nth=1", ".seen dl"):
        box = tab.page.locator(name).bounding_box()
        assert box["y"] + box["height"] <= 800, name


def test_sorting(opened: Any) -> None:
    tab = opened(RICH)
    assert tab.rows()[:2] == ["f1", "f2"]
    head = tab.page.locator("th[data-sort=bytes]")
    head.get_by_role("button").click()
    assert tab.rows()[:2] == ["f300", "f299"]  # the fewest bytes
    assert head.get_attribute("aria-sort") == "ascending"
    head.get_by_role("button").press("Enter")
    assert tab.rows()[:2] == ["f1", "f2"]
    assert head.get_attribute("aria-sort") == "descending"
    tab.page.locator("th[data-sort=originator]").get_by_role("button").click()
    assert head.get_attribute("aria-sort") is None
    # 10.20.1.1 is flow 250 (1 + 250 % 250 = 1, but in 10.20.2), so addresses order by number, not by letter.
    assert tab.rows()[:3] == ["f1", "f2", "f3"]
    tab.page.locator("th[data-sort=outcome]").get_by_role("button").click()
    tab.page.locator("th[data-sort=outcome]").get_by_role("button").click()
    assert tab.rows()[:2] == ["f10", "f20"]  # refused comes behind answered


def test_searching_filtering_and_paging(opened: Any) -> None:
    tab = opened(RICH)
    page = tab.page
    result = page.locator("#result")
    assert result.inner_text() == "300 flows"
    assert page.locator("#page-said").inner_text() == "Page 1 of 12"
    page.locator("#page-next").click()
    assert tab.rows()[0] == "f26"
    page.locator("#page-last").click()
    assert tab.rows()[-1] == "f300"
    assert page.locator("#page-next").is_disabled()

    def search(text: str) -> list[str]:
        page.locator("#find").fill(text)
        page.locator("#find").press("Enter")
        return tab.rows()

    assert search("10.20.1.18") == ["f17", *(f"f{at}" for at in range(179, 189))]
    assert search("10.20.1.18:1041") == ["f17"]
    assert search("f42") == ["f42"]
    assert search("tcp/23 10.20.1.51") == ["f50"]
    assert search("TELNET 1054") == ["f30"]
    assert search("nothing-like-this") == []
    assert result.inner_text() == "0 flows of 300"
    assert search("") == [f"f{at}" for at in range(1, 26)]
    page.locator("#by-verdict").select_option(label="unexpected (30)")
    assert tab.rows()[:3] == ["f10", "f20", "f30"]
    assert result.inner_text() == "30 flows of 300"
    assert result.get_attribute("aria-live") == "polite"


def test_a_flow_opens_and_a_finding_leads_to_its_flows(opened: Any) -> None:
    tab = opened(RICH, permissions=["clipboard-read", "clipboard-write"])
    page = tab.page
    page.locator("article").get_by_role("button", name="Show in the flow table").first.click()
    assert tab.rows() == ["f10", "f20"]
    page.locator("#flow-rows .open").first.press("Enter")
    more = page.locator("#flow-rows tr.more")
    assert "no sheet lists TCP 23" in more.inner_text()
    assert more.locator("a").get_attribute("href") == "#finding-unexpected-flow-7c1f"
    more.get_by_role("button").click()
    assert page.evaluate("navigator.clipboard.readText()") == (
        "ip.addr == 10.20.1.11 && ip.addr == 10.20.0.10 && tcp.port == 1034 && tcp.port == 23"
    )
    page.locator("#flow-rows .open").first.click()
    assert more.count() == 0
    page.locator("#only-off").click()
    assert len(tab.rows()) == 25
    assert tab.said == []


def test_a_row_of_the_matrix_leads_to_its_flows(opened: Any) -> None:
    tab = opened(RICH)
    tab.page.locator(".ports td a", has_text="5683").first.click()
    button = tab.page.get_by_role("button", name="Show 1 flow")
    button.click()  # the link has opened the list of rows
    assert tab.page.locator("#result").inner_text() == "270 flows of 300"


def test_copying_a_filter(opened: Any) -> None:
    tab = opened(RICH, permissions=["clipboard-read", "clipboard-write"])
    button = tab.page.locator("[data-copy]").first
    button.click()
    assert tab.page.evaluate("navigator.clipboard.readText()") == reports.UNEXPECTED.wireshark_filter
    assert button.inner_text().startswith("Copied")
    assert tab.page.locator("#copied").inner_text() == "Filter copied"


def test_copying_where_the_clipboard_is_not_given(opened: Any) -> None:
    tab = opened(RICH, permissions=["clipboard-read", "clipboard-write"])
    tab.page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    tab.page.locator("[data-copy]").first.click()
    tab.page.locator("#find").focus()
    tab.page.keyboard.press("Control+V")
    assert tab.page.locator("#find").input_value() == reports.UNEXPECTED.wireshark_filter


@pytest.mark.parametrize(("system", "names"), [("light", "Dark"), ("dark", "Light")])
def test_the_theme_follows_the_system_and_the_button(opened: Any, system: str, names: str) -> None:
    tab = opened(RICH, color_scheme=system)
    button = tab.page.locator("#theme")
    assert button.inner_text() == f"{names} theme"
    colour = "getComputedStyle(document.body).backgroundColor"
    before = tab.page.evaluate(colour)
    button.click()
    assert tab.page.evaluate(colour) != before
    button.click()
    assert tab.page.evaluate(colour) == before


def test_a_strangers_script_does_not_run(opened: Any) -> None:
    tab = opened(hostile("".join(HOSTILE_TEXTS)))
    tab.page.locator("#flow-rows .open").first.click()
    tab.page.locator("#find").fill("<")
    tab.page.locator("#find").press("Enter")
    for details in tab.page.locator("details > summary").all():
        if details.is_visible():
            details.click()
    assert tab.page.evaluate("window.pwned") is None
    assert tab.said == []
    assert len(tab.asked) == 1


def test_a_hostile_capture_is_a_harmless_page(opened: Any, tmp_path: Path) -> None:
    """From the wire: a script as the name of a file, escape codes in a URI, a name of 60,000 letters."""
    gateway, node = "10.20.0.10", "10.20.1.21"

    def datagram(data: bytes, sport: int, dport: int) -> bytes:
        return frames.eth(frames.ip4(frames.udp(data, sport, dport), a=node, b=gateway))

    def request(name: bytes) -> bytes:
        return b"\0\1" + name + b"\0octet\0"

    script = b"</script><script>window.pwned=1</script><!--<script>"
    uri = "\x1b[31m\u202e<b>".encode()
    sent = [
        datagram(request(script), 40001, 69),
        datagram(request(b"n" * 60_000), 40002, 69),
        datagram(b"\x40\x01\x00\x07" + bytes([0xB0 | len(uri)]) + uri, 40003, 5683),
    ]
    path = tmp_path / "hostile.pcap"
    path.write_bytes(pcap([(reports.START + at * 10**6, data) for at, data in enumerate(sent)]))
    hosts = (f"igor-gateway={gateway}@5.1.0", f"igor-node={node}@6.0.2")
    report = pipeline.check(pipeline.Options(sources=(str(path),), hosts=hosts))
    assert script.decode() in [transfer.file for transfer in report.transfers]
    tab = opened(report)
    assert tab.page.evaluate("window.pwned") is None
    assert tab.said == []
    assert len(tab.asked) == 1
    shown = tab.page.locator("body").text_content()
    assert script.decode() in shown
    assert "\\x1b[31m\\u202e<b>" in tab.page.locator("#flow-data").text_content().encode().decode(
        "unicode_escape"
    )
    assert len(html_pages.text(report)) < 400_000


def test_the_policy_holds_even_if_markup_got_through(opened: Any) -> None:
    tab = opened(RICH)
    tab.page.evaluate(
        """() => {
          document.body.insertAdjacentHTML("beforeend", "<img src='https://example.com/x.png'>");
          const script = document.createElement("script");
          script.textContent = "window.pwned = 1";
          document.body.append(script);
        }"""
    )
    assert tab.page.evaluate("window.pwned") is None
    assert len(tab.said) == 2
    assert all("Content Security Policy" in text for text in tab.said)
    assert tab.failed == [("https://example.com/x.png", "csp")]


def test_it_prints_on_a4(opened: Any) -> None:
    from pypdf import PdfReader

    tab = opened(RICH, color_scheme="dark")
    document = PdfReader(io.BytesIO(tab.page.pdf(prefer_css_page_size=True)))
    # The first screen and the matrix, findings and drawing, timeline and transfers, flows and the rest.
    assert 4 <= len(document.pages) <= 6
    for sheet in document.pages:
        assert (round(sheet.mediabox.width), round(sheet.mediabox.height)) == (595, 842)
    text = " ".join(" ".join(sheet.extract_text() for sheet in document.pages).split())
    text = unicodedata.normalize("NFKC", text)  # fonts have one letter for fi and fl
    for essential in (
        "Not compliant",
        "Telnet to the gateway",
        "Close TCP 23",
        "frame.number in {17..19}",
        "50195",
        "node-6.0.2.bin",
        "Alike flows together",
        f"1 / {len(document.pages)}",
    ):
        assert essential in text, essential
    assert "ab" * 32 in text.replace(" ", "")  # the hash, which a narrow column breaks
    for for_the_screen in ("Show in the flow table", "Dark theme", "Page 1 of", "Copy"):
        assert for_the_screen not in text


def test_nobody_is_shut_out(opened: Any) -> None:
    """axe-core's rules for WCAG 2.2 A and AA; contrast in both themes."""
    from axe_playwright_python.sync_playwright import Axe

    tab = opened(RICH)
    tab.page.evaluate("for (const part of document.querySelectorAll('details')) part.open = true")
    tab.page.locator("#flow-rows .open").first.click()
    levels = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    for rules in ({"type": "tag", "values": levels}, {"type": "rule", "values": ["color-contrast"]}):
        found = Axe().run(tab.page, options={"runOnly": rules, "resultTypes": ["violations"]}).response
        assert "color-contrast" in [entry["id"] for entry in found["passes"]]
        assert [
            (entry["id"], [node["html"][:200] for node in entry["nodes"]]) for entry in found["violations"]
        ] == []
        tab.page.locator("#theme").click()


def test_the_keyboard_reaches_everything(opened: Any) -> None:
    page = opened(RICH).page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('#verdict') !== null")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    reachable = "a[href], button:not([disabled]):not([hidden]), select, input, summary"
    assert page.evaluate(
        f"[...document.querySelectorAll('{reachable}')].filter((element) => element.tabIndex < 0).length"
    ) == (0)


def test_without_javascript(opened: Any) -> None:
    page = opened(RICH, java_script_enabled=False).page
    assert page.locator("noscript").is_visible()
    assert page.locator("#flow-rows tr").count() == 25
    assert page.locator("#tools, #theme, #pages, [data-copy]").filter(visible=True).count() == 0
    assert page.locator("#findings .card").count() == 3
    assert page.get_by_text("Alike flows together").is_visible()


@pytest.mark.parametrize("width", [360, 768])
def test_a_narrow_screen_scrolls_only_its_tables(opened: Any, width: int) -> None:
    page = opened(RICH).page
    page.set_viewport_size({"width": width, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_100_000_flows(opened: Any, tmp_path: Path) -> None:
    """Below 15 MB, and a click or a word is answered within a second."""
    many = tuple(
        flow(
            at,
            originator=Endpoint(
                f"10.{at >> 16}.{at >> 8 & 255}.{at & 255}", 1024 + at % 60_000, ("igor-node",)
            ),
            outcome=Outcome.ANSWERED if at % 3 else Outcome.UNANSWERED,
            verdict=Verdict.EXPECTED,
        )
        for at in range(1, 100_001)
    )
    tab = opened(replace(RICH, flows=many, findings=()))
    assert (tmp_path / "report.html").stat().st_size < 15_000_000
    page = tab.page
    assert page.locator("#result").inner_text() == "100 000 flows"

    def seconds(program: str) -> float:
        took: float = page.evaluate(
            f"() => {{ const start = performance.now(); {program}; return performance.now() - start; }}"
        )
        return took / 1000

    for name in ("bytes", "originator", "verdict"):
        assert seconds(f"document.querySelector('th[data-sort={name}] button').click()") < 1
    submit = "document.getElementById('tools').requestSubmit()"
    assert seconds(f"document.getElementById('find').value = '10.1.134.159'; {submit}") < 1
    assert tab.rows() == ["f99999"]
    assert seconds(f"document.getElementById('find').value = 'telnet 23 10.0'; {submit}") < 1
    assert tab.said == []
