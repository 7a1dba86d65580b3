"""Feeds are added on the screen: typed, pasted, from a file; never without being told."""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace
from support.fake_client import FakeClient, busy_snapshot, feed_row, feed_rows, idle_snapshot
from support.hostile_text import TITLES, forbidden
from support.stage import SMALL, Stage, painted, play, press, settle, until

from podfetch_tui.model.commands import (
    ActOnFeeds,
    AddedFeeds,
    AddFeeds,
    Command,
    CommandResult,
    ProbeUrl,
    RejectedLine,
)
from podfetch_tui.model.decisions import FeedDecision
from podfetch_tui.model.link import Link
from podfetch_tui.model.probes import ProbeReport
from podfetch_tui.ui.dialogs.adding import LARGEST, Adding, ListArea, read
from podfetch_tui.ui.screens.feeds import Feeds


class Intake(FakeClient):
    """Knows feeds 1 to 30, takes every line that begins with ``https://``."""

    title = "A Short History of Tides"
    reason = "not http or https"

    def send(self, command: Command) -> CommandResult:
        super().send(command)
        if isinstance(command, ProbeUrl):
            report = ProbeReport(feed_id=0, title="", url=command.url, ok=True)
            if "gone" in command.url:
                report = replace(report, ok=False, code="http_404", detail=self.title)
            return CommandResult(
                ok=True, probe=replace(report, found_title=self.title, items=40, final_url="")
            )
        assert isinstance(command, AddFeeds)
        lines = command.data.decode().split("\n")
        if lines[0].startswith("<html"):
            return CommandResult(ok=False, text="the list: a web page, not a feed list")
        urls = [line for line in lines if line.startswith("https://")]
        known = {str(row["url"]): int(str(row["id"])) for row in self.feeds}
        new = [url for url in urls if url not in known]
        rejects = tuple(
            RejectedLine(n, line, self.reason)
            for n, line in enumerate(lines, 1)
            if line not in urls
        )
        ids = tuple(known[url] for url in urls if url in known)
        if not command.dry_run:
            ids = tuple(range(len(self.feeds) + 1, len(self.feeds) + 1 + len(new)))
            made = zip(ids, new, strict=True)
            self.feeds = [*self.feeds, *(feed_row(n, url=url, title="") for n, url in made)]
        added = AddedFeeds(
            new=len(new),
            duplicate=len(urls) - len(new),
            rejected=len(rejects),
            ids=ids[:100],
            names=tuple(new[:5]),
            rejects=rejects[:20],
        )
        return CommandResult(ok=True, text=added.counts, affected=len(new), added=added)

    @property
    def taken(self) -> list[AddFeeds]:
        return [c for c in self.commands if isinstance(c, AddFeeds) and not c.dry_run]


def intake() -> Intake:
    return Intake(replace(busy_snapshot(), feeds={"total": 30}), feed_rows(30))


def text(stage: Stage) -> str:
    return "\n".join(painted(stage.app))


def feeds(stage: Stage) -> Feeds:
    screen = stage.app.screen
    assert isinstance(screen, Feeds)
    return screen


async def put(stage: Stage, value: str) -> None:
    """Have ``value`` in the box as if it had been pasted."""
    stage.app.screen.query_one(ListArea).text = value
    await settle(stage)


def test_an_address_is_looked_at_and_added() -> None:
    client = intake()

    async def scene(stage: Stage) -> None:
        await press(stage, "2", "i")
        assert isinstance(stage.app.screen, Adding)
        assert "Nothing is added before you say so." in text(stage)
        await press(stage, *"https://new.example/rss")
        assert "1 new, 0 duplicate, 0 rejected" in text(stage)
        await press(stage, "enter")
        assert "A Short History of Tides, 40 items" in text(stage)
        assert client.taken == []
        await press(stage, "enter")
        assert feeds(stage).listing.table.cursor_id == 31
        assert "31 https://new.example/rss" in text(stage)

    play(client, scene)
    assert client.taken == [AddFeeds(data=b"https://new.example/rss")]


def test_an_address_that_does_not_answer_is_added_all_the_same_if_that_is_wanted() -> None:
    client = intake()

    async def scene(stage: Stage) -> None:
        await press(stage, "2", "i")
        await put(stage, "https://gone.example/rss")
        await press(stage, "ctrl+l")
        assert "http_404" in text(stage)
        assert "adds it all the same" in text(stage)
        await press(stage, "enter")

    play(client, scene)
    assert len(client.taken) == 1


def test_an_address_that_is_there_already_leads_to_its_feed() -> None:
    client = intake()

    async def scene(stage: Stage) -> None:
        await press(stage, "2", "slash", *"bread", "enter", "i")
        await put(stage, str(client.feeds[6]["url"]))
        assert "It is feed 7 already" in text(stage)
        await press(stage, "ctrl+s")
        assert isinstance(stage.app.screen, Adding), "there is nothing to add"
        await press(stage, "enter")
        assert feeds(stage).listing.table.cursor_id == 7

    play(client, scene)
    assert client.taken == []


