from __future__ import annotations

import hashlib
import os
import threading
from pathlib import Path

import pytest
from support.mounts import exfat_disk

from podfetch_tui.model.errors import Failure, Kind
from podfetch_tui.storage.layout import Layout
from podfetch_tui.storage.marker import open_archive
from podfetch_tui.storage.verify import Check, OwnPaths, check_file, walk

BODY = b"x" * (3 * 1024 * 1024 + 17)
DIGEST = hashlib.sha256(BODY).digest()


@pytest.fixture
def media(layout: Layout) -> Path:
    path = layout.media("Show/a.mp3")
    path.parent.mkdir()
    path.write_bytes(BODY)
    return path


def test_a_whole_file_is_ok_by_size_and_by_digest(layout: Layout, media: Path) -> None:
    assert check_file(layout, "Show/a.mp3", size=len(BODY)) is Check.OK
    assert check_file(layout, "Show/a.mp3", size=len(BODY), sha256=DIGEST) is Check.OK


def test_a_file_in_another_spelling_is_foreign_where_spelling_matters(
    layout: Layout, media: Path
) -> None:
    own = OwnPaths(layout)
    assert own.add("Show/a.mp3")
    assert not own.add("Show/a.mp3")
    assert "Show/a.mp3" in own
    (media.parent / "A.MP3").write_bytes(b"somebody else's")
    assert "Show/A.MP3" not in own
    assert "Show/b.mp3" not in own
    assert "show/a.mp3" not in own


@pytest.mark.root
def test_a_file_in_another_spelling_is_ours_where_the_file_system_folds_it(
    tmp_path: Path, state_dir: Path
) -> None:
    with exfat_disk(tmp_path / "exfat", 32 * 1024**2) as disk:
        layout = open_archive(disk / "archive", create=True, state_dir=state_dir)
        (layout.root / "SHOW").mkdir()
        (layout.root / "show" / "a.mp3").write_bytes(b"x")
        own = OwnPaths(layout)
        own.add("Show/a.mp3")
        assert [path for path, _ in walk(layout)] == ["SHOW/a.mp3"]
        assert "SHOW/a.mp3" in own
        assert "SHOW/b.mp3" not in own


def test_a_flipped_bit_shows_only_in_a_deep_look(layout: Layout, media: Path) -> None:
    with media.open("r+b") as file:
        file.seek(len(BODY) - 1)
        file.write(b"y")
    assert check_file(layout, "Show/a.mp3", size=len(BODY)) is Check.OK
    assert check_file(layout, "Show/a.mp3", size=len(BODY), sha256=DIGEST) is Check.MISMATCHED


def test_another_size_a_link_and_a_folder_are_mismatched(layout: Layout, media: Path) -> None:
    assert check_file(layout, "Show/a.mp3", size=1) is Check.MISMATCHED
    layout.media("Show/link.mp3").symlink_to(media)
    assert check_file(layout, "Show/link.mp3", size=len(BODY)) is Check.MISMATCHED
    assert check_file(layout, "Show", size=4096) is Check.MISMATCHED


def test_a_missing_file_or_folder_is_missing(layout: Layout, media: Path) -> None:
    assert check_file(layout, "Show/b.mp3", size=1) is Check.MISSING
    assert check_file(layout, "Gone/b.mp3", size=1, sha256=DIGEST) is Check.MISSING
    assert check_file(layout, "Show/a.mp3/b.mp3", size=1) is Check.MISSING


def test_a_long_look_can_be_stopped(layout: Layout, media: Path) -> None:
    stop = threading.Event()
    stop.set()
    with pytest.raises(Failure) as caught:
        check_file(layout, "Show/a.mp3", size=len(BODY), sha256=DIGEST, stop=stop)
    assert caught.value.kind is Kind.STOPPED


def test_the_walk_shows_all_but_the_marker_in_order(layout: Layout, media: Path) -> None:
    (layout.root / "Show" / "deeper").mkdir()
    (layout.root / "Show" / "deeper" / ".podfetch").mkdir()
    (layout.root / "Show" / "deeper" / ".podfetch" / "x").write_bytes(b"1")
    (layout.root / "Empty").mkdir()
    (layout.root / "foreign.txt").write_bytes(b"12")
    (layout.root / "loop").symlink_to(layout.root)
    os.mkfifo(layout.root / "fifo")
    assert list(walk(layout)) == [
        ("fifo", 0),
        ("foreign.txt", 2),
        ("loop", len(os.fspath(layout.root))),
        ("Show/a.mp3", len(BODY)),
        ("Show/deeper/.podfetch/x", 1),
    ]


def test_the_walk_survives_folders_that_disappear(layout: Layout, media: Path) -> None:
    (layout.root / "file").write_bytes(b"")
    steps = walk(layout)
    assert next(steps) == ("file", 0)
    media.unlink()
    media.parent.rmdir()
    assert list(steps) == []


def test_the_walk_of_an_archive_that_is_gone_is_a_failure(tmp_path: Path) -> None:
    with pytest.raises(Failure):
        list(walk(Layout(tmp_path / "gone")))


def test_names_that_are_no_utf8_are_walked(layout: Layout) -> None:
    (layout.root / os.fsdecode(b"caf\xe9.mp3")).write_bytes(b"1")
    assert [size for _, size in walk(layout)] == [1]
