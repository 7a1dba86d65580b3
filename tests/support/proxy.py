"""A real HTTP proxy on loopback: tunnels for https, forwarding for http, and its bad moods."""

from __future__ import annotations

import base64
import contextlib
import select
import socket
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from support.rawserver import Peer, RawServer, Request

MOODS = ("works", "hangs", "hangs_up", "forbids", "no_gateway", "rubbish", "host_hangs")


class ProxyServer:
    """What a test sees of the proxy: its address, what it was asked, how it behaves."""

    def __init__(self, names: Mapping[str, str], account: str) -> None:
        self.mood = "works"
        self.tunnelled: list[str] = []
        """Bytes clients sent through tunnels, as text; TLS unless they should not have."""
        self._names = names
        self._account = account
        self.server = RawServer(self._handle, address="127.0.0.1")

    @property
    def url(self) -> str:
        """For ``network.proxy``."""
        return f"http://127.0.0.1:{self.server.port}"

    @property
    def requests(self) -> list[Request]:
        """The heads it got, in order."""
        return self.server.requests

    @property
    def asked(self) -> list[tuple[str, str]]:
        """(method, target) of every request but those that ask the proxy itself."""
        return [(r.method, r.path) for r in self.requests if r.method != "OPTIONS"]

    def _handle(self, peer: Peer) -> None:
        while (request := peer.request()) is not None:
            if self.mood == "hangs":
                peer.hang()
                return
            if self.mood == "hangs_up":
                return
            if self.mood == "rubbish":
                peer.send(b"SSH-2.0-OpenSSH_9.6\r\n\r\n")
                return
            if request.method == "OPTIONS":
                peer.answer("400 Bad Request", b"", "Connection: close")
                return
            if self._account and request.headers.get("proxy-authorization") != self._expected():
                peer.answer("407 Proxy Authentication Required", b"who are you?")
                continue
            if self.mood == "forbids":
                peer.answer("403 Forbidden", b"not there")
                continue
            if self.mood == "no_gateway":
                peer.answer("502 Bad Gateway", b"no such host")
                continue
            if self.mood == "host_hangs":
                peer.hang()
                return
            self._serve(peer, request)
            return

    def _expected(self) -> str:
        return "Basic " + base64.b64encode(self._account.encode()).decode()

    def _connect(self, host: str, port: int) -> socket.socket:
        return socket.create_connection((self._names.get(host, host), port), timeout=10)

    def _serve(self, peer: Peer, request: Request) -> None:
        if request.method == "CONNECT":
            host, _, port = request.path.rpartition(":")
            with self._connect(host.strip("[]"), int(port)) as far:
                peer.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
                self._shuttle(peer, far, listening=True)
            return
        parts = urlsplit(request.path)
        with self._connect(parts.hostname or "", parts.port or 80) as far:
            path = f"{parts.path}?{parts.query}" if parts.query else parts.path
            lines = [f"{request.method} {path} HTTP/1.1"]
            lines += [f"{k}: {v}" for k, v in request.headers.items() if not k.startswith("proxy-")]
            far.sendall("\r\n".join([*lines, "Connection: close", "", ""]).encode("latin-1"))
            far.sendall(peer.rest(int(request.headers.get("content-length", 0))))
            self._shuttle(peer, far, listening=False)

    def _shuttle(self, peer: Peer, far: socket.socket, *, listening: bool) -> None:
        while not peer.server.closing.is_set():
            both = [far, peer.sock] if listening else [far]
            for sock in select.select(both, [], [], 0.05)[0]:
                data = sock.recv(65536)
                if not data:
                    return
                if sock is far:
                    peer.sock.sendall(data)
                else:
                    self.tunnelled.append(data.decode("latin-1"))
                    far.sendall(data)


@contextlib.contextmanager
def proxy_server(
    *, names: Mapping[str, str] | None = None, account: str = ""
) -> Iterator[ProxyServer]:
    """Run a proxy while the block runs.

    Args:
        names: Host names it knows, with their addresses; others it asks the system for.
        account: ``user:password`` it wants to see.
    """
    proxy = ProxyServer(names or {}, account)
    try:
        yield proxy
    finally:
        proxy.server.close()
