"""Alerts are told to a webhook and a program, in time, with retries, and never in the way."""

from __future__ import annotations

import json
import shlex
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from support.archive import LOOPBACK, running, settings_for
from support.fake_client import FakeClient, idle_snapshot
from support.rawserver import Peer, RawServer, Request
from support.wait import wait_for

from podfetch_tui.model.alerts import Alert
from podfetch_tui.model.settings import AlertSettings
from podfetch_tui.model.work_settings import NetworkSettings
from podfetch_tui.net.client import HttpClient
from podfetch_tui.notify import channels, notifier
from podfetch_tui.notify.notifier import Notifier
from podfetch_tui.system.clock import Clock

ALERT = Alert(
    name="free_space", since=1_700_000_000_000, text="1 GB are free", value=1e9, limit=2e9
)
HOOK = """
import json, os, sys
told = json.load(sys.stdin)
names = sorted(name for name in os.environ if name.startswith("PODFETCH_"))
with open(sys.argv[1], "a") as file:
    print(json.dumps([told["kind"], os.environ["PODFETCH_ALERT_TEXT"], names]), file=file)
sys.exit(int(sys.argv[2]))
"""


class Ears:
    """A webhook that keeps what it is told, after the answers it is to give first."""

    def __init__(self, *answers: str | None) -> None:
        self.told: list[dict[str, Any]] = []
        self.requests: list[Request] = []
        self._answers = list(answers)

    def __call__(self, peer: Peer) -> None:
        while request := peer.request():
            self.requests.append(request)
            body = peer.rest(int(request.headers["content-length"]))
            answer = self._answers.pop(0) if self._answers else "204 No Content"
            if answer is None:
                peer.hang()
                return
            peer.answer(answer)
            if answer.startswith("2"):
                self.told.append(json.loads(body))


class Bench:
    """A notifier over a client whose alerts the test sets."""

    def __init__(self, settings: AlertSettings, network: NetworkSettings) -> None:
        lanes = idle_snapshot()
        self.client = FakeClient(replace(lanes, uptime_s=1.0))
        self.events: list[tuple[str, str, str]] = []
        self.counts: list[str] = []
        self.http = HttpClient(network, per_host=1, clock=Clock())
        self.notifier = Notifier(
            self.client,
            lambda: settings,
            post=self.http.post,
            emit=lambda kind, text="", *, code="": self.events.append((kind, text, code)),
            count=self.counts.append,
            clock=Clock(),
        )

    def stand(self, *alerts: Alert) -> None:
        at = self.client.now.at
        self.client.now = replace(
            self.client.now, alerts=tuple(replace(alert, since=at) for alert in alerts)
        )


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Bench]]:
    monkeypatch.setattr(notifier, "LOOK_S", 0.01)
    monkeypatch.setattr(notifier, "WAITS_S", (0.01, 0.01))
    made: list[Bench] = []

    def make(*, allow: tuple[str, ...] = LOOPBACK, **settings: Any) -> Bench:
        one = Bench(AlertSettings(**settings), NetworkSettings(allow_private=allow))
        made.append(one)
        wait_for(lambda: one.client.looks)
        return one

    yield make
    for one in made:
        one.notifier.close()
        one.http.close()


def test_a_webhook_is_told_of_an_alert_and_of_its_end(bench: Callable[..., Bench]) -> None:
    ears = Ears()
    with RawServer(ears) as server:
        one = bench(webhook=server.url("/hook?token=s3cret"))
        one.stand(ALERT)
        wait_for(lambda: len(ears.told) == 1)
        one.stand()
        wait_for(lambda: len(one.counts) == 2)
    raised, cleared = ears.told
    assert list(raised) == [
        "kind",
        "alert",
        "text",
        "value",
        "limit",
        "since",
        "at",
        "archive",
        "program",
    ]
    assert (raised["kind"], raised["alert"], raised["value"]) == ("alert_raised", "free_space", 1e9)
    assert (cleared["kind"], cleared["text"]) == ("alert_cleared", "1 GB are free")
    assert [request.method for request in ears.requests] == ["POST", "POST"]
    assert ears.requests[0].headers["content-type"] == "application/json"
    assert one.counts == ["notices", "notices"]


def test_it_is_tried_three_times_and_a_failure_is_said_once_without_its_secrets(
    bench: Callable[..., Bench],
) -> None:
    ears = Ears("500 No", "302 Found", *["503 Later"] * 4, "200 OK", *["500 No"] * 3)
    with RawServer(ears) as server:
        one = bench(webhook=server.url("/s3cret?token=s3cret"))
        one.stand(ALERT)
        wait_for(lambda: one.counts == ["notices_failed"])
        one.stand()
        wait_for(lambda: one.counts == ["notices_failed"] * 2)
        one.stand(ALERT)
        wait_for(lambda: one.counts[2:] == ["notices"])
        assert [(kind, code) for kind, _, code in one.events] == [("notify_failed", "webhook")]
        one.stand()
        wait_for(lambda: len(one.events) == 2, what=lambda: str(one.counts))
    assert "s3cret" not in str(one.events)


