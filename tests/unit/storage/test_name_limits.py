"""Every name of ours fits: 255 bytes, 255 UTF-16 units, and what longer paths leave room for."""

from __future__ import annotations

import os
from itertools import islice
from pathlib import Path

import pytest

from podfetch_tui.model.episode import Episode
from podfetch_tui.model.errors import ArchiveUnusable, Failure, Kind
from podfetch_tui.model.names import alternatives
from podfetch_tui.storage import marker
from podfetch_tui.storage.layout import Layout, final_path, folder_name
from podfetch_tui.storage.marker import open_archive
from podfetch_tui.storage.parts import Part, new_part_name
from podfetch_tui.storage.publish import publish
from podfetch_tui.storage.sidecar import sidecar_path, write_sidecar
from podfetch_tui.storage.sweep import reject, temp_path
from podfetch_tui.storage.template import parse_template

LONG = {
    "ascii": "x" * 5000,
    "two bytes": "\u00e9" * 5000,
    "three bytes": "\u65e5" * 5000,
    "pairs of UTF-16": "\U0001f600" * 5000,
    "letters with marks": "e\u0301\u0323" * 2000,
    "decomposed": "\u1100\u1161\u11a8" * 2000,
}
DEEP = "{feed}/{season}/{title}/{published:%Y} {title}"


def longest(title: str, template: str = DEEP) -> list[str]:
    """The longest names an episode can get, with its sidecar's."""
    episode = Episode(
        id=2**63 - 1,
        feed_id=1,
        guid=title,
        title=title,
        published=0,
        enclosure_url="http://a.example/1.mp3",
    )
    wanted = final_path(
        parse_template(template),
        folder=folder_name(title, "http://a.example/"),
        feed_title=title,
        episode=episode,
        extension=".m4a",
        season=title,
    )
    tried = list(islice(alternatives(wanted, 2**63 - 1), 20))
    return [name for path in tried for name in (path, sidecar_path(path))]


@pytest.mark.parametrize("title", LONG.values(), ids=LONG)
def test_every_component_fits_every_file_system(title: str) -> None:
    for path in longest(title):
        for component in path.split("/"):
            assert len(component.encode()) <= marker._SHORTEST_NAME_MAX <= 255
            assert len(component.encode("utf-16-le")) // 2 <= 255


def test_names_in_the_marker_fit_too(layout: Layout) -> None:
    assert len(new_part_name(2**63 - 1)) <= 100
    assert len(temp_path(layout).name) <= 100
    file = layout.root / ("\u65e5" * 80)
    file.write_bytes(b"x")
    assert len(reject(layout, file).name.encode()) <= marker._SHORTEST_NAME_MAX


def long_root(tmp_path: Path, length: int) -> Path:
    """A folder whose path has exactly ``length`` bytes."""
    path = tmp_path
    while len(os.fsencode(path)) < length - 202:
        path = path / ("d" * 200)
    path = path / ("d" * (length - len(os.fsencode(path)) - 1))
    assert len(os.fsencode(path)) == length
    return path


def test_a_root_with_the_longest_path_that_is_taken_holds_the_longest_names(
    tmp_path: Path, state_dir: Path
) -> None:
    most = os.pathconf(tmp_path, "PC_PATH_MAX")
    root = long_root(tmp_path, most - marker._SHORTEST_PATH)
    layout = open_archive(root, create=True, state_dir=state_dir)
    path = longest(LONG["three bytes"], "{feed}/{published:%Y}/{title}")[0]
    with Part.create(layout, "1-0badcafe.part") as part:
        part.write(b"media")
        part.seal()
    assert publish(layout, part.path.name, path)
    assert layout.media(write_sidecar(layout, path, {}).path).is_file()


def test_a_root_whose_path_leaves_no_room_is_refused(tmp_path: Path, state_dir: Path) -> None:
    most = os.pathconf(tmp_path, "PC_PATH_MAX")
    root = long_root(tmp_path, most - marker._SHORTEST_PATH + 1)
    with pytest.raises(ArchiveUnusable, match=f"takes paths of {most} bytes"):
        open_archive(root, create=True, state_dir=state_dir)


def test_a_path_that_is_too_long_all_the_same_holds_up_its_own_episode_only(
    layout: Layout,
) -> None:
    with Part.create(layout, "1-0badcafe.part") as part:
        part.write(b"media")
        part.seal()
    with pytest.raises(Failure) as caught:
        publish(layout, part.path.name, "/".join(["f" * 180] * 30))
    assert caught.value.kind is Kind.PERMISSION
    assert "too long" in caught.value.detail
    assert part.path.exists()
