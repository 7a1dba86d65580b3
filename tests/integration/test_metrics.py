"""``monitor.metrics``: what Prometheus reads, from this machine alone, and nothing secret."""

from __future__ import annotations

import http.client
import logging
import socket
from pathlib import Path

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from support.archive import settings_for
from support.fake_client import FakeClient, busy_snapshot, idle_snapshot
from support.served import served
from support.wait import wait_for

from podfetch_tui.api.metrics import MetricsServer
from podfetch_tui.config.ini import load
from podfetch_tui.model.alerts import Alert
from podfetch_tui.model.errors import Failure


def scrape(port: int, path: str = "/metrics", **headers: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def values(text: str) -> dict[str, float]:
    """Samples by name and labels, as Prometheus reads them."""
    return {
        f"{sample.name}{sorted(sample.labels.items()) or ''}": sample.value
        for family in text_string_to_metric_families(text)  # type: ignore[no-untyped-call]
        for sample in family.samples
    }


def test_a_scrape_has_the_figures_of_the_snapshot() -> None:
    client = FakeClient(busy_snapshot())
    server = MetricsServer(client, "127.0.0.1:0")
    try:
        status, text = scrape(server.port)
    finally:
        server.close()
    assert status == 200
    found = values(text)
    assert found["podfetch_polls_total"] == 182_440
    assert found["podfetch_feeds[('state', 'quarantined')]"] == 41
    assert found["podfetch_lane_busy[('lane', 'download')]"] == 8
    assert found["podfetch_failures_total[('family', 'permanent')]"] == 190
    assert found["podfetch_alert[('name', 'free_space')]"] == 0
    assert text.endswith("# EOF\n")
    words = [worker.title for worker in client.now.workers]
    words += [event.text for event in client.now.recent]
    assert not [word for word in (*words, client.now.archive) if word and word in text]


def test_only_this_machine_by_its_own_name_is_answered_and_only_metrics() -> None:
    client = FakeClient(idle_snapshot())
    alert = Alert(name="free_space", since=1, text="x", value=1.0, limit=2.0)
    client.now = type(client.now)(seq=0, at=1, state="degraded", alerts=(alert,))
    server = MetricsServer(client, "127.0.0.1:0")
    try:
        assert scrape(server.port, Host="evil.example")[0] == 403
        assert scrape(server.port, "/")[0] == 404
        assert scrape(server.port, Host=f"localhost:{server.port}")[0] == 200
        found = values(scrape(server.port, Host="[::1]:9")[1])
        with socket.create_connection(("127.0.0.1", server.port)) as rude:
            rude.sendall(b"\xff\xfe garbage\r\n\r\n")
            rude.recv(100)
        assert scrape(server.port)[0] == 200
    finally:
        server.close()
    assert found["podfetch_alert[('name', 'free_space')]"] == 1
    assert found["podfetch_state[('podfetch_state', 'degraded')]"] == 1


def test_an_engine_serves_them_and_works_without_when_the_port_is_taken(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        with pytest.raises(Failure, match=f"127.0.0.1:{port}"):
            MetricsServer(FakeClient(), f"127.0.0.1:{port}")
        monitor = {"metrics": f"127.0.0.1:{port}"}
        none = {"poll_workers": 0, "download_workers": 0}
        settings = settings_for(tmp_path / "a", engine=none, monitor=monitor)
        with caplog.at_level(logging.WARNING), served(settings) as engine:
            kinds = [event.kind for event in engine.events.watch(0, 0.0).events]
            assert "metrics_closed" in kinds
    with served(settings) as engine:
        wait_for(lambda: engine.governor.latest.lanes)
        found = values(scrape(port)[1])
        assert found["podfetch_lane_limit[('lane', 'poll')]"] == 0


def test_an_address_of_another_machine_is_refused_with_its_line() -> None:
    loaded = load("[monitor]\nmetrics = 0.0.0.0:9464\n", env={})
    (problem,) = loaded.problems
    assert "not a loopback address" in problem.text
