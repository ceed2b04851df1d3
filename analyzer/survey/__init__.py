"""What a capture tells of a site: who is who, what hosts are called, and the lines of a site file for it."""

from analyzer.survey.draft import Seen, host, lines
from analyzer.survey.hints import hints
from analyzer.survey.links import Links
from analyzer.survey.names import Names
from analyzer.survey.systems import systems

__all__ = ["Links", "Names", "Seen", "hints", "host", "lines", "systems"]
