"""The matrix of a site as rules, files and filters of others: sheets, site → matrix → rules."""

from __future__ import annotations

import datetime

from analyzer import export, infer, protocols
from analyzer.errors import UsageError
from analyzer.matrix import build
from analyzer.pipeline.options import Options, expected


def policy(options: Options, wishes: export.Wishes, today: datetime.date | None = None) -> export.Policy:
    """What may pass on the site that ``options`` name.

    Raises :class:`analyzer.errors.PortmatrixError`: no site, no host with a sheet, an invalid site file or
    ruleset, a subnet that is none.
    """
    sheets, place = expected(options)
    if not place.hosts:
        raise UsageError("export needs the site: --site FILE, or --host ROLE=ADDRESS@VERSION for each host")
    place = infer.complete(place, (), sheets)
    matrix = build(sheets, place.hosts)
    if not matrix.subjects:
        raise UsageError(
            f"{options.site or '--host'}: no host of the site has a role that a sheet speaks about"
        )
    background = [entry for sheet in sheets for entry in sheet.background]
    try:
        return export.build(
            place, matrix, protocols.load(), background, today or datetime.date.today(), wishes
        )
    except ValueError as error:
        raise UsageError(f"--subnet: {error}") from error
