"""``portmatrix export``: the expected matrix of a site as firewall rules and filters."""

from __future__ import annotations

import datetime
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from analyzer.cli import options
from analyzer.cli.output import refuse_inputs, say_line, whole_file, write
from analyzer.errors import UsageError
from analyzer.report import Format, Style

if TYPE_CHECKING:
    from analyzer.export import Written

TARGETS = (
    *("nftables", "iptables", "windows", "cisco", "ciscoasa", "juniper", "paloalto"),
    *("mud", "bpf", "wireshark"),
)
"""What the help lists; the folder ``analyzer.export`` is the registry, and a test holds the two together."""


def _ports(_context: click.Context, _parameter: click.Parameter, value: str) -> tuple[int, int]:
    low, _, high = value.partition("-")
    if not (low.isdecimal() and high.isdecimal() and 1024 <= int(low) <= int(high) <= 65535):
        raise click.BadParameter("write LOW-HIGH, 1024 to 65535")
    return int(low), int(high)


def _url(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    if re.fullmatch(r"https://[A-Za-z0-9.-]+(?::[0-9]+)?(?:/[A-Za-z0-9._~/-]*)?", value) is None:
        raise click.BadParameter("write an https URL without a query")  # RFC 8520 section 2.1: https
    return value


def _date(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    try:
        return datetime.date.fromisoformat(value).isoformat()
    except ValueError:
        raise click.BadParameter("write it as 2027-01-31") from None


@click.command()
@click.option("--to", "target_name", metavar="TARGET", required=True, help=f"{', '.join(TARGETS)}.")
@options.site
@click.option(
    "--default",
    type=click.Choice(["none", "deny"]),
    default="none",
    show_default=True,
    help="Traffic between hosts that no sheet speaks about: left alone, or denied too.",
)
@click.option(
    "--peers",
    type=click.Choice(["any", "declared"]),
    default="any",
    show_default=True,
    help="Who may use a row that names no peer: any host, or the hosts of the site.",
)
@click.option(
    "--disputed",
    type=click.Choice(["permit", "deny"]),
    default="permit",
    show_default=True,
    help="What only one of two sheets lists.",
)
@click.option(
    "--infrastructure",
    type=click.Choice(["none", "always", "client"]),
    default="always",
    show_default=True,
    help="Background such as DHCP and DNS; 'client' adds what hosts of a domain open.",
)
@click.option(
    "--place",
    type=click.Choice(["any", "router", "host"]),
    default="any",
    show_default=True,
    help="What nftables and iptables filter: forwarded traffic, a host's own, or both.",
)
@click.option(
    "--subnet",
    "subnets",
    metavar="CIDR",
    multiple=True,
    help="A subnet, for its broadcast address (repeatable).",
)
@click.option(
    "--tftp-ports",
    metavar="LOW-HIGH",
    default="1024-65535",
    show_default=True,
    callback=_ports,
    help="Ports of TFTP's data where the target cannot follow a transfer.",
)
@click.option("--role", metavar="ROLE", default="", help="mud: the one role to write.")
@click.option(
    "--mud-url",
    metavar="URL",
    default="https://portmatrix.invalid/mud",
    show_default=True,
    callback=_url,
    help="mud: where the files will be published.",
)
@click.option(
    "--updated",
    metavar="DATE",
    default="1970-01-01",
    show_default=True,
    callback=_date,
    help="mud: the files' date; fixed, so that exports compare.",
)
@click.option("--unexpected", is_flag=True, help="bpf, wireshark: what is not expected of the equipment.")
@click.option(
    "-o",
    "--output",
    "output",
    metavar="FILE|DIR",
    help="Write here instead of standard output; a directory where there are several files.",
)
@click.option("-q", "--quiet", is_flag=True, help="No remarks on standard error; the output has them too.")
def export(
    *,
    target_name: str,
    site: str | None,
    hosts: tuple[str, ...],
    rules: tuple[str, ...],
    output: str | None,
    quiet: bool,
    **wishes: Any,
) -> int:
    """The expected matrix as firewall rules and filters.

    Each rule names the rows behind it with their documents. At the end, what no sheet lists is denied
    and logged, for the equipment that a sheet speaks about. What a target cannot express is said on
    standard error and in the output.
    """
    from analyzer import export as exporters  # noqa: PLC0415 - --help must not load the stages
    from analyzer.export.permits import Ports  # noqa: PLC0415
    from analyzer.pipeline import Options  # noqa: PLC0415
    from analyzer.pipeline.export import policy  # noqa: PLC0415

    refuse_inputs(output, (site, *rules))
    target = exporters.choose(target_name)
    wishes["tftp_ports"] = Ports(*wishes["tftp_ports"])
    found = policy(Options((), site=site, hosts=hosts, rules=rules), exporters.Wishes(**wishes))
    written = target.write(found)
    _put(written, target_name, output)
    remarks = found.remarks if target.rules else ()
    for note in () if quiet else (*found.notes, *remarks, *written.notes):
        say_line(note)
    return 0


def _put(written: Written, target: str, output: str | None) -> None:
    """The one file to where it was asked for, several into a directory."""
    folder = Path(str(output))
    directory = output is not None and (output.endswith(("/", "\\")) or folder.is_dir())
    if len(written.files) == 1 and not directory:
        (text,) = written.files.values()

        def render(value: str, stream: Any, _style: Style) -> None:
            stream.write(value)

        write(output, Format(target, ()), render, text, 0)
        return
    if output in (None, "-"):
        raise UsageError(
            f"--to {target} makes {len(written.files)} files ({', '.join(written.files)}): use -o DIR"
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"-o {output}: {error.strerror or error}") from error
    for name, text in written.files.items():
        with whole_file(str(folder / name)) as stream:
            stream.write(text)


COMMAND = export
