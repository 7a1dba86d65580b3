from __future__ import annotations

import errno
import hashlib
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from support.mounts import small_disk

from podfetch_tui.model.errors import Failure, Kind
from podfetch_tui.storage import parts
from podfetch_tui.storage.layout import Layout
from podfetch_tui.storage.marker import open_archive
from podfetch_tui.storage.parts import HEAD_BYTES, PART_NAME, Part, new_part_name
from podfetch_tui.system.durable import umask

NAME = "7-0badcafe.part"
BODY = bytes(range(256)) * 1024  # 256 KiB, no two blocks alike at odd sizes


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def test_part_names_are_new_and_known_to_the_sweep() -> None:
    first, second = new_part_name(7), new_part_name(7)
    assert first != second
    assert PART_NAME.match(first)


@pytest.mark.parametrize("name", ["", "x", "../7.part", "a/b.part", ".part", "7.part\n", "A.part"])
def test_a_name_that_is_none_of_ours_is_refused(layout: Layout, name: str) -> None:
    with pytest.raises(ValueError, match="not the name of a part"):
        Part.create(layout, name)
    with pytest.raises(ValueError, match="not the name of a part"):
        Part.resume(layout, name, 0)


def test_what_is_written_is_hashed_and_on_the_disk(layout: Layout) -> None:
    with Part.create(layout, NAME) as part:
        assert (part.size, part.durable, part.sha256) == (0, 0, sha256(b""))
        part.write(BODY)
        part.write(memoryview(b"abc")[1:])
        part.write(bytearray(b""))
        assert part.sha256 == sha256(BODY + b"bc")
        assert part.size == len(BODY) + 2
        assert part.durable == 0
        assert part.sync() == len(BODY) + 2
        assert part.durable == len(BODY) + 2
    assert (layout.parts / NAME).read_bytes() == BODY + b"bc"


def test_a_part_is_private_until_it_is_sealed(layout: Layout) -> None:
    with Part.create(layout, NAME) as part:
        assert part.path.stat().st_mode & 0o777 == 0o600
        part.write(b"x")
        part.seal()
        assert part.path.stat().st_mode & 0o777 == 0o666 & ~umask()
        assert part.durable == 1


def test_the_head_is_kept_for_the_sniff(layout: Layout) -> None:
    with Part.create(layout, NAME) as part:
        for start in range(0, len(BODY), 1000):
            part.write(BODY[start : start + 1000])
        assert part.head == BODY[:HEAD_BYTES]
        part.sync()
    with Part.resume(layout, NAME, 5) as part:
        assert part.head == BODY[:5]


def test_a_leftover_of_the_same_name_is_replaced_not_followed(
    layout: Layout, tmp_path: Path
) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    (layout.parts / NAME).symlink_to(victim)
    with Part.create(layout, NAME) as part:
        part.write(b"new")
    assert victim.read_bytes() == b"precious"
    assert not part.path.is_symlink()
    with Part.create(layout, NAME) as part:
        assert part.size == 0
    assert part.path.read_bytes() == b""


def test_a_resume_starts_at_the_durable_offset_not_at_the_size(layout: Layout) -> None:
    with Part.create(layout, NAME) as part:
        part.write(BODY)
        durable = part.sync()
        part.write(b"lost in the crash")
    with Part.resume(layout, NAME, durable) as part:
        assert (part.size, part.durable, part.lied) == (durable, durable, False)
        assert part.sha256 == sha256(BODY)
        part.write(b"rest")
        assert part.sha256 == sha256(BODY + b"rest")
    assert part.path.read_bytes() == BODY + b"rest"


def test_the_tail_is_what_a_resumed_body_is_compared_with(layout: Layout) -> None:
    with Part.create(layout, NAME) as part:
        part.write(BODY)
        part.sync()
    with Part.resume(layout, NAME, 1000) as part:
        assert part.tail(300) == BODY[700:1000]
        assert part.tail(5000) == BODY[:1000]
        assert part.tail(0) == b""
        part.write(b"xyz")
        assert part.tail(4) == BODY[999:1000] + b"xyz"


def test_a_part_shorter_than_promised_begins_anew_and_says_so(layout: Layout) -> None:
    with Part.create(layout, NAME) as part:
        part.write(b"short")
    with Part.resume(layout, NAME, 100) as part:
        assert part.lied
        assert (part.size, part.durable, part.sha256) == (0, 0, sha256(b""))
    assert part.path.read_bytes() == b""


def test_a_missing_part_begins_anew(layout: Layout) -> None:
    with Part.resume(layout, NAME, 100) as part:
        assert part.lied
        assert part.size == 0
    part.discard()
    with Part.resume(layout, NAME, 0) as part:
        assert not part.lied


def test_a_published_file_is_never_written_through_its_part(layout: Layout) -> None:
    with Part.create(layout, NAME) as part:
        part.write(BODY)
        part.seal()
    final = layout.root / "final.mp3"
    os.link(part.path, final)
    with Part.resume(layout, NAME, 10) as part:
        assert part.size == 0
        part.write(b"other")
    assert final.read_bytes() == BODY


