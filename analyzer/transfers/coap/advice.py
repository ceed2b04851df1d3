"""What to do about a CoAP transfer that failed: one paragraph a cause, the likeliest remedy first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from analyzer.model import Cause

_SMALLER: Final = (
    "Try a smaller block size (256 or 64 bytes): if that works, the path drops large packets "
    "(MTU, fragments). "
)

TEXTS: Final[Mapping[Cause, str]] = {
    Cause.NO_RESPONSE: (
        "Silence does not tell a stopped service from a filter. In this order: is {server} the right "
        "address and "
        "switched on; does its CoAP service run on UDP {port}; does its host firewall let UDP {port} "
        "in; does "
        "every firewall or VLAN between let it through. A capture at {server} shows whether the "
        "request arrives "
        "and whether an answer leaves."
    ),
    Cause.REFUSED: (
        "Nothing at {server} takes the message: start the CoAP service there, or correct the "
        "server's address or "
        "port in {client}."
    ),
    Cause.BLOCKED: (
        "A firewall or router refuses UDP {port} to {server}: allow it from {client}. The sender of the ICMP "
        "error, named above, is the device to change."
    ),
    Cause.ERROR_NOT_FOUND: (
        "The server has no resource of this path: compare it with the server's list (GET /.well-known/core), "
        "letter by letter. Gateway and node of versions that do not belong together often differ in it."
    ),
    Cause.ERROR_ACCESS: (
        "The server does not let this client do that: check its credentials and rights, and whether "
        "the device "
        "has to be set to update first."
    ),
    Cause.ERROR_DISK_FULL: (
        "The server cannot take a body of this size: free space, check that the image is meant for "
        "this model, "
        "or use smaller blocks if its answer offers a size."
    ),
    Cause.ERROR_OPTION: (
        "The server does not know an option of the request: compare the versions of both ends, or switch "
        "block-wise options off."
    ),
    Cause.ERROR_OTHER: (
        "The server answered with an error: read its log at that moment. 4.08 means that blocks were "
        "lost or the "
        "server forgot them, 5.03 that it is overloaded: try again, later or with fewer nodes at once."
    ),
    Cause.DATA_PATH_BLOCKED: (
        "The server's blocks do not reach {client}. " + _SMALLER + "A capture at {client} tells whether they "
        "arrive: if they do, its host firewall drops them."
    ),
    Cause.ACK_PATH_BLOCKED: (
        "The server's answers do not reach {client}: allow UDP from {server} port {port} back to it. "
        "A firewall "
        "has to keep its state for longer than the server takes to answer."
    ),
    Cause.STALLED: (
        "Messages stopped in the middle: look for a cable, switch port or power problem at both ends, for a "
        "firewall that forgets the exchange, and for a restart of either end. Try again while "
        "capturing at both."
    ),
    Cause.CLIENT_GAVE_UP: (
        "The client ended it: look at its log, its power and its memory, and whether the image is "
        "meant for it."
    ),
    Cause.CAPTURE_ENDED: (
        "Capture longer: until the transfer has ended, or two minutes after its last packet."
    ),
    Cause.CAPTURE_ONE_SIDED: (
        "Capture both directions: at {client} or {server} itself, or with a mirror port that copies both."
    ),
}
"""Cause → advice, with the facts' names in braces: the causes that a CoAP transfer can have."""
