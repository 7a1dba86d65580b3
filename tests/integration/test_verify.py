"""``verify`` knows the files that a running engine, or one that was killed, is at work on."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.archive import add_feeds, settings_for
from support.cataloguing import AT, archive, draft, poll, seal
from support.program import podfetch
from support.stocking import stock

from podfetch_tui.cli import archive as archives
from podfetch_tui.cli import state_commands
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

    def meanwhile(layout: Layout) -> Iterator[tuple[str, int]]:
        opened.writer.submit(seal(number, PATH, BODY)).result()
        publish(opened)
        opened.writer.submit(archive(1, number, PATH)).result()
        yield from walk(layout)

    monkeypatch.setattr(state_commands, "walk", meanwhile)
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
