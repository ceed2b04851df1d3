"""Files behind URLs, by way of fsspec: which there are, what tells that one has changed, and their bytes.

Nothing here trusts more than the user's own tools do: an SSH server has to be in ``known_hosts``, an HTTPS
server's certificate in the system's store or in ``SSL_CERT_FILE``. ``fsspec.config`` may say otherwise. A URL
may hold a password or a signature: it is opened as it is, and told of as :func:`analyzer.urls.shown` has it.
Errors come without what the client library raised, which quotes the URL.
"""

from __future__ import annotations

import datetime
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, NamedTuple, TypeVar
from urllib.parse import urlsplit

from analyzer.capture.source import one_line
from analyzer.errors import CaptureError, MissingExtra
from analyzer.urls import scrubbed, shown

FIRST_READ: Final = 1 << 18
"""Bytes of the first request: a look at the head should not fetch a whole small capture."""
MOST_READ: Final = 1 << 23
"""Bytes of a later request. Each is twice the one before, so that a large capture takes few of them."""
TRIES: Final = 3
"""How often a question is asked to which a server answered that it has a fault, or nothing at all."""
PAUSE: Final = 0.3
"""Seconds before it is asked again; twice as many each time."""
AT_ONCE: Final = 16
"""Files asked about at the same time, where a listing does not tell their states."""
SILENCE: Final = 60.0
"""Seconds without a byte after which an HTTP connection counts as lost. The whole file may take any time."""

_WEB: Final = ("http", "https")
_SHELL: Final = ("sftp", "ssh")
_OURS: Final = ("s3", "s3a", *_WEB, *_SHELL)
"""Schemes whose client libraries are in the extra."""
_STATES: Final = (
    *("ETag", "etag", "md5Hash"),
    *("LastModified", "last_modified", "Last-Modified", "mtime", "created"),
)
"""What file systems call that which changes with a file."""
_WILD: Final = "*?["

_Answer = TypeVar("_Answer")


class Entry(NamedTuple):
    """A file behind a URL. ``state`` changes when the file does, as far as its server tells.

    ``named``: the URL was that of the file itself, neither a glob nor a folder's.
    """

    url: str
    size: int | None
    state: str
    named: bool


def entries(url: str) -> list[Entry]:
    """The files that ``url`` names: itself, those of a folder (to the bottom), those that a glob matches.

    Ordered by URL. Raises :class:`CaptureError` where they cannot be listed, :class:`MissingExtra`.
    """
    system, path = _system(url)
    try:
        return _again(lambda: _listed(system, path, url))
    except Exception as error:  # each file system raises its own client library's exceptions
        raise CaptureError(f"{shown(url)}: cannot be listed: {told(error, url)}") from None


def state(url: str) -> Entry:
    """What is known of the file ``url`` now. Raises :class:`CaptureError`, :class:`MissingExtra`."""
    system, path = _system(url)
    try:
        system.invalidate_cache()
        return _again(lambda: _entry(url, system.info(path), True))
    except Exception as error:  # each file system raises its own client library's exceptions
        raise CaptureError(f"{shown(url)}: cannot be read: {told(error, url)}") from None


def opened(url: str, size: int | None = None) -> Stream:
    """The bytes of ``url`` from the first on. Raises :class:`CaptureError`, :class:`MissingExtra`."""
    system, path = _system(url)
    try:
        return Stream(system, path, size, url)
    except Exception as error:  # each file system raises its own client library's exceptions
        raise CaptureError(f"{shown(url)}: cannot be read: {told(error, url)}") from None


class Lost(OSError):
    """A remote file that cannot be read on, and why in one line."""


class Stream:
    """A remote file, read in order by requests of growing size. ``url`` is what errors must not quote.

    Raises :class:`Lost`, when it is made what the client library raises.
    """

    def __init__(self, system: Any, path: str, size: int | None, url: str) -> None:
        self._system, self._path, self._size, self._url = system, path, size, url
        self._web = urlsplit(path).scheme in _WEB
        self._file = self._opened(None)
        self._held = memoryview(b"")
        self._step = FIRST_READ

    def _opened(self, position: int | None) -> Any:
        more: dict[str, Any] = {}
        if self._web:
            # One request to the end: many web servers know no ranges, and each may be of another version.
            headers = {"Accept-Encoding": "identity"}
            if position is not None:
                headers["Range"] = f"bytes={position}-"
            more = {"block_size": 0, "size": self._size, "headers": headers}
        try:
            return self._system.open(self._path, "rb", cache_type="none", **more)
        except BaseException:
            forget(self._system)
            raise

    def read(self, size: int = -1, /) -> bytes:
        """``size`` bytes, fewer only at the end; some bytes for -1."""
        parts: list[memoryview] = []
        left = size
        while (left > 0 or not parts) and (self._held or self._more()):
            part = self._held if size < 0 else self._held[:left]
            self._held = self._held[len(part) :]
            left -= len(part)
            parts.append(part)
        return b"".join(parts)

    def _more(self) -> bool:
        try:
            self._held = memoryview(self._file.read(self._step))
        except Exception as error:  # each file system raises its own client library's exceptions
            forget(self._system)
            raise Lost(told(error, self._url)) from None
        except BaseException:
            forget(self._system)
            raise
        self._step = min(2 * self._step, MOST_READ)
        return bool(self._held)

    def seek(self, position: int, /) -> int:
        """Read on at ``position``, a number of bytes.

        Raises ``ValueError`` for a web server that knows no ranges, :class:`Lost` where the connection fails.
        """
        self._held, self._step = memoryview(b""), FIRST_READ
        try:
            if not self._web:
                return int(self._file.seek(position))
            self._file.close()
            self._file = self._opened(position)
        except Exception as error:  # as above
            raise Lost(told(error, self._url)) from None
        if self._file.r.status != 206:
            raise ValueError("the server knows no ranges")
        return position

    def close(self) -> None:
        """Let go of the connection."""
        self._file.close()


