from __future__ import annotations

import json
import signal
import subprocess
import sys
import uuid
from pathlib import Path

import pytest
from support.clock import FakeClock
from support.mounts import PowerCut, make_read_only, small_disk

from podfetch_tui.model.errors import ArchiveUnusable
from podfetch_tui.storage import marker as module
from podfetch_tui.storage.layout import Layout
from podfetch_tui.storage.marker import open_archive


def opened(root: Path, state_dir: Path, *, init: bool = False, read_only: bool = False) -> Layout:
    return open_archive(root, create=True, state_dir=state_dir, init=init, read_only=read_only)


def refused(
    root: Path,
    state_dir: Path,
    *,
    create: bool = True,
    init: bool = False,
    read_only: bool = False,
) -> str:
    """Return the message of a refusal: one line with the path in it."""
    with pytest.raises(ArchiveUnusable) as caught:
        open_archive(root, create=create, state_dir=state_dir, init=init, read_only=read_only)
    text = str(caught.value)
    assert "\n" not in text
    assert "Errno" not in text
    assert str(root) in text
    return text


@pytest.mark.parametrize("existing", [True, False])
def test_an_unknown_missing_or_empty_folder_becomes_an_archive(
    tmp_path: Path, state_dir: Path, existing: bool
) -> None:
    root = tmp_path / "deep" / "archive"
    if existing:
        root.mkdir(parents=True)
        (root / "lost+found").mkdir()
    layout = open_archive(root, create=True, state_dir=state_dir, clock=FakeClock(now_ms=0))
    assert layout.root == root
    content = json.loads(layout.marker.read_text())
    assert content == {"format": 1, "uuid": layout.uuid, "created_at": "1970-01-01T00:00:00Z"}
    assert uuid.UUID(layout.uuid).version == 4
    assert layout.parts.is_dir()
    assert layout.rejected.is_dir()
    assert layout.marker_dir.stat().st_mode & 0o777 == 0o700
    assert layout.marker.stat().st_mode & 0o777 == 0o600
    assert [p.name for p in root.iterdir() if p.name != "lost+found"] == [".podfetch"]


def test_an_archive_opens_again_as_the_same(tmp_path: Path, state_dir: Path) -> None:
    first = opened(tmp_path / "archive", state_dir)
    assert opened(tmp_path / "archive", state_dir) == first
    assert open_archive(tmp_path / "archive", create=False, state_dir=state_dir) == first
    assert list(first.parts.iterdir()) == []


def test_a_moved_archive_is_the_same_archive(tmp_path: Path, state_dir: Path) -> None:
    first = opened(tmp_path / "archive", state_dir)
    (tmp_path / "archive").rename(tmp_path / "moved")
    moved = opened(tmp_path / "moved", state_dir)
    assert moved.uuid == first.uuid


def test_a_relative_root_is_made_absolute(
    tmp_path: Path, state_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert opened(Path("archive"), state_dir).root == tmp_path / "archive"


def test_a_disk_that_is_not_mounted_is_not_an_empty_archive(
    tmp_path: Path, state_dir: Path
) -> None:
    root = tmp_path / "archive"
    first = opened(root, state_dir)
    root.rename(tmp_path / "unmounted")
    for mount_point in (False, True):
        if mount_point:
            root.mkdir()
        text = refused(root, state_dir)
        assert "is recorded as an archive but its marker .podfetch/archive.json is missing" in text
        assert "is the disk mounted?" in text
        assert not Layout(root).marker_dir.exists()
    root.rmdir()
    (tmp_path / "unmounted").rename(root)
    assert opened(root, state_dir).uuid == first.uuid


def test_an_archive_that_this_user_never_made_is_remembered_once_opened(tmp_path: Path) -> None:
    root = tmp_path / "archive"
    opened(root, tmp_path / "state of another user")
    opened(root, tmp_path / "state")
    root.rename(tmp_path / "unmounted")
    assert "is recorded" in refused(root, tmp_path / "state")


def test_a_damaged_record_still_protects(tmp_path: Path, state_dir: Path) -> None:
    root = tmp_path / "archive"
    opened(root, state_dir)
    for record in (state_dir / "archives").iterdir():
        record.write_bytes(b"\0")
    root.rename(tmp_path / "unmounted")
    assert "is recorded" in refused(root, state_dir)


def test_init_begins_anew_where_an_archive_was_deleted_on_purpose(
    tmp_path: Path, state_dir: Path
) -> None:
    root = tmp_path / "archive"
    first = opened(root, state_dir)
    root.rename(tmp_path / "gone")
    assert opened(root, state_dir, init=True).uuid != first.uuid


def test_a_folder_with_other_things_needs_init(tmp_path: Path, state_dir: Path) -> None:
    root = tmp_path / "music"
    root.mkdir()
    (root / "song.mp3").write_bytes(b"song")
    assert "run `podfetch init`" in refused(root, state_dir)
    assert [p.name for p in root.iterdir()] == ["song.mp3"]
    opened(root, state_dir, init=True)
    assert (root / "song.mp3").read_bytes() == b"song"
    opened(root, state_dir)


@pytest.mark.parametrize("existing", [True, False])
def test_without_permission_to_create_nothing_is_made(
    tmp_path: Path, state_dir: Path, existing: bool
) -> None:
    root = tmp_path / "archive"
    if existing:
        root.mkdir()
    assert "run `podfetch init`" in refused(root, state_dir, create=False)
    assert "run `podfetch init`" in refused(root, state_dir, read_only=True)
    assert root.exists() == existing


@pytest.mark.parametrize("below", [False, True])
def test_a_file_in_the_way_is_named(tmp_path: Path, state_dir: Path, below: bool) -> None:
    (tmp_path / "file").write_bytes(b"x")
    root = tmp_path / "file" / "archive" if below else tmp_path / "file"
    assert "a file is in the way" in refused(root, state_dir)


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="no /proc here")
def test_where_no_folder_can_be_made_another_place_is_advised(state_dir: Path) -> None:
    text = refused(Path("/proc/archive"), state_dir)
    assert "name another with --archive or [archive] root" in text


