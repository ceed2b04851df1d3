"""The page as a whole: the first screen, its structure, and that it stands alone."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace

import html_pages
import pytest
import reports

from analyzer.model import Severity, Site
from analyzer.report.html import markup, page

WARNED = replace(reports.COMPLIANT, findings=(replace(reports.UNEXPECTED, severity=Severity.WARNING),))
SILENT = replace(reports.COMPLIANT, flows=(reports.ARP,), findings=())


@pytest.mark.parametrize(
    ("report", "words", "level"),
    [
        (reports.REPORT, "Not compliant", "bad"),
        (replace(reports.COMPLIANT, findings=()), "Compliant", "good"),
        (WARNED, "Compliant", "care"),
        (SILENT, "Nothing judged", "neutral"),
        (reports.EMPTY, "Nothing judged", "neutral"),
    ],
    ids=["violations", "clean", "a warning", "no sheet speaks", "empty"],
)
def test_the_verdict_in_words(report, words: str, level: str) -> None:
    made = html_pages.tree(report)
    (heading,) = made.xpath("//h1")
    assert heading.text == words
    (section,) = made.xpath("//section[@id='verdict']")
    assert f"l-{level}" in section.get("class").split()
    assert made.xpath("//title")[0].text.startswith(words)


def test_the_first_screen_says_what_was_looked_at() -> None:
    (seen,) = html_pages.tree(reports.REPORT).xpath("//div[@class='seen']")
    said = html_pages.said(seen)
    assert "site.pcapng 212 packets, 12.3 kB, 15 min 14 s from 2026-01-02 03:03:05 UTC" in said
    assert "Building 7, 2 host entries" in said
    assert "igor-gateway 5.0.0+" in said
    assert "truncated-file at frame 212" in said


def test_the_three_things_to_do_lead_to_their_findings() -> None:
    made = html_pages.tree(reports.REPORT)
    links = made.xpath("//section[@id='verdict']//ol/li/h3/a/@href")
    assert links == ["#finding-unexpected-flow-7c1f", "#finding-missing-flow-01ab"]
    for link in links:
        assert len(made.xpath("//*[@id=$id]", id=link[1:])) == 1


def test_rows_out_of_sight_are_said_beside_the_verdict() -> None:
    (said,) = html_pages.tree(reports.REPORT).xpath("//p[@class='said']")
    assert html_pages.said(said) == "2 violations, 1 note. 1 row could not be observed."


def test_the_next_visit_is_a_list_of_steps() -> None:
    (section,) = html_pages.tree(reports.REPORT).xpath("//section[@id='visit']")
    steps = [html_pages.said(step) for step in section.xpath("./ol/li")]
    assert len(steps) == 2
    assert steps[0].startswith("Configuration 1 row Change one setting of a device")
    assert "igor-gateway 5.0.0+, incoming TCP: 80 (HTTP (API))" in steps[0]
    assert "Capture it where it can be seen: the node was seen for 1 min only." in steps[1]
    (command,) = section.xpath("./p[@class='then']/code/text()")
    assert command == (
        "portmatrix check NEW.pcapng --site SITE.yaml --activity configuration --activity firmware-update"
    )


def test_every_link_leads_somewhere_on_the_page() -> None:
    made = html_pages.tree(reports.REPORT)
    ids = made.xpath("//@id")
    assert len(ids) == len(set(ids))
    links = made.xpath("//@href")
    assert links
    assert {link[1:] for link in links} <= set(ids)
    assert all(link.startswith("#") for link in links)
    for attribute in ("aria-labelledby", "aria-controls", "for"):
        assert set(made.xpath(f"//@{attribute}")) <= set(ids)


def test_nothing_is_loaded_from_anywhere() -> None:
    text = html_pages.text(reports.REPORT)
    made = html_pages.tree(text)
    assert (
        made.xpath("//@src | //link | //iframe | //img | //object | //embed | //base | //form/@action") == []
    )
    for name in ("style.css", "script.js"):
        assert not re.search(
            r"@import|url\(|https?:|\bfetch\b|XMLHttp|WebSocket|eval\(|innerHTML", markup.text(name)
        )
    # The only addresses of the page are those of the capture.
    assert not re.search(r"https?://|//www\.", text)


def test_the_policy_fits_the_style_and_the_script() -> None:
    made = html_pages.tree(reports.REPORT)
    (policy,) = made.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
    (style,) = made.xpath("//style")
    (script,) = made.xpath("//script[not(@type)]")
    assert policy == markup.policy(style.text, script.text)
    # The policy stands before whatever it is to govern.
    assert made.head.index(made.xpath("//meta[@http-equiv]")[0]) < made.head.index(style)
    assert made.xpath("//@style | //@*[starts-with(name(), 'on')]") == []


def test_the_headings_are_an_outline() -> None:
    made = html_pages.tree(reports.REPORT)
    levels = [int(element.tag[1]) for element in made.xpath("//h1 | //h2 | //h3 | //h4")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    for section in made.xpath("//main/section"):
        (name,) = made.xpath("//*[@id=$id]", id=section.get("aria-labelledby"))
        assert html_pages.said(name)


def test_every_table_has_heads_with_a_scope() -> None:
    made = html_pages.tree(reports.REPORT)
    assert len(made.xpath("//table")) >= 6
    assert made.xpath("//th[not(@scope)]") == []
    assert made.xpath("//table[not(thead)]") == []


def test_the_essential_is_there_without_the_script() -> None:
    made = html_pages.tree(reports.REPORT)
    flows = made.xpath("//tbody[@id='flow-rows']/tr/th/text()")
    assert flows == ["f1", "f2", "f3"]
    (told,) = made.xpath("//noscript")
    assert "JavaScript is off" in html_pages.said(told)
    # What only the script can do is hidden until it runs.
    for element in made.xpath("//button | //select | //input"):
        assert element.xpath("ancestor-or-self::*[@hidden]")


def test_provenance() -> None:
    report = replace(reports.REPORT, command="portmatrix check 'a b.pcap' --site x.yaml")
    (section,) = html_pages.tree(report).xpath("//section[@id='provenance']")
    said = html_pages.said(section)
    for fact in (
        "portmatrix 0.1.0",
        "portmatrix check 'a b.pcap' --site x.yaml",
        "ab" * 32,
        "Igor Network Communication Port Requirements",
        "Software Versions 5.0.0 and Higher",
        "rulesets/igor-gateway.yaml",
        "10.20.1.0/24",
        "inferred",
        "answers CoAP of the gateway",
    ):
        assert fact in said


def test_an_empty_report_is_a_page_too() -> None:
    said = html_pages.said(html_pages.tree(reports.EMPTY).xpath("//main")[0])
    for words in ("No finding.", "No flow.", "No sheet applies", "The capture holds no packets"):
        assert words in said


def test_inferred_roles_are_said_on_the_first_screen() -> None:
    report = replace(reports.COMPLIANT, site=Site(declared=False))
    (verdict,) = html_pages.tree(report).xpath("//section[@id='verdict']")
    assert "Roles are inferred from the traffic, so nothing here is more than a warning." in html_pages.said(
        verdict
    )


def hostile(text: str):
    """A report in which every string that a stranger, or a site file, can write is ``text``."""
    flow = replace(reports.TELNET, service=text, detail=text, reason=text, waived=text, protocol=text)
    finding = replace(
        reports.UNEXPECTED,
        title=text,
        detail=text,
        advice=text,
        near_miss=text,
        waived=text,
        wireshark_filter=text,
        flows=(flow.id,),
    )
    host = replace(reports.HOSTS[0], name=text, version=text, reason=text, addresses=("10.20.9.5",))
    problem = replace(reports.CAPTURE.problems[0], detail=text)
    return replace(
        reports.REPORT,
        site=replace(reports.SITE, name=text),
        captures=(replace(reports.CAPTURE, path=text, problems=(problem,)),),
        hosts=(host,),
        flows=(flow,),
        findings=(finding,),
        rows=(replace(reports.ROWS[0], reason=text),),
        undecoded={text: 1},
        transfers=(
            replace(
                reports.TRANSFER,
                file=text,
                detail=text,
                advice=text,
                requested={text: text},
                accepted={text: text},
            ),
        ),
        command=text,
    )


@pytest.mark.parametrize(
    "text",
    [
        reports.HOSTILE,
        "</script><script>alert(1)</script>",
        "</style></title><img src=x onerror=alert(1)>",
        "<!--<script>",
        "'\"><svg onload=alert(1)>",
        "{{ 7 * 7 }}{% raw %}",
        "\u2067\u202e\u200f\ufeff\u2028\udcff",
    ],
)
def test_strangers_text_is_text(text: str) -> None:
    shown = html_pages.text(hostile(text))
    plain = html_pages.tree(html_pages.text(hostile("harmless")))
    made = html_pages.tree(shown)
    # The same elements with the same attributes, whatever the strings say.
    assert [element.tag for element in made.iter()] == [element.tag for element in plain.iter()]
    names = [sorted(element.attrib) for element in made.iter()]
    assert names == [sorted(element.attrib) for element in plain.iter()]
    assert not set(shown) & set("\x1b\x07\r\u202e\u2067\u200f\ufeff\u2028\u200b\udcff")
    assert page.__doc__
    shown.encode()


def test_a_name_of_64_kilobytes_stays_small() -> None:
    shown = html_pages.text(hostile("n" * 65_536))
    assert len(shown) < 400_000
    assert "[+" in shown
