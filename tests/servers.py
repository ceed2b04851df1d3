"""Servers on this machine that captures are read from: S3, HTTPS, SFTP, each with faults on demand."""

from __future__ import annotations

import asyncio
import base64
import http.server
import logging
import socket
import socketserver
import ssl
import threading
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any


class Web(http.server.SimpleHTTPRequestHandler):
    """Files of a folder. ``asked`` are the requests so far. It knows ranges to the end only if ``ranges``.

    ``faults`` maps a path to what becomes of GETs there, one after the other: a status; ``cut`` (the
    connection ends after half of the file); anything else is called and the request then served.
    """

    faults: dict[str, list[Any]]
    asked: list[tuple[str, str]]
    ranges = False

    def do_GET(self) -> None:
        self.asked.append((self.command, self.path))
        due = self.faults.get(self.path.partition("?")[0])
        fault = due.pop(0) if due else None
        if isinstance(fault, int):
            self.send_error(fault)
            return
        if fault == "cut":
            data = Path(self.translate_path(self.path)).read_bytes()
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data[: len(data) // 2])
            self.close_connection = True
            return
        if fault is not None:
            fault()
        asked = self.headers.get("Range", "")
        if self.ranges and asked:
            data = Path(self.translate_path(self.path)).read_bytes()[int(asked[6:-1]) :]
            self.send_response(206)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)
            return
        super().do_GET()

    def do_HEAD(self) -> None:
        self.asked.append((self.command, self.path))
        super().do_HEAD()

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def https(folder: Path, certificate: Any) -> Iterator[tuple[str, type[Web]]]:
    """A web server of ``folder`` with a certificate (trustme); its URL, and its handler class."""
    handler = type("Handler", (Web,), {"faults": {}, "asked": []})
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=str(folder)))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield f"https://127.0.0.1:{server.server_port}", handler
    server.shutdown()
    server.server_close()
    thread.join()


class Guarded(Web):
    """A web server that wants ``Basic`` credentials, and a token in every question if it has one."""

    wanted: tuple[str, ...] = ()

    def send_head(self) -> Any:
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
        if (self.headers.get("Authorization", ""), *query.get("token", [])) == self.wanted:
            return super().send_head()
        self.send_error(401)
        return None


@contextmanager
def guarded(folder: Path, account: str, *token: str) -> Iterator[tuple[str, type[Guarded]]]:
    """A web server of ``folder`` for ``account`` (``user:password``) with ``token``; its host and handler."""
    wanted = (f"Basic {base64.b64encode(account.encode()).decode()}", *token)
    handler = type("Handler", (Guarded,), {"faults": {}, "asked": [], "wanted": wanted, "ranges": True})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=str(folder))) as server:
        server.handle_error = lambda *_: None  # type: ignore[method-assign]
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"127.0.0.1:{server.server_port}", handler
        server.shutdown()


@contextmanager
def s3() -> Iterator[str]:
    """An object store; it asks for no keys until ``locked`` is called."""
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.CRITICAL)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


def locked(endpoint: str, *, yes: bool = True) -> None:
    """From now on the store at ``endpoint`` refuses keys that it does not know, or no longer does."""
    count = b"0" if yes else b"inf"
    request = urllib.request.Request(f"{endpoint}/moto-api/reset-auth", count, {"Content-Type": "text/plain"})
    urllib.request.urlopen(request).read()


@contextmanager
def cutting(endpoint: str, after: list[int]) -> Iterator[str]:
    """Another address of ``endpoint``. A connection whose answers hold more bytes than ``after`` begins with
    is cut there; then that number is gone, and once all are gone nothing is cut.
    """
    target = urllib.parse.urlsplit(endpoint)

    class Passing(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with socket.create_connection((target.hostname, target.port)) as inner:
                threading.Thread(target=self.back, args=(inner,), daemon=True).start()
                with suppress(OSError):
                    while data := self.request.recv(65536):
                        inner.sendall(data)

        def back(self, inner: socket.socket) -> None:
            given = 0
            with suppress(OSError):
                while data := inner.recv(4096):
                    if after and given + len(data) > after[0]:
                        after.pop(0)
                        break
                    given += len(data)
                    self.request.sendall(data)
                self.request.shutdown(socket.SHUT_RDWR)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Passing) as server:
        server.daemon_threads = True
        server.block_on_close = False
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


class Sftp:
    """An SSH server of ``folder`` for the user ``reader``, who has ``key`` or the password ``secret``."""

    def __init__(self, folder: Path) -> None:
        import asyncssh

        self.folder = folder
        self.own, self.key = (asyncssh.generate_private_key("ssh-ed25519") for _ in range(2))
        self.drops = 0
        """Of so many readings to come, the connection ends."""
        self.port = 0
        self.connections: list[Any] = []
        self._loop = asyncio.new_event_loop()
        self._ready, self._end = threading.Event(), asyncio.Event()
        self._thread = threading.Thread(
            target=self._loop.run_until_complete, args=(self._serve(),), daemon=True
        )
        self._thread.start()
        assert self._ready.wait(20)

    @property
    def known(self) -> str:
        """Its line of known_hosts."""
        return f"[127.0.0.1]:{self.port} {self.own.export_public_key().decode()}"

    async def _serve(self) -> None:
        import asyncssh

        outer = self

        class Server(asyncssh.SSHServer):
            def connection_made(self, connection: Any) -> None:
                outer.connections.append(connection)

            def public_key_auth_supported(self) -> bool:
                return True

            def validate_public_key(self, username: str, key: Any) -> bool:
                return username == "reader" and key.public_data == outer.key.public_data

            def password_auth_supported(self) -> bool:
                return True

            def validate_password(self, username: str, password: str) -> bool:
                return (username, password) == ("reader", "secret")

        class Files(asyncssh.SFTPServer):
            def __init__(self, channel: Any) -> None:
                super().__init__(channel, chroot=str(outer.folder).encode())

            def read(self, file: Any, offset: int, size: int) -> Any:
                if outer.drops:
                    outer.drops -= 1
                    self.connection.abort()
                    raise ConnectionError
                return super().read(file, offset, size)

        server = await asyncssh.create_server(
            Server, "127.0.0.1", 0, server_host_keys=[self.own], sftp_factory=Files
        )
        self.port = server.get_port()
        self._ready.set()
        await self._end.wait()
        server.close()
        for connection in self.connections:
            connection.abort()
            await connection.wait_closed()
        await server.wait_closed()

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join(10)
