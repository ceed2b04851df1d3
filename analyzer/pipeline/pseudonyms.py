"""Reports, sites and frames with pseudonyms: where the map comes from, and where it goes."""

from __future__ import annotations

from typing import TypeVar

import yaml

from analyzer.model import FirmwareReport, FlowReport, Report
from analyzer.pseudonyms import Pseudonyms, book, site
from analyzer.pseudonyms.report import known, pseudonymised
from analyzer.version import VERSION

R = TypeVar("R", Report, FlowReport, FirmwareReport)


def opened(report: Report | FlowReport | FirmwareReport, path: str | None, key: str | None) -> Pseudonyms:
    """The pseudonyms for what ``report`` is about: of the map at ``path``, of ``key``, or new ones.

    Raises :class:`analyzer.errors.UsageError` for a file that is no map.
    """
    networks = [] if isinstance(report, FlowReport) else site.networks(report.site)
    found = book.opened(path, key, networks)
    found.known.update(known(report))
    return found


def renamed(report: R, pseudonyms: Pseudonyms) -> R:
    """``report`` with pseudonyms."""
    return pseudonymised(report, pseudonyms)


def site_file(report: Report, pseudonyms: Pseudonyms) -> str:
    """The site file that goes with pseudonymised captures: hosts that were declared, waivers, activities."""
    declared = site.pseudonymised(report.site, pseudonyms)
    entry = site.document(declared)
    return yaml.safe_dump(entry, sort_keys=False, allow_unicode=True, default_flow_style=None, width=110)


def map_file(pseudonyms: Pseudonyms) -> str:
    """The map, as it is written."""
    return book.document(pseudonyms, VERSION)
