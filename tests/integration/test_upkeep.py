"""The engine sums up old outcomes by itself, a part at a time."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.archive import add_feeds, settings_for
from support.cataloguing import outcome
from support.wait import wait_for

from podfetch_tui.catalog import pages, trail
from podfetch_tui.cli import archive as archives
from podfetch_tui.cli import compose
from podfetch_tui.engine import upkeep
from podfetch_tui.model.writes import Finish

DAY = 86_400_000


def test_old_outcomes_go_in_parts_while_it_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "PART", 3)
    monkeypatch.setattr(upkeep, "SOON_S", 0.01)
    none = {"poll_workers": 0, "download_workers": 0}
    settings = settings_for(tmp_path / "a", engine=none, archive={"audit_days": 5})
    with archives.changing(settings) as archive:
        (feed_id,) = add_feeds(archive, "http://127.0.0.9:9/a.xml")
        now = archive.clock.now_ms()
        for days in (30, 30, 30, 30, 20, 20, 20, 1, 0):
            ended = outcome(feed_id, at=now - days * DAY, bytes=10)
            archive.writer.submit(Finish(outcome=ended)).result()
        with compose.engine_on(archive, settings) as engine:
            wait_for(lambda: len(trail.polls(archive.catalog, feed_id, most=99)) == 2)
            sums = trail.days(archive.catalog, feed_id, most=9)
            assert sorted(int(str(day["count"])) for day in sums) == [3, 4]
            assert sum(int(str(day["bytes"])) for day in sums) == 70
            engine.upkeep.put_off()
        assert len([row for row in pages.events(archive.catalog) if row["feed_id"]]) == 2
