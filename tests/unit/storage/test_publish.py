from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from support.mounts import PowerCut, make_read_only, small_disk

from podfetch_tui.model.errors import Failure, Kind
from podfetch_tui.storage import publish as module
from podfetch_tui.storage.layout import Layout
from podfetch_tui.storage.marker import open_archive
from podfetch_tui.storage.parts import Part
from podfetch_tui.storage.publish import is_present, link_existing, make_folders, publish, settle
from podfetch_tui.system import durable

NAME = "7-0badcafe.part"
BODY = b"media" * 40_000
FINAL = "Show/2024-02-29 A title.mp3"


def sealed(layout: Layout, body: bytes = BODY, name: str = NAME) -> Path:
    with Part.create(layout, name) as part:
        part.write(body)
        part.seal()
    return part.path


def test_a_sealed_part_gets_its_name_and_leaves_the_parts(layout: Layout) -> None:
    part = sealed(layout)
    assert publish(layout, NAME, FINAL) is True
    assert layout.media(FINAL).read_bytes() == BODY
    assert layout.media(FINAL).stat().st_nlink == 1
    assert not part.exists()


def test_folders_on_the_way_are_made(layout: Layout) -> None:
    sealed(layout)
    assert publish(layout, NAME, "Show/2024/02/x.mp3")
    assert layout.media("Show/2024/02/x.mp3").is_file()


def test_a_taken_name_is_never_replaced(layout: Layout) -> None:
    part = sealed(layout)
    layout.media(FINAL).parent.mkdir()
    layout.media(FINAL).write_bytes(b"the operator's own")
    assert publish(layout, NAME, FINAL) is False
    assert layout.media(FINAL).read_bytes() == b"the operator's own"
    assert part.read_bytes() == BODY


@pytest.mark.parametrize("obstacle", ["folder", "dangling link"])
def test_anything_at_all_takes_a_name(layout: Layout, obstacle: str) -> None:
    part = sealed(layout)
    layout.media(FINAL).parent.mkdir()
    if obstacle == "folder":
        layout.media(FINAL).mkdir()
    else:
        layout.media(FINAL).symlink_to("nowhere")
    assert publish(layout, NAME, FINAL) is False
    assert part.read_bytes() == BODY


def test_a_crash_between_link_and_unlink_is_finished(layout: Layout) -> None:
    part = sealed(layout)
    layout.media(FINAL).parent.mkdir()
    os.link(part, layout.media(FINAL))
    assert publish(layout, NAME, FINAL) is True
    assert not part.exists()
    assert layout.media(FINAL).read_bytes() == BODY


@pytest.mark.parametrize("has_part", [True, False])
def test_a_name_that_recovery_finds_is_synced_before_the_part_goes(
    layout: Layout, monkeypatch: pytest.MonkeyPatch, has_part: bool
) -> None:
    part = sealed(layout)
    layout.media(FINAL).parent.mkdir()
    os.link(part, layout.media(FINAL))
    if not has_part:
        part.unlink()
    seen: list[tuple[str, bool]] = []
    monkeypatch.setattr(module, "fsync_dir", lambda path: seen.append((path.name, part.exists())))
    settle(layout, NAME if has_part else "", FINAL)
    assert seen == [(layout.root.name, has_part), ("Show", has_part)]
    assert not part.exists()
    assert layout.media(FINAL).read_bytes() == BODY


def test_a_part_that_is_not_there_is_told_from_a_broken_disk(layout: Layout) -> None:
    with pytest.raises(Failure) as caught:
        publish(layout, NAME, FINAL)
    assert caught.value.errno == errno.ENOENT


