"""What to do about a transfer that failed: one paragraph a cause, the likeliest remedy first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from analyzer.model import Cause

_PATH = (
    "Allow UDP from {server}, any port, to the client's port of the request and back: TFTP answers "
    "from a new port. A firewall's TFTP helper does that (on Linux it has to be assigned: nft ct "
    "helper tftp); on a Windows client allow the program that receives, not the port. "
)

TEXTS: Final[Mapping[Cause, str]] = {
    Cause.NO_RESPONSE: (
        "Silence does not tell a stopped service from a filter. In this order: is {server} the right "
        "address and switched on; does its TFTP service run on UDP 69; does its host firewall let UDP 69 "
        "in; does every firewall or VLAN between let it through. A capture at {server} shows whether the "
        "request arrives and whether an answer leaves."
    ),
    Cause.REFUSED: (
        "Nothing listens on UDP 69 of {server}, and no filter is in the way: start the TFTP service "
        "there, or correct the server's address in {client}."
    ),
    Cause.BLOCKED: (
        "A firewall or router refuses UDP 69 to {server}: allow it from {client}, together with the "
        "server's answers, which come from a new port. The sender of the ICMP error, named above, is the "
        "device to change."
    ),
    Cause.ERROR_NOT_FOUND: (
        "The server has no file of this name: compare it with the server's folder, letter by letter "
        "(capitals, slashes, suffix), and upload the image to the server again."
    ),
    Cause.ERROR_ACCESS: (
        "The server may not read or write the file: check the permissions of file and folder, whether "
        "writing needs the file to exist, and whether antivirus software or another program holds it."
    ),
    Cause.ERROR_DISK_FULL: (
        "The receiver has no room for the image: free space, or check that the image is meant for this model."
    ),
    Cause.ERROR_OPTION: (
        "The two ends do not agree on the options. Set the block size to 512 or switch options off on one"
        " of them, or update the server: a server that does not know an option has to leave it out of its"
        " answer."
    ),
    Cause.ERROR_OTHER: ("Read the message of the ERROR packet and the log of the end that sent it."),
    Cause.DATA_PATH_BLOCKED: (
        _PATH
        + "A capture at {client} tells whether the server's packets arrive: if they do, its host firewall "
        "drops them."
    ),
    Cause.ACK_PATH_BLOCKED: (
        _PATH
        + "Here the packets of the receiver are lost: they go to the port that the sender chose, not to 69."
    ),
    Cause.REPLY_FROM_OTHER_ADDRESS: (
        "The server answers from an address the client did not ask, and the client ignores that. Bind the"
        " TFTP service to one address, ask it at that address, or translate addresses in both directions."
    ),
    Cause.FRAGMENTS_LOST: (
        "Blocks of {size} bytes do not fit one packet, and a firewall or tunnel drops the fragments. Set "
        "the block size to 1428 or less (path MTU less 32), or let IP fragments through."
    ),
    Cause.BLOCK_WRAP: (
        "The image has more blocks than TFTP can number, and the ends disagree what follows 65535. Use a "
        "larger block size (1428 carries 89 MiB), or set the server to the client's way (roll over to 0 "
        "or to 1)."
    ),
    Cause.MISSING_FINAL_BLOCK: (
        "The image is a multiple of the block size, and the sender leaves out the empty block that has to"
        " follow. Update the sender, or pad the image by one byte if the vendor allows that; another "
        "block size helps too."
    ),
    Cause.STALLED: (
        "Packets stopped arriving in the middle: look for a cable, switch port or power problem at "
        "{client}, for a firewall that forgets the connection, and for a restart of the server. Try again"
        " while capturing at both ends."
    ),
    Cause.SIZE_MISMATCH: (
        "The file is shorter than was announced: it was cut on the server or changed while it was sent. "
        "Upload the image to the server again and compare its checksum with the vendor's."
    ),
    Cause.WRONG_MODE: ("Set the transfer mode to octet (binary) on {client}, and send the image again."),
    Cause.CLIENT_GAVE_UP: (
        "The client ended it: look at its log, its power and its memory, and whether the image is meant "
        "for it."
    ),
    Cause.CAPTURE_ENDED: ("Capture longer: until the transfer has ended, or a minute after its last packet."),
    Cause.CAPTURE_ONE_SIDED: (
        "Capture both directions: at {client} or {server} itself, or with a mirror port that copies both, "
        "and without a filter of ports: TFTP answers from a new one (filter 'host {server}' at most)."
    ),
}
"""Cause → advice, with the facts' names in braces; ``size`` is that of a block in bytes."""
