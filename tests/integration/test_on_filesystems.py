"""Whole runs on file systems that lack what a usual disk has."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.archive import make_due, rows, run_once, settings_for
from support.mounts import exfat_disk, fuse_mirror
from support.program import podfetch

from podfetch_tui.cli import archive as archives
from podfetch_tui.demo import feeds
from podfetch_tui.demo.audio import Media
from podfetch_tui.demo.host import PodcastHost
from podfetch_tui.demo.routes import Route
from podfetch_tui.model.errors import ArchiveUnusable
from podfetch_tui.model.settings import Settings

SIZE = 20_000


@pytest.fixture
def host() -> Iterator[PodcastHost]:
    with PodcastHost() as serving:
        yield serving


def serve(host: PodcastHost, name: str, titles: list[str], *, same: bool = False) -> str:
    """Serve a show whose episodes have these titles; ``same``: all have the same bytes."""
    url = host.url(f"/media/{name}/{{n}}.mp3", "127.0.0.9")
    entries = feeds.items(name, len(titles), url, length=SIZE, notes_bytes=60)
    entries = feeds.with_titles(entries, titles)
    for entry in entries:
        path = f"/media/{name}/{entry.number}.mp3"
        seed = name if same else path
        host.table.routes[path] = Route(body=Media(seed, SIZE), content_type="audio/mpeg")
    host.table.routes[f"/{name}.xml"] = Route(body=feeds.rss(f"{name} show", entries))
    return host.url(f"/{name}.xml", "127.0.0.9")


def whole(settings: Settings) -> list[dict[str, Any]]:
    """Episodes, after a look that each is archived, has its bytes and nobody else's name."""
    found = rows(settings, "episodes")
    assert {row["state"] for row in found} == {"archived"}
    for row in found:
        data = (Path(settings.archive.root) / row["path"]).read_bytes()
        assert hashlib.sha256(data).hexdigest() == row["sha256"]
        assert row["derivatives"] == ["sidecar:done"]
    return found


def assert_verified(settings: Settings, *, foreign: int = 0) -> None:
    """``verify --deep`` finds nothing to say but of so many foreign files."""
    words = ["--archive", settings.archive.root]
    if settings.archive.catalog:
        words += ["--set", f"archive.catalog={settings.archive.catalog}"]
    done = podfetch(*words, "verify", "--deep", "--json")
    assert done.returncode == 0, done.stderr
    counts = json.loads(done.stdout)
    assert counts.pop("checked") == counts.pop("ok") > 0
    assert counts.pop("foreign") == foreign
    assert set(counts.values()) == {0}, counts


@pytest.mark.root
def test_an_archive_on_fuse_works_with_its_catalogue_elsewhere(
    host: PodcastHost, tmp_path: Path
) -> None:
    url = serve(host, "one", ["First", "Second"])
    with fuse_mirror(tmp_path / "mirror", tmp_path / "disk") as at:
        refused = settings_for(at / "archive")
        with pytest.raises(ArchiveUnusable, match=r"set archive\.catalog to a file"):
            run_once(refused, url)
        settings = settings_for(at / "archive", archive={"catalog": str(tmp_path / "catalog.db")})
        run_once(settings, url)
        assert len(whole(settings)) == 2
        assert_verified(settings)


@pytest.fixture
def exfat(tmp_path: Path) -> Iterator[Settings]:
    """Settings of an archive on exFAT: no hard links, no modes, names without regard to case."""
    with exfat_disk(tmp_path / "exfat", 64 * 1024**2) as disk:
        yield settings_for(disk / "archive", archive={"catalog": str(tmp_path / "catalog.db")})


HARD_TITLES = [
    'a/b\\c:d*e?f"g<h>i|j',
    "Ends with dots...",
    "Ends with blanks   ",
    "con",
    "NUL.txt",
    "COM1",
    "......",
    "\U0001f600" * 300,
    "\u65e5" * 300,
    "x" * 400,
    "e\u0301t\u00e9",
    "\u00e9te\u0301",
    "Same Name",
    "SAME NAME",
    "same name",
    "Stra\u00dfe",
    "STRASSE",
    "\u0130stanbul",
    "\ufb01n",
    "FIN",
]
"""What exFAT refuses, shortens or takes for another name."""


@pytest.mark.root
def test_every_title_has_a_name_of_its_own_on_exfat(host: PodcastHost, exfat: Settings) -> None:
    run_once(exfat, serve(host, "hard", HARD_TITLES))
    found = whole(exfat)
    assert len(found) == len(HARD_TITLES)
    root = Path(exfat.archive.root)
    on_disk = {path for path in root.rglob("*.mp3") if ".podfetch" not in path.parts}
    assert on_disk == {root / row["path"] for row in found}
    assert_verified(exfat)


@pytest.mark.root
def test_the_same_bytes_are_kept_once_on_exfat_by_a_reference(
    host: PodcastHost, exfat: Settings
) -> None:
    run_once(exfat, serve(host, "same", ["One", "Two", "Three"], same=True))
    found = whole(exfat)
    assert len({row["path"] for row in found}) == 1
    assert len(list(Path(exfat.archive.root).rglob("*.mp3"))) == 1
    assert_verified(exfat)


@pytest.mark.root
def test_a_strangers_file_is_not_replaced_on_exfat(host: PodcastHost, exfat: Settings) -> None:
    root = Path(exfat.archive.root)
    with archives.changing(exfat):
        pass
    taken = root / "mine SHOW" / "2021-01-04 title.MP3"
    taken.parent.mkdir()
    taken.write_bytes(b"the operator's own")
    run_once(exfat, serve(host, "mine", ["Title"]))
    (row,) = whole(exfat)
    assert row["path"].casefold() == "mine show/2021-01-04 title (2).mp3"
    assert taken.read_bytes() == b"the operator's own"
    assert_verified(exfat, foreign=1)  # the stranger's, whatever case its folder has
    make_due(exfat)
    run_once(exfat)
    assert len(host.asked("/media/mine/1.mp3")) == 1
