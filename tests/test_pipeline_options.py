"""Sheets and site from what the user typed."""

from __future__ import annotations

import pytest

from analyzer.errors import SiteError
from analyzer.pipeline.options import Options, expected


def test_hosts_of_the_command_line_stand_in_for_a_site_file() -> None:
    sheets, place = expected(
        Options((), hosts=("igor-gateway=10.20.0.10@5.1.0",), activities=("firmware-update",))
    )
    assert {"igor-gateway", "biostar-1"} <= {sheet.name for sheet in sheets}
    assert [(host.roles, host.version) for host in place.hosts] == [(("igor-gateway",), "5.1.0")]
    assert place.activities == {"operation", "firmware-update"}
    assert place.declared


def test_without_a_word_nothing_is_declared() -> None:
    assert not expected(Options(()))[1].declared


def test_a_mode_of_a_role_that_has_none_is_refused(tmp_path) -> None:
    path = tmp_path / "site.yaml"
    path.write_text("hosts: [{name: gw, address: 10.0.0.1, role: igor-gateway, mode: server}]\n")
    with pytest.raises(SiteError, match=r"site.yaml:1:65: igor-gateway has no mode server \(leave the m"):
        expected(Options((), site=str(path)))
