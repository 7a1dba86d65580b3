"""``podfetch feeds edit`` as a user meets it: old and new shown, URLs looked at first."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from support.archive import make_due, rows, run_once, running, settings_for
from support.program import podfetch
from support.wait import wait_for

from podfetch_tui.demo import feeds
from podfetch_tui.demo.audio import Media
from podfetch_tui.demo.host import PodcastHost
from podfetch_tui.demo.routes import Route
from podfetch_tui.model.commands import Command, EditFeeds
from podfetch_tui.model.edits import EditFeed

SIZE = 20_000
SITE = "127.0.0.9"


@pytest.fixture
def host() -> Iterator[PodcastHost]:
    with PodcastHost() as serving:
        yield serving


def serve(host: PodcastHost, name: str, count: int = 3, *, path: str = "") -> str:
    entries = feeds.items(
        name, count, host.url(f"/media/{name}/{{n}}.mp3", SITE), length=SIZE, notes_bytes=50
    )
    for number in range(1, count + 1):
        media = f"/media/{name}/{number}.mp3"
        host.table.routes[media] = Route(body=Media(media, SIZE), content_type="audio/mpeg")
    path = path or f"/{name}.xml"
    host.table.routes[path] = Route(body=feeds.rss(f"The {name} show", entries))
    return host.url(path, SITE)


class Shell:
    """The command line over one archive."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "podfetch.ini").write_text(
            "[archive]\nroot = archive\nmin_free = 0\nmin_free_percent = 0\n"
            "[network]\nallow_private = 127.0.0.0/8\n[feeds]\npriority = news=5, talk=9\n"
        )

    def run(self, *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return podfetch("--config", "podfetch.ini", *words, stdin=stdin, folder=self.folder)

    def edit(self, *words: str, code: int = 0) -> dict[str, Any]:
        done = self.run("feeds", "edit", *words, "--json")
        assert done.returncode == code, done.stderr
        return json.loads(done.stdout) if done.stdout else {"stderr": done.stderr}

    def show(self, feed: str = "1") -> dict[str, Any]:
        shown: dict[str, Any] = json.loads(self.run("feeds", "show", feed, "--json").stdout)
        return shown


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


def test_a_dry_run_shows_old_and_new_and_changes_nothing(
    host: PodcastHost, shell: Shell, tmp_path: Path
) -> None:
    run_once(settings_for(tmp_path / "archive"), serve(host, "one"))
    before = shell.show()
    words = ("1", "--interval", "2h", "--title", "Mine", "--tag", "news")
    said = shell.edit(*words, "--dry-run")
    assert said["feeds"][0]["changes"] == {
        "title": {"old": None, "new": "Mine"},
        "interval": {"old": None, "new": "2h"},
        "tags": {"old": None, "new": "news"},
    }
    assert shell.show() == before
    shell.edit(*words)
    after = shell.show()
    assert (after["title"], after["interval_s"], after["tags"]) == ("Mine", 7200, ["news"])
    assert after["priority"] == 5
    shell.edit("1", "--clear", "interval", "--untag", "news", "--priority", "2")
    after = shell.show()
    assert (after["interval_s"], after["tags"], after["priority"]) == (None, [], 2)
    assert (after["own_priority"], shell.edit("1", "--priority", "2")["edited"]) == (2, 0)


def test_a_new_url_is_looked_at_before_it_is_saved(
    host: PodcastHost, shell: Shell, tmp_path: Path
) -> None:
    settings = settings_for(tmp_path / "archive")
    old = serve(host, "one")
    run_once(settings, old)
    moved, other = serve(host, "one", path="/moved.xml"), serve(host, "two")
    assert "404" in shell.edit("1", "--url", host.url("/none", SITE), code=2)["stderr"]
    media = host.url("/media/one/1.mp3", SITE)
    assert "nothing was changed" in shell.edit("1", "--url", media, code=2)["stderr"]
    assert "--yes" in shell.edit("1", "--url", other, code=2)["stderr"]
    assert shell.show()["url"] == old
    looks = len(host.asked("/moved.xml"))
    said = shell.edit("1", "--url", moved)
    assert said["feeds"][0]["probe"]["known_items"] == 3
    assert len(host.asked("/moved.xml")) == looks + 1
    assert [entry["url"] for entry in shell.show()["earlier_urls"]] == [old]
    run_once(settings)
    assert len(rows(settings, "episodes")) == 3
    shell.edit("1", "--url", other, "--yes")
    assert shell.show()["url"] == other


def test_a_url_that_another_feed_has_is_refused_naming_it(
    host: PodcastHost, shell: Shell, tmp_path: Path
) -> None:
    one, two = serve(host, "one"), serve(host, "two")
    run_once(settings_for(tmp_path / "archive"), one, two)
    assert "feed 2 is there" in shell.edit("1", "--url", two, code=2)["stderr"]
    assert "for one feed" in shell.edit("1", "2", "--url", two, code=2)["stderr"]


def test_a_wider_backlog_fetches_what_was_skipped(
    host: PodcastHost, shell: Shell, tmp_path: Path
) -> None:
    from podfetch_tui.model.feed import Backlog, BacklogKind

    settings = settings_for(
        tmp_path / "archive", feeds={"backlog": Backlog(BacklogKind.NEWEST, count=1)}
    )
    run_once(settings, serve(host, "one", 4))
    assert shell.show()["archived"] == 1
    assert shell.edit("1", "--backlog", "3")["feeds"][0]["queued"] == 2
    run_once(settings)
    assert shell.show()["archived"] == 3


def test_a_feed_has_its_own_user_agent_for_polls_and_media(
    host: PodcastHost, shell: Shell, tmp_path: Path
) -> None:
    settings = settings_for(tmp_path / "archive")
    run_once(settings, serve(host, "one", 1))
    shell.edit("1", "--user-agent", "iTMS", "--backlog", "all")
    serve(host, "one", 2)
    host.requests.clear()
    make_due(settings)
    run_once(settings)
    agents = {served.path: served.headers.get("user-agent") for served in host.requests}
    assert agents == {"/one.xml": "iTMS", "/media/one/2.mp3": "iTMS"}


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "say what to change"),
        (("--interval", "5"), "a duration needs a unit"),
        (("--interval", ""), "--clear interval"),
        (("--priority", "high"), "--priority 'high'"),
        (("--feed-max", "1 B"), "expected 1 KiB to 1 GiB"),
        (("--allow-private", "10.0.0.1/8"), "is not a network"),
        (("--backlog", "some"), "expected all, none"),
        (("--user-agent", "é"), "only ASCII"),
        (("--auth", "team"), "there is no credentials file"),
        (("--clear", "url"), "expected one of title"),
        (("--clear", "interval", "--interval", "5m"), "both set and cleared"),
        (("--tag", "a", "--untag", "a"), "both a --tag and an --untag"),
        (("--url", "http://192.168.1.1/f"), "blocked address"),
    ],
)
def test_what_cannot_be_used_is_exit_2_and_says_why(
    host: PodcastHost, shell: Shell, tmp_path: Path, words: tuple[str, ...], says: str
) -> None:
    settings = settings_for(tmp_path / "archive", engine={"poll_workers": 0})
    run_once(settings, serve(host, "one", 1))
    assert says in shell.edit("1", *words, code=2)["stderr"]


