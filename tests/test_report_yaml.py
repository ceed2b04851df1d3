"""The proposed site file: it loads as it stands, says why, and no stranger's word becomes structure."""

from __future__ import annotations

import io
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
from test_report_proposal import HOST, LINE, SURVEY, UNSURE

from analyzer import rulefile, site
from analyzer.model import Learned, LearnedRow, LeftOut, NameHeard, Site, Survey
from analyzer.report import Style, choose
from analyzer.report.neutral import visible

ROLES = frozenset({"igor-gateway", "igor-node", "biostar-server"})


def written(survey: Survey) -> str:
    stream = io.StringIO()
    render = choose(None, "survey", "site.yaml").render_survey
    assert render is not None
    render(survey, stream, Style())
    return stream.getvalue()


def loaded(survey: Survey) -> Site:
    return site.parse(written(survey), "site.yaml", ROLES)


def test_what_is_sure_is_in_force_and_what_is_unsure_is_not() -> None:
    (host,) = loaded(SURVEY).hosts
    assert (host.name, host.networks, host.roles) == ("igor gateway", ("10.20.0.10",), ("igor-gateway",))
    assert loaded(SURVEY).activities == {"operation"}


def test_taking_the_mark_away_puts_an_unsure_line_in_force() -> None:
    text = written(SURVEY)
    assert "  # - {name: host, address: 10.20.1.21, role: igor-gateway}\n" in text
    hosts = site.parse(text.replace("  # - {", "  - {"), "site.yaml", ROLES).hosts
    assert [host.name for host in hosts] == ["igor gateway", "host"]


def test_every_line_says_what_it_rests_on() -> None:
    text = written(SURVEY)
    for words in (
        "# likely: opens UDP 5683; the sheet lists 3 of the 4 things it does; frames 1, 2",
        "# edition 5.0.0+ by accepts TCP 8080",
        "# unsure: opens UDP 5683; frames 1, 2",
        "# or igor-node: the traffic does not tell them apart",
        "# doubt: d",
        "# firmware-update: UDP 69 (TFTP) seen.",
        "10.20.0.99: opens TCP 9999 with 10.20.0.10",
        "# Router: MAC 02:00:00:00:00:01, 3 addresses behind it.",
        "pip install 'portmatrix[oui]'",
    ):
        assert words in text, words


def test_a_mode_is_written_and_a_site_without_hosts_loads() -> None:
    line = replace(LINE, role="biostar-server", mode="server", edition="", edition_evidence="")
    assert site.parse(written(replace(SURVEY, lines=(line,))), "s", ROLES).hosts[0].mode == "server"
    assert loaded(replace(SURVEY, lines=(), others=())).hosts == ()
    assert loaded(replace(SURVEY, lines=(UNSURE,))).hosts == ()


def test_only_the_first_of_many_members_are_spelt_out() -> None:
    text = written(replace(SURVEY, lines=(replace(LINE, hosts=(HOST,) * 40),)))
    assert "and 24 more: --format json lists them" in text


@settings(max_examples=100)
@given(st.text(), st.text(), st.text())
def test_no_strangers_word_becomes_structure(name: str, vendor: str, path: str) -> None:
    host = replace(HOST, vendor=vendor, names=(NameHeard("dhcp", name, 1, 1),))
    info = replace(SURVEY.captures[0], path=path)
    survey = replace(SURVEY, captures=(info,), lines=(replace(LINE, hosts=(host,)), UNSURE), others=(host,))
    text = written(survey)
    assert visible(text.replace("\n", " ")) == text.replace("\n", " ")
    found = site.parse(text, "site.yaml", ROLES)
    assert [entry.networks for entry in found.hosts] == [("10.20.0.10",)]
    assert found.allow == ()


@settings(max_examples=50)
@given(st.text(), st.text())
def test_a_drafted_ruleset_loads_whatever_the_capture_is_called(path: str, name: str) -> None:
    row = LearnedRow(
        "acme-meter", "incoming", "tcp", 443, "tls", name.strip() or "x", "operation", 3, ("10.0.0.1",), None
    )
    info = replace(SURVEY.captures[0], path=path)
    draft = Learned("0.1.0", (info,), "learned", (row,), (), (LeftOut(name, path, 1),))
    stream = io.StringIO()
    render = choose("yaml", "learned").render_learned
    assert render is not None
    render(draft, stream, Style())
    ruleset = rulefile.parse(stream.getvalue(), "learned.yaml")
    assert ruleset.subjects == ("acme-meter",)
    assert ruleset.editions[0].incoming == (("tcp", 443),)