def test_a_dangling_link_is_taken_for_a_disk_that_is_not_mounted(
    tmp_path: Path, state_dir: Path
) -> None:
    (tmp_path / "archive").symlink_to(tmp_path / "nowhere")
    assert "mounted?" in refused(tmp_path / "archive", state_dir)


def test_a_newer_format_is_left_alone(layout: Layout, state_dir: Path) -> None:
    layout.marker.write_text(json.dumps({"format": 2, "uuid": layout.uuid, "new": [1]}))
    before = layout.marker.read_bytes()
    assert "update PodFetch" in refused(layout.root, state_dir)
    assert layout.marker.read_bytes() == before


def test_unknown_keys_of_the_marker_are_no_problem(layout: Layout, state_dir: Path) -> None:
    layout.marker.write_text(json.dumps({"format": 1, "uuid": layout.uuid, "new": [1]}))
    assert opened(layout.root, state_dir).uuid == layout.uuid


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"\0" * 500, b"{", b"[]", b'{"format": 1}', b'{"format": "1", "uuid": "x"}'),
        *(b'{"format": 1, "uuid": "not one"}', b"\xff\xfe", b"[" * 100_000),
    ],
)
def test_a_damaged_marker_is_not_replaced(layout: Layout, state_dir: Path, content: bytes) -> None:
    layout.marker.write_bytes(content)
    assert "restore it from a backup" in refused(layout.root, state_dir)
    assert layout.marker.read_bytes() == content


def test_a_marker_folder_without_a_marker_is_not_completed(tmp_path: Path, state_dir: Path) -> None:
    root = tmp_path / "archive"
    (root / ".podfetch").mkdir(parents=True)
    (root / ".podfetch" / "catalog.db").write_bytes(b"all the rows")
    assert "podfetch init" in refused(root, state_dir)
    assert "restore it from a backup" in refused(root, state_dir, init=True)
    assert (root / ".podfetch" / "catalog.db").read_bytes() == b"all the rows"


def test_lost_folders_of_ours_come_back(layout: Layout, state_dir: Path) -> None:
    layout.parts.rmdir()
    layout.rejected.rmdir()
    opened(layout.root, state_dir)
    assert layout.parts.is_dir()
    assert layout.rejected.is_dir()


def test_parts_that_lead_elsewhere_are_refused(
    layout: Layout, state_dir: Path, tmp_path: Path
) -> None:
    layout.parts.rmdir()
    layout.parts.symlink_to(tmp_path)
    assert "no folder" in refused(layout.root, state_dir)


def test_a_state_folder_that_cannot_be_written_is_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "state").write_bytes(b"a file")
    opened(tmp_path / "archive", tmp_path / "state")
    assert "cannot be remembered" in caplog.text


