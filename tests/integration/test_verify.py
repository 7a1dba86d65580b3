"""``verify`` knows the files that a running engine, or one that was killed, is at work on."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.archive import add_feeds, settings_for
from support.cataloguing import AT, archive, draft, poll, seal
from support.permissions import obeying_permissions
from support.program import podfetch
from support.stocking import stock

from podfetch_tui.cli import archive as archives
from podfetch_tui.cli import verify_command
from podfetch_tui.cli.archive import OpenArchive
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
