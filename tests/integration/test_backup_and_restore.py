"""Backups and the way back, as an operator does it."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sqlite3
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest
from support.archive import add_feeds, rows, settings_for
from support.cataloguing import AT, DAY, poll, recount
from support.program import podfetch as in_process
from support.stocking import stock

from podfetch_tui.cli import archive as archives
from podfetch_tui.feeds.keys import drafts
from podfetch_tui.model.decisions import DecideEpisodes, EpisodeDecision
from podfetch_tui.model.document import Enclosure, FeedDocument, Item

FIXTURE = Path(__file__).resolve().parents[1] / "fixtures" / "catalogue-1.sql"


def podfetch(root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return in_process("--archive", str(root), *words)


def asked(root: Path, *words: str) -> Any:
    done = podfetch(root, *words, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    with archives.changing(settings_for(tmp_path / "archive")) as archive:
        (feed_id,) = add_feeds(archive, "https://a.example/")
        stock(archive, feed_id, ["one", "two"])
    return tmp_path / "archive"


def catalog(root: Path) -> Path:
    return root / ".podfetch" / "catalog.db"


def states(root: Path) -> list[str]:
    return [row["state"] for row in rows(settings_for(root), "episodes")]


def test_a_backup_is_private_whole_and_one_file(root: Path, tmp_path: Path) -> None:
    made = asked(root, "backup", "--to", str(tmp_path / "elsewhere" / "deep"))
    path = Path(made["path"])
    assert [p.name for p in path.parent.iterdir()] == [path.name]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert (made["feeds"], made["episodes"], made["kept"], made["removed"]) == (1, 2, 1, [])
    with (
        contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)) as db,
        db,
    ):
        assert db.execute("PRAGMA journal_mode").fetchone() == ("delete",)
        assert db.execute("PRAGMA quick_check").fetchone() == ("ok",)
        assert db.execute("SELECT count(*) FROM episode").fetchone() == (2,)


def test_the_newest_are_kept_of_this_archive_alone(root: Path, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    others = folder / "catalog-00000000-20200101T000000Z.db"
    others.touch()
    made = []
    for _ in range(3):
        done = podfetch(
            root, "--set", "archive.backup_keep=2", "backup", "--to", str(folder), "--json"
        )
        made.append(json.loads(done.stdout)["path"])
    assert len(set(made)) == 3
    left = {str(path) for path in folder.iterdir()}
    assert left == {*made[1:], str(others)}


def test_a_backup_brings_back_what_was_there_and_marks_what_is_gone(root: Path) -> None:
    made = asked(root, "backup")["path"]
    (root / "Show 1" / "one.mp3").unlink()
    before = catalog(root).read_bytes()
    catalog(root).write_bytes(b"garbage")
    told = asked(root, "restore", made, "--yes")
    assert (told["missing"], told["adopted"], told["foreign"]) == (1, 0, 0)
    assert Path(told["kept_aside"]).read_bytes() == b"garbage"
    assert before != b"garbage"
    assert states(root) == ["missing", "archived"]
    assert asked(root, "verify", "--deep")["missing"] == 0
    assert recount(catalog(root)) == []


def test_what_was_archived_after_the_backup_comes_in_by_its_sidecar(root: Path) -> None:
    """Episodes the backup has as pending, and episodes it has never heard of."""
    settings = settings_for(root)
    with archives.changing(settings) as archive:
        url = Enclosure("https://media.example/late.mp3", "audio/mpeg", 1234)
        item = Item(guid="1-0", title="late", published=AT - DAY, enclosures=(url,))
        (late,) = drafts(FeedDocument(items=(item,)))
        archive.writer.submit(poll(1, late)).result()
    made = asked(root, "backup")["path"]
    write_sidecars(root)
    catalog(root).unlink()
    told = asked(root, "restore", made)
    assert (told["adopted"], told["foreign"], told["missing"]) == (2, 0, 0)
    assert told["kept_aside"] is None
    assert states(root) == ["archived"] * 4
    deep = asked(root, "verify", "--deep")
    assert (deep["foreign"], deep["missing"], deep["mismatched"]) == (0, 0, 0)
    assert recount(catalog(root)) == []
    titles = [row["title"] for row in rows(settings, "episodes")]
    assert titles == ["one", "two", "late", "unheard of"]


def write_sidecars(root: Path) -> None:
    """Put two files with sidecars beside the media, as a later run would have."""
    import hashlib

    marker = json.loads((root / ".podfetch" / "archive.json").read_text())
    for guid, title in (("1-0", "late"), ("new", "unheard of")):
        body = f"sound of {title}".encode()
        path = root / "Show 1" / f"{title}.mp3"
        path.write_bytes(body)
        document = {
            "schema": "podfetch.episode/1",
            "archive": marker["uuid"],
            "written_at": "2026-01-01T00:00:00Z",
            "feed": {"url": "https://a.example/", "title": "Show 1", "folder": "Show 1"},
            "episode": {
                "id": 99,
                "guid": guid,
                "title": title,
                "published_at": "2023-11-13T22:13:20Z",
                "note": {"link": "https://a.example/1"},
                "keys": [],
                "enclosure_url": f"https://media.example/{title.split()[0]}.mp3",
                "enclosure_type": "audio/mpeg",
                "enclosure_length": 1234,
            },
            "media": {
                "path": f"Show 1/{title}.mp3",
                "bytes": len(body),
                "sha256": hashlib.sha256(body).hexdigest(),
                "media_type": "audio/mpeg",
                "duration_s": 1.5,
                "validity": "valid",
            },
            "derivatives": [],
        }
        path.with_name(f"{path.name}.json").write_text(json.dumps(document))


@pytest.mark.parametrize(
    "spoil",
    [
        {"schema": "podfetch.episode/9"},
        {"archive": "00000000-0000-4000-8000-000000000000"},
        {"feed": {"url": "https://b.example/"}},
        {"media": {"path": "Show 1/other.mp3", "bytes": 1, "sha256": "00"}},
        {"media": {"path": "Show 1/unheard of.mp3", "bytes": 1, "sha256": "0" * 64}},
        {"media": {"path": "Show 1/unheard of.mp3", "bytes": 19, "sha256": "zz"}},
        {"media": "nothing"},
    ],
)
def test_a_sidecar_that_does_not_fit_brings_nothing_in(root: Path, spoil: dict[str, Any]) -> None:
    made = asked(root, "backup")["path"]
    write_sidecars(root)
    for name in ("late", "unheard of"):
        side = root / "Show 1" / f"{name}.mp3.json"
        side.write_text(json.dumps({**json.loads(side.read_text()), **spoil}))
    told = asked(root, "restore", made, "--yes")
    assert (told["adopted"], told["foreign"]) == (0, 4)
    assert states(root) == ["archived"] * 2


def test_a_deep_restore_compares_the_bytes(root: Path) -> None:
    made = asked(root, "backup")["path"]
    write_sidecars(root)
    path = root / "Show 1" / "late.mp3"
    path.write_bytes(b"x" * path.stat().st_size)
    told = asked(root, "restore", made, "--yes", "--deep")
    assert told["adopted"] == 1
    assert told["foreign_files"] == ["Show 1/late.mp3", "Show 1/late.mp3.json"]


def test_what_was_deleted_stays_deleted(root: Path) -> None:
    with archives.changing(settings_for(root)) as archive:
        write = DecideEpisodes(episode_ids=(1,), decision=EpisodeDecision.DELETE, at=1)
        archive.writer.submit(write).result()
    made = asked(root, "backup")["path"]
    told = asked(root, "restore", made, "--yes")
    assert (told["foreign"], told["adopted"]) == (0, 0)
    assert states(root) == ["deleted", "archived"]
    assert podfetch(root, "episodes", "delete", "2").returncode == 0
    assert list((root / "Show 1").iterdir()) == []


def test_an_archive_comes_back_on_another_path_without_its_marker(
    root: Path, tmp_path: Path
) -> None:
    made = asked(root, "backup", "--to", str(tmp_path / "safe"))["path"]
    uuid = json.loads((root / ".podfetch" / "archive.json").read_text())["uuid"]
    other = tmp_path / "new disk"
    other.mkdir()
    shutil.move(root / "Show 1", other / "Show 1")
    shutil.rmtree(root)
    told = asked(root, "restore", made, "--to", str(other))
    assert (told["missing"], told["foreign"]) == (0, 0)
    assert json.loads((other / ".podfetch" / "archive.json").read_text())["uuid"] == uuid
    assert states(other) == ["archived"] * 2
    assert asked(other, "verify", "--deep")["ok"] == 4


def test_a_dry_run_and_a_missing_yes_change_nothing(root: Path) -> None:
    made = asked(root, "backup")["path"]
    before = catalog(root).read_bytes()
    assert asked(root, "restore", made, "--dry-run")["restored"] is False
    done = podfetch(root, "restore", made)
    assert (done.returncode, "--yes" in done.stderr) == (2, True)
    assert catalog(root).read_bytes() == before


def test_only_a_backup_of_this_archive_is_restored(root: Path, tmp_path: Path) -> None:
    with archives.changing(settings_for(tmp_path / "other")) as archive:
        add_feeds(archive, "https://b.example/")
    foreign = asked(tmp_path / "other", "backup")["path"]
    done = podfetch(root, "restore", foreign, "--yes")
    assert (done.returncode, "of archive" in done.stderr) == (2, True)
    newer = tmp_path / "newer.db"
    shutil.copy(asked(root, "backup")["path"], newer)
    with contextlib.closing(sqlite3.connect(newer)) as db, db:
        db.execute("PRAGMA user_version = 99")
    done = podfetch(root, "restore", str(newer), "--yes")
    assert (done.returncode, "newer PodFetch" in done.stderr) == (7, True)
    for content in (b"", b"garbage" * 1000):
        newer.write_bytes(content)
        done = podfetch(root, "restore", str(newer), "--yes")
        assert done.returncode == 7, done.stderr
    assert podfetch(root, "restore", str(tmp_path / "none.db")).returncode == 2
    assert states(root) == ["archived"] * 2


def test_a_backup_of_an_older_format_is_migrated(root: Path, tmp_path: Path) -> None:
    old = tmp_path / "old.db"
    with contextlib.closing(sqlite3.connect(old)) as db, db:
        db.executescript(FIXTURE.read_text())
    done = podfetch(root, "restore", str(old), "--yes", "--json")
    assert done.returncode == 0, done.stderr
    assert "it does not say" in done.stderr
    assert json.loads(done.stdout)["backup"]["format"] == 1
    assert podfetch(root, "feeds", "list").returncode == 0


def test_a_restore_waits_for_nobody(root: Path) -> None:
    made = asked(root, "backup")["path"]
    with archives.changing(settings_for(root)):
        done = podfetch(root, "restore", made, "--yes")
    assert done.returncode == 4
    assert asked(root, "backup")["episodes"] == 2


def test_foreign_names_are_told_after_a_restore_whatever_is_in_them(
    root: Path, tmp_path: Path
) -> None:
    made = asked(root, "backup", "--to", str(tmp_path / "elsewhere"))
    for name in (b"\x1b]0;mine\x07.mp3", b"caf\xe9.mp3"):
        try:
            (root / os.fsdecode(name)).write_bytes(b"x")
        except OSError:  # macOS takes UTF-8 only
            pytest.skip("the file system does not take such names")
    done = podfetch(root, "restore", made["path"], "--yes", "--json")
    assert done.returncode == 0, done.stderr
    assert done.stderr.replace("\n", "").isprintable()
    foreign = json.loads(done.stdout)["foreign_files"]
    assert sorted(foreign) == ["\x1b]0;mine\x07.mp3", "caf\\xe9.mp3"]
