"""What to do about an HTTP transfer that failed: one paragraph a cause, the likeliest remedy first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from analyzer.model import Cause

TEXTS: Final[Mapping[Cause, str]] = {
    Cause.NO_RESPONSE: (
        "The connection is open and the server says nothing: read its log at that moment, and look "
        "at its load. A "
        "proxy or filter that inspects HTTP on the way may hold the answer back. After a whole "
        "upload, look at the "
        "device: it may have restarted into the new image."
    ),
    Cause.REFUSED: (
        "The connection was accepted and then reset: the server program does not take requests on "
        "port {port}, or a "
        "filter that reads HTTP ends them. Read the server's log."
    ),
    Cause.ERROR_NOT_FOUND: (
        "The server has no file of this name: compare the address with the server's folder, letter "
        "by letter, and "
        "upload the image to the server again."
    ),
    Cause.ERROR_ACCESS: (
        "The server does not let this client have it: check user, password or token, the rights of "
        "the file, and "
        "whether a proxy asks for a login."
    ),
    Cause.ERROR_DISK_FULL: (
        "The server cannot take a body of this size: free space, raise its limit for uploads, and "
        "check that the "
        "image is meant for this model."
    ),
    Cause.ERROR_OTHER: ("Read the status above, and the log of {server} at that moment."),
    Cause.DATA_PATH_BLOCKED: (
        "Small packets pass and large ones do not: the path has a smaller MTU than the ends think, "
        "and drops the ICMP "
        "errors that would tell. Let ICMP type 3 code 4 (IPv6: type 2) through, clamp the MSS on the "
        "router, or set "
        "the MTU of {server} to that of the path."
    ),
    Cause.SIZE_MISMATCH: (
        "The server closed the connection short of the size it had announced: the file was cut or "
        "changed while it "
        "was sent, or the server program stopped. Compare the file on {server} with the vendor's "
        "checksum and read "
        "the server's log."
    ),
    Cause.STALLED: (
        "Packets stopped arriving in the middle: look for a cable, switch port or power problem, for "
        "a firewall that "
        "forgets the connection, and for a restart of either end. Try again while capturing at both."
    ),
    Cause.CLIENT_GAVE_UP: (
        "The client ended it: look at its log, its power and its memory, its time limit for "
        "downloads, and whether "
        "the image is meant for it."
    ),
    Cause.CAPTURE_ENDED: ("Capture longer: until the transfer has ended, or a minute after its last packet."),
    Cause.CAPTURE_ONE_SIDED: (
        "Capture both directions: at {client} or {server} itself, or with a mirror port that copies both."
    ),
}
"""Cause → advice, with the facts' names in braces: the causes that an HTTP transfer can have."""
