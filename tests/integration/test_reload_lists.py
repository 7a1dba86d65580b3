"""The feed lists of a running engine: read again when they change, and never half."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from support.archive import rows
from support.reloading import IDLE, Reloading, reloading
from support.wait import wait_for


def url(number: int) -> str:
    return f"http://h{number}.example/feed"


def write_csv(path: Path, numbers: Iterable[int]) -> None:
    path.write_text("url,title\n" + "".join(f"{url(n)},Feed {n}\n" for n in numbers))


def states(run: Reloading) -> dict[str, str]:
    return {row["url"]: row["state"] for row in rows(run.engine.settings, "feeds")}


def test_a_list_is_taken_in_when_it_changes(tmp_path: Path) -> None:
    mine = tmp_path / "mine.csv"
    write_csv(mine, range(30))
    with reloading(tmp_path, f"{IDLE}[feeds]\nlists = mine.csv\n") as run:
        run.wait_until(lambda _: len(states(run)) == 30)
        write_csv(mine, range(1, 31))
        assert "mine.csv: 1 new, 0 changed, 1 paused, 0 rejected" in run.wait_for_event(
            "list_read", 2
        )
        assert states(run)[url(0)] == "paused"
        assert states(run)[url(30)] == "active"

        # A bad line is left out, the others are taken.
        with mine.open("a") as more:
            more.write(f"ftp://nowhere.example/x,No\n{url(31)},Yes\n")
        assert "1 new, 0 changed, 0 paused, 1 rejected" in run.wait_for_event("list_read", 3)


def test_a_list_that_vanishes_or_is_cut_pauses_nothing_and_says_so_once(tmp_path: Path) -> None:
    mine = tmp_path / "mine.csv"
    write_csv(mine, range(50))
    whole = mine.read_bytes()
    with reloading(tmp_path, f"{IDLE}[feeds]\nlists = mine.csv\n") as run:
        run.wait_until(lambda _: len(states(run)) == 50)
        mine.write_bytes(whole[: len(whole) // 2])
        held = run.wait_for_event("list_held")
        assert "feeds are not in it any more" in held
        assert "podfetch feeds accept-removals" in held
        mine.unlink()
        assert "cannot be read: No such file" in run.wait_for_event("list_unread")
        mine.mkdir()
        assert "it is a folder" in run.wait_for_event("list_unread", 2)
        mine.rmdir()
        mine.write_bytes(whole)
        assert run.engine.reconfigure.reload().ok
        assert set(states(run).values()) == {"active"}
        assert (len(run.events("list_held")), len(run.events("list_unread"))) == (1, 2)
        assert run.events("settings_rejected") == []


def test_lists_are_named_and_dropped_while_the_engine_runs(tmp_path: Path) -> None:
    folder = tmp_path / "lists"
    folder.mkdir()
    write_csv(folder / "one.csv", [1, 2])
    with reloading(tmp_path) as run:
        run.write(f"{IDLE}[feeds]\nlists = lists/one.csv\n")
        run.wait_for_event("list_read")
        assert set(states(run)) == {url(1), url(2)}
        write_csv(folder / "one.csv", [1, 2, 3])
        run.wait_for_event("list_read", 2)
        run.write(IDLE)
        wait_for(lambda: run.engine.settings.feeds.lists == ())
        write_csv(folder / "one.csv", [1])
        assert run.engine.reconfigure.reload().text == "nothing changed"
        assert set(states(run).values()) == {"active"}
