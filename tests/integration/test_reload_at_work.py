"""Settings that change while jobs run: the next job has them, and no job is lost or doubled."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.archive import rows
from support.reloading import HEAD, Reloading, reloading
from support.shows import files_in, media_path, show
from support.wait import wait_for

from podfetch_tui.demo.host import PodcastHost
from podfetch_tui.engine.lanes import Lane
from podfetch_tui.model.commands import CheckFeeds
from podfetch_tui.model.setting import Applies
from podfetch_tui.model.settings import keys, value_of


@pytest.fixture
def host() -> Iterator[PodcastHost]:
    with PodcastHost() as serving:
        yield serving


def test_the_next_poll_and_download_go_by_what_holds_then(
    host: PodcastHost, tmp_path: Path
) -> None:
    url = show(host, "a", count=2)
    text = "[engine]\ndownload_workers = 0\n[feeds]\npriority = news=3\n"
    with reloading(tmp_path, text, url) as run:
        wait_for(lambda: len(rows(run.engine.settings, "episodes")) == 2)
        before = host.asked("/a.xml")
        assert "PodFetch" in before[0].headers["user-agent"]
        changed = text.replace("= 0", "= 2").replace("=3", "=5")
        run.write(f"user_agent = Archivist/7\n{changed}")
        run.wait_for_event("settings_changed")
        run.engine.commands.apply(CheckFeeds(feed_ids=(1,)))
        wait_for(lambda: len(host.asked("/a.xml")) > len(before))
        assert host.asked("/a.xml")[-1].headers["user-agent"] == "Archivist/7"
        wait_for(lambda: len(run.events("episode_archived")) == 2)
        assert host.asked(media_path("a", 1))[0].headers["user-agent"] == "Archivist/7"


def test_names_of_files_follow_the_pattern_that_holds(host: PodcastHost, tmp_path: Path) -> None:
    url = show(host, "a", count=2)
    ini = tmp_path / "podfetch.ini"
    held = "[engine]\ndownload_workers = 0\n"
    with reloading(tmp_path, held, url) as run:
        wait_for(lambda: len(rows(run.engine.settings, "episodes")) == 2)
        ini.write_text(HEAD.replace("min_free", "filename = {feed}/mine {id}\nmin_free"))
        wait_for(lambda: len(run.events("episode_archived")) == 2)
        paths = sorted(row["path"] for row in rows(run.engine.settings, "episodes"))
        assert paths == ["The a show/mine 1.mp3", "The a show/mine 2.mp3"]


def test_limits_go_up_and_down_under_load_and_nothing_is_lost_or_doubled(
    host: PodcastHost, tmp_path: Path
) -> None:
    urls = [show(host, f"s{n}", count=3, address=f"127.0.0.{10 + n}") for n in range(20)]
    limits = cycle([(0, 0, 1), (5, 1, 1), (1, 6, 3), (32, 0, 2), (0, 8, 1), (64, 32, 4)])
    with reloading(tmp_path, "[engine]\npoll_workers = 4\n", *urls) as run:

        def all_archived() -> bool:
            """Change the limits, through the file and by command, until all is done."""
            polls, downloads, hosts = next(limits)
            run.write(f"[engine]\npoll_workers = {polls}\nper_host = {hosts}\n")
            assert run.engine.reconfigure.reload().ok
            change = [("engine.download_workers", str(downloads))]
            assert run.engine.reconfigure.change(change).ok
            assert run.engine.slots.limit(Lane.DOWNLOAD) == downloads
            return len(run.events("episode_archived")) >= 60

        wait_for(all_archived, 60)
        assert len(run.events("episode_archived")) == 60
        found = rows(run.engine.settings, "episodes")
        assert {row["state"] for row in found} == {"archived"}
        assert len({row["path"] for row in found}) == 60
        for n in range(20):
            for number in (1, 2, 3):
                assert len(host.asked(media_path(f"s{n}", number))) == 1
        assert run.events("settings_rejected") == []
        media = [path for path in files_in(run.engine.settings) if path.suffix == ".mp3"]
        assert len(media) == 60


LINES = st.sampled_from(
    [
        *("[engine]", "[network]", "[feeds]", "[nonsense]", "[engine", "", "# comment"),
        *("per_host = 3", "per_host = 0", "per_host = many", "per_hots = 3", "poll_workers = 0"),
        *("batch_min = 100", "batch_max = 60", "bandwidth = 1 MB/s", "bandwidth = 1 parsec"),
        *("min_interval = 2h", "max_interval = 90m", "user_agent = me", "feed_max = 1"),
    ]
)


@pytest.fixture(scope="module")
def idle(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reloading]:
    with pytest.MonkeyPatch.context() as patch, contextlib.ExitStack() as stack:
        folder = tmp_path_factory.mktemp("edits")
        patch.setenv("PODFETCH_STATE_DIR", str(folder / "state"))
        off = "[monitor]\nwatch = off\n"
        yield stack.enter_context(reloading(folder, off))


@given(st.lists(LINES, max_size=8), st.sampled_from(["\n", "\r\n"]))
@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_edit_is_taken_whole_or_not_at_all(
    idle: Reloading, lines: list[str], ending: str
) -> None:
    before = idle.engine.settings
    idle.ini.write_text(HEAD + ending.join([*lines, "# end", ""]), newline="")
    fresh = idle.engine.reconfigure._source.read()
    done = idle.engine.reconfigure.reload()
    assert done.ok == (not fresh.problems)
    if not done.ok:
        assert idle.engine.settings is before
        assert done.settings is not None
        assert all(":" in problem for problem in done.settings.problems)
        return
    for key in keys():
        if key.applies is not Applies.RESTART:
            assert value_of(idle.engine.settings, key) == value_of(fresh.settings, key)
    assert idle.engine.slots.limit(Lane.POLL) == fresh.settings.engine.poll_workers
