"""URLs as they may be shown and kept: whoever reads a report must not learn what opened its captures.

What is hidden is the password of ``user:password@`` (RFC 3986, section 3.2.1), on the web also the user, who
is often the token itself, and the values of query parameters that mean a credential: the signatures of S3,
Google Cloud, Azure and CloudFront with all that is renewed with them, tokens, keys, and what looks random.
What names the file stays, and stays the same when the credential changes.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import quote, unquote, unquote_plus

HIDDEN: Final = "***"
"""Stands for a credential."""
RANDOM: Final = 20
"""Characters from which a value of letters and digits is taken for a token, whatever its name."""
_WORDY: Final = 4
"""Characters below which a credential is looked for only as a whole word: it may be part of any."""

_WEB: Final = frozenset({"http", "https", "webdav", "webdavs", "dav", "davs"})
_NAMES: Final = re.compile(
    r"x-(?:amz|goog|oss|obs|cos|ms|bz)-.*"
    r"|.*(?:sig|token|secret|passw|passphrase|pwd|auth|cred|key|session|jwt|bearer|hmac|accessid).*"
    r"|k|t|sid|pass|pw|pin|otp|code|ticket|nonce|expires|expiry|policy|user(?:name|id)?|login",
    re.IGNORECASE,
)
"""Parameters that mean a credential, or change with one."""
_SHARED: Final = frozenset(
    {"sv", "ss", "srt", "sr", "sp", "se", "st", "spr", "sip", "si", "sdd", "ses"}
    | {"skoid", "sktid", "skt", "ske", "sks", "skv", "saoid", "suoid", "scid"}
)
"""Azure Storage, "Create a service SAS", "Create a user delegation SAS": what comes with its ``sig``."""
_TOKEN: Final = re.compile(
    rf"(?=.*[0-9])(?=.*[A-Za-z])(?:[A-Za-z0-9]{{{RANDOM},}}|[0-9A-Fa-f-]{{{RANDOM},}})"
    rf"|(?=.*[0-9])(?=.*[a-z])(?=.*[A-Z])[A-Za-z0-9_~+=%-]{{{RANDOM},}}"
    r"|eyJ[A-Za-z0-9_.-]+"
)
"""Base 36 and hexadecimal, UUIDs, base 64, JSON Web Tokens; no path and no file's name."""
_HEAD: Final = r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)(?P<slashes>:/{1,2})"
"""One slash is what is left of two where a URL was taken for a path."""
# A password with an unescaped slash is no URL, but it is a password: behind the colon there is no port then.
_USER: Final = (
    rf"{_HEAD}(?P<user>[^/?#{{end}}]*|(?!\[)[^/?#@:{{end}}]*:(?!:|[0-9]*(?:[/?#{{end}}]|$))[^{{end}}]*)@"
)
_ALONE: Final = (re.compile(_USER.replace("{end}", "\n")), re.compile(r"(?<=[?#]).+", re.DOTALL))
_WITHIN: Final = (
    re.compile(_USER.replace("{end}", r"\s<>\"")),
    # What follows in a sentence is no part of it.
    re.compile(r"(?<=[?#]).+?(?=[])'\",.:;]*$)"),
)
_URL: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:/{1,2}[^\s<>\"]+")
_SAFE: Final = "-._~!$&'()*+,;=:@/?"
"""What many libraries leave as it is in a query."""
_PARTS: Final = re.compile(r"([&;?#])")


def shown(url: str) -> str:
    """``url`` without its credentials; a path that is none as it is. Shown twice it is the same."""
    if "://" not in url:
        return url
    user, query = _ALONE
    return query.sub(_question, user.sub(_account, url))


def scrubbed(text: str, url: str = "") -> str:
    """``text`` without the credentials of ``url``, wherever it quotes them, and of every URL in it."""
    for secret in sorted(_secrets(url), key=len, reverse=True):
        pattern = re.escape(secret)
        text = re.sub(rf"(?<!\w){pattern}(?!\w)" if len(secret) < _WORDY else pattern, HIDDEN, text)
    if ":/" not in text:
        return text
    user, query = _WITHIN
    return _URL.sub(lambda found: query.sub(_question, found[0]), user.sub(_account, text))


def _account(found: re.Match[str]) -> str:
    name, colon, password = found["user"].partition(":")
    if found["scheme"].lower() in _WEB:
        name, colon = ("", "") if name or password else (name, colon)
    elif colon and not password:
        # A key given as the user, as some services want it.
        name = colon = ""
    elif not colon:
        return found[0]
    return f"{found['scheme']}{found['slashes']}{name}{colon}{HIDDEN}@"


def _question(found: re.Match[str]) -> str:
    return "".join(shows for _, shows in _parameters(found[0]))


def _parameters(query: str) -> Iterator[tuple[str, str]]:
    """The pieces of a query and how each is shown."""
    pieces = _PARTS.split(query)
    shared = any(piece.lower().startswith("sig=") for piece in pieces)
    for piece in pieces:
        name, equals, value = piece.partition("=")
        if not equals:
            name, value = "", piece
        known = unquote(name).lower()
        if value and equals and (_NAMES.fullmatch(known) or (shared and known in _SHARED)):
            value = HIDDEN
        elif _TOKEN.fullmatch(value):
            # It may be a file's id all the same: two of them have to stay two.
            value = HIDDEN + hashlib.sha256(value.encode()).hexdigest()[:8]
        yield piece, f"{name}{equals}{value}"


def _secrets(url: str) -> set[str]:
    """The credentials of ``url`` in the spellings in which a library may quote them."""
    if "://" not in url:
        return set()
    user, query = _ALONE
    found: set[str] = set()
    for match in user.finditer(url):
        name, colon, password = match["user"].partition(":")
        # Where it holds what ends an account, a parser quotes pieces of it.
        found |= {password, *re.split(r"[/?#@:]", password)}
        if match["scheme"].lower() in _WEB or (colon and not password):
            found.add(name)
    for match in query.finditer(user.sub(_account, url)):
        for piece, shows in _parameters(match[0]):
            if piece != shows:
                found.add(piece.partition("=")[2] or piece)
    spelt = {spell(secret) for secret in found for spell in (str, unquote, unquote_plus)}
    return {*spelt, *(quote(secret, safe=safe) for secret in spelt for safe in ("", _SAFE))} - {"", HIDDEN}
