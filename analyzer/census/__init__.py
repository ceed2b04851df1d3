"""What a capture tells of a site: who is who, what hosts are called, and the lines of a site file for it."""

from analyzer.census.draft import Seen, host, lines
from analyzer.census.hints import hints
from analyzer.census.links import Links
from analyzer.census.names import Names
from analyzer.census.systems import systems

__all__ = ["Links", "Names", "Seen", "hints", "host", "lines", "systems"]
