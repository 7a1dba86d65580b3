"""Figures for Prometheus: the snapshot as OpenMetrics text, at an address of this machine.

Numbers and fixed words only: no URL, no title, no secret. A thread answers one scrape after the
other, so that nobody who opens connections costs the engine more than that.
"""

from __future__ import annotations

import http.server
import logging
import socket
import threading
from collections.abc import Iterable, Iterator, Mapping
from ipaddress import ip_address

from prometheus_client import CollectorRegistry
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    InfoMetricFamily,
    Metric,
    StateSetMetricFamily,
)
from prometheus_client.openmetrics.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

from podfetch_tui import __version__
from podfetch_tui.api.client import EngineClient
from podfetch_tui.model.errors import Failure, Kind
from podfetch_tui.model.snapshot import EngineSnapshot
from podfetch_tui.policy.alerts import NAMES

logger = logging.getLogger(__name__)

PATIENCE_S = 5.0
"""A scraper that is slower is hung up on."""
_STATES = ("starting", "running", "paused", "degraded", "draining", "stopped")
_COUNTERS = {
    "polls": ("podfetch_polls", "Polls that ended, retries included."),
    "polls_not_modified": ("podfetch_polls_unchanged", "Polls that found nothing new."),
    "polls_failed": ("podfetch_polls_failed", "Polls that failed for good."),
    "new": ("podfetch_episodes_new", "Episodes that were seen for the first time."),
    "archived": ("podfetch_episodes_archived", "Episodes that were archived."),
    "failed": ("podfetch_downloads_failed", "Downloads that failed for good."),
    "partial": ("podfetch_partial", "Jobs whose main part is done and some other failed."),
    "retries": ("podfetch_retries", "Further attempts of the same job."),
    "deferred": ("podfetch_deferred", "Jobs a host told to come back later."),
    "bytes": ("podfetch_received_bytes", "Bytes of bodies received."),
    "jobs": ("podfetch_jobs", "Jobs that ended, without their retries."),
    "jobs_failed": ("podfetch_jobs_failed", "Those of them that failed."),
    "notices": ("podfetch_notices", "Alerts told to webhook or program."),
    "notices_failed": ("podfetch_notices_failed", "Those that could not be told."),
    "clients_dropped": ("podfetch_clients_dropped", "Clients that broke the socket's protocol."),
}
_RESOURCES = {
    "cpu_percent": ("podfetch_cpu_percent", "Busy share of what the process may use."),
    "rss": ("podfetch_resident_bytes", "Resident memory of the engine."),
    "threads": ("podfetch_threads", "Threads of the engine."),
    "open_files": ("podfetch_open_files", "Open files of the engine."),
    "free_bytes": ("podfetch_free_bytes", "Free space where the archive is."),
}


class SnapshotCollector(Collector):
    """The metrics of an engine's newest snapshot."""

    def __init__(self, client: EngineClient) -> None:
        """Collect nothing yet."""
        self._client = client

    def collect(self) -> Iterable[Metric]:
        """Yield all metrics as they are now."""
        now = self._client.snapshot()
        info = InfoMetricFamily("podfetch", "The program.")
        info.add_metric((), {"version": __version__})
        yield info
        state = StateSetMetricFamily("podfetch_state", "How the engine is.")
        state.add_metric((), {word: word == now.state for word in _STATES})
        yield state
        yield _gauge("podfetch_uptime_seconds", "Since the start of the engine.", now.uptime_s)
        for key, (name, text) in _COUNTERS.items():
            yield _counter(name, text, now.totals.get(key, 0))
        failures = CounterMetricFamily("podfetch_failures", "Failures.", labels=["family"])
        for family, number in now.errors.items():
            failures.add_metric([family], number)
        yield failures
        yield from _kept(now)
        yield from _work(now)
        for key, (name, text) in _RESOURCES.items():
            if key in now.resources:
                yield _gauge(name, text, now.resources[key])
        standing = {alert.name for alert in now.alerts}
        alerts = {name: float(name in standing) for name in NAMES}
        yield _gauges("podfetch_alert", "1 while an alert stands.", "name", alerts)


