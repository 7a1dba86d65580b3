"""How much of bare urllib3's speed the HTTP client keeps.

Two workloads against a tiny server in a process of its own: feeds that all answer 304, and
one large media body. Bare urllib3 and the client take turns in one run, and the median of
the rounds' ratios is reported, because absolute figures on a shared machine mean little.

    python -m benchmarks.net_client [--rounds 5] [--polls 8000] [--threads 32] [--tls]
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import socket
import ssl
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from queue import Empty, SimpleQueue

import trustme
import urllib3

from podfetch_tui.model.feed import Validators
from podfetch_tui.model.work_settings import NetworkSettings
from podfetch_tui.net.client import HttpClient
from podfetch_tui.system.clock import Clock

HOSTS = 200
MEDIA_BYTES = 512 * 1024 * 1024
NOT_MODIFIED = (
    b"HTTP/1.1 304 Not Modified\r\nDate: Tue, 01 Jul 2025 10:00:00 GMT\r\nServer: bench\r\n"
    b'ETag: "abc123"\r\nLast-Modified: Tue, 01 Jul 2025 09:00:00 GMT\r\n'
    b"Cache-Control: max-age=300\r\nVary: Accept-Encoding\r\nX-Cache: HIT\r\n\r\n"
)
HEADERS = {
    "User-Agent": "PodFetch/0.1.0 (podcast archive)",
    "Accept": "application/rss+xml, application/atom+xml, */*;q=0.8",
    "Accept-Encoding": "gzip",
    "If-None-Match": '"abc123"',
    "If-Modified-Since": "Tue, 01 Jul 2025 09:00:00 GMT",
}
VALIDATORS = Validators('"abc123"', "Tue, 01 Jul 2025 09:00:00 GMT")


def serve(pipe: Connection, certificate: str) -> None:
    """Accept on all loopback addresses, answer 304 or a large body, until killed."""
    tls: ssl.SSLContext | None = None
    if certificate:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(certificate)
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("0.0.0.0", 0))
    listener.listen(1024)
    pipe.send(listener.getsockname()[1])
    while True:
        sock, _ = listener.accept()
        threading.Thread(target=talk, args=(sock, tls), daemon=True).start()


def talk(sock: socket.socket, tls: ssl.SSLContext | None) -> None:
    block = memoryview(os.urandom(1024 * 1024))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        if tls is not None:
            sock = tls.wrap_socket(sock, server_side=True)
        while True:
            request = sock.recv(65536)
            if not request:
                return
            if request.startswith(b"GET /media"):
                sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % MEDIA_BYTES)
                for _ in range(MEDIA_BYTES // len(block)):
                    sock.sendall(block)
            else:
                sock.sendall(NOT_MODIFIED)
    except OSError:
        pass
    finally:
        sock.close()


def in_threads(urls: list[str], threads: int, work: Callable[[str], None]) -> float:
    """Return URLs per second done by ``threads`` threads."""
    queue: SimpleQueue[str] = SimpleQueue()
    for url in urls:
        queue.put(url)

    def run() -> None:
        try:
            while True:
                work(queue.get_nowait())
        except Empty:
            pass

    workers = [threading.Thread(target=run) for _ in range(threads)]
    began = time.perf_counter()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return len(urls) / (time.perf_counter() - began)


def bare_poll(manager: urllib3.PoolManager, url: str) -> None:
    answer = manager.urlopen(
        "GET", url, headers=HEADERS, retries=False, redirect=False, preload_content=False
    )
    answer.read()
    answer.release_conn()


def bare_media(manager: urllib3.PoolManager, url: str) -> float:
    began = time.perf_counter()
    answer = manager.urlopen("GET", url, retries=False, redirect=False, preload_content=False)
    size = sum(len(piece) for piece in answer.stream(262144))
    answer.release_conn()
    return size / (time.perf_counter() - began) / 1e6


def our_media(client: HttpClient, url: str) -> float:
    began = time.perf_counter()
    with client.open_media(url, stop=threading.Event()) as stream:
        size = sum(len(piece) for piece in stream.chunks())
    return size / (time.perf_counter() - began) / 1e6


def measure(options: argparse.Namespace, base: str, bundle: str) -> None:
    port = base.rpartition(":")[2]
    scheme = base.partition(":")[0]
    hosts = [f"{scheme}://127.0.{n // 250}.{n % 250 + 1}:{port}" for n in range(HOSTS)]
    urls = [f"{hosts[n % HOSTS]}/feed/{n}.xml" for n in range(options.polls)]
    stop = threading.Event()
    network = NetworkSettings(allow_private=("127.0.0.0/8",), ca_bundle=bundle)
    client = HttpClient(network, per_host=2, clock=Clock())
    context = ssl.create_default_context(cafile=bundle) if bundle else None
    manager = urllib3.PoolManager(num_pools=512, maxsize=2, block=True, ssl_context=context)
    polls: list[tuple[float, float]] = []
    media: list[tuple[float, float]] = []
    for _ in range(options.rounds):
        polls.append(
            (
                in_threads(urls, options.threads, lambda url: bare_poll(manager, url)),
                in_threads(
                    urls,
                    options.threads,
                    lambda url: void(client.fetch(url, validators=VALIDATORS, stop=stop)),
                ),
            )
        )
        media.append((bare_media(manager, f"{base}/media"), our_media(client, f"{base}/media")))
    report("304 polls/s", polls)
    report("media MB/s", media)
    client.close()
    manager.clear()


def void(_: object) -> None:
    """Drop a result."""


def report(name: str, pairs: list[tuple[float, float]]) -> None:
    bare = statistics.median(pair[0] for pair in pairs)
    ours = statistics.median(pair[1] for pair in pairs)
    ratio = statistics.median(pair[1] / pair[0] for pair in pairs)
    print(f"{name:12} bare urllib3 {bare:9.0f}   client {ours:9.0f}   ratio {ratio:.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--polls", type=int, default=8000)
    parser.add_argument("--threads", type=int, default=32)
    parser.add_argument("--tls", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        bundle = certificate = ""
        if options.tls:
            authority = trustme.CA()
            names = [f"127.0.{n // 250}.{n % 250 + 1}" for n in range(HOSTS)]
            bundle, certificate = f"{folder}/ca.pem", f"{folder}/server.pem"
            authority.cert_pem.write_to_path(bundle)
            issued = authority.issue_cert(*names)
            Path(certificate).write_bytes(issued.private_key_and_cert_chain_pem.bytes())
        ours, theirs = multiprocessing.Pipe()
        server = multiprocessing.Process(target=serve, args=(theirs, certificate), daemon=True)
        server.start()
        scheme = "https" if options.tls else "http"
        measure(options, f"{scheme}://127.0.0.1:{ours.recv()}", bundle)
        server.kill()
        server.join()


if __name__ == "__main__":
    main()
