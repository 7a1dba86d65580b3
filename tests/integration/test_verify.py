"""``verify`` knows the files that a running engine, or one that was killed, is at work on."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.archive import add_feeds, settings_for
from support.cataloguing import AT, archive, draft, poll, seal
from support.permissions import obeying_permissions
from support.program import json_lines, podfetch
from support.served import served
from support.stocking import stock

from podfetch_tui.cli import archive as archives
from podfetch_tui.cli import verify_command
from podfetch_tui.cli.archive import OpenArchive
from podfetch_tui.model.decisions import DecideEpisodes, EpisodeDecision
from podfetch_tui.model.writes import Claim, Polled
from podfetch_tui.storage.layout import Layout
from podfetch_tui.storage.verify import walk

PATH = "Show 1/late.mp3"
BODY = b"late sound"


def look(root: Path) -> dict[str, Any]:
    done = podfetch("--archive", str(root), "verify", "--deep", "--list", "--json")
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[OpenArchive]:
    with archives.changing(settings_for(tmp_path / "archive")) as made:
        add_feeds(made, "http://feeds.example/1")
        stock(made, 1, ["early"])
        yield made


def claim(made: OpenArchive) -> int:
    polled = made.writer.submit(poll(1, draft("late", title="late"))).result()
    assert isinstance(polled, Polled)
    (number,) = polled.pending
    made.writer.submit(Claim(episode_id=number, part="2-0.part", path=PATH, at=AT)).result()
    return number


def publish(made: OpenArchive) -> None:
    made.layout.media(PATH).write_bytes(BODY)


def test_a_file_that_is_published_but_not_committed_is_the_archives_own(
    opened: OpenArchive,
) -> None:
    number = claim(opened)
    opened.writer.submit(seal(number, PATH, BODY)).result()
    publish(opened)
    found = look(opened.layout.root)
    assert (found["ok"], found["foreign"], found["items"]) == (2, 0, [])


def test_a_file_under_a_name_that_is_only_reserved_is_foreign(opened: OpenArchive) -> None:
    claim(opened)
    publish(opened)
    (item,) = look(opened.layout.root)["items"]
    assert (item["path"], item["problem"]) == (PATH, "foreign")


def test_a_file_that_an_engine_archives_during_the_look_is_the_archives_own(
    opened: OpenArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = claim(opened)

    def meanwhile(layout: Layout, **how: Any) -> Iterator[tuple[str, int]]:
        opened.writer.submit(seal(number, PATH, BODY)).result()
        publish(opened)
        opened.writer.submit(archive(1, number, PATH)).result()
        yield from walk(layout, **how)

    monkeypatch.setattr(verify_command, "walk", meanwhile)
    assert look(opened.layout.root)["foreign"] == 0


@pytest.mark.parametrize("spelled", [str.upper, str.title])
def test_another_spelling_of_an_own_name_is_foreign_where_the_file_system_tells_them_apart(
    opened: OpenArchive, spelled: Callable[[str], str]
) -> None:
    twin = opened.layout.root / "Show 1" / spelled("early.mp3")
    if twin.exists():
        pytest.skip("the file system folds case")
    twin.write_bytes(b"mine")
    (item,) = look(opened.layout.root)["items"]
    assert item["problem"] == "foreign"


def test_a_foreign_name_cannot_reach_the_terminal_and_one_that_is_no_text_is_told(
    opened: OpenArchive,
) -> None:
    root = str(opened.layout.root)
    for name in (b"\x1b]0;mine\x07.mp3", "\x9b31m.mp3".encode(), b"caf\xe9.mp3"):
        try:
            Path(os.fsdecode(os.fsencode(root) + b"/" + name)).write_bytes(b"x")
        except OSError:  # macOS takes UTF-8 only
            pytest.skip("the file system does not take such names")
    shown = podfetch("--archive", root, "verify", "--list")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert shown.stdout.replace("\n", "").isprintable()
    assert "]0;mine .mp3" in shown.stdout
    document = podfetch("--archive", root, "verify", "--list", "--json").stdout
    assert document.replace("\n", "").isprintable()
    names = {item["path"] for item in json.loads(document)["items"]}
    assert names == {"\x1b]0;mine\x07.mp3", "\x9b31m.mp3", "caf\\xe9.mp3"}


def test_what_cannot_be_read_is_counted_and_the_rest_is_looked_at(opened: OpenArchive) -> None:
    layout = opened.layout
    stock(opened, 1, ["whole"])
    closed = layout.root / "closed"
    closed.mkdir()
    layout.media("Show 1/early.mp3").chmod(0)
    closed.chmod(0)
    options = ("--archive", str(layout.root), "verify", "--deep", "--list")
    done = podfetch(*options, "--json", preexec=obeying_permissions())
    closed.chmod(0o700)
    assert done.returncode == 6, done.stderr
    found = json.loads(done.stdout)
    assert (found["unreadable"], found["ok"]) == (2, found["checked"] - 1)
    assert [(item["path"], item["problem"]) for item in found["items"]] == [
        ("Show 1/early.mp3", "unreadable"),
        ("closed", "unreadable"),
    ]
    assert "not everything could be read" in done.stderr


def test_an_archive_at_the_top_of_a_disk_leaves_alone_what_only_root_may_read(
    tmp_path: Path,
) -> None:
    disk = tmp_path / "disk"
    kept = disk / "lost+found"
    kept.mkdir(parents=True)
    kept.chmod(0)
    try:
        for words in (("init",), ("status",), ("--no-ui", "--once"), ("verify",)):
            done = podfetch("--archive", str(disk), *words, preexec=obeying_permissions())
            assert done.returncode == 0, done.stderr
    finally:
        kept.chmod(0o700)
    assert "0 foreign" in done.stdout
    assert "0 unreadable" in done.stdout


def counted(root: Path) -> dict[str, Any]:
    done = podfetch("--archive", str(root), "status", "--json")
    found: dict[str, Any] = json.loads(done.stdout)
    return {**found["episodes"], **found["media"]}


def states(root: Path) -> list[str]:
    return [
        row["state"] for row in json_lines("--archive", str(root), "episodes", "list", "--json")
    ]


@pytest.mark.parametrize("is_running", [False, True])
def test_what_was_removed_by_hand_is_missing_until_it_is_back(
    tmp_path: Path, is_running: bool
) -> None:
    settings = settings_for(tmp_path / "archive")
    root = Path(settings.archive.root)
    with archives.changing(settings) as made:
        add_feeds(made, "http://127.0.0.1:9/1")
        stock(made, 1, ["a", "b"])
    before = counted(root)
    verify = ("--archive", str(root), "verify")
    file, kept = root / "Show 1" / "a.mp3", tmp_path / "kept"
    engine = served(settings_for(root, engine={"poll_workers": 0, "download_workers": 0}))
    with engine if is_running else contextlib.nullcontext():
        file.rename(kept)
        done = podfetch(*verify)
        assert (done.returncode, "1 missing" in done.stdout) == (6, True)
        assert "1 episode is missing now" in done.stderr
        assert states(root) == ["missing", "archived"]
        after = counted(root)
        assert (after["missing"], after["archived"], after["files"]) == (1, 1, 1)
        done = podfetch(*verify)
        assert (done.returncode, done.stderr) == (0, ""), "it is no news"
        assert ("0 missing" in done.stdout, "0 foreign" in done.stdout) == (True, True)
        file.write_bytes(b"another")
        assert "1 foreign" in podfetch(*verify).stdout
        kept.rename(file)
        done = podfetch(*verify)
        assert (done.returncode, "0 missing" in done.stdout) == (0, True), done.stderr
        assert "1 episode that had been missing archived again" in done.stderr
        assert counted(root) == before
    told = [row["text"] for row in json_lines("--archive", str(root), "events", "--json")]
    assert "lose episode by verify: its file was not there" in told
    assert "find episode by verify: its file is there again" in told


def test_two_episodes_of_one_file_are_lost_and_found_together(tmp_path: Path) -> None:
    settings = settings_for(tmp_path / "archive")
    root = Path(settings.archive.root)
    with archives.changing(settings) as made:
        add_feeds(made, "http://127.0.0.1:9/1")
        stock(made, 1, ["a", "b"])
        (path,) = made.layout.root.glob("Show 1/a.mp3")
    with contextlib.closing(sqlite3.connect(root / ".podfetch" / "catalog.db")) as db, db:
        db.execute("UPDATE episode SET path = '', path_key = NULL, media_id = 1")
    (root / "Show 1" / "b.mp3").unlink()
    path.rename(tmp_path / "kept")
    assert podfetch("--archive", str(root), "verify").returncode == 6
    assert states(root) == ["missing", "missing"]
    (tmp_path / "kept").rename(path)
    assert podfetch("--archive", str(root), "verify").returncode == 0
    assert states(root) == ["archived", "archived"]


def test_a_look_at_an_archive_that_cannot_be_changed_says_so_and_counts_all_the_same(
    opened: OpenArchive,
) -> None:
    """The archive is held by this process, which has no doorway."""
    opened.layout.media("Show 1/early.mp3").unlink()
    done = podfetch("--archive", str(opened.layout.root), "verify")
    assert (done.returncode, "1 missing" in done.stdout) == (6, True)
    assert "the episodes stay in their state: " in done.stderr
    assert "archived" in states(opened.layout.root)


def test_an_episode_that_changed_after_the_look_is_not_said_to_be_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = settings_for(tmp_path / "archive")
    with archives.changing(settings) as made:
        add_feeds(made, "http://feeds.example/1")
        (number,) = stock(made, 1, ["early"])
        made.layout.media("Show 1/early.mp3").unlink()
        look = verify_command._Look(made.layout, made.catalog, deep=False)
        look.at_archived()
        write = DecideEpisodes(episode_ids=(number,), decision=EpisodeDecision.DELETE, at=AT)
        made.writer.submit(write).result()
    verify_command._note(settings, look)
    assert capsys.readouterr().err == ""
    assert states(Path(settings.archive.root)) == ["deleted"]