@pytest.mark.parametrize("number", [errno.EPERM, errno.EOPNOTSUPP])
def test_without_hard_links_a_rename_that_refuses_to_replace_is_used(
    layout: Layout, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def no_links(*args: object, **more: object) -> None:
        raise OSError(number, "no links here")

    monkeypatch.setattr(os, "link", no_links)
    part = sealed(layout)
    assert publish(layout, NAME, FINAL) is True
    assert not part.exists()
    assert layout.media(FINAL).read_bytes() == BODY
    part = sealed(layout, b"second")
    assert publish(layout, NAME, FINAL) is False
    assert part.read_bytes() == b"second"
    assert layout.media(FINAL).read_bytes() == BODY


def test_without_any_kernel_support_the_name_is_looked_at_first(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_links(*args: object, **more: object) -> None:
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr(os, "link", no_links)
    monkeypatch.setattr(durable, "_kernel_rename", lambda: None)
    sealed(layout)
    assert publish(layout, NAME, FINAL) is True
    part = sealed(layout, b"second")
    assert publish(layout, NAME, FINAL) is False
    assert part.exists()
    assert layout.media(FINAL).read_bytes() == BODY


def test_the_name_is_on_the_disk_before_the_part_goes(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = sealed(layout)
    seen: list[tuple[str, bool]] = []

    def watched(path: Path) -> None:
        seen.append((path.name, part.exists()))

    monkeypatch.setattr(durable, "fsync_dir", watched)
    assert publish(layout, NAME, FINAL)
    assert seen[-1] == ("Show", True)


def test_a_folder_is_synced_into_its_parent_once_even_if_it_was_there(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    (layout.root / "Show").mkdir()  # by a process that was killed before it synced
    seen: list[str] = []
    monkeypatch.setattr(module, "fsync_dir", lambda path: seen.append(path.name))
    make_folders(layout, layout.root / "Show")
    make_folders(layout, layout.root / "Show")
    assert seen == [layout.root.name]
    (layout.root / "Show").rmdir()
    make_folders(layout, layout.root / "Show")
    assert seen == [layout.root.name] * 2


def test_a_folder_that_leads_out_of_the_archive_is_refused(layout: Layout, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (layout.root / "Show").symlink_to(outside)
    part = sealed(layout)
    for relpath in (FINAL, "Show/deeper/x.mp3"):
        with pytest.raises(Failure) as caught:
            publish(layout, NAME, relpath)
        assert caught.value.kind is Kind.PERMISSION
        assert "leads out of the archive" in caught.value.detail
    assert list(outside.iterdir()) == []
    assert part.exists()


def test_a_sibling_whose_name_begins_like_the_root_is_outside(
    layout: Layout, tmp_path: Path
) -> None:
    sibling = tmp_path / f"{layout.root.name}-other"
    sibling.mkdir()
    (layout.root / "Show").symlink_to(sibling)
    sealed(layout)
    with pytest.raises(Failure):
        publish(layout, NAME, FINAL)
    assert list(sibling.iterdir()) == []


def test_a_link_within_the_archive_is_the_operators_business(layout: Layout) -> None:
    (layout.root / "Real").mkdir()
    (layout.root / "Show").symlink_to("Real")
    sealed(layout)
    assert publish(layout, NAME, FINAL)
    assert (layout.root / "Real" / Path(FINAL).name).read_bytes() == BODY


def test_a_root_that_is_itself_a_link_works(layout: Layout, tmp_path: Path) -> None:
    (tmp_path / "alias").symlink_to(layout.root)
    alias = Layout(tmp_path / "alias")
    sealed(alias)
    assert publish(alias, NAME, FINAL)
    assert layout.media(FINAL).read_bytes() == BODY


def test_a_file_where_a_folder_should_be_is_named(layout: Layout) -> None:
    (layout.root / "Show").write_bytes(b"")
    sealed(layout)
    with pytest.raises(Failure) as caught:
        publish(layout, NAME, FINAL)
    assert caught.value.kind is Kind.PERMISSION
    assert "Show is no folder" in caught.value.detail


@pytest.mark.parametrize("relpath", ["../x.mp3", "/x.mp3", ".podfetch/catalog.db"])
def test_a_path_out_of_the_archive_is_refused(layout: Layout, relpath: str) -> None:
    sealed(layout)
    with pytest.raises(ValueError, match="archive"):
        publish(layout, NAME, relpath)


def test_same_bytes_get_a_second_name_without_a_second_copy(layout: Layout) -> None:
    sealed(layout)
    publish(layout, NAME, FINAL)
    assert link_existing(layout, FINAL, "Other show/x.mp3") is True
    assert layout.media("Other show/x.mp3").samefile(layout.media(FINAL))
    assert link_existing(layout, FINAL, "Other show/x.mp3") is True  # after a crash


def test_where_no_second_name_can_be_had_the_caller_is_told(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealed(layout)
    publish(layout, NAME, FINAL)
    layout.media("Show/taken.mp3").write_bytes(b"foreign")
    assert link_existing(layout, FINAL, "Show/taken.mp3") is False
    assert layout.media("Show/taken.mp3").read_bytes() == b"foreign"

    def too_many(*args: object, **more: object) -> None:
        raise OSError(errno.EMLINK, "too many links")

    monkeypatch.setattr(os, "link", too_many)
    assert link_existing(layout, FINAL, "Show/y.mp3") is False


def test_bytes_that_are_gone_cannot_be_linked(layout: Layout) -> None:
    with pytest.raises(Failure) as caught:
        link_existing(layout, "Show/gone.mp3", "Show/y.mp3")
    assert caught.value.errno == errno.ENOENT


def test_presence_is_a_plain_file_of_the_size(layout: Layout) -> None:
    sealed(layout)
    publish(layout, NAME, FINAL)
    layout.media("Show/link.mp3").symlink_to(layout.media(FINAL))
    assert is_present(layout, FINAL, len(BODY))
    assert not is_present(layout, FINAL, len(BODY) - 1)
    assert not is_present(layout, "Show/link.mp3", len(BODY))
    assert not is_present(layout, "Show/none.mp3", 0)
    assert not is_present(layout, f"{FINAL}/none.mp3", 0)


@pytest.mark.root
def test_on_a_read_only_disk_the_part_stays_and_the_failure_says_why(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "2m") as disk:
        layout = open_archive(disk / "archive", create=True, state_dir=tmp_path / "state")
        part = sealed(layout)
        make_read_only(disk)
        with pytest.raises(Failure) as caught:
            publish(layout, NAME, FINAL)
        assert caught.value.kind is Kind.READ_ONLY
        assert part.read_bytes() == BODY
        with pytest.raises(Failure) as resumed:
            Part.resume(layout, NAME, len(BODY))
        assert resumed.value.kind is Kind.READ_ONLY


@pytest.mark.root
def test_a_folder_on_another_file_system_is_named(layout: Layout) -> None:
    part = sealed(layout)
    with small_disk(layout.root / "Show", "1m"):
        with pytest.raises(Failure) as caught:
            publish(layout, NAME, FINAL)
        assert caught.value.kind is Kind.PERMISSION
        assert "Show is on another file system" in caught.value.detail
        assert link_existing_across(layout) is False
        assert part.exists()


def link_existing_across(layout: Layout) -> bool:
    (layout.root / "here.mp3").write_bytes(b"x")
    return link_existing(layout, "here.mp3", "Show/there.mp3")


def published_then_cut(cut: PowerCut, state_dir: Path) -> tuple[bytes | None, list[str]]:
    """Publish a part, cut the power at once; return the final file and the parts left."""
    with cut.disk() as disk:
        layout = open_archive(disk / "archive", create=True, state_dir=state_dir)
        sealed(layout)
        assert publish(layout, NAME, "New show/new folder/x.mp3")
        with cut.after_the_cut() as after:
            left = Layout(after / "archive")
            final = left.media("New show/new folder/x.mp3")
            parts = sorted(path.name for path in left.parts.iterdir())
            return (final.read_bytes() if final.exists() else None), parts


@pytest.mark.root
@pytest.mark.crash
def test_after_a_power_cut_a_published_file_has_its_name_and_all_its_bytes(
    tmp_path: Path,
) -> None:
    content, parts = published_then_cut(PowerCut(tmp_path), tmp_path / "state")
    assert content == BODY
    assert parts in ([], [NAME])


@pytest.mark.root
@pytest.mark.crash
@pytest.mark.parametrize("left_out", ["files", "folders"])
def test_the_power_cut_test_sees_a_sync_that_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, left_out: str
) -> None:
    from podfetch_tui.storage import parts as parts_module

    if left_out == "files":
        monkeypatch.setattr(parts_module, "fsync_file", lambda fd: None)
    else:
        monkeypatch.setattr(durable, "fsync_dir", lambda path: None)
        monkeypatch.setattr(module, "fsync_dir", lambda path: None)
    content, _ = published_then_cut(PowerCut(tmp_path), tmp_path / "state")
    assert content != BODY


@pytest.mark.root
@pytest.mark.crash
def test_after_a_power_cut_the_durable_bytes_of_a_part_are_there(tmp_path: Path) -> None:
    cut = PowerCut(tmp_path)
    with cut.disk() as disk:
        layout = open_archive(disk / "archive", create=True, state_dir=tmp_path / "state")
        with Part.create(layout, NAME) as part:
            part.write(BODY)
            offset = part.sync()
            part.write(b"not yet durable")
            with (
                cut.after_the_cut() as after,
                Part.resume(Layout(after / "archive"), NAME, offset) as resumed,
            ):
                assert not resumed.lied
                assert resumed.tail(offset) == BODY
