"""What the command palette finds under the words that a newcomer types."""

from __future__ import annotations

import pytest
from support.fake_client import FakeClient, busy_snapshot, feed_row, feed_rows
from support.stage import SMALL, Stage, painted, play, press, until
from textual.command import Hit

from podfetch_tui.ui.palette import Actions, Feeds
from podfetch_tui.ui.widgets.tabs import Tabbed

HOSTS = ("host", "hosts", "wait", "waits", "429", "retry-after", "ask", "release")


async def offered(stage: Stage, query: str) -> list[str]:
    """Return what is offered for ``query``, the best first."""
    found: list[tuple[float, str]] = []
    for provider in (Actions(stage.app.screen), Feeds(stage.app.screen)):
        async for hit in provider.search(query):
            assert isinstance(hit, Hit)
            found.append((-hit.score, str(hit.match_display).rstrip()))
    return [name for _, name in sorted(found)]


@pytest.mark.parametrize("query", HOSTS)
def test_the_hosts_that_are_left_alone_are_found_from_any_screen(query: str) -> None:
    async def scene(stage: Stage) -> None:
        for screen in "12345678":
            await press(stage, screen)
            assert "Hosts  h" in (await offered(stage, query))[:3], screen

    play(FakeClient(busy_snapshot(), feed_rows(9)), scene)


@pytest.mark.parametrize("query", HOSTS)
def test_among_the_hosts_the_way_to_ask_one_again_is_found(query: str) -> None:
    async def scene(stage: Stage) -> None:
        await press(stage, "h")
        assert "Release  R" in await offered(stage, query)

    play(FakeClient(busy_snapshot(), feed_rows(9)), scene)


@pytest.mark.parametrize(
    ("screen", "query", "wanted"),
    [
        ("1", "undo", "Undo  u"),
        ("1", "revert", "Undo  u"),
        ("1", "pause", "Pause all  P"),
        ("1", "stop", "Pause all  P"),
        ("1", "resume", "Pause all  P"),
        ("1", "speed", "Limits  5"),
        ("1", "bandwidth", "Limits  5"),
        ("1", "limits", "Limits  5"),
        ("1", "quarantine", "Quarantine  3"),
        ("1", "release", "Quarantine  3"),
        ("1", "broken", "Quarantine  3"),
        ("1", "broken", "Failing  e"),
        ("1", "import", "Feeds  2"),
        ("1", "opml", "Feeds  2"),
        ("1", "export", "Feeds  2"),
        ("1", "retire", "Feeds  2"),
        ("1", "log", "Events  6"),
        ("1", "options", "Config  7"),
        ("2", "import", "Import  I"),
        ("2", "opml", "Import  I"),
        ("2", "export", "Copy  y"),
        ("2", "unsubscribe", "Retire  X"),
        ("2", "delete", "Retire  X"),
        ("2", "refresh", "Check  r"),
        ("3", "release", "Release  R"),
        ("3", "restore", "Release  R"),
    ],
)
def test_an_action_is_found_by_what_a_newcomer_calls_it(
    screen: str, query: str, wanted: str
) -> None:
    broken = feed_row(1, state="quarantined")

    async def scene(stage: Stage) -> None:
        await press(stage, "P", screen)
        stage.app.bridge.offer_undo("a pause", stage.client.commands[-1])
        assert wanted in await offered(stage, query)

    play(FakeClient(busy_snapshot(), [broken]), scene)


def test_an_action_stands_before_feeds_of_whose_titles_a_word_of_it_is_part() -> None:
    rows = [feed_row(number, title=f"Show {429 + number}: 429") for number in range(1, 30)]

    async def scene(stage: Stage) -> None:
        assert (await offered(stage, "429"))[0] == "Hosts  h"

    play(FakeClient(busy_snapshot(), rows), scene)


def test_the_palette_leads_to_the_tab_of_the_hosts() -> None:
    async def scene(stage: Stage) -> None:
        await press(stage, ":", *"429")
        await until(stage, "Feeds that keep failing", gone=True)  # 404
        await until(stage, "Which hosts are left alone and until when")
        await press(stage, "enter")
        await until(stage, "anchor.example")
        assert stage.app.screen.query_one(Tabbed).current == "Hosts"
        assert "left alone until" in "\n".join(painted(stage.app))

    play(FakeClient(busy_snapshot(), feed_rows(9)), scene, size=SMALL)


def test_the_help_finds_keys_by_the_same_words() -> None:
    async def scene(stage: Stage) -> None:
        await press(stage, "?", "/", *"429")
        shown = "\n".join(painted(stage.app))
        assert "app.hosts" in shown
        assert "app.undo" not in shown

    play(FakeClient(busy_snapshot(), feed_rows(9)), scene)


def test_a_key_of_the_dashboard_leads_to_the_feeds_that_fail() -> None:
    rows = [
        feed_row(1, title="Well"),
        feed_row(1, id=2, title="Bad", consecutive_failures=2, last_error="http_503: down"),
        feed_row(1, id=3, title="Given up", state="quarantined", consecutive_failures=9),
    ]

    async def scene(stage: Stage) -> None:
        assert "184 feeds are failing; e shows which" in "\n".join(painted(stage.app))
        await press(stage, "e")
        shown = "\n".join(painted(stage.app))
        assert "failing 2" in shown
        assert "Bad" in shown
        assert "Given up" not in shown
        assert "Well" not in shown

    play(FakeClient(busy_snapshot(), rows), scene, size=SMALL)
