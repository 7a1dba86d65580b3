"""A check makes active feeds due, and leaves alone what waits for the operator."""

from __future__ import annotations

from pathlib import Path

from support.archive import rows, running, settings_for

from podfetch_tui.model.commands import ActOnFeeds, CheckFeeds
from podfetch_tui.model.decisions import FeedAsk, FeedDecision

HOUR_MS = 3_600_000
URLS = tuple(f"http://127.0.0.1:9/{name}.xml" for name in "abcd")


def test_what_is_not_active_is_skipped_and_a_snooze_keeps_its_time(tmp_path: Path) -> None:
    settings = settings_for(tmp_path / "archive")
    with running(settings, *URLS) as engine:

        def act(feed_id: int, decision: FeedDecision, until: int | None = None) -> None:
            ask = FeedAsk(feed_ids=(feed_id,), decision=decision, until=until)
            assert engine.commands.apply(ActOnFeeds(ask)).ok

        until = engine.services.clock.now_ms() + HOUR_MS
        act(1, FeedDecision.PAUSE)
        act(2, FeedDecision.QUARANTINE)
        act(2, FeedDecision.SNOOZE, until)
        act(3, FeedDecision.RETIRE)
        before = {row["id"]: row["next_poll_at"] for row in rows(settings, "feeds")}
        result = engine.commands.apply(CheckFeeds((1, 2, 3, 4, 99)))
        after = {row["id"]: row["next_poll_at"] for row in rows(settings, "feeds")}
        assert [before[number] for number in (1, 2, 3)] == [after[number] for number in (1, 2, 3)]
        assert (result.ok, result.affected) == (True, 1)
        assert result.text == "1 feed due now; 4 others skipped, not active"
        assert result.refused == (
            (1, "is paused"), (2, "is quarantined"), (3, "is retired"), (99, "is not known"),
        )  # fmt: skip
        alone = engine.commands.apply(CheckFeeds((2,)))
        assert not alone.ok
        assert alone.text == "feed 2 is quarantined: only active feeds are polled"
        assert engine.commands.apply(CheckFeeds((1, 3))).text == (
            "none of these 2 feeds is active: nothing is polled"
        )