def test_a_private_webhook_is_refused_unless_its_network_is_allowed(
    bench: Callable[..., Bench],
) -> None:
    with RawServer(Ears()) as server:
        one = bench(allow=(), webhook=server.url("/hook"))
        one.stand(ALERT)
        ((_, text, _),) = wait_for(lambda: one.events)
        assert "allow_private" in text
        assert not server.requests


def test_a_webhook_that_hangs_is_given_up_and_holds_up_no_end(
    bench: Callable[..., Bench], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channels, "WEBHOOK_S", 0.2)
    with RawServer(Ears(None, None, None, None)) as server:
        one = bench(webhook=server.url("/hook"))
        one.stand(ALERT)
        wait_for(lambda: one.events)
        monkeypatch.setattr(channels, "WEBHOOK_S", 300.0)
        one.stand()
        wait_for(lambda: len(server.requests) == 4)
        monkeypatch.setattr(notifier, "LAST_S", 0.1)
        closing = threading.Thread(target=one.notifier.close)
        closing.start()
        closing.join(10)
        assert not closing.is_alive()
        assert one.counts == ["notices_failed"] * 2


def test_an_alert_that_was_raised_just_before_the_end_is_told_all_the_same(
    bench: Callable[..., Bench], monkeypatch: pytest.MonkeyPatch
) -> None:
    ears = Ears("503 Later")
    with RawServer(ears) as server:
        one = bench(webhook=server.url("/hook"))
        monkeypatch.setattr(notifier, "WAITS_S", (300.0, 300.0))
        one.stand(ALERT)
        wait_for(lambda: ears.requests)
        one.notifier.close()
        assert ([kind for kind, _, _ in one.events], one.counts) == (
            ["notify_failed"],
            ["notices_failed"],
        )
    with RawServer(ears := Ears()) as server:
        monkeypatch.setattr(notifier, "LOOK_S", 300.0)
        one = bench(webhook=server.url("/hook"))
        one.stand(ALERT)
        one.notifier.close()
        assert one.counts == ["notices"]
        wait_for(lambda: ears.told)  # it notes what it was told after its answer
    assert [told["kind"] for told in ears.told] == ["alert_raised"]


def test_a_program_gets_the_alert_on_its_input_and_in_its_environment(
    bench: Callable[..., Bench], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PODFETCH_ALERTS__WEBHOOK", "https://s3cret.example/")
    script, log = tmp_path / "a hook.py", tmp_path / "log"
    script.write_text(HOOK)
    command = shlex.join([sys.executable, str(script), str(log), "0"])
    one = bench(command=command)
    one.stand(ALERT)
    wait_for(lambda: one.counts == ["notices"])
    kind, text, names = json.loads(log.read_text())
    assert (kind, text) == ("alert_raised", "1 GB are free")
    assert all(name.startswith("PODFETCH_ALERT_") for name in names)


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("no-such-program-here --now", "there is no program no-such-program-here"),
        ("'unclosed", "cannot be read"),
        (f"{sys.executable} -c 'raise SystemExit(3)'", "ended with status 3"),
    ],
)
def test_a_program_that_fails_is_said_in_words(
    command: str, said: str, bench: Callable[..., Bench]
) -> None:
    one = bench(command=command)
    one.stand(ALERT)
    ((kind, text, code),) = wait_for(lambda: one.events)
    assert (kind, code) == ("notify_failed", "command")
    assert said in text


def test_a_program_that_never_ends_is_killed(
    bench: Callable[..., Bench], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channels, "COMMAND_S", 0.2)
    one = bench(command=f"{sys.executable} -c 'import signal; signal.pause()'")
    one.stand(ALERT)
    ((_, text, _),) = wait_for(lambda: one.events)
    assert "took too long" in text


def test_a_whole_engine_tells_once_also_over_a_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notifier, "LOOK_S", 0.01)
    ears = Ears()
    with RawServer(ears) as server:
        alerts = {"free_space": 1 << 60, "webhook": server.url("/hook")}
        none = {"poll_workers": 0, "download_workers": 0}
        watched = settings_for(tmp_path / "a", engine=none, alerts=alerts)
        with running(watched) as engine:
            wait_for(lambda: len(ears.told) == 1)
            assert engine.telemetry.totals()[0]["notices"] == 1
        with running(watched) as engine:
            wait_for(lambda: engine.governor.latest.alerts)
            looked = engine.governor.latest.at
            wait_for(lambda: engine.governor.latest.at > looked + 500)
        off = settings_for(tmp_path / "a", engine=none, alerts={**alerts, "free_space": 0})
        with running(off):
            wait_for(lambda: len(ears.told) == 2)
    assert [told["kind"] for told in ears.told] == ["alert_raised", "alert_cleared"]
