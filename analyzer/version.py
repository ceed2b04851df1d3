"""The version, stated once: packaging and reports read it here."""

VERSION = "0.1.0"