def test_several_feeds_are_edited_only_when_that_is_meant(
    host: PodcastHost, shell: Shell, tmp_path: Path
) -> None:
    settings = settings_for(tmp_path / "archive", engine={"poll_workers": 0})
    run_once(settings, serve(host, "one", 1), serve(host, "two", 1))
    assert "--yes" in shell.edit("state:active", "--interval", "3h", code=2)["stderr"]
    assert shell.edit("state:active", "--interval", "3h", "--yes")["edited"] == 2
    assert {row["interval_s"] for row in rows(settings, "feeds")} == {10800}


def test_a_running_engine_takes_edits_and_polls_by_them(host: PodcastHost, tmp_path: Path) -> None:
    settings = settings_for(tmp_path / "archive")
    old, new = serve(host, "one", 1), serve(host, "one", 1, path="/moved.xml")
    with running(settings, old) as engine:
        wait_for(lambda: host.asked("/one.xml"))
        edit = EditFeed(feed_id=1, at=engine.services.clock.now_ms(), url=new, user_agent="Mine/1")
        # As it would come over a wire.
        sent = msgspec.json.decode(msgspec.json.encode(EditFeeds((edit,))), type=Command)
        result = engine.commands.apply(sent)
        assert (result.ok, result.affected) == (True, 1)
        wait_for(lambda: host.asked("/moved.xml"))
        again = engine.commands.apply(EditFeeds((EditFeed(feed_id=99, at=1, title="x"),)))
        assert not again.ok
    assert host.asked("/moved.xml")[0].headers["user-agent"] == "Mine/1"
    (feed,) = rows(settings, "feeds")
    assert (feed["url"], feed["episodes"]) == (new, 1)