def _kept(now: EngineSnapshot) -> Iterator[Metric]:
    """Yield what the archive holds; ``total`` is what sums are for."""
    for name, numbers in (("podfetch_feeds", now.feeds), ("podfetch_episodes", now.episodes)):
        shown = {key: float(n) for key, n in numbers.items() if key != "total"}
        yield _gauges(
            name, "By state; cooling, failing and partial count others again.", "state", shown
        )
    yield _gauge("podfetch_media_files", "Files in the archive.", now.media.get("files", 0))
    yield _gauge("podfetch_media_bytes", "Bytes in the archive.", now.media.get("bytes", 0))


def _work(now: EngineSnapshot) -> Iterator[Metric]:
    for part in ("limit", "target", "busy", "queued"):
        figures = {name: float(getattr(lane, part)) for name, lane in now.lanes.items()}
        yield _gauges(f"podfetch_lane_{part}", f"Workers or jobs: {part}.", "lane", figures)
    yield _gauge("podfetch_jobs_delayed", "Wait for a retry.", now.queue.get("delayed", 0))
    yield _gauge("podfetch_feeds_due", "Feeds whose time has come.", now.batch.due)
    late = now.batch.lateness_p95_s
    yield _gauge("podfetch_lateness_p95_seconds", "Of the latest polls.", late)
    yield _gauge("podfetch_hosts_open", "Hosts with an open breaker.", len(now.hosts))


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, text, value=value)


def _gauges(name: str, text: str, label: str, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(name, text, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family


def _counter(name: str, text: str, value: float) -> Metric:
    return CounterMetricFamily(name, text, value=value)


class MetricsServer:
    """Answers ``GET /metrics`` until it is closed."""

    def __init__(self, client: EngineClient, address: str) -> None:
        """Begin to listen.

        Args:
            client: The engine.
            address: ``host:port`` of this machine.

        Raises:
            Failure: Nobody can listen there.
        """
        registry = CollectorRegistry()
        registry.register(SnapshotCollector(client))
        host, _, port = address.rpartition(":")
        host = host.strip("[]")
        made = _Server if ":" not in host else _Server6
        try:
            self._server = made((host, int(port)), registry)
        except OSError as error:
            raise Failure(Kind.PERMISSION, f"monitor.metrics = {address}: {error}") from error
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(
            target=self._server.serve_forever, name="podfetch-metrics", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(http.server.HTTPServer):
    def __init__(self, address: tuple[str, int], registry: CollectorRegistry) -> None:
        self.registry = registry
        super().__init__(address, _Scrape)

    def handle_error(self, request: object, client_address: object) -> None:
        del request, client_address  # a scraper that went away, or never said a word
        logger.debug("A scrape failed", exc_info=True)


class _Server6(_Server):
    address_family = socket.AF_INET6


class _Scrape(http.server.BaseHTTPRequestHandler):
    timeout = PATIENCE_S
    server: _Server

    def do_GET(self) -> None:
        if not _is_ours(self.headers.get("Host", "")):
            self.send_error(403, "not an address of this machine")
        elif self.path.partition("?")[0] != "/metrics":
            self.send_error(404, "there is /metrics")
        else:
            body: bytes = generate_latest(self.server.registry)  # type: ignore[no-untyped-call]
            self.send_response(200)
            self.send_header("Content-Type", CONTENT_TYPE_LATEST)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing: a scrape every few seconds is no news."""


def _is_ours(host: str) -> bool:
    """A page of the web whose name was turned to this machine names itself here."""
    name = host.rpartition(":")[0] if not host.endswith("]") else host
    try:
        return ip_address((name or host).strip("[]")).is_loopback
    except ValueError:
        return (name or host).lower() == "localhost"