def forget(system: Any) -> None:
    """Have the next opening connect anew: fsspec keeps file systems, also those whose connection is dead."""
    type(system).clear_instance_cache()


def told(error: BaseException, url: str) -> str:
    """What an exception of a client library says, on one line, without the credentials of ``url``."""
    return scrubbed(_told(_cause(error)), url)


def _told(error: BaseException) -> str:
    status = getattr(error, "status", None)
    if isinstance(status, int):
        return f"the server says {status} {getattr(error, 'message', '')}".rstrip()
    if isinstance(error, FileNotFoundError):
        return "not found"
    if type(error).__name__ == "HostKeyNotVerifiable":
        return f"{one_line(error)} (known_hosts does not vouch for this server: connect with ssh once)"
    if isinstance(error, ssl.CertificateError):
        return f"{one_line(error)}; SSL_CERT_FILE names other authorities to trust"
    return one_line(error)


def _cause(error: BaseException) -> BaseException:
    """What was wrong where fsspec says of an HTTP server, whatever it was, that there is no such file."""
    while isinstance(error, FileNotFoundError) and error.errno is None and error.__cause__ is not None:
        error = error.__cause__
    return error


def _system(url: str) -> tuple[Any, str]:
    """The file system of ``url`` and its path there."""
    try:
        import fsspec  # noqa: PLC0415 - only URLs need it
    except ImportError:
        raise MissingExtra(f"reading {shown(url)}", "remote") from None
    scheme = urlsplit(url).scheme
    try:
        system, path = fsspec.core.url_to_fs(url, **_defaults(scheme, fsspec.config.conf))
    except ImportError as error:
        if scheme in _OURS:
            raise MissingExtra(f"reading {shown(url)}", "remote") from None
        raise CaptureError(f"{shown(url)}: cannot be read: {told(error, url)}") from None
    except Exception as error:  # some file systems connect at once, each raises its own library's exceptions
        raise CaptureError(f"{shown(url)}: cannot be read: {told(error, url)}") from None
    return system, str(path)


def _defaults(scheme: str, configured: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """How we open what the user's fsspec configuration leaves open."""
    ours: dict[str, Any] = {}
    family: tuple[str, ...] = ()
    if scheme in _SHELL:
        # asyncssh's own default: the user's known_hosts and ssh_config. sshfs would check nothing.
        family, ours = _SHELL, {"known_hosts": ()}
    elif scheme in _WEB:
        import aiohttp  # noqa: PLC0415 - what fsspec opens http with

        limits = aiohttp.ClientTimeout(total=None, sock_connect=SILENCE / 2, sock_read=SILENCE)
        # trust_env: proxies and ~/.netrc, as curl does.
        family, ours = _WEB, {"client_kwargs": {"timeout": limits, "trust_env": True}}
    chosen = {name for scheme in family for name in configured.get(scheme, {})}
    return {name: value for name, value in ours.items() if name not in chosen}


def _listed(system: Any, path: str, url: str) -> list[Entry]:
    system.invalidate_cache()
    scheme, netloc = urlsplit(url)[:2]
    # Host and user are no part of a path; where a file system needs them, they have to come back.
    begin = f"{scheme}://{netloc}" if "host" in system._get_kwargs_from_urls(url) else ""

    def whole(name: str) -> str:
        return f"{begin}{name}" if begin else str(system.unstrip_protocol(name))

    # A question mark begins what a web server is asked, fsspec has that so too.
    if any(letter in path for letter in _WILD if letter != "?" or scheme not in _WEB):
        found = system.glob(path, detail=True)
    else:
        about = system.info(path)
        if about["type"] != "directory" and about.get("mimetype") != "text/html":
            return [_entry(whole(path), about, True)]
        found = system.find(path, detail=True)
    files = {
        whole(name): about
        for name, about in sorted(found.items())
        if about.get("type", "file") == "file" and not (scheme in _WEB and _sorting(name, url))
    }
    if scheme in _WEB:  # whose listings are links, without sizes
        with ThreadPoolExecutor(AT_ONCE) as pool:
            states = pool.map(lambda name: _again(lambda: system.info(name)), files)
            files = dict(zip(files, states, strict=True))
    return [_entry(name, about, False) for name, about in files.items()]


def _sorting(name: str, url: str) -> bool:
    """Whether a link of a web server's listing only orders it anew (Apache's ``?C=N;O=D``)."""
    return "?" in name and "?" not in url


def _entry(url: str, about: Mapping[str, Any], named: bool) -> Entry:
    size = about.get("size")
    return Entry(url, size, repr([size, *(_plain(about.get(name)) for name in _STATES)]), named)


def _plain(value: Any) -> Any:
    """A moment as seconds: a listing and a question differ in time zone and in fractions of a second."""
    return int(value.timestamp()) if isinstance(value, datetime.datetime) else value


def _again(ask: Callable[[], _Answer]) -> _Answer:
    """The answer, asked for again where a server failed rather than refused."""
    pauses: Iterator[float] = iter([PAUSE * 2**number for number in range(TRIES - 1)])
    while True:
        try:
            return ask()
        except Exception as error:
            pause = next(pauses, None)
            if pause is None or not _passing(error):
                raise
        time.sleep(pause)


def _passing(error: BaseException) -> bool:
    """Whether the same question may have another answer in a moment."""
    error = _cause(error)
    status = getattr(error, "status", None)
    if isinstance(status, int):
        return status >= 500
    refused = (FileNotFoundError, PermissionError, ssl.CertificateError)
    return isinstance(error, OSError) and not isinstance(error, refused)
