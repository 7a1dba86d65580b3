"""What the screens keep from one run to the next, and that it is never in the way of a start."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from support.fake_client import FakeClient, busy_snapshot, feed_rows
from support.stage import Stage, painted, play, press, settle
from textual.widgets import Input

from podfetch_tui.model.settings import UiSettings
from podfetch_tui.model.snapshot import Page, PageRequest
from podfetch_tui.ui.kept import Kept, KeptList
from podfetch_tui.ui.screens.dashboard import Dashboard
from podfetch_tui.ui.screens.feeds import Feeds

DARK, LIGHT = "podfetch-dark", "podfetch-light"


class Listening(FakeClient):
    """Remembers how feeds were asked for."""

    orders: set[tuple[str, str]]

    def query(self, page: PageRequest) -> Page:
        if page.kind == "feeds" and page.only_ids and "imported paused" not in page.filter:
            self.orders.add((page.filter, page.sort))
        return super().query(page)


def busy() -> Listening:
    client = Listening(busy_snapshot(), feed_rows(300))
    client.orders = set()
    return client


def orders(stage: Stage) -> set[tuple[str, str]]:
    """Return by which filters and orders feeds were asked for."""
    assert isinstance(stage.client, Listening)
    return stage.client.orders


def test_screen_filter_and_order_are_as_they_were_left(tmp_path: Path) -> None:
    path = tmp_path / "new" / "ui.json"

    async def first(stage: Stage) -> None:
        await press(stage, "2", "slash", *"bread", "enter")
        stage.app.screen.query_one("#feeds").sort_by("-fail")  # type: ignore[attr-defined]
        await settle(stage)

    async def second(stage: Stage) -> None:
        screen = stage.app.screen
        assert isinstance(screen, Feeds)
        assert screen.query_one("#feeds Input", Input).value == "bread"
        assert screen.listing.table.sorted_by == "-fail"
        assert "bread" in "\n".join(painted(stage.app))
        assert orders(stage) == {("bread", "-fail")}
        await press(stage, "escape")

    async def third(stage: Stage) -> None:
        assert not stage.app.screen.query_one("#feeds Input", Input).display

    for scene in (first, second, third):
        play(busy(), scene, kept=Kept(path))
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_theme_that_was_chosen_holds_until_the_settings_name_another_one(
    tmp_path: Path,
) -> None:
    path = tmp_path / "ui.json"
    seen = []

    async def choose(stage: Stage) -> None:
        await press(stage, "ctrl+t", "down", "enter")
        seen.append(stage.app.theme)

    async def look(stage: Stage) -> None:
        seen.append(stage.app.theme)

    play(busy(), choose, kept=Kept(path))
    play(busy(), look, kept=Kept(path))
    play(busy(), look, kept=Kept(path), settings=UiSettings(theme="podfetch-hc"))
    assert seen == [LIGHT, LIGHT, "podfetch-hc"]


def test_a_theme_that_is_the_configured_one_again_is_no_choice(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "ui.json")
    kept.keep_theme(LIGHT, DARK)
    assert kept.theme(DARK) == LIGHT
    kept.keep_theme(DARK, DARK)
    kept.save("feeds")
    assert Kept(tmp_path / "ui.json").theme("nord") == "nord"


def write(path: Path, value: object) -> None:
    path.write_bytes(value if isinstance(value, bytes) else json.dumps(value).encode())


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"\xff\x00 nothing of ours",
        b"[" * 100_000,
        {"version": 99, "mode": "feeds"},
        {"version": 1, "mode": ["feeds"]},
        {"version": 1, "lists": {"feeds": "bread"}},
        {"version": 1, "mode": "nowhere", "theme": "gone", "instead_of": DARK,
         "lists": {"feeds": {"filter": "fail>", "sort": "-nothing"}}},
    ],
    ids=["empty", "bytes", "deep", "newer", "shape", "list", "names"],
)  # fmt: skip
def test_a_file_that_cannot_be_used_is_as_none(tmp_path: Path, value: object) -> None:
    path = tmp_path / "ui.json"
    write(path, value)

    async def scene(stage: Stage) -> None:
        assert isinstance(stage.app.screen, Dashboard)
        assert stage.app.theme == DARK
        await press(stage, "2")
        assert not stage.app.screen.query_one("#feeds Input", Input).display
        assert orders(stage) == {("", "")}

    play(busy(), scene, kept=Kept(path))
    assert json.loads(path.read_bytes())["mode"] == "feeds", "it is whole again"


def test_no_start_waits_for_what_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "ui.json")
    assert Kept(tmp_path / "ui.json").mode == ""
    assert Kept(tmp_path).mode == ""
    assert Kept(tmp_path / "gone" / "ui.json").mode == ""


def test_a_file_that_cannot_be_written_is_not_missed(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    kept = Kept(tmp_path / "file" / "ui.json")
    kept.keep_list("feeds", KeptList("bread"))
    kept.save("feeds")
    assert (tmp_path / "file").read_text() == ""