def test_a_read_only_look_writes_nothing(layout: Layout, tmp_path: Path) -> None:
    layout.parts.rmdir()
    seen = opened(layout.root, tmp_path / "other state", read_only=True)
    assert seen.uuid == layout.uuid
    assert not layout.parts.exists()
    assert not (tmp_path / "other state").exists()


@pytest.mark.root
def test_a_read_only_disk_says_so(tmp_path: Path, state_dir: Path) -> None:
    with small_disk(tmp_path / "disk", "1m") as disk:
        layout = opened(disk / "archive", state_dir)
        make_read_only(disk)
        assert "mount it for writing" in refused(disk / "archive", state_dir)
        assert "mount it for writing" in refused(disk / "new", state_dir)
        again = open_archive(disk / "archive", create=False, state_dir=state_dir, read_only=True)
        assert again.uuid == layout.uuid


@pytest.mark.root
def test_a_full_disk_says_so_and_leaves_nothing_half_made(tmp_path: Path, state_dir: Path) -> None:
    with small_disk(tmp_path / "disk", "16k") as disk:
        (disk / "archive").mkdir()
        filler = disk / "filler"
        with filler.open("wb", buffering=0) as file:
            try:
                while file.write(b"x" * 4096):
                    pass
            except OSError:
                pass
        assert "make room" in refused(disk / "archive", state_dir)
        assert list((disk / "archive").iterdir()) == []
        filler.unlink()
        opened(disk / "archive", state_dir)


@pytest.mark.root
def test_a_marker_on_another_file_system_is_refused(tmp_path: Path, state_dir: Path) -> None:
    layout = opened(tmp_path / "archive", state_dir)
    with small_disk(layout.parts, "1m"):
        assert "another file system" in refused(layout.root, state_dir)


_CREATE = """
import os, signal, sys
from pathlib import Path
from podfetch_tui.storage.marker import open_archive
root, state, die_at = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
calls = 0
def trace(event, arguments):
    global calls
    if event in {"open", "os.mkdir", "os.rename", "os.link", "os.remove"}:
        if event == "open" and not str(arguments[0]).startswith(str(root.parent)):
            return
        calls += 1
        if calls == die_at:
            os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(trace)
open_archive(root, create=True, state_dir=state)
print(calls)
"""


@pytest.mark.crash
def test_a_creation_that_is_killed_anywhere_is_completed_by_the_next_start(tmp_path: Path) -> None:
    die_at, finished = 1, False
    while not finished:
        root, state = tmp_path / str(die_at) / "archive", tmp_path / str(die_at) / "state"
        root.parent.mkdir()
        done = subprocess.run(
            [sys.executable, "-c", _CREATE, root, state, str(die_at)],
            capture_output=True,
            text=True,
            check=False,
        )
        finished = done.returncode == 0
        assert finished or done.returncode == -signal.SIGKILL, done.stderr
        layout = opened(root, state)
        assert [p.name for p in root.iterdir()] == [".podfetch"], die_at
        assert sorted(p.name for p in layout.marker_dir.iterdir()) == [
            "archive.json",
            "parts",
            "rejected",
        ]
        die_at += 1
    assert die_at > 10


def test_of_two_creators_both_open_the_same_archive(
    tmp_path: Path, state_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "archive"
    build = module._build
    quicker: list[Layout] = []

    def slowly(folder: Path, marker: module.Marker) -> None:
        build(folder, marker)
        if not quicker:
            monkeypatch.setattr(module, "_build", build)
            quicker.append(opened(root, state_dir))

    monkeypatch.setattr(module, "_build", slowly)
    assert opened(root, state_dir) == quicker[0]
    assert [p.name for p in root.iterdir()] == [".podfetch"]


def test_each_new_folder_is_synced_into_its_parent(
    tmp_path: Path, state_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Path] = []
    monkeypatch.setattr(module, "fsync_dir", seen.append)
    opened(tmp_path / "a" / "b" / "archive", state_dir)
    assert seen[:3] == [tmp_path, tmp_path / "a", tmp_path / "a" / "b"]
    assert seen[-1] == tmp_path / "a" / "b" / "archive"


@pytest.mark.root
@pytest.mark.crash
def test_after_a_power_cut_an_archive_that_was_opened_is_there(tmp_path: Path) -> None:
    cut = PowerCut(tmp_path)
    with cut.disk() as disk:
        made = opened(disk / "a" / "b" / "archive", tmp_path / "state")
        with cut.after_the_cut() as after:
            again = open_archive(
                after / "a" / "b" / "archive", create=False, state_dir=tmp_path / "other"
            )
    assert again.uuid == made.uuid
