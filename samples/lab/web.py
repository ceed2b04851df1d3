"""HTTP and HTTPS: Python's http.server behind a self-signed certificate, and clients that ask it."""

from __future__ import annotations

import http.client
import http.server
import json
import socket
import ssl
import subprocess
import threading
from pathlib import Path

from network import Host

UPNP = """<?xml version="1.0"?>
<root xmlns="urn:schemas-upnp-org:device-1-0"><specVersion><major>1</major><minor>0</minor></specVersion>
<device><deviceType>urn:schemas-upnp-org:device:Basic:1</deviceType><friendlyName>lab device</friendlyName>
<manufacturer>lab</manufacturer><modelName>lab</modelName>
<UDN>uuid:4c420000-0000-4000-8000-000000000001</UDN></device></root>
"""


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "lab", ""

    def do_GET(self) -> None:
        xml = self.path.endswith(".xml")
        body = UPNP.encode() if xml else json.dumps({"path": self.path, "level": 80}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/xml" if xml else "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.do_GET()

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def server_bind(self) -> None:
        """Bind without http.server's reverse look-up of the machine's name."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_name, self.server_port = self.server_address[:2]


def certificate(folder: Path, name: str) -> ssl.SSLContext:
    """A server context with a fresh self-signed certificate for ``name``."""
    key, cert = folder / "key.pem", folder / "cert.pem"
    if not cert.exists():
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
             "-keyout", str(key), "-out", str(cert), "-days", "3650", "-subj", f"/CN={name}"],
            check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return context


def serve(host: Host, *ports: int, tls: ssl.SSLContext | None = None) -> None:
    """Serve HTTP, or HTTPS where ``tls`` is given, on the host's ports."""
    for port in ports:
        server = host.call(_Server, (host.address, port), _Handler)
        if tls:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()


def serve_image(host: Host, port: int, announced: int, sent: int) -> None:
    """Serve every path as an image of ``announced`` bytes of which only ``sent`` come."""

    class Half(_Handler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/octet-stream")
            self.send_header("Content-Length", str(announced))
            self.end_headers()
            self.wfile.write(bytes(sent))
            self.close_connection = True

    server = host.call(_Server, (host.address, port), Half)
    threading.Thread(target=server.serve_forever, daemon=True).start()


def connect(host: Host, target: str, port: int, *, tls: bool = False, source: int = 0) -> socket.socket:
    """A connected client socket of this host, from ``source`` if the case wants a certain port."""

    def work() -> socket.socket:
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.settimeout(5)
        sock.bind((host.address, source))
        return sock

    sock = host.call(work)
    sock.connect((target, port))
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return context.wrap_socket(sock, server_hostname="gateway.example")
    return sock


def ask(
    host: Host,
    target: str,
    port: int,
    paths: tuple[str, ...] = ("/api/lights",),
    *,
    tls: bool = False,
    source: int = 0,
    sock: socket.socket | None = None,
    close: bool = True,
) -> socket.socket:
    """GET the paths over one connection, which is closed unless the case goes on with it."""
    connection = http.client.HTTPConnection(target, port)
    connection.sock = sock or connect(host, target, port, tls=tls, source=source)
    kept = connection.sock
    for path in paths:
        connection.request("GET", path, headers={"Host": target, "User-Agent": "lab"})
        connection.getresponse().read()
    if close:
        connection.close()
    return kept
