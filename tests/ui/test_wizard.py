"""The first run: a minute from nothing to an archive, by keyboard, at 80×24."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from support.archive import rows, settings_for
from support.feed_factory import feed_body
from support.newcomer import Newcomer, visit
from support.podhost import new_address, serve
from support.program import podfetch
from support.terminal import ENTER_SCREEN, LEAVE_SCREEN, Terminal

from podfetch_tui.cli.first_desk import Inspector, ini_text
from podfetch_tui.config.ini import load
from podfetch_tui.demo.routes import Route
from podfetch_tui.model.first_run import PACES, Answers, Asked, Heard
from podfetch_tui.model.settings import NetworkSettings, Settings
from podfetch_tui.system.paths import user_config_file
from podfetch_tui.ui.wizard.pages import PAGES

FEEDS = (
    "https://one.invalid/feed\nftp://old.example/feed\nhttps://two.invalid/feed\n"
    "https://one.invalid/feed\n"
)


def test_a_page_of_text_is_left_by_a_click_too_unless_its_answer_is_not_good(
    tmp_path: Path,
) -> None:
    async def scene(newcomer: Newcomer) -> None:
        await newcomer.press("enter")
        assert newcomer.app.page.name == "root"
        await newcomer.pilot.click("#on")
        await newcomer.until(lambda: newcomer.app.page.name == "feeds")
        await newcomer.type(str(tmp_path / "no such list.opml"))
        await newcomer.pilot.click("#on")
        await newcomer.rest()
        assert newcomer.app.page.name == "feeds"
        await newcomer.press("escape", "escape", "escape")

    assert visit(scene, str(tmp_path / "new folder")) is None


def test_a_few_answers_make_settings_that_hold(tmp_path: Path) -> None:
    feeds, root = tmp_path / "feeds.txt", str(tmp_path / "new folder")
    feeds.write_text(FEEDS)

    async def scene(newcomer: Newcomer) -> None:
        await newcomer.press("enter")
        assert "It will be made." in newcomer.found
        await newcomer.press("enter")
        await newcomer.type(str(feeds))
        assert "2 feeds, 1 named twice, 1 line rejected" in newcomer.found
        assert "line 2: ftp://old.example/feed" in newcomer.found
        await newcomer.press("enter", "down", "enter", "down", "enter")
        await newcomer.type("ops@example.org")
        await newcomer.press("enter")
        await newcomer.type("5 GiB")
        await newcomer.press("enter")
        assert "per_host = 1" in newcomer.found
        await newcomer.press("enter")

    outcome = visit(scene, root)
    assert outcome == Answers(
        root=root, feeds=str(feeds), backlog="10", pace="gentle", contact="ops@example.org",
        min_free="5 GiB",
    )  # fmt: skip
    loaded = load(ini_text(outcome), env={})
    assert loaded.problems == ()
    assert loaded.settings.archive.root == root
    assert loaded.settings.engine.per_host == 1
    assert ini_text(outcome).count("# ") > 50, "every key keeps its comment"
    assert list(tmp_path.iterdir()) == [feeds], "the wizard itself writes nothing"


def full_folder(here: Path) -> tuple[str, str]:
    (here / "thing").write_text("")
    return str(here), "is not empty"


def file_in_the_way(here: Path) -> tuple[str, str]:
    (here / "thing").write_text("")
    return str(here / "thing" / "below"), "is a file"


def no_folder(_: Path) -> tuple[str, str]:
    return "", "Name a folder"


def too_long(here: Path) -> tuple[str, str]:
    return str(here) + "/deep" * 800, "is too long"


def unreadable_name(_: Path) -> tuple[str, str]:
    return "/" + "n" * 300, "name"


@pytest.mark.parametrize(
    "bad", [full_folder, file_in_the_way, no_folder, too_long, unreadable_name]
)
def test_a_folder_that_cannot_be_used_is_said_and_not_taken(
    tmp_path: Path, bad: Callable[[Path], tuple[str, str]]
) -> None:
    answer, words = bad(tmp_path)
    before = sorted(tmp_path.rglob("*"))

    async def scene(newcomer: Newcomer) -> None:
        await newcomer.press("enter")
        await newcomer.type(answer)
        await newcomer.press("enter")
        assert newcomer.app.page.name == "root"
        assert words in newcomer.found.replace("\n", " ")
        assert newcomer.app.query_one("#found").has_class("-bad")

    assert visit(scene, str(tmp_path / "proposed")) is None
    assert sorted(tmp_path.rglob("*")) == before


def test_a_folder_that_may_not_be_written_or_lies_on_a_network_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    found = Inspector(Settings()).look_at_folder(str(tmp_path))
    assert (found.is_good, "may not write" in found.lines[0]) == (False, True)
    monkeypatch.undo()
    monkeypatch.setattr(
        "podfetch_tui.cli.first_desk.unsafe_place", lambda _: "the catalogue would lie on nfs4"
    )
    found = Inspector(Settings()).look_at_folder(str(tmp_path))
    assert (found.is_good, found.lines) == (False, ("The catalogue would lie on nfs4.",))


def test_an_archive_that_is_there_is_used(tmp_path: Path) -> None:
    assert podfetch("--archive", str(tmp_path / "old"), "init").returncode == 0
    found = Inspector(Settings()).look_at_folder(str(tmp_path / "old"))
    assert found.is_good
    assert "an archive already" in found.lines[0]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "no such file"),
        (b"ftp://one.example/\nnonsense here\n", "0 feeds"),
        (b"\x00\x01\x02binary\x00" * 50, ""),
        (b"", ""),
    ],
)
def test_a_list_without_feeds_is_said_and_not_taken(
    tmp_path: Path, content: bytes | None, words: str
) -> None:
    path = tmp_path / "list"
    if content is not None:
        path.write_bytes(content)

    async def scene(newcomer: Newcomer) -> None:
        await newcomer.press("enter", "enter")
        await newcomer.type(str(path))
        await newcomer.press("enter")
        assert newcomer.app.page.name == "feeds"
        assert words in newcomer.found
        assert newcomer.found
        await newcomer.type(str(tmp_path))
        await newcomer.press("enter")
        assert newcomer.app.page.name == "feeds", "a folder is no list"

    assert visit(scene, str(tmp_path / "archive")) is None


@pytest.mark.parametrize(
    ("page", "answer", "words"),
    [("contact", "line\x0bbreak", "contact"), ("min_free", "much", "min_free"),
     ("min_free", "-1 GiB", "min_free")],
)  # fmt: skip
def test_a_setting_that_does_not_hold_is_said_and_not_taken(
    tmp_path: Path, page: str, answer: str, words: str
) -> None:
    async def scene(newcomer: Newcomer) -> None:
        while newcomer.app.page.name != page:
            await newcomer.press("enter")
        await newcomer.type(answer)
        await newcomer.press("enter")
        assert newcomer.app.page.name == page
        assert words in newcomer.found

    assert visit(scene, str(tmp_path / "archive")) is None


def test_escape_leads_back_through_every_page_and_keeps_the_answers(tmp_path: Path) -> None:
    async def scene(newcomer: Newcomer) -> None:
        await newcomer.press("enter", *["enter"] * 4)
        await newcomer.type("me@example.org")
        await newcomer.press("enter", "enter")
        for page in reversed(PAGES):
            assert newcomer.app.page == page
            await newcomer.press("escape")

    assert visit(scene, str(tmp_path / "archive")) is None


def test_the_review_leads_back_to_the_questions(tmp_path: Path) -> None:
    async def scene(newcomer: Newcomer) -> None:
        while newcomer.app.page.name != "review":
            await newcomer.press("enter")
        assert len(newcomer.choices) == 2, "without feeds there is nothing to pause"
        await newcomer.press("down", "enter")
        assert newcomer.app.page.name == "root"

    assert visit(scene, str(tmp_path / "archive")) is None


def test_the_demo_is_one_choice_and_escape_leaves(tmp_path: Path) -> None:
    async def demo(newcomer: Newcomer) -> None:
        await newcomer.press("down", "enter")

    async def leave(newcomer: Newcomer) -> None:
        await newcomer.press("escape")

    assert visit(demo, str(tmp_path)) == "demo"
    assert visit(leave, str(tmp_path)) is None


@pytest.mark.parametrize(("feeds", "is_ticked"), [(500, False), (501, True)])
def test_many_feeds_start_paused_unless_the_box_says_otherwise(
    tmp_path: Path, feeds: int, is_ticked: bool
) -> None:
    path = tmp_path / "feeds.txt"
    path.write_text("".join(f"http://{number}.invalid/\n" for number in range(feeds)))

    async def scene(newcomer: Newcomer) -> None:
        await newcomer.press("enter", "enter")
        await newcomer.type(str(path))
        while newcomer.app.page.name != "review":
            await newcomer.press("enter")
        assert newcomer.choices[1].startswith("[x]" if is_ticked else "[ ]")
        await newcomer.press("down", "enter")
        assert newcomer.choices[1].startswith("[ ]" if is_ticked else "[x]")
        await newcomer.press("up", "enter")

    outcome = visit(scene, str(tmp_path / "archive"))
    assert isinstance(outcome, Answers)
    assert outcome.paused is not is_ticked


@pytest.mark.parametrize("pace", sorted(PACES))
def test_every_pace_and_backlog_passes_the_check(pace: str) -> None:
    for choice in Inspector(Settings()).backlogs(100, Asked(0, 0)):
        answers = Answers(root="/a # b", pace=pace, backlog=choice.value)
        assert load(ini_text(answers), env={}).problems == ()


def test_no_figure_is_shown_of_which_nothing_is_known() -> None:
    texts = [one.text for one in Inspector(Settings()).backlogs(100, Asked(3, 3))]
    assert [text.endswith("not known yet") for text in texts] == [True, True, True, False]
    without = (Heard((0,) * 4), Heard((0,) * 6))
    texts = [one.text for one in Inspector(Settings()).backlogs(100, Asked(3, 3, without))]
    assert "about 500 episodes, their feeds do not say how large" in texts[0]
    assert not any("MB" in text for text in texts)


def test_the_past_is_estimated_by_feeds_of_the_list_that_are_asked(tmp_path: Path) -> None:
    routes = {f"/{n}": Route(body=feed_body(f"show{n}", count=4 * n)) for n in (1, 2)}
    routes["/3"] = Route(body=b"gone", status=410)
    with serve(routes) as host:
        path = tmp_path / "feeds.txt"
        path.write_text("".join(host.url(f"/{n}", new_address()) + "\n" for n in (1, 2, 3)))
        network = NetworkSettings(allow_private=("127.0.0.0/8",))

        async def scene(newcomer: Newcomer) -> None:
            await newcomer.press("enter", "enter")
            await newcomer.type(str(path))
            await newcomer.press("enter")
            await newcomer.until(lambda: "by what 2 of the 3 feeds" in newcomer.found)
            assert "about 18 episodes" in newcomer.choices[0]
            assert "about 3 episodes" in newcomer.choices[2]
            assert "only what is published from now on" in newcomer.choices[3]

        desk = Inspector(Settings(network=network))
        assert visit(scene, str(tmp_path / "archive"), desk) is None


def test_feeds_that_do_not_answer_hold_nobody_up(tmp_path: Path) -> None:
    asked = threading.Event()

    class Waiting(Inspector):
        def ask_feeds(
            self, path: str, stop: threading.Event, tell: Callable[[Asked], None]
        ) -> None:
            tell(Asked(0, 1))
            asked.set()
            assert stop.wait(60)
            tell(Asked(1, 1, (Heard((1,)),)))  # comes when nobody listens any more

    path = tmp_path / "feeds.txt"
    path.write_text("http://one.invalid/\n")

    async def scene(newcomer: Newcomer) -> None:
        await newcomer.press("enter", "enter")
        await newcomer.type(str(path))
        await newcomer.press("enter")
        await newcomer.until(asked.is_set)
        await newcomer.until(lambda: "0 of 1 are done" in newcomer.found)
        await newcomer.press("down", "enter", "escape")
        assert newcomer.choices[0].endswith("not known yet")
        await newcomer.press("escape", "escape", "escape", "escape")

    assert visit(scene, str(tmp_path / "archive"), Waiting(Settings())) is None


def newcomer(*words: str) -> Terminal:
    return Terminal([sys.executable, "-m", "podfetch_tui", *words])


def test_a_newcomer_gets_an_archive_and_its_settings(tmp_path: Path) -> None:
    feeds = tmp_path / "feeds.txt"
    feeds.write_text("https://one.invalid/feed\n")
    with newcomer() as terminal:
        terminal.wait_for(b"Make an archive")
        terminal.press(b"\r")
        terminal.wait_for(b"It will be made")
        terminal.press(b"\r")
        terminal.wait_for(b"No feeds yet")
        terminal.press(str(feeds).encode())
        terminal.wait_for(b"1 feed,")
        terminal.press(b"\r")
        for shown in (b"the newest one", b"How hard", b"who run the hosts", b"Downloads wait"):
            terminal.wait_for(shown)
            terminal.press(b"\r")
        terminal.wait_for(b"Write it and begin")
        assert not user_config_file().exists()
        terminal.press(b"\x1b[B\r")
        terminal.wait_for(b"[x]")
        terminal.press(b"\x1b[A\r")
        terminal.wait_for(b"RUNNING")
        terminal.press(b"qn")
        assert terminal.wait_for_end() == 0
    assert user_config_file().stat().st_mode & 0o777 == 0o600
    assert podfetch("config", "check").returncode == 0
    root = load(user_config_file().read_text(), env={}).settings.archive.root
    (feed,) = rows(settings_for(Path(root)), "feeds")
    assert (feed["url"], feed["state"]) == ("https://one.invalid/feed", "paused")


def test_who_leaves_the_wizard_leaves_nothing_behind() -> None:
    before = sorted(Path(os.environ["HOME"]).rglob("*"))
    with newcomer() as terminal:
        terminal.wait_for(b"Make an archive")
        terminal.press(b"\x1b")
        assert terminal.wait_for_end() == 0
    assert terminal.shown.count(LEAVE_SCREEN) == 1
    assert b"nothing was made" in terminal.shown
    assert sorted(Path(os.environ["HOME"]).rglob("*")) == before


def test_a_dumb_terminal_runs_headless_and_says_so() -> None:
    words = [sys.executable, "-m", "podfetch_tui", "--for", "0.1s"]
    with Terminal(["/usr/bin/env", "TERM=dumb", *words]) as terminal:
        assert terminal.wait_for_end() == 0
    assert b"TERM=dumb cannot show one), running headless" in terminal.shown
    assert ENTER_SCREEN not in terminal.shown
