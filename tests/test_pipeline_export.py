"""Sheets and site to rules: what cannot be exported is told."""

from __future__ import annotations

import re

import pytest
from exporting import TODAY
from judging import CURRENT

from analyzer.errors import UsageError
from analyzer.export import Wishes
from analyzer.pipeline import Options
from analyzer.pipeline.export import policy


def test_the_bacnet_service_is_implied() -> None:
    found = policy(Options((), hosts=CURRENT), Wishes(), TODAY)
    assert {subject.role for subject in found.matrix.subjects} == {
        "igor-gateway",
        "igor-node",
        "igor-bacnet-service",
    }


def test_a_mode_stated_for_one_host_holds_for_all() -> None:
    hosts = ("biostar-server=10.0.0.1@server", "biostar-device=10.0.0.2")
    found = policy(Options((), hosts=hosts), Wishes(), TODAY)
    assert {edition.id for subject in found.matrix.subjects for edition in subject.editions} == {"server"}


@pytest.mark.parametrize(
    ("hosts", "wishes", "said"),
    [
        ((), Wishes(), "export needs the site: --site FILE, or --host ROLE=ADDRESS@VERSION for each host"),
        (
            ("bacnet-system=10.0.0.1",),
            Wishes(),
            "--host: no host of the site has a role that a sheet speaks about",
        ),
        (CURRENT, Wishes(subnets=("10.0.0.1/8",)), "--subnet: 10.0.0.1/8 has host bits set"),
        (CURRENT, Wishes(subnets=("x",)), "--subnet: "),
    ],
)
def test_what_cannot_be_exported(hosts: tuple[str, ...], wishes: Wishes, said: str) -> None:
    with pytest.raises(UsageError, match=re.escape(said)):
        policy(Options((), hosts=hosts), wishes, TODAY)
