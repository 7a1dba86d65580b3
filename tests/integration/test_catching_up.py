"""While late feeds are caught up with, what an operator asks for does not stand behind them."""

from __future__ import annotations

from pathlib import Path

from support.archive import make_due, run_once, running, settings_for
from support.podhost import serve
from support.shows import show
from support.wait import wait_for

from podfetch_tui.api.local import LocalClient
from podfetch_tui.model.commands import ActOnFeeds, AddFeeds, CheckFeeds
from podfetch_tui.model.decisions import FeedAsk, FeedDecision

LATE = 12


def test_a_feed_that_is_checked_or_added_is_polled_before_those_that_are_late(
    tmp_path: Path,
) -> None:
    settings = settings_for(tmp_path / "archive", engine={"batch_min": 1, "batch_max": 1})
    with serve() as host:
        urls = [show(host, f"show{number}") for number in range(1, LATE + 1)]
        new = show(host, "new")
        run_once(settings, *urls)
        make_due(settings)
        with running(settings) as engine:
            client = LocalClient(engine)
            wait_for(lambda: engine.batches.view.paced)
            assert client.send(CheckFeeds((LATE,))).ok
            wait_for(lambda: len(host.asked(f"/show{LATE}.xml")) == 2)
            assert client.send(AddFeeds(data=new.encode())).ok
            wait_for(lambda: host.asked("/new.xml"))
            assert len(host.asked(f"/show{LATE - 1}.xml")) == 1


def test_a_feed_that_is_released_is_polled_before_those_that_are_late(tmp_path: Path) -> None:
    settings = settings_for(tmp_path / "archive", engine={"batch_min": 1, "batch_max": 1})
    with serve() as host:
        urls = [show(host, f"show{number}") for number in range(1, LATE + 1)]
        run_once(settings, *urls)
        make_due(settings)
        with running(settings) as engine:
            client = LocalClient(engine)
            wait_for(lambda: engine.batches.view.paced)
            for decision in (FeedDecision.QUARANTINE, FeedDecision.RELEASE):
                ask = FeedAsk(feed_ids=(LATE,), decision=decision, actor="screen")
                assert client.send(ActOnFeeds(ask)).ok
            wait_for(lambda: len(host.asked(f"/show{LATE}.xml")) == 2)
            assert len(host.asked(f"/show{LATE - 1}.xml")) == 1
