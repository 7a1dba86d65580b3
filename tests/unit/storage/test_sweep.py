from __future__ import annotations

import os
from pathlib import Path

import pytest

from podfetch_tui.model.errors import Failure
from podfetch_tui.storage.layout import Layout
from podfetch_tui.storage.parts import new_part_name
from podfetch_tui.storage.sweep import reject, sweep_parts, sweep_rejected, temp_path


def test_parts_without_a_row_go_and_the_others_stay(layout: Layout) -> None:
    mine, orphan = new_part_name(1), new_part_name(2)
    (layout.parts / mine).write_bytes(b"abc")
    (layout.parts / orphan).write_bytes(b"abcd")
    temp_path(layout).write_bytes(b"12345")
    swept = sweep_parts(layout, {mine})
    assert (swept.removed, swept.removed_bytes, swept.foreign) == (2, 9, ())
    assert [p.name for p in layout.parts.iterdir()] == [mine]


def test_what_is_none_of_ours_is_named_and_never_deleted(layout: Layout, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    (layout.parts / "holiday.jpg").write_bytes(b"x")
    (layout.parts / "7-0badcafe.part").symlink_to(victim)
    (layout.parts / "8-0badcafe.part").mkdir()
    swept = sweep_parts(layout, set())
    assert swept.removed == 0
    assert swept.foreign == ("7-0badcafe.part", "8-0badcafe.part", "holiday.jpg")
    assert len(list(layout.parts.iterdir())) == 3
    assert victim.exists()


def test_a_published_part_loses_only_its_second_name(layout: Layout) -> None:
    part = layout.parts / new_part_name(1)
    part.write_bytes(b"abc")
    os.link(part, layout.root / "final.mp3")
    assert sweep_parts(layout, set()).removed == 1
    assert (layout.root / "final.mp3").read_bytes() == b"abc"


def test_a_missing_folder_is_a_failure(tmp_path: Path) -> None:
    with pytest.raises(Failure):
        sweep_parts(Layout(tmp_path), set())
    with pytest.raises(Failure):
        sweep_rejected(Layout(tmp_path))


def test_a_rejected_file_keeps_its_bytes_and_replaces_nothing(layout: Layout) -> None:
    places = []
    for content in (b"one", b"two"):
        path = layout.root / "Episode.mp3"
        path.write_bytes(content)
        places.append(reject(layout, path))
        assert not path.exists()
    assert [p.read_bytes() for p in places] == [b"one", b"two"]
    assert all(p.parent == layout.rejected and p.name.endswith("-Episode.mp3") for p in places)


def test_rejecting_what_is_not_there_is_a_failure(layout: Layout) -> None:
    with pytest.raises(Failure):
        reject(layout, layout.root / "gone.mp3")


@pytest.mark.parametrize(
    ("most_files", "most_bytes", "kept"), [(2, 10**6, ["d", "c"]), (9, 25, ["d", "c"]), (9, 9, [])]
)
def test_rejected_files_are_bounded_and_the_oldest_go_first(
    layout: Layout, most_files: int, most_bytes: int, kept: list[str]
) -> None:
    for age, name in enumerate("abcd"):
        (layout.rejected / name).write_bytes(b"x" * 10)
        os.utime(layout.rejected / name, (1000 + age, 1000 + age))
    removed = sweep_rejected(layout, most_files=most_files, most_bytes=most_bytes)
    assert sorted(p.name for p in layout.rejected.iterdir()) == sorted(kept)
    assert removed == 4 - len(kept)