def test_a_pasted_list_is_counted_line_by_line_and_may_start_paused() -> None:
    client = intake()
    lines = [f"https://new.example/{n}" for n in range(600)]
    lines[76:77] = ["ftp://old.example/feed", str(client.feeds[0]["url"])]

    async def scene(stage: Stage) -> None:
        await press(stage, "2", "I")
        await put(stage, "\n".join(lines))
        shown = text(stage)
        assert "599 new, 1 duplicate, 1 rejected" in shown
        assert "line 77" in shown
        assert "not http or https" in shown
        assert "[x] start paused" in shown, "so many do not begin by themselves"
        await stage.pilot.click("#paused")
        await settle(stage)
        assert "[ ] start paused" in text(stage)
        await press(stage, "ctrl+o")
        await stage.pilot.click("#add")
        await settle(stage)
        feeds(stage)
        note = "599 feeds added (599 new, 1 duplicate, 1 rejected)"
        assert note in {one.message for one in stage.app._notifications}

    play(client, scene)
    (taken,) = client.taken
    assert taken.paused
    assert taken.data.count(b"\n") == 600


def test_a_file_is_read_where_the_screen_runs(tmp_path: Path) -> None:
    client = intake()
    path = tmp_path / "list.txt"
    path.write_bytes(b"https://one.example/\nhttps://two.example/")

    async def scene(stage: Stage) -> None:
        await press(stage, "2", "I")
        await put(stage, str(path))
        assert "2 new" in text(stage)
        await press(stage, "enter")
        await until(stage, "2 feeds added")

    play(client, scene)
    assert client.taken == [AddFeeds(data=path.read_bytes(), source=str(path))]


def test_what_no_list_can_be_is_said_and_nothing_is_sent(tmp_path: Path) -> None:
    large = tmp_path / "large"
    with large.open("wb") as file:
        file.truncate(LARGEST + 1)
    assert "podfetch import takes it" in read(str(large)).problem
    assert "podfetch import takes it" in read("x\n" * (LARGEST // 2 + 1)).problem
    assert read("") == (b"", "command", "")
    assert read("no\0file").data == b"no\0file"
    assert read("~nobody-of-this-name/x").data == b"~nobody-of-this-name/x"
    assert read("a\ud800b").data == b"a?b"


def test_a_page_that_is_no_list_says_so_and_the_engine_away_too() -> None:
    client = intake()
    links = [Link(where="/srv/podcasts", is_up=True, since=client.now.at)]

    async def scene(stage: Stage) -> None:
        await press(stage, "2", "i")
        await put(stage, "<html>\n<body>")
        assert "a web page, not a feed list" in text(stage)
        await press(stage, "enter", "ctrl+s", "ctrl+l")
        links[0] = replace(links[0], is_up=False, problem="connection refused")
        await settle(stage)
        await put(stage, "https://new.example/rss")
        assert "1 new" not in text(stage)
        await press(stage, "escape")
        feeds(stage)

    play(client, scene, link=lambda: links[0])
    assert client.taken == []


def test_an_empty_archive_says_how_to_add_feeds() -> None:
    client = Intake(idle_snapshot())

    async def scene(stage: Stage) -> None:
        await press(stage, "2")
        assert "adds one by its address" in text(stage)
        await press(stage, "i", *"https://new.example/rss", "ctrl+s")
        assert "1 feed added" in text(stage)

    play(client, scene)


def test_hostile_lines_and_titles_stay_text() -> None:
    client = intake()

    async def scene(stage: Stage) -> None:
        await press(stage, "2", "i")
        for titles in (TITLES[:4], TITLES[4:8], TITLES[8:]):
            client.title = client.reason = " ".join(title[:5_000] for title in titles)
            lines = [title[:5_000].replace("\n", "") for title in titles]
            await put(stage, "\n".join((*lines, *(f"https://h/{one}" for one in lines))))
            assert not any(forbidden(one) for one in painted(stage.app))
            await put(stage, "https://gone.example/" + lines[0])
            await press(stage, "ctrl+l")
            assert not any(forbidden(one) for one in painted(stage.app))
        await press(stage, "escape")
        feeds(stage)

    play(client, scene, size=SMALL)


def test_what_was_added_is_retired_by_an_undo_and_nothing_else(tmp_path: Path) -> None:
    many = tmp_path / "list.txt"
    many.write_text("".join(f"https://new{n}.example/rss\n" for n in range(150)).rstrip())

    async def scene(stage: Stage) -> None:
        await press(stage, "2", "i")
        await put(stage, "https://one.example/rss")
        await press(stage, "ctrl+s")
        assert "u Undo" in text(stage)
        await press(stage, "u")
        await press(stage, "I")
        await put(stage, str(many))
        await press(stage, "ctrl+s", "u")

    client = Undoing(replace(busy_snapshot(), feeds={"total": 30}), feed_rows(30))
    notes = [note.message for note in play(client, scene)._notifications]
    assert "Took back: 1 feed added, now retired" in notes
    assert "Took back: 150 feeds added, now retired" in notes
    one, more = (c.ask for c in client.commands if isinstance(c, ActOnFeeds))
    assert (one.feed_ids, one.decision) == ((31,), FeedDecision.RETIRE)
    assert more.feed_ids == tuple(range(32, 182))


class Undoing(Intake):
    """Retires what it is told to."""

    def send(self, command: Command) -> CommandResult:
        if isinstance(command, ActOnFeeds):
            self.commands.append(command)
            return CommandResult(ok=True, affected=len(command.ask.feed_ids), operation=1)
        return super().send(command)
