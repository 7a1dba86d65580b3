"""One feed, its episodes, running downloads, and what is changed there."""

from __future__ import annotations

from support.fake_client import FakeClient, busy_snapshot, episode_rows, feed_rows
from support.stage import Stage, painted, play, press
from textual.widgets import Input

from podfetch_tui.model.commands import (
    ActOnFeeds,
    CancelDownloads,
    Carry,
    CommandResult,
    RetryEpisode,
)
from podfetch_tui.model.decisions import DecideEpisodes, EpisodeDecision
from podfetch_tui.model.edits import EditFeed
from podfetch_tui.ui.dialogs.box import Box
from podfetch_tui.ui.dialogs.form import Form
from podfetch_tui.ui.screens.feed_detail import FeedDetail
from podfetch_tui.ui.screens.feeds import Feeds


def test_a_feed_is_looked_at_from_all_sides_and_changed() -> None:
    client = FakeClient(busy_snapshot(), feed_rows(30))
    client.episodes = episode_rows(40)
    client.raw = ["<rss>", "[@click=app.quit]x[/] \x1b[2J"]

    async def scene(stage: Stage) -> None:
        def text() -> str:
            return "\n".join(painted(stage.app))

        await press(stage, "2", *["down"] * 4, "enter")
        assert isinstance(stage.app.screen, FeedDetail)
        assert "paused since 18 Oct" in text()
        assert "podfetch feeds resume 5" in text()
        assert "40 episodes" in text()
        await press(stage, "R")
        await press(stage, "space", "space", "x")
        assert "Skip 2 episodes?" in text()
        await press(stage, "y", "right")
        assert "read_timeout" in text()
        assert "undone: too large, by screen" in text()
        await press(stage, "right")
        assert "audio/mpeg" in text()
        await press(stage, "right")
        assert "subscriptions.opml:77" in text()
        await press(stage, "right")
        assert "[@click=app.quit]x[/]" in text()
        # The place is kept while other screens are looked at.
        await press(stage, "1", "2")
        assert isinstance(stage.app.screen, FeedDetail)
        await press(stage, "left", "p", "e")
        assert isinstance(stage.app.screen, Form)
        box = stage.app.screen.query_one("#field-url", Input)
        box.value = "ftp://elsewhere.example/rss"
        await press(stage, "enter")
        assert "URL: " in text()
        assert isinstance(stage.app.screen, Form)
        box.value = "https://Elsewhere.example/rss"
        stage.app.screen.query_one("#field-interval", Input).value = "3h"
        stage.app.screen.query_one("#field-priority", Input).value = "7"
        stage.app.screen.query_one("#field-tag", Input).value = "news, long"
        await press(stage, "enter", "escape")
        assert isinstance(stage.app.screen, Feeds)

    play(client, scene)
    retry, skip, resume, edit = client.commands
    newest = max(client.episodes, key=lambda row: str(row["published_at"]))
    assert retry == RetryEpisode((int(str(newest["id"])),), (str(newest["state"]),))
    assert isinstance(skip, Carry)
    assert isinstance(skip.writes[0], DecideEpisodes)
    assert skip.writes[0].decision is EpisodeDecision.SKIP
    assert len(skip.writes[0].episode_ids) == 2
    assert isinstance(resume, ActOnFeeds)
    assert (resume.ask.feed_ids, resume.ask.decision.value) == ((5,), "resume")
    assert isinstance(edit, Carry)
    (write,) = edit.writes
    assert isinstance(write, EditFeed)
    assert (write.feed_id, write.url) == (5, "https://elsewhere.example/rss")
    assert (write.interval, write.priority, write.tag) == (10_800, 7, ("news", "long"))


def test_downloads_are_cancelled_retried_and_followed_to_their_feeds() -> None:
    client = FakeClient(busy_snapshot(), feed_rows(30))
    client.episodes = episode_rows(40)
    client.answer = CommandResult(ok=True, text="1 download cancelled", affected=1)

    async def scene(stage: Stage) -> None:
        def text() -> str:
            return "\n".join(painted(stage.app))

        await press(stage, "4", "down", "x")
        assert "goes on from here if its host can" in "".join(
            note.message for note in stage.app._notifications
        )
        await press(stage, "u")
        await press(stage, "space", "space", "x")
        assert "Cancel 2 downloads?" in text()
        await press(stage, "enter", "K")
        assert "Cancel and delete 2 downloads?" in text()
        await press(stage, "enter", "K", "y")
        await press(stage, "right")
        assert "pending" in text()
        assert "Queue 1,842" in text()
        await press(stage, "right", "right", "R")
        await press(stage, "right")
        assert "left alone" in text()
        await press(stage, "end", "enter")
        assert stage.app.current_mode == "feeds"
        await press(stage, "4", "right", "enter")
        await press(stage, "1", "tab", "down", "enter")
        assert stage.app.current_mode == "feeds"

    play(client, scene)
    cancel, undo, drop, retry = client.commands
    assert cancel == CancelDownloads((101,), keep_parts=True)
    assert undo == RetryEpisode((101,))
    assert isinstance(drop, CancelDownloads)
    assert not drop.keep_parts
    assert isinstance(retry, RetryEpisode)


def test_an_undo_of_a_cancelled_download_names_the_episode_it_came_too_late_for() -> None:
    client = FakeClient(busy_snapshot(), feed_rows(30))
    client.answer = CommandResult(ok=True, text="1 download cancelled", affected=1)

    async def scene(stage: Stage) -> None:
        await press(stage, "4", "down", "x")
        client.answer = CommandResult(ok=True, refused=((101, "was deleted"),))
        await press(stage, "u")
        notes = [note.message for note in stage.app._notifications]
        assert "Took back, but for 1: 1 download cancelled: episode 101 was deleted" in notes

    play(client, scene)


def test_enter_on_an_episode_of_a_feed_shows_where_it_is() -> None:
    client = FakeClient(busy_snapshot(), feed_rows(30))
    client.episodes = episode_rows(40)

    async def scene(stage: Stage) -> None:
        await press(stage, "2", *["down"] * 4, "enter", "enter")
        assert isinstance(stage.app.screen, Box)
        assert "https://cdn.example.org/" in "\n".join(painted(stage.app))
        await press(stage, "escape")
        assert isinstance(stage.app.screen, FeedDetail)

    play(client, scene)