def test_a_symlink_or_fifo_in_place_of_a_part_is_not_opened(layout: Layout, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    (layout.parts / NAME).symlink_to(victim)
    with Part.resume(layout, NAME, 3) as part:
        part.write(b"new")
    assert victim.read_bytes() == b"precious"
    part.discard()
    os.mkfifo(layout.parts / NAME)
    with Part.resume(layout, NAME, 3) as part:
        part.write(b"new")
    assert part.path.read_bytes() == b"new"


def test_truncating_forgets_bytes_digest_and_head(layout: Layout) -> None:
    with Part.create(layout, NAME) as part:
        part.write(BODY)
        part.sync()
        part.truncate(1000)
        assert (part.size, part.durable) == (1000, 1000)
        part.write(b"x")
        assert part.sha256 == sha256(BODY[:1000] + b"x")
        part.truncate(0)
        assert (part.size, part.durable, part.head) == (0, 0, b"")
        part.write(b"again")
        assert part.sha256 == sha256(b"again")
        with pytest.raises(ValueError, match="cannot cut"):
            part.truncate(6)
    assert part.path.read_bytes() == b"again"


def test_reading_a_long_part_again_can_be_stopped(layout: Layout) -> None:
    with Part.create(layout, NAME) as part:
        part.write(BODY)
        part.sync()
    stop = threading.Event()
    stop.set()
    with pytest.raises(Failure) as caught:
        Part.resume(layout, NAME, len(BODY), stop=stop)
    assert caught.value.kind is Kind.STOPPED
    assert part.path.read_bytes() == BODY


def test_closing_and_discarding_may_be_done_twice(layout: Layout) -> None:
    part = Part.create(layout, NAME)
    part.close()
    part.close()
    with pytest.raises(ValueError, match="closed"):
        part.write(b"x")
    part.discard()
    part.discard()
    assert not part.path.exists()


def test_a_failed_sync_is_never_tried_again(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []

    def broken(fd: int) -> None:
        calls.append(fd)
        raise OSError(errno.EIO, "Input/output error")

    with Part.create(layout, NAME) as part:
        part.write(b"x")
        monkeypatch.setattr(os, "fdatasync", broken)
        monkeypatch.setattr(os, "fsync", broken)
        for step in (part.sync, part.seal, part.sync, lambda: part.write(b"y")):
            with pytest.raises(Failure) as caught:
                step()
            assert caught.value.kind is Kind.IO_ERROR
            assert caught.value.errno == errno.EIO
        assert len(calls) == 1
        assert part.durable == 0


def test_a_part_whose_seal_failed_is_not_sealed_by_a_second_try(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(fd: int) -> None:
        raise OSError(errno.ENOSPC, "delayed allocation found no room")

    with Part.create(layout, NAME) as part:
        part.write(b"x")
        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(Failure) as caught:
            part.seal()
        assert caught.value.kind is Kind.DISK_FULL
        monkeypatch.undo()
        with pytest.raises(Failure):
            part.seal()
        assert part.durable == 0


def test_a_part_that_shrinks_while_it_is_read_is_a_failure(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Part.create(layout, NAME) as part:
        part.write(BODY)
        part.sync()
    monkeypatch.setattr(os, "pread", lambda fd, count, offset: b"")
    with pytest.raises(Failure) as caught:
        Part.resume(layout, NAME, len(BODY))
    assert caught.value.kind is Kind.IO_ERROR


@pytest.mark.parametrize("step", ["sync", "seal"])
def test_the_name_of_a_part_is_synced_once_before_anything_is_called_durable(
    layout: Layout, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    seen: list[str] = []
    monkeypatch.setattr(parts, "fsync_dir", lambda path: seen.append(path.name))
    with Part.create(layout, NAME) as part:
        part.write(b"x")
        getattr(part, step)()
        assert seen == ["parts"]
        part.seal()
        assert seen == ["parts"]


@pytest.mark.root
def test_a_full_disk_stops_the_part_and_keeps_what_was_durable(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "1m") as disk:
        layout = open_archive(disk / "archive", create=True, state_dir=tmp_path / "state")
        part = Part.create(layout, NAME)
        part.write(BODY)
        durable = part.sync()
        with pytest.raises(Failure) as caught:
            part.write(BODY * 8)
        assert caught.value.kind is Kind.DISK_FULL
        assert caught.value.errno == errno.ENOSPC
        with pytest.raises(Failure) as again:
            part.seal()
        assert again.value.kind is Kind.DISK_FULL
        part.close()
        with Part.resume(layout, NAME, durable) as part:
            assert part.sha256 == sha256(BODY)
            part.write(b"there is room again")


_LIMITED = """
import resource, sys
from pathlib import Path
from podfetch_tui.model.errors import Failure
from podfetch_tui.storage.layout import Layout
from podfetch_tui.storage.parts import Part
part = Part.create(Layout(Path(sys.argv[1])), sys.argv[2])
resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))
try:
    part.write(b"x" * 4000)
    part.write(b"y" * 4000)
except Failure as failure:
    print(failure.kind.value, failure.errno, part.size)
"""


def test_a_file_size_limit_is_a_failure_and_not_a_short_file(layout: Layout) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _LIMITED, os.fspath(layout.root), NAME],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["too_large", str(errno.EFBIG), "4000"]


def test_a_folder_that_is_gone_is_a_failure(tmp_path: Path) -> None:
    with pytest.raises(Failure) as caught:
        Part.create(Layout(tmp_path / "nowhere"), NAME)
    assert caught.value.errno == errno.ENOENT
    assert str(tmp_path) not in caught.value.detail
