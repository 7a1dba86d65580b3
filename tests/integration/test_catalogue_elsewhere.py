"""A catalogue that lies apart from its media, and the wrong one in its place."""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path

import msgspec
import pytest
from support.archive import add_feeds, rows, settings_for

from podfetch_tui.cli import archive as archives
from podfetch_tui.model.errors import ArchiveLocked, ArchiveUnusable
from podfetch_tui.model.settings import Settings
from podfetch_tui.storage.marker import bind_catalog

URL = "http://feeds.example/a.xml"


def made(root: Path, catalog: Path | None = None) -> Settings:
    """Make an archive with one feed."""
    settings = settings_for(root, archive={"catalog": str(catalog or "")})
    with archives.changing(settings) as archive:
        add_feeds(archive, URL)
    return settings


def refused(settings: Settings) -> str:
    """Why the archive can be opened neither to change nor to read."""
    with pytest.raises(ArchiveUnusable) as changing, archives.changing(settings):
        pass
    with pytest.raises(ArchiveUnusable) as reading, archives.reading(settings):
        pass
    assert str(changing.value) == str(reading.value)
    return str(changing.value)


def test_root_and_catalogue_move_together(tmp_path: Path) -> None:
    made(tmp_path / "here", tmp_path / "here.db")
    (tmp_path / "here").rename(tmp_path / "there")
    for file in tmp_path.glob("here.db*"):
        file.rename(tmp_path / file.name.replace("here", "there"))
    moved = settings_for(tmp_path / "there", archive={"catalog": str(tmp_path / "there.db")})
    with archives.changing(moved):
        pass
    assert [row["url"] for row in rows(moved, "feeds")] == [URL]


def test_the_catalogue_of_another_archive_is_refused(tmp_path: Path) -> None:
    made(tmp_path / "one", tmp_path / "one.db")
    made(tmp_path / "two", tmp_path / "two.db")
    mixed = settings_for(tmp_path / "two", archive={"catalog": str(tmp_path / "one.db")})
    assert "belongs to another archive" in refused(mixed)
    assert "set archive.catalog" in refused(mixed)
    fresh = settings_for(tmp_path / "three", archive={"catalog": str(tmp_path / "one.db")})
    with pytest.raises(ArchiveUnusable, match="belongs to another archive"):
        made(tmp_path / "three", tmp_path / "one.db")
    assert "belongs to another archive" in refused(fresh)


def test_a_catalogue_that_lies_elsewhere_is_never_begun_anew(tmp_path: Path) -> None:
    made(tmp_path / "one", tmp_path / "one.db")
    forgotten = settings_for(tmp_path / "one")
    said = refused(forgotten)
    assert "is missing" in said
    assert "set archive.catalog to where it is" in said
    assert not (tmp_path / "one" / ".podfetch" / "catalog.db").exists()


def test_a_second_catalogue_of_one_archive_is_refused_until_init(tmp_path: Path) -> None:
    settings = made(tmp_path / "one", tmp_path / "first.db")
    with archives.changing(settings) as archive:
        known = archive.catalog.identity.catalog
        bind_catalog(archive.layout, "")
    # Another machine with the same root and a disk of its own begins before it knows of ours.
    second = made(tmp_path / "one", tmp_path / "second.db")
    said = refused(settings)
    assert known in said
    assert "podfetch init" in said
    with archives.changing(settings, init=True):
        pass
    assert len(rows(settings, "feeds")) == 1
    assert "podfetch init" in refused(second)


def test_a_copy_of_the_root_cannot_share_the_catalogue_while_it_is_open(tmp_path: Path) -> None:
    settings = made(tmp_path / "one", tmp_path / "one.db")
    shutil.copytree(tmp_path / "one", tmp_path / "copy")
    copy = settings_for(tmp_path / "copy", archive={"catalog": str(tmp_path / "one.db")})
    with (
        archives.changing(settings),
        pytest.raises(ArchiveLocked, match=r"one\.db is in use by process"),
        archives.changing(copy),
    ):
        pass


def test_an_archive_from_before_learns_its_catalogue(tmp_path: Path) -> None:
    settings = made(tmp_path / "one")
    marker = tmp_path / "one" / ".podfetch" / "archive.json"
    old = json.loads(marker.read_bytes())
    del old["catalog"]
    marker.write_bytes(msgspec.json.encode(old))
    books = sqlite3.connect(tmp_path / "one" / ".podfetch" / "catalog.db")
    books.execute("DELETE FROM identity")
    books.commit()
    books.close()
    assert len(rows(settings, "feeds")) == 1
    with archives.changing(settings) as archive:
        known = archive.catalog.identity
    assert known.archive == old["uuid"]
    assert json.loads(marker.read_bytes())["catalog"] == known.catalog


def test_a_kill_between_catalogue_and_marker_is_healed(tmp_path: Path) -> None:
    settings = made(tmp_path / "one", tmp_path / "one.db")
    with archives.changing(settings) as archive:
        known = archive.catalog.identity.catalog
        bind_catalog(archive.layout, "")
    with archives.changing(settings) as archive:
        assert archive.layout.catalog_uuid == ""
    with archives.changing(settings) as archive:
        assert archive.layout.catalog_uuid == known
