"""What a file's name, type and size say of whether it is an image of a device's firmware."""

from __future__ import annotations

import re
from typing import Final

LARGE: Final = 1 << 20
"""Bytes from which on a file that is no web page's counts as an image without a telling name."""
_NAME: Final = (
    r"\.(?:bin|img|fw|hex|ihex|s19|srec|mot|elf|swu|upd|upg|update|upgrade|firmware|rom|dfu|uf2|ota|mender|raucb|"
    r"pkg|ipk|opk|trx|chk|ubi|ubifs|sqfs|squashfs|uimage|itb|fit|cab|zip|tar|tgz|tbz2?|txz|gz|bz2|xz|zst|lz4|7z|enc"
    r"|signed|suit)(?:[^a-z0-9]|$)"
)
_WORD: Final = r"firmware|(?:^|[^a-z])(?:fw|ota|sysupgrade)(?:[^a-z]|$)"
_WEB: Final = (
    r"\.(?:html?|xhtml|css|m?js|json|xml|svg|png|jpe?g|gif|webp|avif|ico|bmp|woff2?|ttf|otf|eot|mp[34]|m4[sva]|ts|m3u8"
    r"|mpd|webm|ogg|wav|txt|map|php|aspx?|jsp|pdf)(?:[^a-z0-9]|$)"
)
_TYPES: Final = frozenset(
    {
        "application/octet-stream",
        "application/x-binary",
        "application/macbinary",
        "application/x-firmware",
        "application/firmware",
        "application/vnd.firmware",
        "application/x-raw-disk-image",
        "binary/octet-stream",
    }
)


def like_image(name: str) -> bool:
    """Whether a file's name or path says that it is an image, or an archive as images are shipped in."""
    return bool(re.search(_NAME, name, re.IGNORECASE) or re.search(_WORD, name, re.IGNORECASE))


def named_image(name: str) -> bool:
    """Whether the name's ending alone says so."""
    return bool(re.search(_NAME, name.partition("?")[0], re.IGNORECASE))


def image_type(kind: str) -> bool:
    """Whether a media type (RFC 9110 section 8.3.1) is one that servers send images with."""
    return kind.partition(";")[0].strip().lower() in _TYPES


def web_page(name: str, kind: str) -> bool:
    """Whether name or media type says that the file is a part of a web page, a picture, sound or film."""
    kind = kind.partition(";")[0].strip().lower()
    if kind.startswith(("text/", "image/", "video/", "audio/", "font/")):
        return True
    web = ("javascript", "json", "xml", "x-www-form-urlencoded", "pdf", "wasm")
    return kind.endswith(web) or bool(re.search(_WEB, name.partition("?")[0], re.IGNORECASE))
