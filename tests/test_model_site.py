"""What is taken of a site where nobody said anything else."""

from __future__ import annotations

from analyzer.model.site import Allow, Host, Site


def test_a_host_is_declared_until_we_say_that_it_was_inferred() -> None:
    host = Host("gateway", ("10.20.0.10",), ("igor-gateway",))
    assert (host.basis, host.version, host.mode, host.edition) == ("declared", "", "", "")


def test_operation_always_takes_place_and_a_waiver_without_a_date_never_ends() -> None:
    assert Site().activities == {"operation"}
    assert Allow("any", "gateway", "tcp", 22, "maintenance").until is None
